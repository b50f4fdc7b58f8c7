"""ObjectInfo: the description of an object, read from its own data so that the cost does not grow with the scene."""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from typing import Any, List, Optional, Sequence, Tuple

import bpy

from cadgate_blender.app import aside, curves, mesh_arrays, properties, removal, staging, transforms, versions
from cadgate_blender.app.typed import context

_FLOAT = struct.Struct("f")
_GENERATED = {"CURVE", "SURFACE", "FONT", "META", "CURVES", "POINTCLOUD", "VOLUME", "ARMATURE", "LATTICE"}

_FEW = 1000
"""The number of coordinates up to which a mesh's size is remembered by them: looking it up is faster than computing."""
_REMEMBERED = 256

Size = List[float]
"""How far something reaches along each axis."""
MeshFacts = Tuple[int, Optional[Size]]
"""Stamp of coordinates and topology, and the size; None without vertices."""

_sizes_by_coordinates: dict[bytes, Size] = {}


# --- numbers -----------------------------------------------------------------------------------------------------


def tidy(value: float) -> float:
    """Return the shortest number for Blender's 32-bit float: 0.1, not 0.10000000149011612."""
    if value == int(value):
        return float(int(value))
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if _FLOAT.unpack(_FLOAT.pack(short))[0] == value:
            return short
    return value


def vector(values: Any) -> list[float]:
    return [tidy(value) for value in values]


def degrees(radians: float) -> float:
    """Return the shortest angle in degrees for this 32-bit angle in radians."""
    if radians == 0:
        return 0.0
    whole = math.degrees(radians)
    for digits in (3, 4, 5, 6, 7):
        short = float(f"{whole:.{digits}g}")
        if _FLOAT.unpack(_FLOAT.pack(math.radians(short)))[0] == radians:
            return short + 0.0
    # It came from a matrix or a file: beyond the fifth decimal there is only 32-bit noise.
    return round(whole, 5) + 0.0


def rotation(obj: Any) -> list[float]:
    """Return XYZ Euler angles in degrees, whatever the object's own rotation mode is."""
    mode = obj.rotation_mode
    if mode == "XYZ":
        euler: Sequence[float] = obj.rotation_euler
    elif mode == "QUATERNION":
        euler = obj.rotation_quaternion.to_euler("XYZ")
    else:
        euler = obj.matrix_basis.to_euler("XYZ")
    return [degrees(angle) for angle in euler]


# --- shape -------------------------------------------------------------------------------------------------------


def mesh_facts(mesh: Any) -> MeshFacts:
    """Return the facts of a mesh's own data."""
    if len(mesh.vertices) == 0:
        return 0, None
    corners, loops = _arrays(mesh)
    return zlib.crc32(loops, zlib.crc32(corners)), _size_of(corners)


def _size_of(corners: Any) -> Size:
    """Return how far these coordinates reach along each axis."""
    if len(corners) > _FEW:
        return _reach(corners)
    key = corners.tobytes()
    known = _sizes_by_coordinates.get(key)
    if known is None:
        if len(_sizes_by_coordinates) >= _REMEMBERED:
            _sizes_by_coordinates.clear()
        known = _sizes_by_coordinates[key] = _reach(corners)
    return known


def _reach(corners: Any) -> Size:
    points = corners.reshape(-1, 3)
    return (points.max(axis=0) - points.min(axis=0)).tolist()


def mesh_stamp(mesh: Any) -> int:
    """Return the first of `mesh_facts`, for callers that need no more."""
    corners, loops = _arrays(mesh)
    return zlib.crc32(loops, zlib.crc32(corners)) if len(corners) else 0


def _arrays(mesh: Any) -> tuple[Any, Any]:
    return mesh_arrays.positions(mesh), mesh_arrays.corner_vertices(mesh)


def plain(obj: Any) -> bool:
    """Return whether the object's own data determine its place and size; otherwise only Blender's evaluation does."""
    data = obj.data
    return not (
        obj.type in _GENERATED
        or len(obj.modifiers)
        or len(obj.constraints)
        or obj.animation_data is not None
        or (obj.type == "MESH" and data.shape_keys is not None)
        or getattr(data, "animation_data", None) is not None  # an image has none
        or (obj.parent is not None and (obj.parent_type != "OBJECT" or not placed_plainly(obj.parent)))
    )


