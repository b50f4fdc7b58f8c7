"""Reads the size of a decoded picture from its file: Blender checks it only after decoding."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

HEAD = 4 * 1024 * 1024
"""The number of bytes that are read: in some formats, profiles and previews come before the size."""

Size = tuple[int, int]


def size_of(head: bytes) -> Size | None:
    """Return width and height of the picture that begins with `head`; None if it has none, or is of another kind."""
    for magic, read in _READERS:
        if head.startswith(magic):
            try:
                return read(head)
            except (struct.error, IndexError, ValueError):
                return None
    return None


def _png(head: bytes) -> Size | None:
    return struct.unpack_from(">II", head, 16) if head[12:16] == b"IHDR" else None


def _jpeg(head: bytes) -> Size | None:
    place = 2
    while True:
        if head[place] != 0xFF:
            return None
        marker = head[place + 1]
        if marker == 0xFF:  # fill
            place += 1
        elif marker == 1 or 0xD0 <= marker <= 0xD8:  # without a length
            place += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", head, place + 5)
            return width, height
        else:
            place += 2 + struct.unpack_from(">H", head, place + 2)[0]


def _webp(head: bytes) -> Size | None:
    kind = head[12:16]
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _exr(head: bytes) -> Size | None:
    """Return the largest window of all parts."""
    place, width, height = 8, 0, 0
    while head[place]:
        while head[place]:  # one attribute: name, type, size, value
            name_end = head.index(b"\0", place)
            kind_end = head.index(b"\0", name_end + 1)
            (length,) = struct.unpack_from("<i", head, kind_end + 1)
            if length < 0:
                return None
            if head[place:name_end] in (b"dataWindow", b"displayWindow"):
                left, bottom, right, top = struct.unpack_from("<4i", head, kind_end + 5)
                width, height = max(width, right - left + 1), max(height, top - bottom + 1)
            place = kind_end + 5 + length
        place += 1
        if not head[4 + 1] & 0x10:  # a single-part file
            break
    return (width, height) if width > 0 and height > 0 else None


_HDR = re.compile(rb"^[-+]([XY]) +(\d{1,12}) +[-+]([XY]) +(\d{1,12})\s*$", re.MULTILINE)


def _hdr(head: bytes) -> Size | None:
    found = _HDR.search(head)
    if found is None or found[1] == found[3]:
        return None
    first, second = int(found[2]), int(found[4])
    return (first, second) if found[1] == b"X" else (second, first)


def _tiff(head: bytes) -> Size | None:
    order = "<" if head.startswith(b"II") else ">"
    (place,) = struct.unpack_from(order + "I", head, 4)
    (count,) = struct.unpack_from(order + "H", head, place)
    found: dict[int, int] = {}
    for number in range(count):
        tag, kind = struct.unpack_from(order + "HH", head, place + 2 + 12 * number)
        if tag in (256, 257) and kind in (3, 4):
            found[tag] = struct.unpack_from(order + ("H" if kind == 3 else "I"), head, place + 10 + 12 * number)[0]
    return (found[256], found[257]) if len(found) == 2 else None


def _bmp(head: bytes) -> Size | None:
    if struct.unpack_from("<I", head, 14)[0] == 12:
        return struct.unpack_from("<HH", head, 18)
    width, height = struct.unpack_from("<ii", head, 18)
    return abs(width), abs(height)


_READERS: tuple[tuple[bytes, Callable[[bytes], Size | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"RIFF", _webp),
    (b"\x76\x2f\x31\x01", _exr),
    (b"#?RADIANCE", _hdr),
    (b"#?RGBE", _hdr),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
    (b"BM", _bmp),
)
