"""Finds what an uploaded file would expand to, without expanding it: sizes of archives, and sizes in headers.

Standard library only: both halves of an adapter use it. Every function uses a bounded amount of memory.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from typing import Any, BinaryIO
from xml.parsers import expat

CHUNK = 1 << 20
LONGEST_TOKEN = 16 * CHUNK
"""Of XML. The parser reads the beginning of a tag again with each chunk, until it has its end."""
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_DESCRIPTOR = 24
"""How many bytes may follow a member's data, to repeat its sizes."""
_ZSTD_BLOCK = 128 * 1024
_ZSTD_FRAME = 0xFD2FB528
_ZSTD_SKIPPABLE = range(0x184D2A50, 0x184D2A60)


class Unsound(ValueError):
    """The file is damaged, or crafted to be read in two ways; the text says which, as the end of a sentence."""


def zip_size(path: str) -> int:
    """Return how many bytes the members of a ZIP archive claim to unpack to.

    Raises Unsound for members that overlap, hide between others, or are encrypted: programs that read the file from its
    start see other members than those that use its directory.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(archive.infolist(), key=lambda each: each.header_offset)
            end = archive.start_dir
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError, struct.error) as error:
        raise Unsound(f"is a damaged ZIP file: {error}") from None
    place = 0
    with open(path, "rb") as file:
        for member in members:
            if member.flag_bits & 1:
                raise Unsound(f"has an encrypted part {member.filename!r}")
            if not 0 <= member.header_offset - place <= _DESCRIPTOR:
                raise Unsound("is a ZIP file whose parts overlap, or hide others between them")
            file.seek(member.header_offset)
            head = file.read(_LOCAL_HEADER.size)
            if len(head) < _LOCAL_HEADER.size or not head.startswith(b"PK\x03\x04"):
                raise Unsound("is a damaged ZIP file: a part is not where its directory says")
            _, name, extra = _LOCAL_HEADER.unpack(head)
            place = member.header_offset + _LOCAL_HEADER.size + name + extra + member.compress_size
    if not 0 <= end - place <= _DESCRIPTOR:
        raise Unsound("is a ZIP file whose parts overlap, or hide others between them")
    return sum(member.file_size for member in members)


def gzip_size(path: str, limit: int) -> int:
    """Return how many bytes a gzip file unpacks to; reading stops beyond `limit`. Raises Unsound."""
    total = 0
    with open(path, "rb") as file:
        unpacker = zlib.decompressobj(31)
        packed = file.read(CHUNK)
        while packed and total <= limit:
            try:
                total += len(unpacker.decompress(packed, CHUNK))
            except zlib.error as error:
                raise Unsound(f"is a damaged gzip file: {error}") from None
            packed = unpacker.unconsumed_tail
            if unpacker.eof:
                packed = unpacker.unused_data
                unpacker = zlib.decompressobj(31)
            packed = packed or file.read(CHUNK)
    return total


def zstd_size(path: str, limit: int) -> int:
    """Return the most that a Zstandard file can unpack to, by its block headers; reading stops beyond `limit`.

    Raises Unsound. The format is RFC 8878's.
    """
    total = 0
    with open(path, "rb") as file:
        while total <= limit:
            magic = file.read(4)
            if not magic:
                return total
            number = int.from_bytes(magic, "little")
            if len(magic) == 4 and number in _ZSTD_SKIPPABLE:
                file.seek(int.from_bytes(_exactly(file, 4), "little"), os.SEEK_CUR)
            elif number == _ZSTD_FRAME:
                total += _zstd_frame(file, limit - total)
            else:
                raise Unsound("is a damaged Zstandard file")
    return total


def _zstd_frame(file: BinaryIO, limit: int) -> int:
    descriptor = _exactly(file, 1)[0]
    single, checksum = descriptor >> 5 & 1, descriptor >> 2 & 1
    dictionary = (0, 1, 2, 4)[descriptor & 3]
    content = (single, 2, 4, 8)[descriptor >> 6]
    _exactly(file, (0 if single else 1) + dictionary + content)
    total, last = 0, False
    while not last and total <= limit:
        header = int.from_bytes(_exactly(file, 3), "little")
        last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        if kind == 3:
            raise Unsound("is a damaged Zstandard file")
        # Raw, one byte repeated, or compressed, which unpacks to one block at most.
        total += size if kind < 2 else _ZSTD_BLOCK
        file.seek(1 if kind == 1 else size, os.SEEK_CUR)
    file.seek(4 * checksum, os.SEEK_CUR)
    return total


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise Unsound("is cut off")
    return data


def require_plain_xml(file: Any) -> None:
    """Raise Unsound unless `file` is XML without a DOCTYPE: entities can grow without bound, and name other files."""
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        raise Unsound("holds XML with a DOCTYPE, which may grow without bound or name other files")

    parser.StartDoctypeDeclHandler = refuse
    try:
        parse_xml(parser, file)
    except Unsound:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two for an encoding that does not exist
        raise Unsound(f"holds XML that cannot be read: {error}") from None


def parse_xml(parser: Any, file: Any) -> None:
    """Let an expat parser read `file`. Raises Unsound for a tag that is too long, and what the parser raises."""
    fed = 0
    while True:
        data = file.read(CHUNK)
        parser.Parse(data, not data)
        if not data:
            return
        fed += len(data)
        if fed - max(0, parser.CurrentByteIndex) > LONGEST_TOKEN:
            raise Unsound(f"holds XML with a tag or a word of more than {LONGEST_TOKEN} bytes")


_PLY_SIZES = {b"char": 1, b"short": 2, b"int": 4, b"float": 4, b"double": 8}


def _ply_bytes(kind: bytes) -> int:
    """Return the size of one number of a type such as `uchar`, `int16`, `float64`."""
    name = kind.rstrip(b"0123456789")
    bits = {b"8": 1, b"16": 2, b"32": 4, b"64": 8}
    return bits.get(kind[len(name) :], _PLY_SIZES.get(name.lstrip(b"u"), 1))


def ply_size(head: bytes) -> int:
    """Return the least size of a file with this PLY header: two bytes a number in text, the type's size in binary.

    Raises Unsound.
    """
    header, _, _ = head.partition(b"end_header")
    binary, total, count = b"format ascii" not in header, len(header), 0
    try:
        for line in header.splitlines():
            words = line.split()
            if words[:1] == [b"element"]:
                count = int(words[2])
            elif words[:2] == [b"property", b"list"]:
                corners = 3 if words[4].startswith(b"vertex_ind") else 0
                total += count * (_ply_bytes(words[2]) + corners * _ply_bytes(words[3]) if binary else 2 + 2 * corners)
            elif words[:1] == [b"property"]:
                total += count * (_ply_bytes(words[1]) if binary else 2)
    except (IndexError, ValueError):
        raise Unsound("has a PLY header that cannot be read") from None
    return total


_OFF = re.compile(rb"\s*[A-Z4n]*OFF\b[^\n0-9]*(?:#[^\n]*\n|\s)*(\d+)\s+(\d+)")


def off_size(head: bytes) -> int:
    """Return the least size of a file with this OFF header: six bytes a vertex, four a face. 0 for no header."""
    found = _OFF.match(head)
    return 0 if found is None else 6 * int(found[1]) + 4 * int(found[2])
