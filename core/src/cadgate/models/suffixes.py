"""File names and formats: the suffix decides if no format is given, and must agree with one that is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
"""Suffixes that stand for a file type; any other is a part of the name: `v1.5`, `part.final`."""


_SUFFIX = re.compile(r"\.[^./\\\s]+\Z")


class Suffixes(Mapping[str, str]):
    """Maps suffixes to formats: `Suffixes({".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"})`.

    Raises ValueError if it is the wrong way round.
    """

    def __init__(self, formats: Mapping[str, str]) -> None:
        self._formats = {_suffix(suffix, kind): kind for suffix, kind in formats.items()}

    def __getitem__(self, suffix: str) -> str:
        return self._formats[suffix]

    def __iter__(self) -> Iterator[str]:
        return iter(self._formats)

    def __len__(self) -> int:
        return len(self._formats)

    def __repr__(self) -> str:
        return f"Suffixes({self._formats})"

    @classmethod
    def by_format(cls, suffixes: Mapping[str, Iterable[str]]) -> Suffixes:
        """Return those of a table the other way round: `{"jpeg": (".jpg", ".jpeg"), "png": (".png",)}`."""
        return cls({suffix: kind for kind, found in suffixes.items() for suffix in found})

    def of(self, format: str) -> list[str]:
        """Return the suffixes of `format`, the usual one first."""
        return [suffix for suffix, kind in self._formats.items() if kind == format]

    def for_file(self, name: str | None, format: str) -> str:
        """Return the suffix that a file of this format gets: the name's own, if it is one of them, else the usual."""
        own, known = PurePosixPath(name or "").suffix, self.of(format)
        return own if own.lower() in known else known[0]


def _suffix(suffix: object, kind: object) -> str:
    if isinstance(suffix, str) and isinstance(kind, str):
        if _SUFFIX.match(kind) and not _SUFFIX.match(suffix):
            raise ValueError(
                f"Suffixes has {suffix!r}: {kind!r}, which is the wrong way round: map the suffix to its format, "
                f"so write {kind!r}: {suffix!r}"
            )
        if _SUFFIX.match(suffix) and kind and not kind.startswith("."):
            return suffix.lower()
    raise ValueError(f"Suffixes has {suffix!r}: {kind!r}; expected a suffix and its format, as in '.jpg': 'jpeg'")


def follow_suffix(data: object, field: str, formats: Suffixes) -> object:
    """Return request data with the `format` that the suffix of `field` means, if the client gave none."""
    _require_suffixes(formats)
    if isinstance(data, dict):
        values = cast("dict[str, Any]", data)
        name = values.get(field)
        if "format" not in values and isinstance(name, str):
            kind = formats.get(PurePosixPath(name).suffix.lower())
            if kind is not None:
                return {**values, "format": kind}
    return cast("object", data)


def _require_suffixes(formats: object) -> None:
    """Raise TypeError for a plain dictionary, which may be the wrong way round."""
    if not isinstance(formats, Suffixes):
        raise TypeError(f'formats must be Suffixes({{".jpg": "jpeg", …}}), not {formats!r}')


def check_suffix(name: str | None, field: str, format: str, formats: Suffixes) -> None:
    """Raise ValueError for a name with the suffix of another format, even of one that `formats` does not have."""
    _require_suffixes(formats)
    suffix = PurePosixPath(name or "").suffix.lower()
    own = formats.of(format)
    if formats.get(suffix, format) != format:
        raise ValueError(
            f"{field} {name!r} has the suffix of {formats[suffix]!r}, but format is {format!r}: use the suffix "
            f"{' or '.join(own)}, or send format {formats[suffix]!r}"
        )
    if suffix not in formats and suffix in _WITH_MEANING:
        raise ValueError(
            f"{field} {name!r} ends in {suffix!r}, which is not a format that can be written here: use the suffix "
            f"{', '.join(formats)}, or leave the suffix out and get {own[0] if own else format}"
        )
