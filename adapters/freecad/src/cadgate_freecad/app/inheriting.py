"""The colours of new objects: those in the request, and what a feature takes over from its inputs."""

from __future__ import annotations

import functools
from typing import Any, Callable, TypeVar

from cadgate.appserver import method, warn
from cadgate_freecad.app import operands, provenance, repeats
from cadgate_freecad.app.colours import faces_of, of
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.painting import paint, set_color, set_faces, write_faces

F = TypeVar("F", bound=Callable[..., Any])


def creating(name: str, *, from_nothing: bool = False) -> Callable[[F], F]:
    """Do what `method` does for one that adds an object, which then gets the colours in the request.

    `from_nothing` says that it is made from no other object, unless by expressions.
    """

    def register(function: F) -> F:
        @functools.wraps(function)
        def answer(*, color: Any = None, face_colors: Any = None, **params: Any) -> dict[str, Any]:
            made = function(**params)
            if from_nothing and color is None and not face_colors and not params.get("expressions"):
                return made
            obj = target().getObject(made["name"])
            inherited = inherit(obj)
            if not inherited and color is None and not face_colors:
                return made
            if color is not None:
                set_color(obj, color)
            if face_colors:
                set_faces(obj, face_colors)
            return {**made, **describe(obj)}

        method(name)(answer)
        return function

    return register


def inherit(obj: Any) -> bool:
    """Give a new feature the colour of its first input, and its faces the colours of what they lie on.

    A feature of a body has the colour of the body; its input is the feature before it. Return whether it got any.
    A warning names faces of which a mirror image, a pattern or a body would have no colour.
    """
    if not obj.OutList or not obj.isDerivedFrom("Part::Feature"):
        return False
    in_body = obj.TypeId.startswith("PartDesign::")
    if in_body:
        before = getattr(obj, "BaseFeature", None)
        if before is None or not faces_of(before):
            return False
        inputs, first = [before], of(before)
    else:
        if not any(of(_shown(each)) or faces_of(_shown(each)) for each in obj.OutList):
            return False
        inputs = list(provenance.inputs_of(obj))
        if not inputs:
            return False
        first = of(_shown(inputs[0]))
        paint(obj, first, {})
    known = _known(inputs, first)
    if known:
        lying = repeats.origins(obj, provenance.origins(obj))
        colors = {
            number: next((known[key] for each, on in origin if (key := (each.Name, on)) in known), None)
            for number, origin in enumerate(lying, 1)
        }
        write_faces(obj, {number: color for number, color in colors.items() if color not in (None, first)})
        if in_body or hasattr(obj, "ArrayType") or obj.isDerivedFrom("Part::Mirroring"):
            _report(obj, known, {(each.Name, number) for origin in lying for each, number in origin})
    return True


def _known(inputs: list[Any], first: str | None) -> dict[tuple[str, int], str]:
    """Return the colours of faces of the inputs, by object and number, if any of these is not `first`."""
    known: dict[tuple[str, int], str] = {}
    for each in inputs:
        whole, single = of(_shown(each)), faces_of(_shown(each))
        if (whole is None or whole == first) and not single:
            continue
        for number in range(1, len(each.Shape.Faces) + 1):
            color = single.get(number, whole)
            if color is not None:
                known[each.Name, number] = color
    return known


def _report(obj: Any, known: dict[tuple[str, int], str], found: set[tuple[str, int]]) -> None:
    lost = [f"Face{key[1]} of {key[0]!r}, {color}" for key, color in known.items() if key not in found]
    if lost:
        warn("face_color_lost", f"{obj.Name!r} lacks the colours of {'; '.join(lost)}")


def _shown(obj: Any) -> Any:
    """Return the object in another container that a stand-in shows; any other object itself."""
    followed = operands.targets(obj) if operands.is_stand_in(obj) else []
    return followed[0] if len(followed) == 1 else obj
