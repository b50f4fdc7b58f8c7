"""Parse the pairs of a DXF file into header variables, blocks and entities."""

from __future__ import annotations

from typing import Iterator

from cadgate.appserver import AppError
from cadgate_freecad.app.reading.dxf import binary


class Entity:
    """An entity, or a block's head: its pairs in order. `inner`: a polyline's vertices, an insert's attributes."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.pairs: list[tuple[int, bytes]] = []
        self.inner: list[Entity] = []

    def text(self, code: int, default: str = "") -> str:
        return next((value.decode("latin-1").strip() for key, value in self.pairs if key == code), default)

    def number(self, code: int, default: float = 0.0) -> float:
        return next((_number(value) for key, value in self.pairs if key == code), default)

    def flags(self, code: int = 70) -> int:
        return int(self.number(code))

    def numbers(self, code: int) -> list[float]:
        return [_number(value) for key, value in self.pairs if key == code]

    def point(self, code: int = 10) -> tuple[float, float, float]:
        return self.number(code), self.number(code + 10), self.number(code + 20)

    def points(self, code: int = 10) -> list[tuple[float, float, float]]:
        """Return all points of this code: each begins with its x."""
        found: list[list[float]] = []
        for key, value in self.pairs:
            if key == code:
                found.append([_number(value), 0.0, 0.0])
            elif key in (code + 10, code + 20) and found:
                found[-1][(key - code) // 10] = _number(value)
        return [(x, y, z) for x, y, z in found]

    def has(self, code: int) -> bool:
        return any(key == code for key, _ in self.pairs)


class Block:
    def __init__(self, head: Entity) -> None:
        self.head = head
        self.entities: list[Entity] = []


class Drawing:
    """`header` has the first value of each variable."""

    def __init__(self) -> None:
        self.header: dict[str, str] = {}
        self.blocks: dict[str, Block] = {}
        self.entities: list[Entity] = []


def _number(value: bytes) -> float:
    try:
        return float(value)
    except ValueError:
        text = value.decode("latin-1").strip()
        raise AppError("unsupported_format", f"The DXF file has {text!r} where a number is expected") from None


def _pairs(path: str) -> Iterator[tuple[int, bytes]]:
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith(binary.SENTINEL):
        yield from binary.pairs(data)
        return
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    lines = data.splitlines()
    for place in range(0, len(lines) - 1, 2):
        try:
            code = int(lines[place])
        except ValueError:
            text = lines[place].decode("latin-1").strip()
            raise AppError(
                "unsupported_format", f"Line {place + 1} of the DXF file is {text!r} instead of a group code"
            ) from None
        yield code, lines[place + 1]


def parse(path: str) -> Drawing:
    """Read a drawing. Raises AppError `unsupported_format`."""
    drawing = Drawing()
    section, variable = "", ""
    block: Block | None = None
    entity: Entity | None = None
    last: Entity | None = None
    """What vertices and attributes belong to."""
    for code, value in _pairs(path):
        if code != 0:
            if section == "" and code == 2:
                section = value.strip().decode("latin-1").upper()
            elif section == "HEADER" and code == 9:
                variable = value.strip().decode("latin-1").upper()
            elif section == "HEADER":
                drawing.header.setdefault(variable, value.strip().decode("latin-1"))
            elif entity is not None:
                entity.pairs.append((code, value))
            continue
        kind = value.strip().decode("latin-1").upper()
        entity = None
        if kind == "SECTION":
            section = ""
        elif kind in ("ENDSEC", "EOF"):
            section = "-"
        elif section == "BLOCKS" and kind == "BLOCK":
            entity = Entity(kind)
            block, last = Block(entity), None
        elif section == "BLOCKS" and kind == "ENDBLK":
            if block is not None:
                drawing.blocks[block.head.text(2).upper()] = block
            block = None
        elif section in ("BLOCKS", "ENTITIES"):
            entity = Entity(kind)
            target = block.entities if block is not None else drawing.entities
            if kind in ("VERTEX", "ATTRIB") and last is not None:
                last.inner.append(entity)
            elif kind == "SEQEND":
                last = None
            else:
                last = entity if kind in ("POLYLINE", "INSERT") else None
                target.append(entity)
    return drawing
