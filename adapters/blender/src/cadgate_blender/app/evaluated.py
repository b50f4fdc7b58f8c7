"""What Blender shows of an object: all its modifiers in effect, in numbers."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import method, warn
from cadgate_blender.app import names, showing
from cadgate_blender.app.typed import context


@method("objects.evaluated")
def evaluated(*, object: str) -> dict[str, Any]:
    """Return what all modifiers of an object make of it: counts, and the attributes of the mesh."""
    return made_of(names.find_object(object))


def made_of(obj: Any) -> dict[str, Any]:
    """Evaluated: what Blender shows of an object."""
    depsgraph = context.evaluated_depsgraph_get()
    shown: Any = obj.evaluated_get(depsgraph)
    for modifier in shown.modifiers:
        for each in getattr(modifier, "node_warnings", ()):
            warn("node_warning", f"{modifier.name!r} of {obj.name!r}: {each.message}")
    # The parts exist as long as the set that they are of.
    _owner, (mesh, points, curves, instances) = _parts(shown)
    attributes: list[dict[str, Any]] = []
    for part in (mesh, points, curves, instances):
        for attribute in () if part is None else part.attributes:
            if not attribute.is_internal and not attribute.name.startswith("."):
                about = {
                    "name": attribute.name,
                    "domain": attribute.domain.lower(),
                    "type": attribute.data_type.lower(),
                }
                attributes.append(about)
    return {
        "object": obj.name,
        "vertices": len(mesh.vertices) if mesh is not None else 0,
        "edges": len(mesh.edges) if mesh is not None else 0,
        "faces": len(mesh.polygons) if mesh is not None else 0,
        "points": len(points.points) if points is not None else 0,
        "curves": len(curves.curves) if curves is not None else 0,
        "instances": sum(
            1
            for each in showing.shown(depsgraph)
            if each.is_instance and each.parent is not None and each.parent.original == obj
        ),
        "attributes": attributes,
    }


def _parts(shown: Any) -> tuple[Any, tuple[Any, Any, Any, Any]]:
    """Return mesh, points, curves and instances of an evaluated object. 4.5 has them in a set of its own."""
    if hasattr(shown, "evaluated_geometry") and shown.type == "MESH":
        found = shown.evaluated_geometry()
        return found, (found.mesh, found.pointcloud, found.curves, found.instances_pointcloud())
    return shown, ((shown.data if shown.type == "MESH" else shown.to_mesh()), None, None, None)
