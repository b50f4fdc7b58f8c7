"""What a call may change besides what it says: asked before each changing call, so that what is remembered is right."""

from __future__ import annotations

from typing import Any, Iterator

from cadgate_blender.app import references

_NAMING: dict[str, tuple[str, ...]] = {
    "objects.update": ("parent",),
    "objects.delete": (),
    "objects.duplicate": (),
    "objects.boolean": (),
    "objects.shade": (),
    "modifiers.add": ("modifier",),
    "modifiers.update": ("settings",),
    "modifiers.remove": (),
    "modifiers.apply": (),
    "meshes.create": (),
    "internal.mesh": (),
    "light.create": (),
    "light.update": (),
    "materials.create": (),
    "materials.apply": (),
}
"""Methods after which objects refer to no others than before, but for those that these parameters name."""


def begin(method: str, params: dict[str, Any]) -> None:
    """A changing call begins."""
    if method.startswith("primitives."):
        return
    fields = _NAMING.get(method)
    if fields is None:
        references.forget()
    else:
        references.note(word for field in fields for word in _words(params.get(field)))


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
