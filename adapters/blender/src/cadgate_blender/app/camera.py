"""Cameras."""

from __future__ import annotations

from typing import Any, Sequence

import bpy

from cadgate.appserver import AppError, about_to_change, method
from cadgate_blender.app import aim, animated, names
from cadgate_blender.app.describe import tidy
from cadgate_blender.app.light import turn
from cadgate_blender.app.objects import Placement, add_object
from cadgate_blender.app.scene_index import index
from cadgate_blender.app.typed import context

_PROJECTIONS = {"perspective": "PERSP", "orthographic": "ORTHO"}
_WORDS = {"PERSP": "perspective", "ORTHO": "orthographic"}


def _info(obj: Any, described: dict[str, Any] | None = None) -> dict[str, Any]:
    camera = obj.data
    return {
        **(described or index.describe(obj)),
        "lens": tidy(camera.lens),
        "sensor_width": tidy(camera.sensor_width),
        "projection": _WORDS.get(camera.type, camera.type.lower()),
        "ortho_scale": tidy(camera.ortho_scale),
        "clip_start": tidy(camera.clip_start),
        "clip_end": tidy(camera.clip_end),
        "active": context.scene.camera == obj,
    }


def _set(camera: Any, values: dict[str, Any]) -> None:
    if "projection" in values:
        camera.type = _PROJECTIONS[values["projection"]]
    for field in ("lens", "sensor_width", "ortho_scale", "clip_end", "clip_start"):
        if field in values:
            setattr(camera, field, values[field])


def find(name: str) -> Any:
    """Return the camera `name`. Raises AppError if it is not a camera."""
    obj = names.find_object(name)
    if obj.type != "CAMERA":
        raise AppError("validation_error", f"{name!r} is {names.kind_of(obj)}, not a CAMERA", {"object": name})
    return obj


@method("camera.create")
def create(
    *, active: bool, look_at: Sequence[float] | None, rotation: Sequence[float] | None, **values: Any
) -> dict[str, Any]:
    placement = {key: values.pop(key) for key in ("name", "on_conflict", "location", "scale", "collection")}
    turned = rotation or (0.0, 0.0, 0.0)
    if look_at is not None:
        turned = aim.toward(placement["location"], look_at)
    place = Placement(**placement, rotation=turned)

    def make(name: str) -> Any:
        camera = bpy.data.cameras.new(name)
        _set(camera, values)
        return camera

    described = add_object("Camera", place, make)
    obj = names.find_object(described["name"])
    if active:
        context.scene.camera = obj
    return _info(obj, described)


@method("camera.get")
def get(*, name: str) -> dict[str, Any]:
    return _info(find(name))


@method("camera.update")
def update(*, name: str, **values: Any) -> dict[str, Any]:
    obj = find(name)
    start = values.get("clip_start", obj.data.clip_start)
    if values.get("clip_end", obj.data.clip_end) <= start:
        raise AppError("validation_error", "clip_end must be larger than clip_start")
    anything = bool(values)
    turned = turn(obj, values.pop("look_at", None))
    active = values.pop("active", None)
    about_to_change(lambda: index.described(obj)["revision"], anything=anything)
    if turned is not None:
        obj.rotation_mode = "XYZ"
        obj.rotation_euler = turned
        animated.warn_of_object(obj, ["rotation"])
    _set(obj.data, values)
    animated.warn_of(name, obj.data, {field: ("type",) if field == "projection" else (field,) for field in values})
    scene = context.scene
    if active is not None:
        animated.warn_of_camera(scene)
    if active:
        scene.camera = obj
    elif active is False and scene.camera == obj:
        scene.camera = None
    return _info(obj, index.changed(obj) if anything else None)
