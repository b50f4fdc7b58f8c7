"""What kind of file a name stands for."""

from __future__ import annotations

import mimetypes
from pathlib import Path

MEDIA_TYPES = {
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".obj": "model/obj",
    ".mtl": "model/mtl",
    ".stl": "model/stl",
    ".ply": "application/x-ply",
    ".fbx": "application/x-fbx",
    ".usd": "model/vnd.usd",
    ".usda": "model/vnd.usda",
    ".usdc": "model/vnd.usdc",
    ".usdz": "model/vnd.usdz+zip",
    ".abc": "application/x-alembic",
    ".blend": "application/x-blender",
    ".step": "model/step",
    ".stp": "model/step",
    ".iges": "model/iges",
    ".igs": "model/iges",
    ".brep": "application/x-brep",
    ".brp": "application/x-brep",
    ".3mf": "model/3mf",
    ".amf": "application/x-amf",
    ".fcstd": "application/x-extension-fcstd",
    ".dxf": "image/vnd.dxf",
    ".exr": "image/x-exr",
    ".hdr": "image/vnd.radiance",
    ".webp": "image/webp",
    ".zip": "application/zip",
}


def media_type_of(name: str) -> str:
    """Return the media type of a file by its suffix; `application/octet-stream` if unknown."""
    suffix = Path(name).suffix.lower()
    return MEDIA_TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
