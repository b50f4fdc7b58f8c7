"""Lights."""

from __future__ import annotations

import math
from typing import Any, Sequence, cast

import bpy

from cadgate.appserver import AppError, about_to_change, method
from cadgate_blender.app import aim, animated, names
from cadgate_blender.app.describe import degrees, tidy, vector, world_matrix
from cadgate_blender.app.objects import Placement, add_object
from cadgate_blender.app.scene_index import index, precise

_ENERGY = {"POINT": 1000.0, "SPOT": 1000.0, "AREA": 100.0, "SUN": 1.0}


_PATHS = {"size": ("size", "shadow_soft_size", "angle"), "spot_angle": ("spot_size",)}
"""Fields that Blender calls otherwise."""


def _info(obj: Any, described: dict[str, Any] | None = None) -> dict[str, Any]:
    light = obj.data
    return {
        **(described or index.describe(obj)),
        "kind": light.type.lower(),
        "energy": tidy(light.energy),
        "color": vector(light.color),
        "size": _size(light),
        "spot_angle": degrees(light.spot_size) if light.type == "SPOT" else None,
    }


def _size(light: Any) -> float:
    if light.type == "SUN":
        return degrees(light.angle)
    return tidy(light.size if light.type == "AREA" else light.shadow_soft_size)


def _set(light: Any, values: dict[str, Any]) -> None:
    if values.get("energy") is not None:
        light.energy = values["energy"]
    if values.get("color") is not None:
        light.color = values["color"][:3]
    size = values.get("size")
    if size is not None:
        if light.type == "SUN":
            light.angle = math.radians(size)
        elif light.type == "AREA":
            light.size = size
        else:
            light.shadow_soft_size = size
    if values.get("spot_angle") is not None:
        light.spot_size = math.radians(values["spot_angle"])


def find(name: str) -> Any:
    """Return the light `name`. Raises AppError if it is not a light."""
    obj = names.find_object(name)
    if obj.type != "LIGHT":
        raise AppError("validation_error", f"{name!r} is {names.kind_of(obj)}, not a LIGHT", {"object": name})
    return obj


@method("light.create")
@precise()
def create(
    *, kind: str, look_at: Sequence[float] | None, rotation: Sequence[float] | None, **values: Any
) -> dict[str, Any]:
    placement = {key: values.pop(key) for key in ("name", "on_conflict", "location", "scale", "collection")}
    turned = rotation or (0.0, 0.0, 0.0)
    if look_at is not None:
        turned = aim.toward(placement["location"], look_at)
    place = Placement(**placement, rotation=turned)

    def make(name: str) -> Any:
        light: Any = bpy.data.lights.new(name, cast("Any", kind.upper()))
        light.energy = _ENERGY[light.type]
        _set(light, values)
        return light

    described = add_object(kind.capitalize(), place, make)
    return _info(names.find_object(described["name"]), described)


@method("light.get")
def get(*, name: str) -> dict[str, Any]:
    return _info(find(name))


@method("light.update")
@precise()
def update(*, name: str, **values: Any) -> dict[str, Any]:
    obj = find(name)
    if "spot_angle" in values and obj.data.type != "SPOT":
        raise AppError("validation_error", f"{name!r} is a {obj.data.type.lower()} light: only a spot has spot_angle")
    if obj.data.type == "SUN" and values.get("size", 0) > 180:
        raise AppError("validation_error", "The size of a sun is its angular diameter in degrees, at most 180")
    anything = bool(values)
    turned = turn(obj, values.pop("look_at", None))
    about_to_change(lambda: index.described(obj)["revision"], anything=anything)
    if turned is not None:
        obj.rotation_mode = "XYZ"
        obj.rotation_euler = turned
        animated.warn_of_object(obj, ["rotation"])
    _set(obj.data, values)
    animated.warn_of(name, obj.data, {field: _PATHS.get(field, (field,)) for field in values})
    return _info(obj, index.changed(obj) if anything else None)


def turn(obj: Any, point: Sequence[float] | None) -> Any:
    """Return the rotation (radians) with which `obj` looks at `point` of the world; None for None."""
    if point is None:
        return None
    angles = aim.toward(world_matrix(obj).translation, point)
    from mathutils import Euler

    turned = Euler([math.radians(angle) for angle in angles]).to_matrix()
    if obj.parent is not None:
        above = (world_matrix(obj.parent) @ obj.matrix_parent_inverse).to_3x3().normalized()
        turned = above.inverted_safe() @ turned
    return turned.to_euler("XYZ")
