"""Colours of points and corners: what a file of a format can hold of them; a warning names the rest."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Sequence

import numpy

from cadgate.appserver import warn
from cadgate_blender.app import versions
from cadgate_blender.app.mesh_arrays import corner_vertices
from cadgate_blender.app.preparing import listed

_PER_POINT = ("obj", "ply")
"""Formats with one colour for each point."""
_SEEN = 1.5 / 255


def fit(chosen: Sequence[Any], format: str) -> None:
    """Change the colours of these objects' meshes so that `format` can hold them, and warn of what it cannot."""
    coloured = [obj for obj in chosen if obj.type == "MESH" and len(obj.data.color_attributes)]
    activate({obj.data for obj in coloured})
    if format == "stl":
        _warn("no colours", [obj.name for obj in coloured], format)
    if format == "obj":
        coloured = _only_shown(coloured)
        _warn("only one colour layer", [obj.name for obj in coloured if len(obj.data.color_attributes) > 1], format)
    if format in _PER_POINT:
        torn = [obj.name for obj in coloured if _differs_at_points(obj.data)]
        _warn("one colour for each point, not for each corner of a face (it has their mean)", torn, format)
    if coloured and (format == "ply" or (format == "obj" and versions.PAINTS_ALL_IN_OBJ)):
        plain = [obj for obj in chosen if obj.type == "MESH" and obj not in coloured]
        _whiten(plain)
        for mesh in {obj.data for obj in [*coloured, *plain]} if format == "ply" else ():
            _keep_bytes(mesh)
    if format == "abc":
        for mesh in {obj.data for obj in coloured}:
            _to_corners(mesh)


def activate(meshes: Iterable[Any]) -> None:
    """Make some layer the active one where none is, as in what comes from an Alembic file: exporters write that one."""
    for mesh in meshes:
        if len(mesh.color_attributes) and mesh.color_attributes.active_color is None:
            mesh.color_attributes.active_color_name = mesh.color_attributes[0].name


def _warn(what: str, names: list[str], format: str) -> None:
    if names:
        warn("colors_lost", f"Files in {format} hold {what}: those of {listed(names)} are not all in this one")


def _only_shown(coloured: list[Any]) -> list[Any]:
    """Remove the colours that no material shows: readers of OBJ files would tint the materials with them.

    A mesh without a material shows its colours in most programs. Returns the objects that keep theirs.
    """
    kept: list[Any] = []
    hidden: list[str] = []
    for obj in coloured:
        dressed = [slot.material for slot in obj.material_slots if slot.material is not None]
        layers = [layer for material in dressed for layer in layers_of(material)]
        if dressed and not layers:
            hidden.append(obj.name)
            continue
        named = next((layer for layer in layers if layer in obj.data.color_attributes), None)
        if named is not None:
            obj.data.color_attributes.active_color_name = named
        kept.append(obj)
    staying = {obj.data for obj in kept}
    for mesh in {obj.data for obj in coloured} - staying:
        for layer in list(mesh.color_attributes):
            mesh.color_attributes.remove(layer)
    _warn("no colours of points beside those of materials", hidden, "obj")
    return kept


def layers_of(material: Any) -> Iterator[str]:
    """Yield the names of the layers that a material's nodes read as colours; "" is the active one."""
    pending = [material.node_tree] if material.use_nodes and material.node_tree is not None else []
    seen: set[Any] = set()
    while pending:
        tree = pending.pop()
        if tree in seen:
            continue
        seen.add(tree)
        for node in tree.nodes:
            if node.bl_idname == "ShaderNodeVertexColor":
                yield node.layer_name
            elif node.bl_idname == "ShaderNodeAttribute" and node.attribute_type == "GEOMETRY":
                yield node.attribute_name
            elif node.bl_idname == "ShaderNodeGroup" and node.node_tree is not None:
                pending.append(node.node_tree)


def _differs_at_points(mesh: Any) -> bool:
    """Return whether corners of faces have another colour than others at the same point."""
    layer = mesh.color_attributes.active_color
    if layer is None or layer.domain != "CORNER" or not len(layer.data):
        return False
    colours, where = _values(layer), corner_vertices(mesh)
    first = numpy.zeros((len(mesh.vertices), 4), numpy.float32)
    first[where] = colours
    return bool(numpy.abs(first[where] - colours).max() > _SEEN)


def _whiten(plain: list[Any]) -> None:
    """Make these white: if one object has colours, Blender writes some for all, which are black and clear."""
    for mesh in {obj.data for obj in plain}:
        made = mesh.color_attributes.new("White", "BYTE_COLOR", "POINT")
        made.data.foreach_set("color", numpy.ones(len(made.data) * 4, numpy.float32))
        mesh.color_attributes.active_color_name = made.name


def _keep_bytes(mesh: Any) -> None:
    """Raise the colours by a quarter of the smallest step: Blender cuts off what is between two, often the last one."""
    layer = mesh.color_attributes.active_color
    if layer is None or not len(layer.data):
        return
    name, domain, values = layer.name, layer.domain, _values(layer)
    light = values[:, :3].clip(0.0, 1.0)
    curved = numpy.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    curved = (numpy.round(curved * 255) + 0.25) / 255
    values[:, :3] = numpy.where(curved <= 0.04045, curved / 12.92, ((curved + 0.055) / 1.055) ** 2.4)
    values[:, 3] = (numpy.round(values[:, 3].clip(0.0, 1.0) * 255) + 0.25) / 255
    mesh.color_attributes.remove(layer)
    made = mesh.color_attributes.new(name, "FLOAT_COLOR", domain)
    made.data.foreach_set("color", values.ravel())
    mesh.color_attributes.active_color_name = made.name


def _values(layer: Any) -> Any:
    found = numpy.empty(len(layer.data) * 4, numpy.float32)
    layer.data.foreach_get("color", found)
    return found.reshape(-1, 4)


def _to_corners(mesh: Any) -> None:
    """Make bytes of corners of all layers: Blender writes no others to Alembic files."""
    where = corner_vertices(mesh)
    for name in [layer.name for layer in mesh.color_attributes]:
        layer = mesh.color_attributes[name]
        if layer.domain == "CORNER" and layer.data_type == "BYTE_COLOR":
            continue
        values = _values(layer)
        if layer.domain == "POINT":
            values = values[where]
        mesh.color_attributes.remove(layer)
        made = mesh.color_attributes.new(name, "BYTE_COLOR", "CORNER")
        made.data.foreach_set("color", values.ravel())
