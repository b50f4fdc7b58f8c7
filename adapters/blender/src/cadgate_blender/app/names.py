"""Names of data-blocks: which are free, and which object has one, without a search through the scene."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError, name_taken, not_found
from cadgate_blender.app import versions

_known: dict[str, Any] | None = None


def forget() -> None:
    """Call this after anything but this package's own functions may have changed the objects."""
    global _known
    _known = None


def _objects() -> dict[str, Any]:
    # `bpy.data.objects.get` walks a list: 0.1 ms at 2,000 objects, 0.5 ms at 8,000. With a window, people rename
    # objects between two calls, so nothing can be remembered there.
    global _known
    if _known is None or not bpy.app.background:
        _known = {obj.name: obj for obj in bpy.data.objects}
    return _known


def note(obj: Any, former: str | None = None) -> None:
    """Remember an object that was created, or renamed from `former`."""
    if _known is not None:
        if former is not None:
            _known.pop(former, None)
        _known[obj.name] = obj


def drop(name: str) -> None:
    """The object `name` is gone."""
    if _known is not None:
        _known.pop(name, None)


def count_objects() -> int:
    return len(_objects())


def has_object(name: str) -> bool:
    return name in _objects()


def find_object(name: str) -> Any:
    """The object `name`. Raises AppError `object_not_found`."""
    obj = _objects().get(name)
    try:
        if obj is not None and obj.name == name:
            return obj
    except ReferenceError:
        pass
    # A miss is confirmed by Blender itself before anybody is told of it.
    forget()
    obj = _objects().get(name)
    if obj is None:
        raise not_found("object", name, _objects())
    return obj


def kind_of(obj: Any) -> str:
    """What an object is, for a sentence: `a MESH`, `an EMPTY`."""
    return f"{'an' if obj.type[0] in 'AEIOU' else 'a'} {obj.type}"


def find(kind: str, collection: Any, name: str) -> Any:
    """The data-block `name` of `bpy.data.materials` and its like. Raises AppError `{kind}_not_found`."""
    block = collection.get(name)
    if block is None:
        raise not_found(kind, name, collection.keys())
    return block


def check_length(name: str) -> None:
    """Raise AppError for a name that Blender would cut."""
    size = len(name.encode())
    if size > versions.NAME_BYTES:
        raise AppError(
            "validation_error",
            f"The name {name!r} has {size} bytes; this Blender keeps {versions.NAME_BYTES}: choose a shorter one",
            {"name": name, "bytes": size, "maximum": versions.NAME_BYTES},
        )


def check_free(kind: str, name: str | None, taken: bool, on_conflict: str) -> None:
    """Raise AppError for an explicit name that is too long, or `taken` where that is an error."""
    if name is None:
        return
    check_length(name)
    if taken and on_conflict == "error":
        raise name_taken(kind, name)
