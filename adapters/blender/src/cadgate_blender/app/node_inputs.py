"""Inputs of geometry nodes: what they accept, and the values that a modifier has for them."""

from __future__ import annotations

import math
import re
from typing import Any

import bpy

from cadgate.appserver import AppError, nearest
from cadgate_blender.app import names
from cadgate_blender.app.describe import degrees, tidy, vector

_TYPES = {
    "NodeSocketInt": "integer",
    "NodeSocketFloat": "number",
    "NodeSocketBool": "boolean",
    "NodeSocketVector": "vector",
    "NodeSocketColor": "color",
    "NodeSocketRotation": "rotation",
    "NodeSocketString": "string",
    "NodeSocketMenu": "menu",
    "NodeSocketObject": "object",
    "NodeSocketMaterial": "material",
    "NodeSocketCollection": "collection",
    "NodeSocketImage": "image",
}
_BLOCKS = {"object": "objects", "material": "materials", "collection": "collections", "image": "images"}
_HEX = re.compile(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})$")
_MOST = 3.4e38


def sockets(group: Any) -> list[Any]:
    """Return the inputs of a group that a modifier has values for."""
    return [
        item
        for item in group.interface.items_tree
        if item.item_type == "SOCKET" and item.in_out == "INPUT" and item.socket_type != "NodeSocketGeometry"
    ]


def type_of(socket: Any) -> str:
    return _TYPES.get(str(socket.socket_type), str(socket.socket_type))


def describe(group: Any, socket: Any) -> dict[str, Any]:
    """NodeInput."""
    kind = type_of(socket)
    least, most = getattr(socket, "min_value", None), getattr(socket, "max_value", None)
    return {
        "name": socket.name,
        "identifier": socket.identifier,
        "type": kind,
        "default": spoken(kind, getattr(socket, "default_value", None)),
        "min": None if least is None or least <= -_MOST else tidy(least),
        "max": None if most is None or most >= _MOST else tidy(most),
        "items": menu(group, socket) if kind == "menu" else None,
        "unit": "radians" if getattr(socket, "subtype", "") == "ANGLE" else None,
        "description": socket.description,
    }


def menu(group: Any, socket: Any) -> list[str]:
    """Return the words of a menu, which Blender finds where the input is used."""
    for node in group.nodes:
        if node.bl_idname != "NodeGroupInput":
            continue
        for output in node.outputs:
            if output.identifier == socket.identifier:
                for link in output.links:
                    items = getattr(link.to_node, "enum_items", None)
                    if items is None:
                        items = getattr(getattr(link.to_node, "enum_definition", None), "enum_items", None)
                    if items is not None:
                        return [item.name for item in items]
    return []


def spoken(kind: str, value: Any) -> Any:
    """Return a value as clients write it."""
    if value is None:
        return None
    if kind in _BLOCKS:
        return getattr(value, "name", None)
    if kind == "rotation":
        return [degrees(each) for each in value]
    if kind in ("vector", "color"):
        return vector(value)
    if kind == "boolean":
        return bool(value)
    if kind == "number":
        return tidy(float(value))
    return value if isinstance(value, (int, str)) else None


def find(group: Any, name: str) -> Any:
    """Return the input of that name or identifier. Raises AppError with the nearest names."""
    known = sockets(group)
    found = [socket for socket in known if socket.name == name] or [
        socket for socket in known if socket.identifier == name
    ]
    if len(found) == 1:
        return found[0]
    if found:
        identifiers = ", ".join(socket.identifier for socket in found)
        raise AppError(
            "validation_error",
            f"{group.name!r} has {len(found)} inputs named {name!r}: use their identifiers, {identifiers}",
            {"input": name, "identifiers": [socket.identifier for socket in found]},
        )
    listed = [socket.name for socket in known]
    near = nearest(name, listed, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise AppError(
        "validation_error",
        f"{group.name!r} has no input {name!r}{hint} It has {', '.join(map(repr, listed)) or 'none'}",
        {"input": name, "did_you_mean": near, "known": listed},
    )


def converted(group: Any, socket: Any, value: Any) -> Any:
    """Return a client's value as Blender keeps it. Raises AppError."""
    kind = type_of(socket)
    if kind in _BLOCKS:
        if value is None:
            return None
        if not isinstance(value, str):
            raise _wrong(socket, value, f"the name of an existing {kind}, or null")
        return (
            names.find_object(value) if kind == "object" else names.find(kind, getattr(bpy.data, _BLOCKS[kind]), value)
        )
    if kind == "menu":
        words = menu(group, socket)
        if value not in words:
            raise _wrong(socket, value, f"one of {', '.join(map(repr, words))}")
        return value
    if kind == "string":
        if not isinstance(value, str):
            raise _wrong(socket, value, "text")
        return value
    if kind == "boolean":
        if not isinstance(value, bool):
            raise _wrong(socket, value, "true or false")
        return value
    if kind in ("integer", "number"):
        return _number(socket, value, kind)
    if kind == "color":
        return _color(socket, value)
    if kind in ("vector", "rotation"):
        width = getattr(socket, "dimensions", 3) if kind == "vector" else 3
        if not isinstance(value, list) or len(value) != width:
            raise _wrong(socket, value, f"a list of {width} numbers" + (", in degrees" if kind == "rotation" else ""))
        found = [_number(socket, each, "number") for each in value]
        return [math.radians(each) for each in found] if kind == "rotation" else found
    raise _wrong(socket, value, f"of the type {kind}, which cannot be set from outside")


def _number(socket: Any, value: Any, kind: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (kind == "integer" and value != int(value)):
        raise _wrong(socket, value, "a whole number" if kind == "integer" else "a number")
    least, most = getattr(socket, "min_value", -math.inf), getattr(socket, "max_value", math.inf)
    if not least <= value <= most:
        raise _wrong(socket, value, f"from {least:g} to {most:g}")
    return int(value) if kind == "integer" else float(value)


def _color(socket: Any, value: Any) -> list[float]:
    if isinstance(value, str) and _HEX.match(value):
        value = [int(value[place : place + 2], 16) / 255 for place in range(1, len(value), 2)]
    if not isinstance(value, list) or len(value) not in (3, 4):
        raise _wrong(socket, value, "[r, g, b], [r, g, b, a] or '#rrggbb[aa]'")
    found = [_number(socket, each, "number") for each in value]
    return [*found, 1.0][:4]


def _wrong(socket: Any, value: Any, expected: str) -> AppError:
    return AppError(
        "validation_error",
        f"The input {socket.name!r} cannot be {value!r}: it is {expected}",
        {"input": socket.name, "value": value, "type": type_of(socket)},
    )
