"""What an operator changed, by comparing the document before and after: Blender itself does not say it."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Any, Iterable, Sequence

import bpy
import numpy

from cadgate_blender.app import versions
from cadgate_blender.app.rna_values import to_json
from cadgate_blender.app.scene_index import index

_NOT_DATA = ("window_managers", "screens", "workspaces", "brushes", "objects")
_PASSING = (".select", ".hide", ".vs.", ".es.", ".pn.", ".uv_select")
"""Attributes that only say what is selected or hidden."""
_MOST_WEIGHTS = 100_000


class Standing:
    """The document at one moment; of the objects `closely`, everything that they have."""

    def __init__(self, closely: Iterable[Any]) -> None:
        revisions = index.revisions()
        self.names: dict[int, str] = {obj.session_uid: obj.name for obj in bpy.data.objects}
        self.revisions = {name: revision for name, (_, revision) in revisions.items()}
        self.prints = {obj.session_uid: fingerprint(obj) for obj in closely}
        self.blocks = {
            (room.identifier, block.session_uid): block.name
            for room in versions.rooms(_NOT_DATA)
            for block in getattr(bpy.data, room.identifier)
        }

    def closely_again(self) -> Standing:
        """Return the document now, with the same objects closely."""
        return Standing([obj for obj in bpy.data.objects if obj.session_uid in self.prints])


def differences(before: Standing, after: Standing) -> dict[str, Any]:
    """Return the names of what was changed, created and deleted."""
    changed = [
        name
        for uid, name in after.names.items()
        if uid in before.names
        and (
            before.names[uid] != name
            or before.revisions[before.names[uid]] != after.revisions[name]
            or before.prints.get(uid) != after.prints.get(uid)
        )
    ]
    return {
        "changed": sorted(changed),
        "created": sorted(name for uid, name in after.names.items() if uid not in before.names),
        "deleted": sorted(name for uid, name in before.names.items() if uid not in after.names),
        "data_created": sorted(f"{key[0]}/{name}" for key, name in after.blocks.items() if key not in before.blocks),
        "data_deleted": sorted(f"{key[0]}/{name}" for key, name in before.blocks.items() if key not in after.blocks),
    }


def fingerprint(obj: Any) -> int:
    """Return a number that differs if anything of an object or of its data does."""
    parts: list[Any] = [_values(obj, skip=("select", "mode"))]
    for stack in (obj.modifiers, obj.constraints, obj.vertex_groups, obj.material_slots, obj.particle_systems):
        parts.append([_values(each) for each in stack])
    if obj.pose is not None:
        parts.append([(bone.name, to_json(bone.matrix_basis), len(bone.constraints)) for bone in obj.pose.bones])
    data: Any = obj.data
    if data is not None:
        parts.append((data.name, _values(data, skip=("total_vert_sel", "total_edge_sel", "total_face_sel"))))
        parts.append(_shape_keys(data))
    parts += _geometry(obj, data)
    return zlib.crc32(repr(parts).encode("utf-8", "replace"))


def _geometry(obj: Any, data: Any) -> list[Any]:
    if obj.type == "MESH":
        return _mesh(obj, data)
    if obj.type in ("CURVE", "SURFACE", "FONT"):
        return [_spline(spline) for spline in data.splines]
    if obj.type == "ARMATURE":
        return [(bone.name, to_json(bone.matrix_local), bone.length) for bone in data.bones]
    if obj.type == "LATTICE":
        return [to_json(point.co_deform) for point in data.points]
    return [_values(element, skip=("select",)) for element in data.elements] if obj.type == "META" else []


def _values(struct: Any, skip: Sequence[str] = ()) -> list[Any]:
    """Return the simple values of a structure, and the names of the data-blocks it refers to."""
    found: list[Any] = []
    for prop in struct.bl_rna.properties:
        name = prop.identifier
        if prop.type == "COLLECTION" or name in skip or name.startswith(("show_", "is_editmode")):
            continue
        value = getattr(struct, name, None)
        if prop.type == "POINTER":
            if isinstance(value, bpy.types.ID):
                found.append((name, value.name))
        elif not prop.is_readonly:
            found.append((name, to_json(value)))
    if isinstance(struct, bpy.types.NodesModifier):
        found += versions.node_settings(struct).items()
    elif hasattr(struct, "keys"):
        with suppress(TypeError):  # a type without custom properties
            found += [(key, to_json(struct[key])) for key in struct.keys()]  # noqa: SIM118 - Blender's structures
    return found


def _mesh(obj: Any, mesh: Any) -> list[Any]:
    found: list[Any] = []
    for attribute in mesh.attributes:
        if attribute.name.startswith(_PASSING) or not len(attribute.data):
            continue
        field = next((each for each in ("value", "vector", "color") if hasattr(attribute.data[0], each)), None)
        if field is None:
            continue
        width = 1
        first = getattr(attribute.data[0], field)
        if hasattr(first, "__len__") and not isinstance(first, (str, bytes)):
            width = len(first)
        if isinstance(first, (str, bytes)):
            found.append((attribute.name, [str(getattr(each, field)) for each in attribute.data]))
            continue
        kind = numpy.bool_ if isinstance(first, bool) else numpy.int32 if isinstance(first, int) else numpy.float32
        array = numpy.empty(len(attribute.data) * width, kind)
        attribute.data.foreach_get(field, array)
        found.append((attribute.name, attribute.domain, attribute.data_type, zlib.crc32(array.tobytes())))
    if len(obj.vertex_groups) and len(mesh.vertices) <= _MOST_WEIGHTS:
        found.append([[(each.group, each.weight) for each in vertex.groups] for vertex in mesh.vertices])
    return found


def _spline(spline: Any) -> Any:
    bezier = [
        (to_json(point.co), to_json(point.handle_left), to_json(point.handle_right), point.tilt, point.radius)
        for point in spline.bezier_points
    ]
    return spline.type, _values(spline), bezier, [(to_json(p.co), p.tilt, p.radius) for p in spline.points]


def _shape_keys(data: Any) -> Any:
    keys = getattr(data, "shape_keys", None)
    return (
        None if keys is None else [(key.name, key.value, [to_json(p.co) for p in key.data]) for key in keys.key_blocks]
    )