_OWN = {"BEVEL", "DECIMATE", "SOLIDIFY", "TRIANGULATE", "WELD"}
"""Modifiers whose result depends on nothing but the mesh and their settings."""


def is_self_contained(obj: Any) -> bool:
    """Return whether the description of a mesh or an empty stays true until the object itself is changed."""
    if obj.parent is not None or obj.type not in ("MESH", "EMPTY"):
        return False
    if plain(obj):
        return True
    data = obj.data
    return (
        data is not None
        and all(modifier.type in _OWN for modifier in obj.modifiers)
        and not len(obj.constraints)
        and obj.animation_data is None
        and data.animation_data is None
        and data.shape_keys is None
    )


def placed_plainly(obj: Any) -> bool:
    while obj is not None:
        if len(obj.constraints) or obj.animation_data is not None or (obj.parent and obj.parent_type != "OBJECT"):
            return False
        obj = obj.parent
    return True


def world_matrix(obj: Any) -> Any:
    """Return the object's world matrix, without updating the scene if its own data determine it."""
    if not placed_plainly(obj):
        return obj.evaluated_get(context.evaluated_depsgraph_get()).matrix_world.copy()
    matrix = obj.matrix_basis.copy()
    while obj.parent is not None:
        matrix = obj.matrix_parent_inverse @ matrix
        obj = obj.parent
        matrix = obj.matrix_basis @ matrix
    return matrix


def _size_and_world(obj: Any, facts: MeshFacts | None, shown: bool | None) -> tuple[list[float], Any]:
    """Return the size along the object's own axes, with scale and modifiers, as Blender's sidebar shows it, and the
    world matrix; None for that if only an evaluation has it, and Blender does not evaluate the object.

    `shown` says whether the session's scene shows it, if that is known.
    """
    if plain(obj):
        world = obj.matrix_basis if obj.parent is None else world_matrix(obj)
        return _scaled(world, (facts or mesh_facts(obj.data))[1] if obj.type == "MESH" else None), world
    if _is_bare_text(obj):
        world = world_matrix(obj)
        return _scaled(world, _text_size(obj.data)), world
    if aside.can_show(obj, shown):
        with aside.shown(obj) as evaluated:
            world = world_matrix(obj) if placed_plainly(obj) else evaluated.matrix_world.copy()
            return _scaled(evaluated.matrix_world, _bounds(evaluated.data)), world
    depsgraph = context.evaluated_depsgraph_get()
    evaluated = obj.evaluated_get(depsgraph)
    world = evaluated.matrix_world if evaluated.is_evaluated else None
    if placed_plainly(obj):
        world = world_matrix(obj)
    if obj.type != "MESH":
        # The evaluation writes them back to the object itself. Those of a curve's evaluated copy are wrong: there,
        # a text is flat.
        return [float(f"{value:.6g}") for value in obj.dimensions], world
    # Blender's own `dimensions` are those of the cage if a subdivision surface is the last modifier.
    return _scaled(evaluated.matrix_world, _bounds(evaluated.data)), world


def _place_in_world(obj: Any, info: dict[str, Any], world: Any) -> None:
    """Add the object's place in the world to its description, which has its own."""
    if obj.parent is None and placed_plainly(obj) and not transforms.has_deltas(obj):
        location, turn, scale = info["location"], info["rotation"], info["scale"]
    elif world is None:
        location = turn = scale = None
    else:
        place, angles, factors = transforms.decomposed(world, obj)
        location, turn, scale = vector(place), [degrees(angle) for angle in angles], vector(factors)
    info["global_location"], info["global_rotation"], info["global_scale"] = location, turn, scale


def _scaled(matrix: Any, size: Size | None) -> list[float]:
    if size is None:
        return [0.0, 0.0, 0.0]
    return [float(f"{abs(factor) * each:.6g}") for factor, each in zip(matrix.to_scale(), size)]


def _is_bare_text(obj: Any) -> bool:
    """Return whether the letters alone determine its size."""
    return (
        obj.type == "FONT"
        and obj.data.dimensions == "2D"
        and obj.data.offset == 0
        and obj.data.follow_curve is None
        and obj.data.animation_data is None
        and not len(obj.modifiers)
        and placed_plainly(obj)
    )


