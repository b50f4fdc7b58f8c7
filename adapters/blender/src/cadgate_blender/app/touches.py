"""What a call may change besides what it says: asked before each changing call, so that what is remembered is right."""

from __future__ import annotations

import secrets
from typing import Any, Iterator

from cadgate_blender.app import references, remembered

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


_TELLING = (
    "objects.update",
    "objects.delete",
    "objects.duplicate",
    "objects.boolean",
    "meshes.create",
    "internal.mesh",
)
"""Methods that describe every object that they change, if it is one that is remembered."""

_state = 0
_life = secrets.token_hex(4)


def state() -> str:
    """Another one after whatever may have changed any object."""
    return f"{_life}-{_state}"


def forget() -> None:
    """Anything may have changed."""
    global _state
    _state += 1
    references.forget()
    remembered.forget()


def begin(method: str, params: dict[str, Any], *, mutates: bool, quiet: bool) -> None:
    """A call begins. `quiet` says that nothing in the session acts by itself, and nobody at a window."""
    global _state
    primitive = method.startswith("primitives.")
    telling = primitive or method in _TELLING or method.startswith("modifiers.")
    if not quiet or (mutates and not telling):
        remembered.forget_infos()
    remembered.keep(quiet and (telling or not (mutates or method.startswith("internal."))))
    if not mutates:
        return
    _state += 1
    if primitive:
        return
    fields = _NAMING.get(method)
    if fields is None:
        forget()
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
