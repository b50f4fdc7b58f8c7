"""Names of data-blocks: which are free, and what has one."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import AppError, name_taken, not_found
from cadgate_blender.app import versions
from cadgate_blender.app.scene_index import index


def count_objects() -> int:
    return len(index.objects())


def has_object(name: str) -> bool:
    return name in index.objects()


def find_object(name: str) -> Any:
    """Return the object `name`. Raises AppError `object_not_found`."""
    obj = index.find(name)
    if obj is None:
        raise not_found("object", name, index.objects())
    return obj


def kind_of(obj: Any) -> str:
    """Return the type of an object for a sentence: `a MESH`, `an EMPTY`."""
    return f"{'an' if obj.type[0] in 'AEIOU' else 'a'} {obj.type}"


def find(kind: str, collection: Any, name: str) -> Any:
    """Return the data-block `name` of `bpy.data.materials` or the like. Raises AppError `{kind}_not_found`."""
    block = collection.get(name)
    if block is None:
        raise not_found(kind, name, collection.keys())
    return block


def check_length(name: str) -> None:
    """Raise AppError for a name that Blender would truncate."""
    size = len(name.encode())
    if size > versions.NAME_BYTES:
        raise AppError(
            "validation_error",
            f"The name {name!r} has {size} bytes; this Blender keeps {versions.NAME_BYTES}: choose a shorter one",
            {"name": name, "bytes": size, "maximum": versions.NAME_BYTES},
        )


def check_free(kind: str, name: str | None, taken: bool, on_conflict: str) -> None:
    """Raise AppError for an explicit name that is too long, or `taken` if that is an error."""
    if name is None:
        return
    check_length(name)
    if taken and on_conflict == "error":
        raise name_taken(kind, name)
