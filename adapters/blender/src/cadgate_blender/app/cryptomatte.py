"""Cryptomatte: which share of each pixel each object has, in an EXR file with the objects' names.

Blender writes such files in several parts with its own metadata; this one has one part, and none but what readers need.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, Iterable, Sequence

import numpy

from cadgate.appserver import AppError

LAYER = "CryptoObject"
SOCKETS = ("CryptoObject00", "CryptoObject01", "CryptoObject02")
"""Each holds two objects of a pixel: number and share, number and share."""
_WORD = 0xFFFFFFFF
_ROWS = 16
"""Rows of a block of ZIP compression."""


def number(name: str) -> int:
    """Return the number of a name: MurmurHash3 of 32 bits, as the format defines it."""
    data, state = name.encode(), 0
    for (word,) in struct.iter_unpack("<I", data[: len(data) // 4 * 4]):
        state = (_turned(state ^ _mixed(word), 13) * 5 + 0xE6546B64) & _WORD
    rest = data[len(data) // 4 * 4 :]
    if rest:
        state ^= _mixed(int.from_bytes(rest, "little"))
    state ^= len(data)
    state = ((state ^ state >> 16) * 0x85EBCA6B) & _WORD
    state = ((state ^ state >> 13) * 0xC2B2AE35) & _WORD
    return state ^ state >> 16


def _mixed(word: int) -> int:
    return (_turned((word * 0xCC9E2D51) & _WORD, 15) * 0x1B873593) & _WORD


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & _WORD


def as_float(value: int) -> float:
    """Return the 32-bit float that stands for a number in pixels: never infinite, not a number, or denormal."""
    exponent = min(max(value >> 23 & 255, 1), 254)
    return struct.unpack("<f", struct.pack("<I", value & 0x807FFFFF | exponent << 23))[0]


def write(path: str, layers: Sequence[Any], names: Iterable[str]) -> None:
    """Write the pixels of `SOCKETS`, the first row at the top, with the names of these objects.

    Raises AppError if the pixels hold the number of an object that has none of the names.
    """
    numbers = {name: number(name) for name in sorted(names)}
    _compare(layers, numbers)
    manifest = json.dumps({name: f"{each:08x}" for name, each in numbers.items()}, ensure_ascii=False)
    height, width = layers[0].shape[:2]
    channels = sorted(
        (f"{socket}.{letter}", layer[:, :, place])
        for socket, layer in zip(SOCKETS, layers)
        for place, letter in enumerate("rgba")
    )
    key = f"cryptomatte/{number(LAYER):08x}"[:19]
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    listed = b"".join(each.encode() + b"\0" + struct.pack("<IIII", 2, 0, 1, 1) for each, _ in channels) + b"\0"
    head = b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(value)) + value
        for name, kind, value in (
            ("channels", "chlist", listed),
            ("compression", "compression", b"\x03"),
            (f"{key}/conversion", "string", b"uint32_to_float32"),
            (f"{key}/hash", "string", b"MurmurHash3_32"),
            (f"{key}/manifest", "string", manifest.encode()),
            (f"{key}/name", "string", LAYER.encode()),
            ("dataWindow", "box2i", window),
            ("displayWindow", "box2i", window),
            ("lineOrder", "lineOrder", b"\0"),
            ("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
            ("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0)),
            ("screenWindowWidth", "float", struct.pack("<f", 1.0)),
        )
    )
    # Bit 10: names of attributes are longer than 31 bytes.
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


def _compare(layers: Sequence[Any], numbers: dict[str, int]) -> None:
    known = {0.0, *(as_float(each) for each in numbers.values())}
    for layer in layers:
        for place in (0, 2):
            seen = layer[:, :, place][layer[:, :, place + 1] > 0]
            if not set(numpy.unique(seen).tolist()) <= known:
                raise AppError("command_failed", "Blender's cryptomatte has an object that is not in the scene")
