"""Modifiers: adding, changing, removing, applying them."""

from __future__ import annotations

import math
from typing import Any, Callable

import bpy
import numpy

from cadgate.appserver import AppError, about_to_change, method, name_taken, nearest, not_found, warn
from cadgate_blender.app import animated, growth, keyframes, names, node_groups, probe, removal, rna_paths, versions
from cadgate_blender.app.describe import degrees, tidy, vector
from cadgate_blender.app.objects import drop_unused
from cadgate_blender.app.scene_index import index, precise

TYPES = {
    "subdivision": "SUBSURF",
    "bevel": "BEVEL",
    "array": "ARRAY",
    "mirror": "MIRROR",
    "boolean": "BOOLEAN",
    "solidify": "SOLIDIFY",
    "decimate": "DECIMATE",
    "nodes": "NODES",
}
WORDS = {identifier: word for word, identifier in TYPES.items()}
SURFACES = ("MESH", "CURVE", "SURFACE", "FONT")


def _target(name: str) -> Any:
    """Return the object. Raises AppError if it cannot have modifiers."""
    obj = names.find_object(name)
    if obj.type not in SURFACES:
        raise AppError(
            "validation_error", f"{name!r} is {names.kind_of(obj)}, which cannot have modifiers", {"object": name}
        )
    return obj


def find_mesh(name: str) -> Any:
    """Return the mesh object `name`. Raises AppError if it is not a mesh."""
    obj = names.find_object(name)
    if obj.type != "MESH":
        raise AppError("validation_error", f"{name!r} is {names.kind_of(obj)}, not a MESH", {"object": name})
    return obj


def _find(obj: Any, name: str) -> Any:
    modifier = obj.modifiers.get(name)
    if modifier is None:
        raise not_found("modifier", name, [each.name for each in obj.modifiers])
    return modifier


# --- settings ----------------------------------------------------------------------------------------------------


def _get_axes(modifier: Any) -> list[str]:
    return [axis for axis, used in zip("xyz", modifier.use_axis) if used]


def _set_axes(modifier: Any, axes: list[str]) -> None:
    modifier.use_axis = [axis in axes for axis in "xyz"]


