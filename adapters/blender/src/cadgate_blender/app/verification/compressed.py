"""Compares a compressed glTF file with the same scene without compression, which was compared with the scene."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import AppError
from cadgate_blender.app.verification.readers import Gltf

_DRACO = "KHR_draco_mesh_compression"
_ROOM = 2e-3
"""How far a compressed coordinate may be off, as a share of the size of its mesh: positions have 14 bits."""


def document(path: str) -> dict[str, Any]:
    return Gltf.of(path).document


def check(path: str, plain: dict[str, Any], draco: bool) -> None:
    """Raise AppError if the file `path` does not have what `plain` has."""
    small = document(path)
    for kind in ("nodes", "meshes", "materials", "textures", "images", "animations", "skins", "cameras"):
        if _names(small, kind) != _names(plain, kind):
            raise AppError("command_failed", f"The compressed file has other {kind} than the scene; it is not kept")
    for mesh, before in zip(small.get("meshes", ()), plain.get("meshes", ())):
        for primitive, former in zip(mesh["primitives"], before["primitives"]):
            if draco and primitive.get("mode", 4) == 4 and _DRACO not in primitive.get("extensions", {}):
                raise AppError("command_failed", f"Blender did not compress {mesh.get('name')!r}")
            now = small["accessors"][primitive["attributes"]["POSITION"]]
            then = plain["accessors"][former["attributes"]["POSITION"]]
            size = max(high - low for low, high in zip(then["min"], then["max"])) or 1.0
            away = max(abs(a - b) for end in ("min", "max") for a, b in zip(now[end], then[end]))
            if now["count"] != then["count"] or away > _ROOM * size:
                raise AppError("command_failed", f"The compressed mesh {mesh.get('name')!r} is not that of the scene")


def _names(content: dict[str, Any], kind: str) -> list[Any]:
    return [part.get("name") for part in content.get(kind, ())]
