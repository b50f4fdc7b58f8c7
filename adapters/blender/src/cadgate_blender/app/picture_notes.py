"""Removes the metadata that Blender writes into pictures (files, dates, render times)."""

from __future__ import annotations

import struct
from typing import Callable

_TEXT = (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf")
_KEPT = {
    "channels",
    "chromaticities",
    "compression",
    "dataWindow",
    "displayWindow",
    "lineOrder",
    "pixelAspectRatio",
    "screenWindowCenter",
    "screenWindowWidth",
    "type",
    "version",
    "xDensity",
}
"""Attributes of an EXR file that say how to read it."""


def strip(path: str, format: str) -> None:
    """Rewrite a picture without metadata. One in an unknown form stays as it is."""
    if format not in _STRIP:
        return
    with open(path, "rb") as file:
        data = file.read()
    bare = _STRIP[format](data)
    if bare != data:
        with open(path, "wb") as file:
            file.write(bare)


def _png(data: bytes) -> bytes:
    parts, place = [data[:8]], 8
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + size
        if kind not in _TEXT:
            parts.append(data[place:end])
        place = end
    return b"".join(parts)


def _jpeg(data: bytes) -> bytes:
    parts, place = [data[:2]], 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        kind, size = data[place + 1], struct.unpack_from(">H", data, place + 2)[0]
        # 0xFE is a comment, 0xE1 holds EXIF and XMP.
        if kind not in (0xFE, 0xE1):
            parts.append(data[place : place + 2 + size])
        place += 2 + size
    return b"".join(parts) + data[place:]


def _exr(data: bytes) -> bytes:
    version = struct.unpack_from("<I", data, 4)[0]
    if version & 0x1A00:  # tiles, deep data, several parts
        return data
    parts, place = [data[:8]], 8
    size = (0, 0, 0, 0)
    compression = 0
    while data[place]:
        begin = place
        name, place = _word(data, place)
        _, place = _word(data, place)
        length = struct.unpack_from("<I", data, place)[0]
        value = data[place + 4 : place + 4 + length]
        place += 4 + length
        if name == "dataWindow":
            size = struct.unpack("<4i", value)
        elif name == "compression":
            compression = value[0]
        if name in _KEPT:
            parts.append(data[begin:place])
    place += 1
    header = b"".join(parts) + b"\0"
    lines = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}[compression]
    count = -(-(size[3] - size[1] + 1) // lines)
    moved = place - len(header)
    offsets = struct.unpack_from(f"<{count}Q", data, place)
    table = struct.pack(f"<{count}Q", *(offset - moved for offset in offsets))
    return header + table + data[place + 8 * count :]


def _word(data: bytes, place: int) -> tuple[str, int]:
    end = data.index(b"\0", place)
    return data[place:end].decode("latin-1"), end + 1


_STRIP: dict[str, Callable[[bytes], bytes]] = {"png": _png, "jpeg": _jpeg, "exr": _exr}