def _offset(flag: str, field: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
    def get(modifier: Any) -> Any:
        return vector(getattr(modifier, field)) if getattr(modifier, flag) else None

    def put(modifier: Any, value: Any) -> None:
        setattr(modifier, flag, value is not None)
        if value is not None:
            setattr(modifier, field, value)

    return get, put


def _number(field: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
    return lambda modifier: tidy(getattr(modifier, field)), lambda modifier, value: setattr(modifier, field, value)


def _plain(field: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
    return lambda modifier: getattr(modifier, field), lambda modifier, value: setattr(modifier, field, value)


def _word(field: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
    return (
        lambda modifier: getattr(modifier, field).lower(),
        lambda modifier, value: setattr(modifier, field, value.upper()),
    )


def _other(field: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
    def get(modifier: Any) -> Any:
        other = getattr(modifier, field)
        return other.name if other else None

    def put(modifier: Any, value: Any) -> None:
        setattr(modifier, field, None if value is None else names.find_object(value))

    return get, put


def _set_levels(modifier: Any, value: int) -> None:
    modifier.levels = modifier.render_levels = value


_SETTINGS: dict[str, dict[str, Any]] = {
    "subdivision": {"levels": (lambda modifier: modifier.levels, _set_levels), "scheme": _word("subdivision_type")},
    "bevel": {
        "width": _number("width"),
        "segments": _plain("segments"),
        "limit": _word("limit_method"),
        "angle": (
            lambda modifier: degrees(modifier.angle_limit),
            lambda modifier, value: setattr(modifier, "angle_limit", math.radians(value)),
        ),
    },
    "array": {
        "count": _plain("count"),
        "relative_offset": _offset("use_relative_offset", "relative_offset_displace"),
        "constant_offset": _offset("use_constant_offset", "constant_offset_displace"),
    },
    "mirror": {
        "axes": (_get_axes, _set_axes),
        "mirror_object": _other("mirror_object"),
        "merge": _plain("use_mirror_merge"),
        "merge_threshold": _number("merge_threshold"),
    },
    "boolean": {
        "object": _other("object"),
        "operation": _word("operation"),
        "solver": (versions.get_solver, versions.set_solver),
    },
    "solidify": {
        "thickness": _number("thickness"),
        "offset": _number("offset"),
        "even": _plain("use_even_offset"),
    },
    "decimate": {"ratio": _number("ratio")},
    "nodes": {
        "group": (node_groups.group_of, node_groups.set_group),
        "inputs": (node_groups.inputs_of, node_groups.set_inputs),
    },
}


_OWN_NAMES: dict[str, tuple[str, ...]] = {
    "levels": ("levels", "render_levels"),
    "scheme": ("subdivision_type",),
    "limit": ("limit_method",),
    "angle": ("angle_limit",),
    "relative_offset": ("relative_offset_displace", "use_relative_offset"),
    "constant_offset": ("constant_offset_displace", "use_constant_offset"),
    "axes": ("use_axis",),
    "merge": ("use_mirror_merge",),
    "even": ("use_even_offset",),
}
"""Settings that have another name in Blender."""


def info(modifier: Any) -> dict[str, Any]:
    """ModifierInfo."""
    word = WORDS.get(modifier.type)
    settings = {} if word is None else {field: get(modifier) for field, (get, _) in _SETTINGS[word].items()}
    return {
        "name": modifier.name,
        "type": word or modifier.type.lower(),
        "settings": settings,
        "show_viewport": modifier.show_viewport,
        "show_render": modifier.show_render,
    }


def _set(modifier: Any, settings: dict[str, Any]) -> None:
    known = _SETTINGS[WORDS[modifier.type]]
    # The inputs of nodes are those of the group, which is set first.
    for field in sorted(settings):
        known[field][1](modifier, settings[field])


def check(obj: Any, word: str, settings: dict[str, Any], instead_of: Any = None) -> None:
    """Raise AppError for unsuitable other objects, and for more vertices than the limits allow."""
    for field in ("object", "mirror_object"):
        if settings.get(field) is not None:
            other = find_mesh(settings[field]) if field == "object" else names.find_object(settings[field])
            if other == obj and field == "object":
                raise AppError("validation_error", f"{obj.name!r} cannot be combined with itself", {"object": obj.name})
    if word == "nodes":
        node_groups.check(settings)
    growth.estimate(obj, [*growth.stack(each for each in obj.modifiers if each != instead_of), (word, settings)])


# --- methods -----------------------------------------------------------------------------------------------------


@method("modifiers.list")
def list_modifiers(*, object: str) -> dict[str, Any]:
    return {"modifiers": [info(modifier) for modifier in _target(object).modifiers]}


@method("modifiers.add")
@precise("modifier")
def add(*, object: str, modifier: dict[str, Any]) -> dict[str, Any]:
    obj = _target(object)
    # Use a copy: the parameters themselves are journaled afterwards.
    settings = dict(modifier)
    word, name = settings.pop("type"), settings.pop("name")
    if word == "array" and settings["relative_offset"] is None and settings["constant_offset"] is None:
        settings["relative_offset"] = [1.0, 0.0, 0.0]
    if name is not None:
        names.check_length(name)
        if obj.modifiers.get(name) is not None:
            raise name_taken("modifier", name, on_conflict=False)
    check(obj, word, settings)
    about_to_change(lambda: index.described(obj)["revision"])
    made = obj.modifiers.new(name or word.capitalize(), TYPES[word])
    if made is None:
        raise AppError("command_failed", f"Blender cannot add a {word} modifier to a {obj.type}")
    _set(made, settings)
    if word == "boolean":
        # Faces of the other object keep their materials. The fast solver cannot do it.
        made.material_mode = "TRANSFER"
    _check_live(obj, made)
    return index.changed(obj, same_mesh=True, visible=index.visibility(obj))


@method("modifiers.update")
@precise("settings")
def update(*, object: str, modifier: str, settings: dict[str, Any]) -> dict[str, Any]:
    obj = _target(object)
    found = _find(obj, modifier)
    settings = dict(settings)
    frame = settings.pop("frame", None)
    shown = {field: settings.pop(field) for field in ("show_viewport", "show_render") if field in settings}
    word = WORDS.get(found.type)
    known = _SETTINGS.get(word or "", {})
    foreign = sorted(settings.keys() - known.keys())
    if foreign:
        raise AppError(
            "validation_error",
            f"A {word or found.type.lower()} modifier has no setting {foreign[0]!r}; it has {', '.join(known)}",
            {"unknown": foreign, "known": list(known), "did_you_mean": nearest(foreign[0], known)},
        )
    if word is not None:
        before = {field: get(found) for field, (get, _) in known.items()}
        check(obj, word, {**before, **settings}, instead_of=found)
    anything = bool(settings or shown)
    own = {field: _OWN_NAMES.get(field, (field,)) for field in {**settings, **shown} if field != "inputs"}
    inputs: list[str] = list(settings.get("inputs") or ())
    keyed: list[Any] = [] if frame is None else _to_key(obj, found, own, inputs)
    about_to_change(lambda: index.described(obj)["revision"], anything=anything)
    _set(found, settings)
    for field, value in shown.items():
        setattr(found, field, value)
    if frame is None:
        animated.warn_of_modifier(obj, found, own)
    else:
        for target in keyed:
            keyframes.key_now(target, frame)
    if settings:
        _check_live(obj, found)
    if anything:
        index.changed(obj, same_mesh=True, visible=index.visibility(obj))
    return info(found)


def _to_key(obj: Any, modifier: Any, own: dict[str, tuple[str, ...]], inputs: list[str]) -> list[Any]:
    """Return the properties of settings that are to be keyed. Raises AppError where there are none."""
    if not own and not inputs:
        raise AppError("validation_error", "frame says where to key, but no setting was sent: add one", {})
    start = f'modifiers["{bpy.utils.escape_identifier(modifier.name)}"].'
    paths = [start + each for fields in own.values() for each in fields]
    paths += [node_groups.path_of(modifier, name) for name in inputs]
    return [rna_paths.resolve(obj, path)[0] for path in paths]


def _check_live(obj: Any, modifier: Any) -> None:
    if modifier.type == "BOOLEAN" and modifier.operand_type == "OBJECT" and modifier.object is not None:
        # This adds modifiers itself.
        from cadgate_blender.app import booleans

        booleans.warn_of_live(obj, modifier)


@method("modifiers.remove")
@precise()
def remove_modifier(*, object: str, modifier: str) -> dict[str, Any]:
    obj = _target(object)
    found = _find(obj, modifier)
    about_to_change(lambda: index.described(obj)["revision"])
    obj.modifiers.remove(found)
    index.changed(obj, same_mesh=True, visible=index.visibility(obj))
    return {"deleted": modifier}


@method("modifiers.apply")
@precise()
def apply(*, object: str, modifier: str) -> dict[str, Any]:
    """Make the effect of the modifier part of the mesh. Others stay, including those before it."""
    obj = find_mesh(object)
    found = _find(obj, modifier)
    if obj.data.shape_keys is not None:
        raise AppError("conflict", f"{object!r} has shape keys, to which a modifier cannot be applied")
    if list(obj.modifiers).index(found) > 0:
        warn(
            "not_first",
            f"{modifier!r} was not the first modifier: it was applied to the mesh without the ones before it",
        )
    growth.estimate(obj, growth.stack([found]))
    if found.type == "BOOLEAN" and found.operand_type == "OBJECT" and found.object is not None:
        # This adds modifiers itself.
        from cadgate_blender.app import booleans

        mesh = booleans.applied(obj, found)
    else:
        mesh = probe.mesh_of(obj, keep=lambda each: each.name == modifier)
    try:
        _check_made(obj, found, mesh)
        about_to_change(lambda: index.described(obj)["revision"])
    except BaseException:
        removal.remove_trial(mesh)
        raise
    replace_mesh(obj, mesh)
    obj.modifiers.remove(obj.modifiers[modifier])
    return index.changed(obj, visible=index.visibility(obj))


def _check_made(obj: Any, modifier: Any, mesh: Any) -> None:
    """Raise AppError if a modifier leaves nothing of a mesh, or coordinates that are not numbers."""
    points = numpy.empty(len(mesh.vertices) * 3, numpy.float32)
    mesh.vertices.foreach_get("co", points)
    lost = len(obj.data.polygons) > 0 and not len(mesh.polygons)
    if lost or not numpy.isfinite(points).all():
        what = "leaves no face of it" if lost else "gives vertices coordinates that are not finite numbers"
        raise AppError(
            "degenerate_result",
            f"{modifier.name!r} cannot be applied to {obj.name!r}: it {what}. Change its settings",
            {"object": obj.name, "modifier": modifier.name},
        )


def replace_mesh(obj: Any, mesh: Any) -> None:
    """Replace the object's mesh under the name of the former one."""
    former = obj.data
    name = former.name
    is_unmarked = index.is_unmarked(former)
    obj.data = mesh
    drop_unused(former, is_unmarked=is_unmarked)
    versions.rename(mesh, name)
    index.note_own_data(obj)
