"""Writes EXR files: one part of zipped scan lines of 32-bit floats."""

from __future__ import annotations

import struct
import zlib
from typing import Any, Sequence

import numpy

_ROWS = 16
"""Rows of a block of ZIP compression."""


def write(path: str, channels: Sequence[tuple[str, Any]], more: Sequence[tuple[str, str, bytes]] = ()) -> None:
    """Write channels, sorted by name: each has its rows, the first one at the top.

    `more` are attributes: name, type, and bytes. They come in the order of their names.
    """
    height, width = channels[0][1].shape
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    listed = b"".join(name.encode() + b"\0" + struct.pack("<IIII", 2, 0, 1, 1) for name, _ in channels) + b"\0"
    attributes = (
        ("channels", "chlist", listed),
        ("compression", "compression", b"\x03"),
        *more,
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1.0)),
    )
    head = b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(value)) + value
        for name, kind, value in attributes
    )
    # Bit 10: names of attributes may be longer than 31 bytes.
    head = struct.pack("<II", 20000630, 2 | 0x400) + head + b"\0"
    rows = numpy.stack([values.astype("<f4") for _, values in channels], axis=1)
    blocks = [_block(rows[begin : begin + _ROWS], begin) for begin in range(0, height, _ROWS)]
    offsets, place = [], len(head) + 8 * len(blocks)
    for block in blocks:
        offsets.append(place)
        place += len(block)
    with open(path, "wb") as file:
        file.write(head + struct.pack(f"<{len(offsets)}Q", *offsets) + b"".join(blocks))


def _block(rows: Any, first: int) -> bytes:
    plain = rows.tobytes()
    halves = numpy.frombuffer(plain[0::2] + plain[1::2], numpy.uint8)
    steps = halves.copy()
    steps[1:] = halves[1:] - halves[:-1] + numpy.uint8(128)
    packed = zlib.compress(steps.tobytes(), 6)
    if len(packed) >= len(plain):
        packed = plain
    return struct.pack("<iI", first, len(packed)) + packed
