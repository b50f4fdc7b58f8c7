"""Changes of bytes: anywhere, and by the structure of .blend files, glTF, pictures and archives."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from tests.attack.fuzz.words import INTEGERS, NUMBERS, Words

Change = Callable[[bytes, random.Random, Words], bytes]


def some_bytes(data: bytes, rng: random.Random, words: Words) -> bytes:
    """Flip, overwrite, remove, repeat, cut, or fill with a number of an edge."""
    if len(data) < 8:
        return data
    place = rng.randrange(len(data) - 4)
    length = rng.choice((1, 2, 4, 16, 200))
    kind = rng.randrange(6)
    if kind == 0:
        return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
    if kind == 1:
        return data[:place] + struct.pack("<I", words.integer() & 0xFFFFFFFF) + data[place + 4 :]
    if kind == 2:
        return data[:place] + data[place + length :]
    if kind == 3:
        return data[:place] + data[place : place + length] * rng.choice((2, 20)) + data[place + length :]
    if kind == 4:
        return data[: rng.randrange(len(data))]
    return data[:place] + rng.randbytes(length) + data[place + length :]


def a_string(data: bytes, rng: random.Random, words: Words) -> bytes:
    """A text inside of binary data replaced by a hostile one of the same length."""
    found = list(re.finditer(rb"[\x20-\x7e]{5,}", data[:2_000_000]))
    if not found:
        return data
    hit = rng.choice(found)
    text = words.text().encode("utf-8", "replace")[: hit.end() - hit.start()]
    return data[: hit.start()] + text + bytes(hit.end() - hit.start() - len(text)) + data[hit.end() :]


# --- archives --------------------------------------------------------------------------------------------------------


def members(data: bytes) -> list[tuple[str, bytes]] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [(each.filename, archive.read(each)) for each in archive.infolist()]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        return None


def packed(parts: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in parts:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the same name twice is one of the changes
                archive.writestr(zipfile.ZipInfo(name or "x"), content)
    return file.getvalue()


def zip_members(data: bytes, rng: random.Random, words: Words) -> bytes:
    """A member under another name, twice, away, exchanged for another, or a new one with a path that leads out."""
    parts = members(data)
    if not parts:
        return some_bytes(data, rng, words)
    number = rng.randrange(len(parts))
    name, content = parts[number]
    kind = rng.randrange(5)
    if kind == 0:
        parts[number] = (words.path().replace("\0", ""), content)
    elif kind == 1:
        parts.insert(rng.randrange(len(parts) + 1), (name, rng.choice(parts)[1]))
    elif kind == 2:
        del parts[number]
    elif kind == 3:
        parts[number] = (name, rng.choice(parts)[1])
    else:
        parts.append((words.path().replace("\0", ""), words.code().encode()))
    return packed(parts, rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)))


def zip_lies(data: bytes, rng: random.Random, words: Words) -> bytes:
    """Another number in a head of the archive: sizes, offsets, flags, counts."""
    heads = [hit.start() for hit in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", data)]
    if not heads:
        return data
    place = rng.choice(heads) + rng.choice((6, 8, 14, 18, 20, 22, 24, 26, 28, 30, 42))
    return data[:place] + struct.pack("<I", words.integer() & 0xFFFFFFFF) + data[place + 4 :]


def inside(pattern: str, *changes: Change) -> Change:
    """A change of a member whose name matches."""

    def change(data: bytes, rng: random.Random, words: Words) -> bytes:
        parts = members(data)
        chosen = [number for number, (name, _) in enumerate(parts or ()) if re.search(pattern, name)]
        if not parts or not chosen:
            return data
        number = rng.choice(chosen)
        name, content = parts[number]
        parts[number] = (name, rng.choice(changes)(content, rng, words))
        return packed(parts, zipfile.ZIP_STORED if name.endswith((".usda", ".usdc")) else zipfile.ZIP_DEFLATED)

    return change


# --- .blend ----------------------------------------------------------------------------------------------------------


def blend_blocks(data: bytes) -> list[int]:
    """Where the heads of an unpacked .blend's blocks are (of 64 bits)."""
    places: list[int] = []
    place = 12
    while data.startswith(b"BLENDER-v") and place + 24 <= len(data):
        places.append(place)
        (length,) = struct.unpack_from("<i", data, place + 4)
        if length < 0 or data[place : place + 4] == b"ENDB":
            break
        place += 24 + length
    return places


def blend_head(data: bytes, rng: random.Random, words: Words) -> bytes:
    """The head of a block: its code, length, address, structure or count is another's, or at an edge."""
    places = blend_blocks(data)
    if len(places) < 2:
        return some_bytes(data, rng, words)
    place, other = rng.choice(places), rng.choice(places)
    offset, length = rng.choice(((0, 4), (4, 4), (8, 8), (16, 4), (20, 4)))
    if offset in (0, 8) or rng.random() < 0.5:
        value = data[other + offset : other + offset + length]
    else:
        value = struct.pack("<I", words.integer() & 0xFFFFFFFF)
    return data[: place + offset] + value + data[place + offset + length :]


def blend_pointer(data: bytes, rng: random.Random, words: Words) -> bytes:
    """A pointer inside of a block leads to another block, or nowhere."""
    places = blend_blocks(data)
    known = {data[each + 8 : each + 16] for each in places}
    for _ in range(20):
        if len(places) < 2:
            break
        number = rng.randrange(len(places) - 1)
        start, stop = places[number] + 24, places[number + 1]
        pointers = [at for at in range(start, min(stop, start + 20_000) - 7, 8) if data[at : at + 8] in known]
        if pointers:
            at = rng.choice(pointers)
            target = rng.choice([data[rng.choice(places) + 8 :][:8], bytes(8), b"\x10" + bytes(7), rng.randbytes(8)])
            return data[:at] + target + data[at + 8 :]
    return data


