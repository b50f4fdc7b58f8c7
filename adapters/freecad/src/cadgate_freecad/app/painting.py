"""Colours objects and faces, and finds coloured faces again after a change."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterator, TypeVar

from cadgate.appserver import warn
from cadgate_freecad.app import chosen, holders, values
from cadgate_freecad.app.colours import COLOR, FACES, entries_of, text
from cadgate_freecad.app.elements import Element, Lost, elements, find_again
from cadgate_freecad.app.geometry import chosen_numbers

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTES = 8 | 16
"""Output and no recompute: writing it does not touch the object."""


def paint(obj: Any, color: str | None, faces: dict[int, str]) -> None:
    """Give an imported object the colours in its file."""
    if color is not None:
        _set(obj, COLOR, "Its colour, #rrggbb or #rrggbbaa", color)
    if faces:
        write_faces(obj, faces)


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
    if wanted and (holders.is_link(obj) or not hasattr(obj, "Shape")):
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
            for number in entry["numbers"]:
                colors[number] = entry["color"]
            continue
        for numbers, gone in _found(groups, now):
            for number in numbers:
                colors[number] = entry["color"]
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
