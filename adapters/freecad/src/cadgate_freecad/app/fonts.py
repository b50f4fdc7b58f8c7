"""TrueType fonts, read with the standard library alone: which letters they have, how wide, and what a PDF embeds."""

from __future__ import annotations

import os
import struct
import sys
from functools import lru_cache
from typing import Any, Iterator

import FreeCAD

_LETTERING = ("osifont-lgpl3fe.ttf", "osifont.ttf")
"""The lettering of ISO 3098, which comes with FreeCAD's TechDraw."""
_FOLDERS = {
    "win32": ["C:/Windows/Fonts"],
    "darwin": ["/System/Library/Fonts", "/Library/Fonts"],
}.get(sys.platform, ["/usr/share/fonts", "/usr/local/share/fonts"])
_MOST_FILES = 3000
_OTHER_STYLES = ("bold", "italic", "oblique", "mono", "light", "thin", "black", "condensed", "serif", "math")
_RESTRICTED = 0x0002
_KEPT = ("cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep")


class Font:
    """A font with TrueType outlines. Raises ValueError for a file that is none, or may not be embedded."""

    def __init__(self, path: str, index: int = 0) -> None:
        with open(path, "rb") as file:
            self._data = file.read()
        self.name = "".join(each for each in os.path.basename(path).rpartition(".")[0] if each.isalnum()) or "Font"
        try:
            self._tables = self._directory(index)
            head = self._table("head")
            self.unit = struct.unpack(">H", head[18:20])[0]
            self.box = struct.unpack(">4h", head[36:44])
            self._long = struct.unpack(">h", head[50:52])[0] == 1
            hhea = self._table("hhea")
            self.ascent, self.descent = struct.unpack(">2h", hhea[4:8])
            self._wide = struct.unpack(">H", hhea[34:36])[0]
            self.glyphs = struct.unpack(">H", self._table("maxp")[4:6])[0]
            self._segments = list(self._cmap())
            embedding = struct.unpack(">H", self._table("OS/2")[8:10])[0] if "OS/2" in self._tables else 0
        except (KeyError, struct.error, IndexError) as error:
            raise ValueError(f"not a TrueType font: {error!r}") from None
        if "glyf" not in self._tables or embedding & _RESTRICTED:
            raise ValueError("no TrueType outlines, or not to be embedded")

    def _directory(self, index: int) -> dict[str, tuple[int, int]]:
        start = 0
        if self._data[:4] == b"ttcf":
            start = struct.unpack_from(">I", self._data, 12 + 4 * index)[0]
        count = struct.unpack_from(">H", self._data, start + 4)[0]
        tables: dict[str, tuple[int, int]] = {}
        for number in range(count):
            tag, _, offset, length = struct.unpack_from(">4s3I", self._data, start + 12 + 16 * number)
            tables[tag.decode("latin-1")] = (offset, length)
        return tables

    def _table(self, tag: str) -> bytes:
        offset, length = self._tables[tag]
        return self._data[offset : offset + length]

    def _cmap(self) -> Iterator[tuple[int, int, int, list[int] | None]]:
        """Yield first and last character, and the difference to their glyphs, or the list of these."""
        table = self._table("cmap")
        found: dict[int, int] = {}
        for number in range(struct.unpack_from(">H", table, 2)[0]):
            platform, encoding, offset = struct.unpack_from(">HHI", table, 4 + 8 * number)
            if (platform, encoding) in ((3, 10), (0, 4), (0, 6), (3, 1), (0, 3)):
                found.setdefault(struct.unpack_from(">H", table, offset)[0], offset)
        if 12 in found:
            start = found[12]
            for number in range(struct.unpack_from(">I", table, start + 12)[0]):
                first, last, glyph = struct.unpack_from(">3I", table, start + 16 + 12 * number)
                yield first, last, glyph - first, None
            return
        start = found[4]
        count = struct.unpack_from(">H", table, start + 6)[0] // 2
        ends = struct.unpack_from(f">{count}H", table, start + 14)
        begins = struct.unpack_from(f">{count}H", table, start + 16 + 2 * count)
        deltas = struct.unpack_from(f">{count}H", table, start + 16 + 4 * count)
        at = start + 16 + 6 * count
        ranges = struct.unpack_from(f">{count}H", table, at)
        for number, (first, last, delta, range_) in enumerate(zip(begins, ends, deltas, ranges)):
            if range_ == 0:
                yield first, last, delta, None
            elif first <= last < 0xFFFF:
                listed = struct.unpack_from(f">{last - first + 1}H", table, at + 2 * number + range_)
                yield first, last, 0, [(each + delta) % 65536 if each else 0 for each in listed]

    def glyph(self, character: str) -> int:
        """Return the number of the glyph of a character; 0 if there is none."""
        code = ord(character)
        for first, last, delta, listed in self._segments:
            if first <= code <= last:
                return listed[code - first] if listed is not None else (code + delta) % 65536
        return 0

    def width(self, glyph: int) -> float:
        """Return how far a glyph moves the pen, in thousandths of the size."""
        number = min(glyph, self._wide - 1)
        return 1000 * struct.unpack_from(">H", self._table("hmtx"), 4 * number)[0] / self.unit

    @property
    def capitals(self) -> float:
        """The height of capitals, as a part of the size."""
        return struct.unpack_from(">h", self._outline(self.glyph("H")), 8)[0] / self.unit

    def subset(self, glyphs: set[int], characters: dict[int, int] | None = None) -> bytes:
        """Return a font file in which all other glyphs are empty, with their numbers unchanged.

        `characters` are the glyphs of characters, if the file is to have a table of them.
        """
        kept = self._with_parts({0, *glyphs})
        outlines, places = bytearray(), [0]
        for number in range(self.glyphs):
            if number in kept:
                outlines += self._outline(number)
                outlines += b"\0" * (-len(outlines) % 4)
            places.append(len(outlines))
        head = bytearray(self._table("head"))
        head[50:52] = struct.pack(">h", 1)
        made = {tag: self._table(tag) for tag in _KEPT if tag in self._tables}
        made.update(glyf=bytes(outlines), loca=struct.pack(f">{len(places)}I", *places), head=bytes(head))
        if characters:
            made["cmap"] = _characters(characters)
        return _file(made)

    def _outline(self, number: int) -> bytes:
        loca = self._table("loca")
        if self._long:
            first, last = struct.unpack_from(">2I", loca, 4 * number)
        else:
            first, last = (2 * each for each in struct.unpack_from(">2H", loca, 2 * number))
        start = self._tables["glyf"][0]
        return self._data[start + first : start + last]

    def _with_parts(self, glyphs: set[int]) -> set[int]:
        """Return the glyphs, and those that they are composed of."""
        kept: set[int] = set()
        todo = [number for number in glyphs if number < self.glyphs]
        while todo:
            number = todo.pop()
            if number in kept:
                continue
            kept.add(number)
            outline = self._outline(number)
            if len(outline) < 10 or struct.unpack_from(">h", outline)[0] >= 0:
                continue
            at = 10
            while True:
                flags, part = struct.unpack_from(">2H", outline, at)
                todo.append(part)
                at += 4 + (4 if flags & 1 else 2)
                at += 2 if flags & 8 else 4 if flags & 0x40 else 8 if flags & 0x80 else 0
                if not flags & 0x20:
                    break
        return kept


