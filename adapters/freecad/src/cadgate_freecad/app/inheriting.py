"""The colours of new objects: those in the request, and what a feature takes over from its inputs."""

from __future__ import annotations

import functools
import re
from typing import Any, Callable, TypeVar

from cadgate.appserver import method
from cadgate_freecad.app import operands, provenance
from cadgate_freecad.app.colours import faces_of, of
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.painting import paint, set_color, set_faces, write_faces

F = TypeVar("F", bound=Callable[..., Any])
_COPY = re.compile(r"(?:~|\w+\[\d+\])+")


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

    Return whether it got any.
    """
    if not obj.OutList or not obj.isDerivedFrom("Part::Feature") or obj.TypeId.startswith("PartDesign::"):
        return False
    if not any(of(_shown(each)) or faces_of(_shown(each)) for each in obj.OutList):
        return False
    inputs = list(provenance.inputs_of(obj))
    if not inputs:
        return False
    first = of(_shown(inputs[0]))
    paint(obj, first, {})
    known: dict[str, str] = {}
    for each in inputs:
        whole, single = of(_shown(each)), faces_of(_shown(each))
        if (whole is None or whole == first) and not single:
            continue
        for number, name in enumerate(provenance.face_names(each), 1):
            color = single.get(number, whole)
            if color is not None:
                known[name] = color
    if known:
        colors: dict[int, str] = {}
        for number, name in enumerate(provenance.face_names(obj), 1):
            parts = [_COPY.sub("", part) for part in name.split("+")]
            color = next((known[part] for part in [name, *parts] if part in known), None)
            if color is not None and color != first:
                colors[number] = color
        write_faces(obj, colors)
    return True


def _shown(obj: Any) -> Any:
    """Return the object in another container that a stand-in shows; any other object itself."""
    followed = operands.targets(obj) if operands.is_stand_in(obj) else []
    return followed[0] if len(followed) == 1 else obj
