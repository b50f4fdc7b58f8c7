"""All attacks, of all modules of this package that have any, by their names."""

from __future__ import annotations

import importlib
import pkgutil
import re

import tests.attack
from tests.attack.attacks import Attack


def attacks() -> dict[str, Attack]:
    """Every attack by its name, in the order of sections.

    :raises ValueError: two have the same name.
    """
    found: dict[str, Attack] = {}
    for module in pkgutil.iter_modules(tests.attack.__path__):
        if module.name.startswith(("__", "test_", "conftest")):
            continue
        for attack in getattr(importlib.import_module(f"tests.attack.{module.name}"), "ATTACKS", ()):
            if attack.name in found:
                raise ValueError(f"two attacks are named {attack.name!r}")
            found[attack.name] = attack
    return dict(sorted(found.items(), key=lambda item: order(item[1])))


def order(attack: Attack) -> tuple[int, int, str]:
    """The place of an attack in lists: S2 before S10, and both before lines of the threat model."""
    numbered = re.fullmatch(r"S(\d+)(\w?)", attack.section)
    return (0, int(numbered[1]), numbered[2]) if numbered else (1, 0, attack.section)