def _text_size(curve: Any) -> Size | None:
    """Return the size of a text, from its outlines: filling them takes Blender the square of their number."""
    outlines = curve.copy()
    outlines.fill_mode = "NONE"
    obj = bpy.data.objects.new(staging.temporary("outlines"), outlines)
    try:
        mesh = obj.to_mesh()
        # Of what has no geometry there is none, whatever the stubs say.
        return _bounds(mesh) if mesh else None
    finally:
        obj.to_mesh_clear()
        removal.remove_unlinked(obj)
        removal.remove_trial(outlines)


def _bounds(mesh: Any) -> Size | None:
    corners = mesh_arrays.positions(mesh)
    return _reach(corners) if len(corners) else None


# --- the description ---------------------------------------------------------------------------------------------


def collections_of_all() -> dict[str, list[str]]:
    """Map object names to the names of their collections, in one walk; asking each object would take a walk each."""
    found: dict[str, list[str]] = {}
    for collection in [context.scene.collection, *bpy.data.collections]:
        for obj in collection.objects:
            found.setdefault(obj.name, []).append(collection.name)
    return found


def is_visible(obj: Any) -> bool:
    if obj.hide_viewport:
        return False
    try:
        return not obj.hide_get()
    except RuntimeError:  # not in this view layer
        return True


_STAMPED = (
    *("collections", "dimensions", "edges", "faces", "location", "materials", "modifiers", "name", "parent"),
    *("properties", "rotation", "scale", "type", "vertices", "visible"),
)


def describe(
    obj: Any, collections: list[str], visible: bool | None, facts: MeshFacts | None, shown: bool | None
) -> dict[str, Any]:
    """Return the ObjectInfo of an object in these collections; `facts` are those of a mesh.

    Pass whether it is `visible`, and `shown` by the session's scene, if that is known: asking Blender costs a walk.
    """
    # Before the dimensions: a separate scene for these makes Blender walk again.
    visible = is_visible(obj) if visible is None else visible
    info: dict[str, Any] = {
        "name": obj.name,
        "type": obj.type,
        "location": vector(obj.location),
        "rotation": rotation(obj),
        "scale": vector(obj.scale),
        "parent": obj.parent.name if obj.parent else None,
        "collections": collections,
        "materials": [slot.material.name if slot.material else None for slot in obj.material_slots],
        "modifiers": [modifier.name for modifier in obj.modifiers],
        "visible": visible,
        "vertices": None,
        "edges": None,
        "faces": None,
        "properties": properties.read(obj),
    }
    info["dimensions"], world = _size_and_world(obj, facts, shown)
    # It is not stamped: it is the parent that changes.
    _place_in_world(obj, info, world)
    stamp: Any = None
    if facts is not None:
        mesh = obj.data
        info["vertices"], info["edges"], info["faces"] = len(mesh.vertices), len(mesh.edges), len(mesh.polygons)
        stamp = facts[0]
    elif obj.type in ("LIGHT", "CAMERA") or len(obj.modifiers):
        stamp = settings_of(obj.data)
    if len(obj.modifiers):
        stamp = (stamp, [settings_of(modifier) for modifier in obj.modifiers])
        nodes = [versions.node_settings(modifier) for modifier in obj.modifiers if modifier.type == "NODES"]
        stamp = (stamp, nodes) if nodes else stamp
    if len(obj.constraints):
        stamp = (stamp, [settings_of(constraint) for constraint in obj.constraints])
    if obj.animation_data is not None or getattr(obj.data, "animation_data", None) is not None:
        stamp = (stamp, curves.stamp(obj), curves.stamp(obj.data))
    # In the order of their names.
    stamped = [(name, info[name]) for name in _STAMPED]
    info["revision"] = hashlib.sha1(repr((stamped, stamp)).encode()).hexdigest()[:12]
    return info


def settings_of(block: Any) -> list[tuple[str, str]]:
    """Return the plain properties of a Blender structure, for comparison.

    Those of every data-block (`session_uid`, `users` …) are left out: they differ after a restore.
    """
    found: list[tuple[str, str]] = []
    common = bpy.types.ID.bl_rna.properties
    for prop in block.bl_rna.properties if block is not None else ():
        if prop.identifier in common:
            continue
        if prop.type == "POINTER":
            target = getattr(block, prop.identifier, None)
            found.append((prop.identifier, getattr(target, "name", "")))
        elif prop.type != "COLLECTION":
            value: Any = getattr(block, prop.identifier, None)
            found.append((prop.identifier, repr(value[:]) if getattr(prop, "is_array", False) else repr(value)))
    return found
