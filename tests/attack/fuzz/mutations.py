"""Which changes each kind of file knows, and how a list of them is made from a seed and applied again."""

from __future__ import annotations

import random
import struct
from contextlib import suppress
from dataclasses import dataclass

from tests.attack.canary import Canary
from tests.attack.fuzz import binaries, texts
from tests.attack.fuzz.binaries import Change
from tests.attack.fuzz.words import Words

MAX_BYTES = 4 << 20
"""A changed file that grew beyond this is cut: size alone is not what this looks for."""

_TEXT: tuple[Change, ...] = (texts.a_number, texts.a_quoted, texts.lines, binaries.some_bytes)
_MEMBERS: tuple[Change, ...] = (binaries.zip_members, binaries.zip_lies)
_DOCUMENT = binaries.inside(r"\.xml$", texts.xml)
_INNER = binaries.inside(r"\.(brp|bin|svg|map\.txt|txt|png)$", binaries.some_bytes, texts.a_number, texts.lines)
_MODEL = binaries.inside(r"\.(model|rels|xml)$", texts.xml, texts.a_number)
_LAYER = binaries.inside(r"\.usd[ac]?$", texts.usd_line, texts.a_number, texts.a_quoted, binaries.some_bytes)

CHANGES: dict[str, tuple[Change, ...]] = {
    "fcstd": (_DOCUMENT, _DOCUMENT, _DOCUMENT, _DOCUMENT, _INNER, *_MEMBERS),
    "blend": (
        binaries.blend_head, binaries.blend_pointer, binaries.blend_path, binaries.blend_names, binaries.a_string,
        binaries.some_bytes, binaries.pack_gzip,
    ),
    "gltf": (binaries.gltf, binaries.gltf, binaries.gltf, binaries.some_bytes),
    "usd": (texts.usd_line, texts.usd_line, *_TEXT),
    "usdc": (binaries.a_string, binaries.some_bytes, binaries.head_numbers),
    "usdz": (_LAYER, *_MEMBERS),
    "3mf": (_MODEL, _MODEL, *_MEMBERS),
    "dxf": (texts.dxf_pair, texts.dxf_pair, *_TEXT),
    "svg": (texts.xml, texts.a_quoted, texts.lines),
    "png": (binaries.png, binaries.png, binaries.some_bytes),
    "jpeg": (binaries.jpeg, binaries.some_bytes),
    "exr": (binaries.head_numbers, binaries.a_string, binaries.some_bytes),
    "hdr": (binaries.head_numbers, binaries.some_bytes),
    "step": (texts.step_entity, texts.step_entity, *_TEXT),
    "stl": (*_TEXT, binaries.head_numbers),
    "obj": (texts.obj_line, *_TEXT),
    "fbx": (binaries.a_string, binaries.some_bytes, binaries.head_numbers),
}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """One change: which of its kind's, and the seed of what it draws."""

    change: int
    seed: int


def drawn(kind: str, rng: random.Random) -> tuple[Mutation, ...]:
    """One to six changes."""
    count = rng.choice((1, 1, 1, 2, 2, 3, 6))
    return tuple(Mutation(rng.randrange(len(CHANGES[kind])), rng.getrandbits(32)) for _ in range(count))


def mutated(kind: str, data: bytes, mutations: tuple[Mutation, ...], canary: Canary) -> bytes:
    """The file with all changes; the same every time. A change for which earlier ones left nothing is not made."""
    for mutation in mutations:
        rng = random.Random(mutation.seed)
        with suppress(ValueError, LookupError, OverflowError, RecursionError, struct.error):
            data = CHANGES[kind][mutation.change](data, rng, Words(canary, rng))[:MAX_BYTES]
    return data