def _characters(glyphs: dict[int, int]) -> bytes:
    """Return a table of characters (format 4): a segment for each, and the last one that the format wants."""
    rows = [(code, code, (glyph - code) % 65536) for code, glyph in sorted(glyphs.items())] + [(0xFFFF, 0xFFFF, 1)]
    count = len(rows)
    power = 1 << (count.bit_length() - 1)
    first, last, deltas = ([row[column] for row in rows] for column in range(3))
    body = struct.pack(f">{count}HH", *last, 0) + struct.pack(f">{3 * count}H", *first, *deltas, *([0] * count))
    head = struct.pack(">7H", 4, 14 + len(body), 0, 2 * count, 2 * power, power.bit_length() - 1, 2 * (count - power))
    return struct.pack(">HHHHI", 0, 1, 3, 1, 12) + head + body


def _file(tables: dict[str, bytes]) -> bytes:
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    data = struct.pack(">IHHHH", 0x00010000, count, 16 * power, power.bit_length() - 1, 16 * (count - power))
    at = 12 + 16 * count
    body = b""
    for tag in sorted(tables):
        table = tables[tag]
        padded = table + b"\0" * (-len(table) % 4)
        total = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        data += struct.pack(">4s3I", tag.encode("latin-1"), total, at + len(body), len(table))
        body += padded
    return data + body


@lru_cache(maxsize=1)
def lettering() -> Font | None:
    """Return the font of FreeCAD's drawings; None where it is not installed."""
    root: Any = FreeCAD.getResourceDir()
    for folder in (os.path.join(root, "Mod", "TechDraw", "Resources", "fonts"), "/usr/share/fonts/truetype/osifont"):
        for name in _LETTERING:
            try:
                return Font(os.path.join(folder, name))
            except (OSError, ValueError):
                continue
    return None


@lru_cache(maxsize=64)
def with_letters(missing: str) -> Font | None:
    """Return an installed font that has all these characters, or most of them; None if none has any."""
    best: tuple[int, Font] | None = None
    for path in _installed():
        try:
            font = Font(path)
        except (OSError, ValueError):
            continue
        has = sum(font.glyph(each) > 0 for each in missing)
        if has == len(missing):
            return font
        if has and (best is None or has > best[0]):
            best = (has, font)
    return None if best is None else best[1]


def _installed() -> list[str]:
    """Return the files of installed fonts: plain ones first, in an order that does not change."""
    found: list[str] = []
    for folder in _FOLDERS:
        for root, _, names in os.walk(folder):
            found += [os.path.join(root, name) for name in names if name.lower().endswith((".ttf", ".ttc"))]
    found.sort(key=lambda path: (any(style in os.path.basename(path).lower() for style in _OTHER_STYLES), path))
    return found[:_MOST_FILES]
