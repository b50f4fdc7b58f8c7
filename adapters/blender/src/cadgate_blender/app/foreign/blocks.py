"""The format of .blend files: blocks of structures, which the file itself describes. Reads and changes it on the disk.

Nothing here knows what a structure means. It reads what Blender reads: the first description, and every block up to the
end mark. A file that could be read in two ways is refused.
"""

from __future__ import annotations

import gzip
import mmap
import os
import re
import struct
from typing import Any, BinaryIO, Iterator

from cadgate.appserver import AppError
from cadgate_blender.app import limits

_CHUNK = 1 << 20
_PACKED = {b"\x28\xb5\x2f\xfd": "Zstandard", b"\x1f\x8b": "gzip"}
UNPACKED = 8
"""How many times `max_import_bytes` an unpacked file may have."""
_SIZES = {
    **dict.fromkeys(("char", "uchar", "int8_t", "uint8_t"), 1),
    **dict.fromkeys(("short", "ushort"), 2),
    **dict.fromkeys(("int", "float", "long", "ulong"), 4),
    **dict.fromkeys(("double", "int64_t", "uint64_t"), 8),
    "void": 0,
}


def unpack(path: str) -> None:
    """Replace a compressed .blend file by its content."""
    with open(path, "rb") as file:
        kind = next((kind for magic, kind in _PACKED.items() if file.read(4).startswith(magic) or file.seek(0)), None)
        file.seek(0)
        if kind is None:
            return
        unpacked = path + ".unpacked"
        try:
            with open(unpacked, "xb") as target:
                _copy(gzip.GzipFile(fileobj=file) if kind == "gzip" else _zstandard(file), target)
        except (OSError, EOFError, ValueError, RuntimeError) as error:
            raise damaged(f"its {kind} data cannot be unpacked") from error
    os.replace(unpacked, path)


def _zstandard(file: BinaryIO) -> Any:
    try:
        import zstandard
    except ImportError:
        raise AppError(
            "unsupported_format",
            "This Blender's Python lacks the package zstandard, without which a compressed .blend file cannot be "
            "checked before it is opened: save it without compression, or install the package",
        ) from None
    return _Guarded(zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True), zstandard.ZstdError)


