"""Links to elements, lists and maps as typed JSON: what `properties` itself does not convert."""

from __future__ import annotations

import math
import re
from typing import Any, Callable

import FreeCAD

from cadgate_freecad.app import values
from cadgate_freecad.app.labels import UNSAVABLE

MAX_ITEMS = 10_000
_ELEMENT = re.compile(r"(Face|Edge|Vertex)([1-9]\d{0,8})\Z")
_AXES = frozenset(("", "N_Axis", "H_Axis", "V_Axis"))
"""What else of an object can be linked: all of it, or an axis of a sketch."""
_LINK_FORM = 'write a name, or {"object": "Box", "elements": ["Face1"]}'


def link_to_elements(obj: Any, name: str, field: str, value: Any) -> Any:
    """Convert `"Box"` or `{"object": "Box", "elements": ["Face1"]}`."""
    if value is None:
        return None
    other, elements = _target(obj, field, value)
    return (other, elements)


def links_to_elements(obj: Any, name: str, field: str, value: Any) -> Any:
    """Convert a list of those, or a single one."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    found: list[tuple[Any, tuple[str, ...]]] = []
    for index, each in enumerate(_few(field, items)):
        other, elements = _target(obj, f"{field}.{index}", each)
        if found and found[-1][0] is other:
            # FreeCAD keeps neighbours of one object together.
            elements = [*found.pop()[1], *(elements or [""])]
        found.append((other, tuple(elements) or ("",)))
    return found


def _target(obj: Any, field: str, value: Any) -> tuple[Any, list[str]]:
    elements: Any = []
    if isinstance(value, dict):
        if not {"object", "elements"}.issuperset(value) or "object" not in value:
            raise values.invalid(field, f"{value!r} is not a link: {_LINK_FORM}")
        elements = value.get("elements") or []
        value = value["object"]
    other = obj.Document.getObject(value) if isinstance(value, str) else None
    if other is None:
        raise values.invalid(field, f"{value!r} is not an object of the document {obj.Document.Name!r}: {_LINK_FORM}")
    if other is obj or other in obj.InListRecursive:
        raise values.invalid(field, f"{value!r} depends on {obj.Name!r} itself")
    if not isinstance(elements, list):
        raise values.invalid(f"{field}.elements", f"{elements!r} must be a list of names such as 'Face1'")
    for index, element in enumerate(elements):
        _require_element(other, f"{field}.elements.{index}", element)
    return other, [str(element) for element in elements]


def _require_element(other: Any, field: str, element: Any) -> None:
    if element in _AXES:
        return
    match = _ELEMENT.match(element) if isinstance(element, str) else None
    shape = getattr(other, "Shape", None)
    if match is None or shape is None or not hasattr(shape, "countElement"):
        raise values.invalid(field, f"{element!r} is not an element of {other.Name!r}, such as 'Face1'")
    count = shape.countElement(match[1])
    if int(match[2]) > count:
        raise values.invalid(field, f"{other.Name!r} has no {element}: it has {count} of {match[1]}")


def edges(obj: Any, name: str, field: str, value: Any) -> list[tuple[int, float, float]]:
    """Convert the edges of a fillet or a chamfer: `[[number, size, size], …]`."""
    found: list[tuple[int, float, float]] = []
    for index, each in enumerate(_few(field, value)):
        place = f"{field}.{index}"
        if not isinstance(each, list) or len(each) != 3 or isinstance(each[0], bool) or not isinstance(each[0], int):
            raise values.invalid(place, f"{each!r} must be [number of the edge, size, size on its other side]")
        if each[0] < 1:
            raise values.invalid(place, f"{each[0]!r} is not the number of an edge: they count from 1")
        found.append((each[0], values.length(place, each[1]), values.length(place, each[2])))
    return found


def turn(obj: Any, name: str, field: str, value: Any) -> Any:
    """Convert XYZ Euler angles in degrees."""
    if not isinstance(value, list) or len(value) != 3:
        raise values.invalid(field, f"{value!r} must be [x, y, z] in degrees")
    return values.rotation([_number(f"{field}.{index}", each) for index, each in enumerate(value)])


def matrix(obj: Any, name: str, field: str, value: Any) -> Any:
    """Convert 16 numbers, row by row."""
    if not isinstance(value, list) or len(value) != 16:
        raise values.invalid(field, f"{value!r} must be 16 numbers, row by row")
    return FreeCAD.Matrix(*[_number(f"{field}.{index}", each) for index, each in enumerate(value)])


def mapping(obj: Any, name: str, field: str, value: Any) -> dict[str, str]:
    """Convert an object of texts."""
    if not isinstance(value, dict) or len(value) > MAX_ITEMS:
        raise values.invalid(field, f"{value!r} must be an object of at most {MAX_ITEMS} texts")
    return {_text(f"{field}.{key}", key): _text(f"{field}.{key}", each) for key, each in value.items()}


def _few(field: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise values.invalid(field, f"it must be a list of at most {MAX_ITEMS} items")
    return value


def _list_of(convert: Callable[[str, Any], Any]) -> Callable[[Any, str, str, Any], list[Any]]:
    def prepare(obj: Any, name: str, field: str, value: Any) -> list[Any]:
        return [convert(f"{field}.{index}", each) for index, each in enumerate(_few(field, value))]

    return prepare


def _number(field: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise values.invalid(field, f"{value!r} must be a finite number")
    return float(value)


def _whole(field: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**31 - 1:
        raise values.invalid(field, f"{value!r} must be a whole number")
    return value


def _truth(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise values.invalid(field, f"{value!r} must be true or false")
    return value


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > 100_000 or UNSAVABLE.search(value):
        raise values.invalid(field, "it must be text of at most 100000 characters, without control characters")
    return value


def _point(field: str, value: Any) -> Any:
    if not isinstance(value, list) or len(value) != 3:
        raise values.invalid(field, f"{value!r} must be [x, y, z]")
    for index, each in enumerate(value):
        if isinstance(each, bool) or not isinstance(each, (int, float, str)):
            raise values.invalid(f"{field}.{index}", f"{each!r} must be a number or a quantity string")
    return values.vector(field, value)


ONE_ELEMENT = tuple(
    f"App::Property{kind}" for kind in ("LinkSub", "LinkSubChild", "LinkSubGlobal", "LinkSubHidden", "XLinkSub")
)
MANY_ELEMENTS = tuple(f"App::PropertyLinkSubList{kind}" for kind in ("", "Child", "Global", "Hidden"))
CONVERT: dict[str, Callable[[Any, str, str, Any], Any]] = {
    **dict.fromkeys(ONE_ELEMENT, link_to_elements),
    **dict.fromkeys(MANY_ELEMENTS, links_to_elements),
    "App::PropertyBoolList": _list_of(_truth),
    "App::PropertyFloatList": _list_of(_number),
    "App::PropertyIntegerList": _list_of(_whole),
    "App::PropertyMap": mapping,
    "App::PropertyMatrix": matrix,
    "App::PropertyRotation": turn,
    "App::PropertyStringList": _list_of(_text),
    "App::PropertyVectorList": _list_of(_point),
    "Part::PropertyFilletEdges": edges,
}