def blend_path(data: bytes, rng: random.Random, words: Words) -> bytes:
    """A text that looks like a path, with the room behind it, becomes a path that leads out."""
    found = list(re.finditer(rb"(?://|/)[\x20-\x7e]{2,}\0{8,}", data))
    if not found:
        return a_string(data, rng, words)
    hit = rng.choice(found)
    room = hit.end() - hit.start() - 1
    text = words.path().encode()[:room]
    return data[: hit.start()] + text + bytes(room - len(text)) + data[hit.end() - 1 :]


def blend_names(data: bytes, rng: random.Random, words: Words) -> bytes:
    """Names of the file's own catalogue of structures exchanged."""
    start = data.rfind(b"DNA1")
    found = list(re.finditer(rb"[a-z_*\[\]0-9]{4,}", data[start:])) if start > 0 else []
    if len(found) < 2:
        return data
    hit, other = rng.choice(found), rng.choice(found)
    text = other.group()[: hit.end() - hit.start()].ljust(hit.end() - hit.start(), b"x")
    return data[: start + hit.start()] + text + data[start + hit.end() :]


def pack_gzip(data: bytes, rng: random.Random, words: Words) -> bytes:
    return gzip.compress(data, 1, mtime=0) if data.startswith(b"BLENDER") else data


# --- glTF ------------------------------------------------------------------------------------------------------------


def gltf(data: bytes, rng: random.Random, words: Words) -> bytes:
    """A value of the JSON changed, or a part of it put where another is; in a GLB too."""
    binary = data[:4] == b"glTF" and len(data) > 20
    length = struct.unpack_from("<I", data, 12)[0] if binary else 0
    try:
        document: Any = json.loads(data[20 : 20 + length] if binary else data)
    except (ValueError, RecursionError):
        return some_bytes(data, rng, words)
    places = list(_places(document))
    if not places:
        return data
    holder, key = rng.choice(places)
    kind = rng.randrange(6)
    if kind == 0:
        holder[key] = words.integer()
    elif kind == 1:
        holder[key] = words.text()
    elif kind == 2:
        other, name = rng.choice(places)
        holder[key] = json.loads(json.dumps(other[name]))
    elif kind == 3:
        del holder[key]
    elif kind == 4:
        others: tuple[Any, ...] = (None, [], {}, [0] * 1_000, True, {"uri": words.path()}, 1e300, [[]])
        holder[key] = rng.choice(others)
    else:
        buffers = [each for each in places if each[1] in ("buffers", "images")]
        target = rng.choice(buffers)[0] if buffers else document
        if isinstance(target, dict):
            target["images"] = [{"uri": words.path()}]
            target["buffers"] = [{"uri": words.path(), "byteLength": 24}]
    text = json.dumps(document).encode("utf-8", "replace")
    if not binary:
        return text
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON") + text + rest


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a value in a document: what holds it and its key."""
    stack: list[Any] = [value]
    while stack:
        holder = stack.pop()
        keys: list[Any] = [*holder] if isinstance(holder, dict) else [*range(min(len(holder), 20))]
        for key in keys:
            yield holder, key
            if isinstance(holder[key], (dict, list)):
                stack.append(holder[key])


# --- pictures --------------------------------------------------------------------------------------------------------


def png(data: bytes, rng: random.Random, words: Words) -> bytes:
    """A chunk with other content, length, type or place; its checksum is right."""
    chunks: list[tuple[bytes, bytes]] = []
    place = 8
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    if not chunks:
        return data
    number = rng.randrange(len(chunks))
    kind, content = chunks[number]
    choice = rng.randrange(5)
    if choice < 2:
        number, (kind, content) = 0, chunks[0]
        at = rng.choice((0, 4))
        content = content[:at] + struct.pack(">I", words.integer() & 0xFFFFFFFF) + content[at + 4 :]
        chunks[number] = (kind, content)
    elif choice == 2:
        chunks[number] = (kind, some_bytes(content, rng, words))
    elif choice == 3:
        chunks.insert(
            number,
            (
                rng.choice((b"iCCP", b"tEXt", b"eXIf", b"PLTE", b"tRNS", b"acTL")),
                words.text().encode("utf-8", "replace"),
            ),
        )
    else:
        chunks.insert(rng.randrange(len(chunks)), chunks.pop(number))
    made = data[:8]
    for kind, content in chunks:
        made += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return made


def jpeg(data: bytes, rng: random.Random, words: Words) -> bytes:
    """A number behind a marker: sizes of the picture, lengths of segments."""
    markers = [hit.start() for hit in re.finditer(rb"\xff[\xc0-\xfe]", data)]
    if not markers:
        return data
    place = rng.choice(markers) + rng.choice((2, 5, 7, 9))
    return data[:place] + struct.pack(">H", words.integer() & 0xFFFF) + data[place + 2 :]


def head_numbers(data: bytes, rng: random.Random, words: Words) -> bytes:
    """A number in the first 400 bytes: of four bytes, or in text."""
    if rng.random() < 0.5:
        found = list(re.finditer(rb"\d+", data[:400]))
        if found:
            hit = rng.choice(found)
            text = rng.choice((*NUMBERS, *map(str, INTEGERS))).encode()
            return data[: hit.start()] + text + data[hit.end() :]
    place = rng.randrange(min(400, max(1, len(data) - 4)))
    return data[:place] + struct.pack("<I", words.integer() & 0xFFFFFFFF) + data[place + 4 :]
