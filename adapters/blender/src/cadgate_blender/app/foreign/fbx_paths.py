"""Reduces paths in FBX files to their last part, because Blender opens them wherever they lead.

A path is overwritten in place, with the same length, so nothing else in the file changes.
"""

from __future__ import annotations

import mmap
import re
import struct
from typing import Any

from cadgate.appserver import AppError

_MAGIC = b"Kaydara FBX Binary  \0\x1a\0"
_WORDS = (b"file", b"path", b"url")
_SIZES = {b"Y": 2, b"C": 1, b"B": 1, b"I": 4, b"F": 4, b"D": 8, b"L": 8}
_ARRAYS = b"fdlibc"
_DEPTH = 64
_IN_TEXT = re.compile(rb'(?i)\w*(?:file|path|url)\w*\s*:\s*"([^"]*)"')
_ROW = re.compile(rb'(?i)\bP(?:roperty)?\s*:\s*"[^"\n]*(?:file|path|url)[^"\n]*"[^\n]*')
_QUOTED = re.compile(rb'"([^"\n]*)"')


def shorten(path: str) -> None:
    """Reduce every path in an FBX file to its last part. Raises AppError `command_failed` for a damaged file."""
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        if data[: len(_MAGIC)] != _MAGIC:
            _shorten_text(data)
            return
        try:
            _Binary(data).shorten()
        except (struct.error, IndexError) as error:
            raise _damaged() from error


def _damaged() -> AppError:
    return AppError(
        "command_failed", "Blender cannot read the fbx file: it is damaged, and its parts are not where it says"
    )


def _shorten_text(data: Any) -> None:
    found = [match.span(1) for match in _IN_TEXT.finditer(data)]
    for row in _ROW.finditer(data):
        found += [(row.start() + quoted.start(1), row.start() + quoted.end(1)) for quoted in _QUOTED.finditer(row[0])]
    for begin, end in found:
        data[begin:end] = without_folder(data[begin:end])


def without_folder(path: bytes) -> bytes:
    """Return a path of the same length that leads to the file of this name in the current folder."""
    begin = max(path.rfind(b"/"), path.rfind(b"\\")) + 1
    if not begin:
        return path
    if begin == 1:
        return b"_" + path[1:]
    return (b"./" * begin)[: begin - 1] + b"/" + path[begin:]


class _Binary:
    """The nodes of a binary FBX file: a name, values, and nodes below."""

    def __init__(self, data: Any) -> None:
        self._data = data
        (version,) = struct.unpack_from("<I", data, len(_MAGIC))
        self._head = struct.Struct("<QQQB" if version >= 7500 else "<IIIB")

    def shorten(self) -> None:
        self._nodes(len(_MAGIC) + 4, len(self._data), 0)

    def _nodes(self, place: int, end: int, depth: int) -> None:
        if depth > _DEPTH:
            raise _damaged()
        while place < end:
            after, count, length, named = self._head.unpack_from(self._data, place)
            if not after:
                return
            begin = place + self._head.size + named
            name = bytes(self._data[begin - named : begin]).lower()
            values = begin + length
            if not begin <= values <= after <= end:
                raise _damaged()
            if self._values(begin, count, name) != values:
                raise _damaged()
            self._nodes(values, after, depth + 1)
            place = after

    def _values(self, place: int, count: int, name: bytes) -> int:
        """Shorten the strings of a node that are paths. Returns where its values end."""
        is_path = any(word in name for word in _WORDS)
        for number in range(count):
            kind = self._data[place : place + 1]
            place += 1
            if kind in (b"S", b"R"):
                (length,) = struct.unpack_from("<I", self._data, place)
                place += 4
                text = bytes(self._data[place : place + length])
                if len(text) < length:
                    raise _damaged()
                if number == 0 and name in (b"p", b"property"):
                    is_path = any(word in text.lower() for word in _WORDS)
                elif is_path:
                    self._data[place : place + length] = without_folder(text)
                place += length
            elif kind and kind in _ARRAYS:
                size, encoding, packed = struct.unpack_from("<III", self._data, place)
                wide = {b"f": 4, b"i": 4, b"d": 8, b"l": 8}.get(kind, 1)
                place += 12 + (packed if encoding else size * wide)
            elif kind in _SIZES:
                place += _SIZES[kind]
            else:
                raise _damaged()
        return place