class _Guarded:
    """A stream that raises its own kind of error as a ValueError."""

    def __init__(self, stream: Any, kind: Any) -> None:
        self._stream, self._kind = stream, kind

    def read(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except self._kind as error:
            raise ValueError(str(error)) from error


def _copy(source: Any, target: BinaryIO) -> None:
    size = 0
    while True:
        chunk = source.read(_CHUNK)
        if not chunk:
            return
        size += len(chunk)
        limits.check("An eighth of the size of the unpacked file", size // UNPACKED, "max_import_bytes")
        target.write(chunk)


def damaged(why: str) -> AppError:
    """Return the error for a file that Blender cannot have written."""
    return AppError("command_failed", f"Blender cannot open the file: it is damaged ({why})")


class Field:
    """A member of a structure: its place and type. `pointer` is for addresses, of which there may be `count`."""

    __slots__ = ("count", "name", "offset", "pointer", "size", "type")

    def __init__(self, name: str, type: str, offset: int, size: int, pointer: bool, count: int) -> None:
        self.name, self.type, self.offset, self.size, self.pointer, self.count = (
            name,
            type,
            offset,
            size,
            pointer,
            count,
        )


class Block:
    """A block of the file: structures of one kind in a row, from `start`."""

    __slots__ = ("address", "code", "count", "kind", "size", "start")

    def __init__(self, code: bytes, start: int, size: int, address: int, kind: int, count: int) -> None:
        self.code, self.start, self.size = code, start, size
        self.address, self.kind, self.count = address, kind, count


class BlendFile:
    """An uncompressed .blend file, open for changes of its bytes. Use it as a context manager.

    Raises AppError `command_failed` for a file that is cut off, or that Blender cannot have written.
    """

    def __init__(self, path: str) -> None:
        self._file = open(path, "r+b")  # noqa: SIM115
        try:
            self.data = mmap.mmap(self._file.fileno(), 0)
        except (OSError, ValueError) as error:
            self._file.close()
            raise damaged("it is empty") from error
        try:
            self._read_head()
            self.blocks = list(self._read_blocks())
            self._read_description()
        except (struct.error, IndexError, ValueError, KeyError, RecursionError) as error:
            self.close()
            raise damaged("it is cut off, or was not written by Blender") from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> BlendFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.data.close()
        self._file.close()

    # --- structures --------------------------------------------------------------------------------------------------

    def name_of(self, block: Block) -> str:
        """Return the name of the structure in a block."""
        return self.kinds[block.kind]

    def members(self, name: str) -> list[Field]:
        """Return the members of a structure, in order; none if the file does not describe it."""
        return self.structures.get(name, [])

    def member(self, name: str, field: str) -> Field | None:
        return next((each for each in self.members(name) if each.name == field), None)

    def size_of(self, name: str) -> int:
        members = self.members(name)
        return members[-1].offset + members[-1].size if members else 0

    def elements(self, block: Block) -> Iterator[int]:
        """Yield where each structure of a block begins."""
        size = self.size_of(self.name_of(block))
        if size:
            for index in range(min(block.count, block.size // size)):
                yield block.start + index * size

    # --- values ------------------------------------------------------------------------------------------------------

    def text(self, place: int, size: int) -> bytes:
        """Return text of a fixed size, up to its end mark."""
        return bytes(self.data[place : place + size]).partition(b"\0")[0]

    def put_text(self, place: int, size: int, text: bytes) -> None:
        self.data[place : place + size] = text[: size - 1].ljust(size, b"\0")

    def integer(self, place: int, size: int) -> int:
        return int.from_bytes(self.data[place : place + size], self._order, signed=True)

    def put_integer(self, place: int, size: int, value: int) -> None:
        self.data[place : place + size] = value.to_bytes(size, self._order, signed=True)

    def pointer(self, place: int) -> int:
        return int.from_bytes(self.data[place : place + self.word], self._order)

    def put_code(self, block: Block, code: bytes) -> None:
        place = block.start - self._head.size
        self.data[place : place + 4] = code

    def put_pointer(self, place: int, address: int) -> None:
        self.data[place : place + self.word] = address.to_bytes(self.word, self._order)

    # --- reading -----------------------------------------------------------------------------------------------------

    def _read_head(self) -> None:
        head = bytes(self.data[:17])
        old = re.match(rb"BLENDER([_-])([vV])\d{3}", head)
        new = re.match(rb"BLENDER17-01v\d{4}", head)
        if old is None and new is None:
            raise damaged("its header is of an unknown version")
        self.word = 4 if old is not None and old[1] == b"_" else 8
        self._order: Any = "big" if old is not None and old[2] == b"V" else "little"
        sign = ">" if self._order == "big" else "<"
        # Code, size, address, structure, count; in the newer form the order differs.
        self._head = struct.Struct("<4siQqq" if new else sign + ("4siIii" if self.word == 4 else "4siQii"))
        self._is_new = new is not None
        self._begin = 17 if new else 12

    def _read_blocks(self) -> Iterator[Block]:
        place = self._begin
        while True:
            code, one, address, two, three = self._head.unpack_from(self.data, place)
            kind, size, count = (one, two, three) if self._is_new else (two, one, three)
            place += self._head.size
            if code == b"ENDB":
                return
            if size < 0 or count < 0 or kind < 0 or place + size > len(self.data):
                raise damaged("a block is larger than the file")
            yield Block(code, place, size, address, kind, count)
            place += size

    def _read_description(self) -> None:
        found = [block for block in self.blocks if block.code == b"DNA1"]
        if len(found) != 1:
            raise damaged(f"it describes its structures {len(found)} times")
        data = bytes(self.data[found[0].start : found[0].start + found[0].size])
        self._place = 0
        self._expect(data, b"SDNA")
        names = self._texts(data, b"NAME")
        types = self._texts(data, b"TYPE")
        self._expect(data, b"TLEN")
        sizes = dict(zip(types, self._shorts(data, len(types))))
        if len(sizes) != len(types):
            raise damaged("it describes a type twice")
        self._expect(data, b"STRC")
        described = {}
        self.kinds: list[str] = []
        count = self._number(data, 4)
        words = self._shorts(data, (len(data) - self._place) // 2)
        place = 0
        for _ in range(count):
            kind, length = types[words[place]], words[place + 1]
            place += 2
            pairs = [(types[words[at]], names[words[at + 1]]) for at in range(place, place + 2 * length, 2)]
            place += 2 * length
            if kind in described:
                raise damaged(f"it describes {kind!r} twice")
            described[kind] = pairs
            self.kinds.append(kind)
        self.structures: dict[str, list[Field]] = {}
        self._described = described
        for kind in described:
            if self._lay_out(kind) != sizes[kind]:
                raise damaged(f"the size of {kind!r} does not match its members")
        for block in self.blocks:
            if block.kind >= len(self.kinds):
                raise damaged("a block has a structure that is not described")

    def _texts(self, data: bytes, word: bytes) -> list[str]:
        self._expect(data, word)
        found: list[str] = []
        for _ in range(self._number(data, 4)):
            end = data.index(b"\0", self._place)
            found.append(data[self._place : end].decode("ascii"))
            self._place = end + 1
        return found

    def _expect(self, data: bytes, word: bytes) -> None:
        self._place = self._place + 3 & ~3
        if data[self._place : self._place + 4] != word:
            raise damaged("it does not describe its structures")
        self._place += 4

    def _number(self, data: bytes, size: int) -> int:
        if self._place + size > len(data):
            raise damaged("the description of its structures is cut off")
        self._place += size
        return int.from_bytes(data[self._place - size : self._place], self._order)

    def _shorts(self, data: bytes, count: int) -> Any:
        found = struct.unpack_from(f"{'>' if self._order == 'big' else '<'}{count}H", data, self._place)
        self._place += 2 * count
        return found

    def _lay_out(self, kind: str) -> int:
        """Compute where the members of a structure are. Returns its size."""
        if kind in _SIZES:
            return _SIZES[kind]
        if kind in self.structures:
            return self.size_of(kind)
        offset, members = 0, []
        self.structures[kind] = members
        for type, name in self._described[kind]:
            count = 1
            for number in re.findall(r"\[(\d+)\]", name) if "[" in name else ():
                count *= int(number)
            pointer = name.startswith(("*", "(*"))
            size = (self.word if pointer else self._lay_out(type)) * count
            members.append(
                Field(name.lstrip("(*").partition("[")[0].partition(")")[0], type, offset, size, pointer, count)
            )
            offset += size
        return offset
