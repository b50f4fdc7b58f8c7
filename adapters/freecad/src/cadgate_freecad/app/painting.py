"""Colours objects and faces, finds coloured faces again after a change, and lets features take over colours."""

from __future__ import annotations

import functools
import json
import re
from typing import Any, Callable, Iterator, TypeVar

from cadgate.appserver import method, warn
from cadgate_freecad.app import chosen, provenance, values
from cadgate_freecad.app.colours import COLOR, FACES, entries_of, faces_of, of, text
from cadgate_freecad.app.elements import Element, Lost, elements, find_again
from cadgate_freecad.app.geometry import chosen_numbers
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.open_documents import target

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTES = 8 | 16
"""Output and no recompute: writing it does not touch the object."""
_COPY = re.compile(r"(?:~|\w+\[\d+\])+")


def creating(name: str) -> Callable[[F], F]:
    """Do what `method` does for one that adds an object, which then gets the colours in the request."""

    def register(function: F) -> F:
        @functools.wraps(function)
        def answer(*, color: Any = None, face_colors: Any = None, **params: Any) -> dict[str, Any]:
            made = function(**params)
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


def set_color(obj: Any, color: Any | None) -> None:
    """Give the object a colour; None removes it."""
    if color is None and COLOR not in obj.PropertiesList:
        return
    _set(obj, COLOR, "Its colour, #rrggbb or #rrggbbaa", "" if color is None else text(color))


def set_faces(obj: Any, wanted: list[dict[str, Any]]) -> None:
    """Colour the chosen faces, and no others; later choices win. Raises AppError `validation_error`."""
    write_faces(obj, choose(obj, wanted))


def choose(obj: Any, wanted: list[dict[str, Any]]) -> dict[int, str]:
    """Return the colours that a request gives to faces, by number."""
    if wanted and (obj.TypeId == "App::Link" or not hasattr(obj, "Shape")):
        raise values.invalid("face_colors", f"{obj.Name!r} ({obj.TypeId}) has no faces of its own: colour its object")
    colors: dict[int, str] = {}
    for index, each in enumerate(wanted):
        for number in chosen_numbers(obj, "Face", f"face_colors.{index}.faces", each["faces"]):
            colors[number] = text(each["color"])
    return colors


def write_faces(obj: Any, colors: dict[int, str]) -> None:
    """Store the colours of faces by number."""
    by_color: dict[str, list[int]] = {}
    for number, color in sorted(colors.items()):
        by_color.setdefault(color, []).append(number)
    entries = [_entry(obj, color, numbers) for color, numbers in by_color.items()]
    if entries or FACES in obj.PropertiesList:
        _set(obj, FACES, "The colours of single faces", json.dumps(entries, separators=(",", ":")) if entries else "")


def _entry(obj: Any, color: str, numbers: list[int]) -> dict[str, Any]:
    entry: dict[str, Any] = {"color": color, "numbers": numbers, "count": len(obj.Shape.Faces)}
    if not _is_plain(obj):
        entry["groups"] = chosen.groups_of(chosen.Reference("", obj, "Face", numbers))
    return entry


def _is_plain(obj: Any) -> bool:
    """Return whether it is a shape without parameters, which only code can change."""
    return obj.TypeId == "Part::Feature" and not obj.OutList


def _set(obj: Any, name: str, about: str, value: str) -> None:
    if name not in obj.PropertiesList:
        obj.addProperty("App::PropertyString", name, "Cadgate", about, _ATTRIBUTES)
    if getattr(obj, name) != value:
        setattr(obj, name, value)


# --- after a change --------------------------------------------------------------------------------------------------


def follow(obj: Any) -> None:
    """After a recompute, find the coloured faces again; a warning names one that is gone."""
    entries = entries_of(obj)
    if not entries:
        return
    count = len(obj.Shape.Faces)
    now: list[Element] | None = None
    colors: dict[int, str] = {}
    lost: list[str] = []
    for entry in entries:
        groups = entry.get("groups")
        if groups is None:
            if entry.get("count") in (None, count):
                colors.update(dict.fromkeys(entry["numbers"], entry["color"]))
            else:
                lost.append(f"{len(entry['numbers'])} faces, {entry['color']}")
            continue
        now = elements(obj, "Face") if now is None else now
        if entry.get("count") == count and {group["members"][0][1] for group in groups}.isdisjoint(
            each.key for each in now
        ):
            # An import has renamed what the faces come from.
            colors.update(dict.fromkeys(entry["numbers"], entry["color"]))
            continue
        for numbers, gone in _found(groups, now):
            colors.update(dict.fromkeys(numbers, entry["color"]))
            if gone:
                lost.append(f"{gone}, {entry['color']}")
    if lost:
        warn("face_color_lost", f"Faces of {obj.Name!r} lost their colours: {'; '.join(lost)}")
    write_faces(obj, colors)


def _found(groups: list[dict[str, Any]], now: list[Element]) -> Iterator[tuple[list[int], str]]:
    """Yield, for each group of faces of one origin, the numbers of the coloured ones now, and what is gone."""
    by_key: dict[str, list[Element]] = {}
    for each in now:
        by_key.setdefault(each.key, []).append(each)
    for group in groups:
        before = [Element._make([*row[:6], tuple(row[6])]) for row in group["members"]]
        candidates = by_key.get(before[0].key, []) or chosen.at_the_same_place(before, group["chosen"], now)
        try:
            places = find_again(before, group["chosen"], candidates)
        except Lost as error:
            yield [], str(error)
            continue
        yield [number for each in places.values() for number in each], ""


# --- from the inputs of a new object ---------------------------------------------------------------------------------


def inherit(obj: Any) -> bool:
    """Give a new feature the colour of its first input, and its faces the colours of what they lie on.

    Return whether it got any.
    """
    if not obj.OutList or not obj.isDerivedFrom("Part::Feature") or obj.TypeId.startswith("PartDesign::"):
        return False
    if not any(of(each) or faces_of(each) for each in obj.OutList):
        return False
    inputs = list(provenance.inputs_of(obj))
    if not inputs:
        return False
    first = of(inputs[0])
    if first is not None:
        _set(obj, COLOR, "Its colour, #rrggbb or #rrggbbaa", first)
    known: dict[str, str] = {}
    for each in inputs:
        whole, single = of(each), faces_of(each)
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
