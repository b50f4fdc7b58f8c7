"""What was said of objects, and which collections have them: to find out again costs more than to know it.

Only what no other object has a part in is remembered. `touches` says before each call what may not be true any more.
"""

from __future__ import annotations

from typing import Any

import bpy

_infos: dict[int, dict[str, Any]] = {}
_places: dict[int, tuple[Any, ...]] = {}
_keeping = False


def forget() -> None:
    """Anything may have changed; references to collections may be dead."""
    forget_infos()
    _places.clear()


def forget_infos() -> None:
    _infos.clear()


def keep(keeping: bool) -> None:
    """Whether what is said of objects from now on stays true until a call says that it changes them."""
    global _keeping
    _keeping = keeping


def info_of(obj: Any) -> dict[str, Any] | None:
    known = _infos.get(obj.session_uid)
    # A copy: what is answered may get warnings.
    return None if known is None else dict(known)


def note_info(obj: Any, info: dict[str, Any], *, simple: bool) -> None:
    """Remember the description of an object, if nothing else has a part in it; `simple` says that its own data say
    all, `describe.plain`.
    """
    if _keeping and simple and obj.type in ("MESH", "EMPTY") and obj.parent is None:
        _infos[obj.session_uid] = dict(info)
    else:
        _infos.pop(obj.session_uid, None)


def drop(obj: Any) -> None:
    """The object is about to be deleted."""
    _infos.pop(obj.session_uid, None)
    _places.pop(obj.session_uid, None)


def collections_of(obj: Any) -> tuple[Any, ...]:
    """The collections of an object; Blender walks through all objects of all collections for that."""
    if not bpy.app.background:
        return tuple(obj.users_collection)
    known = _places.get(obj.session_uid)
    if known is None:
        known = _places[obj.session_uid] = tuple(obj.users_collection)
    return known


def note_collections(obj: Any, collections: tuple[Any, ...]) -> None:
    _places[obj.session_uid] = collections
