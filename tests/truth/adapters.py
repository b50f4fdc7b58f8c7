"""Which cases each application gets."""

from __future__ import annotations

from collections.abc import Callable

from tests.truth.carried_case import CarriedCase
from tests.truth.outcome import Case
from tests.truth.part_case import PartCase
from tests.truth.scene_case import SceneCase
from tests.truth.solid_case import SolidCase


def _blender(seed: int, number: int) -> Case:
    """Of ten cases seven are scenes, two are booleans, and one is a file that carries more than meshes."""
    kind = number % 10
    if kind in (3, 6):
        return SolidCase.draw(seed, number)
    return CarriedCase.draw(seed, number) if kind == 9 else SceneCase.draw(seed, number)


CASES: dict[str, Callable[[int, int], Case]] = {"blender": _blender, "freecad": PartCase.draw}
