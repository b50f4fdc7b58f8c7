"""What the scene shows because of an object: itself, as evaluated, and instances."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, NamedTuple, cast

import bpy

from cadgate_blender.app.typed import context


class Part(NamedTuple):
    """Something that the scene shows because of an object: itself, or an instance."""

    owner: str
    is_instance: bool
    object: Any
    """As evaluated; valid only until the next part."""
    world: Any


CURVED = ("CURVE", "SURFACE", "FONT", "META")
"""Types of objects that are no meshes, but may have the surface of one."""


def shown(depsgraph: Any) -> Iterator[Any]:
    """Yield what a dependency graph shows, each once, as Blender's `DepsgraphObjectInstance`.

    Blender lists the surface of a curve, a text or a metaball twice: as the object itself, and then as an instance.
    """
    before: tuple[str, Any] | None = None
    for each in cast("Iterable[Any]", depsgraph.object_instances):
        obj = each.object
        if obj.type in CURVED:
            before = obj.original.name, each.matrix_world.copy()
        elif before is not None:
            name, world = before
            before = None
            if each.is_instance and obj.type == "MESH" and obj.original.name == name and each.matrix_world == world:
                continue
        yield each


def parts(chosen: Iterable[Any]) -> Iterator[Part]:
    """Yield every part of these objects that the scene shows now."""
    depsgraph = context.evaluated_depsgraph_get()
    names = list(dict.fromkeys(obj.name for obj in chosen))
    if not any(makes_instances(bpy.data.objects[name]) for name in names):
        for name in names:
            obj = bpy.data.objects[name].evaluated_get(depsgraph)
            yield Part(name, False, obj, obj.matrix_world)
        return
    wanted = set(names)
    for instance in shown(depsgraph):
        owner = instance.parent if instance.is_instance else instance.object
        if owner is not None and owner.original.name in wanted:
            yield Part(owner.original.name, instance.is_instance, instance.object, instance.matrix_world)


def makes_instances(obj: Any) -> bool:
    """Return whether other objects may be visible because of this one."""
    return (
        obj.instance_type != "NONE"
        or len(obj.particle_systems) > 0
        or any(modifier.type == "NODES" for modifier in obj.modifiers)
    )
