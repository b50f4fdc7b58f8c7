"""Binary DXF: the same pairs as in text, in R12 (one-byte codes) and later (two-byte codes)."""

from __future__ import annotations

import struct
from typing import Iterator

from cadgate.appserver import AppError

SENTINEL = b"AutoCAD Binary DXF\r\n\x1a\0"
_DOUBLE, _SHORT, _LONG, _INT64 = struct.Struct("<d"), struct.Struct("<h"), struct.Struct("<i"), struct.Struct("<q")
_BOOL = struct.Struct("<B")
_NUMBERS: list[tuple[range, struct.Struct]] = [
    (range(10, 60), _DOUBLE),
    (range(60, 80), _SHORT),
    (range(90, 100), _LONG),
    (range(110, 150), _DOUBLE),
    (range(160, 170), _INT64),
    (range(170, 180), _SHORT),
    (range(210, 240), _DOUBLE),
    (range(270, 290), _SHORT),
    (range(290, 300), _BOOL),
    (range(370, 390), _SHORT),
    (range(400, 410), _SHORT),
    (range(420, 430), _LONG),
    (range(440, 460), _LONG),
    (range(460, 470), _DOUBLE),
    (range(1010, 1060), _DOUBLE),
    (range(1060, 1071), _SHORT),
    (range(1071, 1072), _LONG),
]
_BY_CODE = {code: kind for codes, kind in _NUMBERS for code in codes}


def pairs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each group code with its value as text. Raises AppError `unsupported_format`."""
    place = len(SENTINEL)
    is_wide = data[place : place + 2] == b"\0\0"
    try:
        while place < len(data):
            if is_wide:
                (code,) = struct.unpack_from("<h", data, place)
                place += 2
            else:
                code, place = data[place], place + 1
                if code == 255:
                    (code,) = struct.unpack_from("<h", data, place)
                    place += 2
            number = _BY_CODE.get(code)
            if number is not None:
                (value,) = number.unpack_from(data, place)
                place += number.size
                yield code, repr(value).encode()
            elif 310 <= code <= 319 or code == 1004:
                place += 1 + data[place]
            else:
                end = data.index(b"\0", place)
                text, place = data[place:end], end + 1
                yield code, text
                if code == 0 and text == b"EOF":
                    return
    except (struct.error, ValueError, IndexError):
        raise AppError(
            "unsupported_format", "The binary DXF file ends in the middle of a value: it is cut off"
        ) from None
