"""File names and formats: the suffix decides where no format is named, and must agree where one is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, cast

_PICTURES = (
    "png jpg jpeg jpe jfif webp exr hdr tif tiff bmp gif tga dds ico heic avif svg psd ai eps "
    "mp4 m4v mov avi mkv webm mpg mpeg ogv wmv flv"
)
_SHAPES = (
    "glb gltf obj mtl stl ply fbx usd usda usdc usdz abc blend dae 3ds 3mf amf x3d wrl vrml max ma mb c4d lwo "
    "step stp iges igs brep brp fcstd dxf dwg ifc sat x_t x_b sldprt sldasm ipt iam catpart prt scad off nc gcode"
)
_OTHERS = (
    "pdf ps doc docx xls xlsx ppt pptx odt ods txt md rtf html htm xml json csv yaml yml toml py js "
    "mp3 wav flac ogg zip gz tar tgz bz2 xz zst 7z rar exe"
)
_WITH_MEANING = frozenset("." + suffix for kinds in (_PICTURES, _SHAPES, _OTHERS) for suffix in kinds.split())
"""Suffixes that promise a content; any other one is a part of the name: `v1.5`, `part.final`."""


def follow_suffix(data: object, field: str, formats: dict[str, str]) -> object:
    """Request data with the format that the suffix of `field` says, where the client named none."""
    if isinstance(data, dict):
        values = cast("dict[str, Any]", data)
        name = values.get(field)
        if "format" not in values and isinstance(name, str):
            kind = formats.get(PurePosixPath(name).suffix.lower())
            if kind is not None:
                return {**values, "format": kind}
    return cast("object", data)


def check_suffix(name: str | None, field: str, format: str, formats: dict[str, str]) -> None:
    """Raise ValueError for a name with the suffix of another format, also of one that `formats` does not have."""
    suffix = PurePosixPath(name or "").suffix.lower()
    own = [known for known, kind in formats.items() if kind == format]
    if formats.get(suffix, format) != format:
        raise ValueError(
            f"{field} {name!r} has the suffix of {formats[suffix]!r}, but format is {format!r}: let it end in "
            f"{' or '.join(own)}, or send format {formats[suffix]!r}"
        )
    if suffix not in formats and suffix in _WITH_MEANING:
        raise ValueError(
            f"{field} {name!r} ends in {suffix!r}, which is none of the formats that are written here: let it end in "
            f"{', '.join(formats)}, or leave the suffix out and get {own[0] if own else format}"
        )
