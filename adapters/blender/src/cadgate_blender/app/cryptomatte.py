"""Cryptomatte: which share of each pixel each object has, in an EXR file with the objects' names.

Blender writes such files in several parts with its own metadata; this one has one part, and none but what readers need.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Iterable, Sequence

import numpy

from cadgate.appserver import AppError
from cadgate_blender.app import exr

LAYER = "CryptoObject"
SOCKETS = ("CryptoObject00", "CryptoObject01", "CryptoObject02")
"""Each holds two objects of a pixel: number and share, number and share."""
_WORD = 0xFFFFFFFF


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
    channels = sorted(
        (f"{socket}.{letter}", layer[:, :, place])
        for socket, layer in zip(SOCKETS, layers)
        for place, letter in enumerate("rgba")
    )
    key = f"cryptomatte/{number(LAYER):08x}"[:19]
    exr.write(
        path,
        channels,
        (
            (f"{key}/conversion", "string", b"uint32_to_float32"),
            (f"{key}/hash", "string", b"MurmurHash3_32"),
            (f"{key}/manifest", "string", manifest.encode()),
            (f"{key}/name", "string", LAYER.encode()),
        ),
    )


def _compare(layers: Sequence[Any], numbers: dict[str, int]) -> None:
    known = {0.0, *(as_float(each) for each in numbers.values())}
    for layer in layers:
        for place in (0, 2):
            seen = layer[:, :, place][layer[:, :, place + 1] > 0]
            if not set(numpy.unique(seen).tolist()) <= known:
                raise AppError("command_failed", "Blender's cryptomatte has an object that is not in the scene")
