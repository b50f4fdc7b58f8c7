"""Fonts of texts: loaded from files and packed into the scene, listed, deleted."""

from __future__ import annotations

from typing import Any

import bpy

from cadgate.appserver import AppError, about_to_change, method, page, warn
from cadgate_blender.app import names

_BUILTIN = "<builtin>"


def find(name: str) -> Any:
    """Return the font `name`. Raises AppError `font_not_found`."""
    return names.find("font", bpy.data.fonts, name)


def info(font: Any) -> dict[str, Any]:
    """Return FontInfo."""
    return {"name": font.name, "users": len(_users(font))}


def _users(font: Any) -> list[str]:
    faces = ("font", "font_bold", "font_italic", "font_bold_italic")
    return sorted(curve.name for curve in bpy.data.curves if any(getattr(curve, face, None) == font for face in faces))


@method("fonts.list")
def list_fonts(*, limit: int, offset: int, fields: str | None) -> dict[str, Any]:
    found = page(list(bpy.data.fonts), info, limit=limit, offset=offset, fields=fields)
    return {"fonts": found["objects"], "total": found["total"]}


@method("fonts.get")
def get(*, name: str) -> dict[str, Any]:
    return info(find(name))


@method("internal.add_font")
def add(*, path: str, name: str) -> dict[str, Any]:
    """Load the font file `path` and pack it: the session needs no file."""
    about_to_change()
    try:
        font: Any = bpy.data.fonts.load(path, check_existing=False)
    except RuntimeError as error:
        raise AppError("unsupported_format", f"The file {name!r} is not a font that Blender can read") from error
    # Blender counts a user of a loaded font that there is none of.
    font.user_clear()
    font.pack()
    wanted = font.name
    font.filepath = "//" + name
    font.use_fake_user = True
    if any(each.name == wanted.rpartition(".")[0] for each in bpy.data.fonts):
        warn("renamed", f"Another font of this name is there: this one is called {font.name!r}")
    return info(font)


@method("fonts.delete")
def delete(*, name: str) -> dict[str, Any]:
    font = find(name)
    users = _users(font)
    if users:
        raise AppError(
            "conflict",
            f"{name!r} is the font of {', '.join(map(repr, users[:10]))}: delete these texts first",
            {"users": users[:100]},
        )
    if font.filepath == _BUILTIN:
        raise AppError("conflict", f"{name!r} is Blender's own font and stays", {"name": name})
    about_to_change()
    bpy.data.fonts.remove(font)
    return {"deleted": name}
