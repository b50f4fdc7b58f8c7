"""What a sheet is drawn from: the triangles of everything that the scene shows, with modifiers and instances."""

from __future__ import annotations

from typing import Any, Iterable, cast

import numpy

from cadgate.appserver import AppError, ShapeFolder, method, warn
from cadgate_blender.app import materials, mesh_arrays, names, sockets
from cadgate_blender.app.showing import makes_instances
from cadgate_blender.app.typed import context

_SHAPED = ("MESH", "CURVE", "SURFACE", "FONT", "META", "CURVES")


@method("internal.look")
def look(*, folder: str, objects: list[str] | None, highlight: list[str] | None, camera: bool) -> dict[str, Any]:
    """Write the shapes and the scene into `folder`, and return the scene's name."""
    chosen = None if objects is None else [names.find_object(name) for name in dict.fromkeys(objects)]
    for name in highlight or ():
        names.find_object(name)
    depsgraph = context.evaluated_depsgraph_get()
    writing = _Writing(ShapeFolder(folder))
    if chosen is None or any(makes_instances(obj) for obj in chosen):
        wanted = None if chosen is None else {obj.name for obj in chosen}
        instances = cast("Iterable[Any]", depsgraph.object_instances)
        for instance in instances:
            owner = instance.parent if instance.is_instance else instance.object
            if owner is not None and instance.show_self and (wanted is None or owner.original.name in wanted):
                writing.add(owner.original, instance.object, instance.matrix_world)
    for obj in chosen or ():
        if obj.name not in writing.entries:
            shown = obj.evaluated_get(depsgraph)
            if shown == obj and len(obj.modifiers):
                warn("without_modifiers", f"{obj.name!r} is hidden, so Blender does not apply its modifiers for this")
            writing.add(obj, shown, shown.matrix_world)
    hidden, bare = [], []
    for obj in context.scene.objects if chosen is None else ():
        if obj.name not in writing.entries:
            shaped = obj.type in _SHAPED and not obj.visible_get()
            (hidden if shaped else bare).append(obj.name)
    units = context.scene.unit_settings
    scale = None if units.system == "NONE" else units.scale_length
    scene = {
        "place": f"scene {context.scene.name!r}",
        "objects": list(writing.entries.values()),
        "hidden": hidden,
        "bare": bare,
        "units": {"name": "m" if scale is not None and abs(scale - 1) < 1e-6 else "units", "metres": scale},
        "camera": _camera() if camera else None,
    }
    return {"scene": writing.files.put_scene(scene)}


def _camera() -> dict[str, Any]:
    scene = context.scene
    obj = scene.camera
    if obj is None:
        raise AppError(
            "validation_error",
            'The scene has no camera: add one with POST /camera, or leave out "camera"',
            {"views": "camera"},
        )
    obj = obj.evaluated_get(context.evaluated_depsgraph_get())
    lens = cast("Any", obj.data)
    corners = lens.view_frame(scene=scene)
    perspective = lens.type != "ORTHO"
    across = [corner.x / (-corner.z if perspective else 1.0) for corner in corners]
    upright = [corner.y / (-corner.z if perspective else 1.0) for corner in corners]
    world = obj.matrix_world.normalized()
    return {
        "name": obj.name,
        "matrix": [value for row in world[:3] for value in row],
        "window": [min(across), max(across), min(upright), max(upright)],
        "perspective": perspective,
        "near": max(lens.clip_start, 1e-6),
    }


class _Writing:
    """The entries of a scene, and the files of its shapes, each mesh once."""

    def __init__(self, files: ShapeFolder) -> None:
        self.files = files
        self.entries: dict[str, dict[str, Any]] = {}
        self._shapes: dict[Any, str | None] = {}
        self._colors: dict[str, list[float]] = {}

    def add(self, owner: Any, shown: Any, world: Any) -> None:
        """Add what an evaluated object shows to the entry of its owner."""
        if shown.type not in _SHAPED:
            return
        shape = self._shape(shown)
        if shape is None:
            return
        entry = self.entries.get(owner.name)
        if entry is None:
            entry = self.entries[owner.name] = {
                "name": owner.name,
                "type": owner.type,
                "parts": [],
                "colors": self._colors_of(shown),
                "box": None,
            }
        entry["parts"].append({"shape": shape, "matrix": [value for row in world[:3] for value in row]})

    def _shape(self, shown: Any) -> str | None:
        data = shown.data
        key = (shown.original.name, data.as_pointer() if data is not None else 0)
        if key not in self._shapes:
            self._shapes[key] = self._written(shown)
        return self._shapes[key]

    def _written(self, shown: Any) -> str | None:
        if shown.type == "MESH":
            return self._mesh(shown.data)
        try:
            mesh = shown.to_mesh()
        except RuntimeError:  # a metaball that another one draws
            return None
        try:
            return None if mesh is None else self._mesh(mesh)
        finally:
            shown.to_mesh_clear()

    def _mesh(self, mesh: Any) -> str | None:
        edges = len(mesh.edges)
        if not edges:
            return None
        points = mesh_arrays.positions(mesh)
        if not numpy.isfinite(points).all():
            return None
        mesh.calc_loop_triangles()
        found = mesh.loop_triangles
        triangles = numpy.empty(len(found) * 3, numpy.int32)
        found.foreach_get("vertices", triangles)
        colors = numpy.empty(len(found), numpy.int32)
        found.foreach_get("material_index", colors)
        lines = numpy.empty(edges * 2, numpy.int32)
        mesh.edges.foreach_get("vertices", lines)
        loose = numpy.zeros(edges, numpy.uint8)
        if len(found) == 0:
            loose[:] = 1
        return self.files.put(
            points.tobytes(),
            triangles.tobytes(),
            numpy.clip(colors, 0, 65535).astype(numpy.uint16).tobytes(),
            lines.tobytes(),
            loose.tobytes(),
            single=True,
            creased=True,
        )

    def _colors_of(self, shown: Any) -> list[list[float]]:
        """Return the colour of each slot, as it looks on a screen; none if no slot has a material."""
        found = [slot.material for slot in shown.material_slots]
        if not any(material is not None for material in found):
            return []
        return [[0.9063, 0.9063, 0.9063, 1.0] if each is None else self._color(each.original) for each in found]

    def _color(self, material: Any) -> list[float]:
        if material.name not in self._colors:
            node, color = materials.shader(material), None
            if node is not None:
                base = sockets.feed(node.inputs["Base Color"])
                color = base.value if base.image is None else None
            color = material.diffuse_color if color is None else color
            alpha = float(material.diffuse_color[3])
            self._colors[material.name] = [*(round(_on_screen(float(each)), 5) for each in color[:3]), round(alpha, 5)]
        return self._colors[material.name]


def _on_screen(linear: float) -> float:
    """Convert a linear channel to sRGB."""
    linear = min(1.0, max(0.0, linear))
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
