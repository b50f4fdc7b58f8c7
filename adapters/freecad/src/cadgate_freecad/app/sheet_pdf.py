"""Writes a sheet as PDF: lines, and text that can be searched, in a font that is embedded."""

from __future__ import annotations

import zlib
from typing import Any

from cadgate.appserver import warn
from cadgate_freecad.app import fonts
from cadgate_freecad.app.sheet_page import LAYERS, Page, Text, capitals, length_of, start_of

_POINTS = 72 / 25.4
_CJK = {
    "UniJIS-UTF16-H": ("HeiseiKakuGo-W5", "Japan1", 6, ((0x3040, 0x30FF),)),
    "UniKS-UTF16-H": ("HYGoThic-Medium", "Korea1", 2, ((0xAC00, 0xD7AF), (0x1100, 0x11FF))),
    "UniGB-UTF16-H": (
        "STSong-Light",
        "GB1",
        5,
        ((0x2E80, 0x303F), (0x3100, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF)),
    ),
}
"""Fonts that readers of PDF know by name, for letters that no installed font has: encoding, collection, letters."""


class _Fonts:
    """The fonts of a file and what is used of them."""

    def __init__(self) -> None:
        self.main = fonts.lettering()
        self.used: dict[Any, dict[int, str]] = {}
        """By font, the glyphs and their characters; by name of an encoding, the codes."""
        self.simple: set[str] = set()
        self.named: list[Any] = []
        self.not_embedded: dict[str, None] = {}
        self.missing: dict[str, None] = {}

    def _number(self, key: Any) -> str:
        if key not in self.named:
            self.named.append(key)
        return f"F{self.named.index(key) + 2}"

    def runs(self, text: str) -> list[tuple[str, str, float]]:
        """Return parts of a text: name of the font, the operand of `Tj`, and the width in thousandths."""
        try:
            coded = text.encode("cp1252").decode("latin-1")
        except UnicodeEncodeError:
            coded = ""
        if coded and (self.main is None or all(self.main.glyph(each) for each in text)):
            self.simple |= set(text)
            for mark in ("\\", "(", ")"):
                coded = coded.replace(mark, "\\" + mark)
            return [("F1", f"({coded})", 1000 * length_of(text, capitals()))]
        parts: list[tuple[str, str, float]] = []
        for character in text:
            parts += self._single(character, text)
        joined: list[tuple[str, str, float]] = []
        for name, code, width in parts:
            if joined and joined[-1][0] == name and name != "F1":
                _, before, wide = joined.pop()
                code, width = f"{before[:-1]}{code[1:]}", wide + width
            joined.append((name, code, width))
        return joined

    def _single(self, character: str, text: str) -> list[tuple[str, str, float]]:
        if self.main is not None and self.main.glyph(character):
            return [self._embedded(self.main, character)]
        wanted = "".join(sorted({each for each in text if self.main is None or not self.main.glyph(each)}))
        other = fonts.with_letters(wanted)
        if other is not None and other.glyph(character):
            return [self._embedded(other, character)]
        for encoding, (*_, ranges) in _CJK.items():
            if any(first <= ord(character) <= last for first, last in ranges):
                self.not_embedded[character] = None
                code = ord(character)
                self.used.setdefault(encoding, {})[code] = character
                return [(self._number(encoding), f"<{code:04X}>", 1000.0)]
        self.missing[character] = None
        return self.runs(f"[U+{ord(character):04X}]")

    def _embedded(self, font: fonts.Font, character: str) -> tuple[str, str, float]:
        glyph = font.glyph(character)
        self.used.setdefault(font, {})[glyph] = character
        return self._number(font), f"<{glyph:04X}>", font.width(glyph)

    def warn(self) -> None:
        if self.not_embedded:
            warn(
                "letters_not_embedded",
                f"No installed font has {''.join(self.not_embedded)!r}: the PDF shows them only where the reader has a "
                "font for them. Install one with TrueType outlines (Debian: fonts-wqy-microhei) and export again",
            )
        if self.missing:
            codes = ", ".join(f"{each!r} (U+{ord(each):04X})" for each in self.missing)
            warn("letters_missing", f"No installed font has {codes}: the PDF has their codes in brackets instead")


def write(page: Page) -> bytes:
    """Return the file."""
    used = _Fonts()
    parts: list[str] = [f"{_POINTS:.6f} 0 0 {_POINTS:.6f} 0 0 cm 1 J 1 j"]
    for layer, points in page.lines:
        width, dashes, _ = LAYERS[layer]
        parts.append(f"{width} w [{dashes}] 0 d {points[0][0]:.3f} {points[0][1]:.3f} m")
        parts += [f"{x:.3f} {y:.3f} l" for x, y in points[1:]] + ["S"]
    for _, points in page.areas:
        parts.append(f"{points[0][0]:.3f} {points[0][1]:.3f} m")
        parts += [f"{x:.3f} {y:.3f} l" for x, y in points[1:]] + ["f"]
    for text in page.texts:
        parts += _written(text, used)
    used.warn()
    stream = "\n".join(parts).encode("latin-1")
    box = f"[0 0 {page.width * _POINTS:.3f} {page.height * _POINTS:.3f}]"
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"",
        f"<< /Length {len(stream)} >>\nstream\n".encode() + stream + b"\nendstream",
    ]
    names = [f"/F1 {_add_simple(objects, used)} 0 R"]
    names += [f"/F{number} {_add(objects, used, key)} 0 R" for number, key in enumerate(used.named, 2)]
    objects[2] = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R /Resources "
        f"<< /Font << {' '.join(names)} >> >> >>".encode()
    )
    return _assembled(objects)


def _written(text: Text, used: _Fonts) -> list[str]:
    x, y = start_of(text)
    size = text.height / capitals()
    parts: list[str] = []
    for name, code, width in used.runs(text.text) if text.text else ():
        matrix = "0 1 -1 0" if text.turn else "1 0 0 1"
        parts.append(f"BT /{name} {size:.3f} Tf {matrix} {x:.3f} {y:.3f} Tm {code} Tj ET")
        x, y = (x, y + width * size / 1000) if text.turn else (x + width * size / 1000, y)
    return parts


def _stream(data: bytes, extra: str = "") -> bytes:
    packed = zlib.compress(data, 9)
    head = f"<< /Length {len(packed)} /Filter /FlateDecode{extra} >>\nstream\n"
    return head.encode() + packed + b"\nendstream"


def _put(objects: list[bytes], data: str | bytes) -> int:
    objects.append(data.encode("latin-1") if isinstance(data, str) else data)
    return len(objects)


def _descriptor(objects: list[bytes], font: fonts.Font, data: bytes, flags: int) -> int:
    file = _put(objects, _stream(data, f" /Length1 {len(data)}"))
    scale = 1000 / font.unit
    box = " ".join(f"{each * scale:.0f}" for each in font.box)
    return _put(
        objects,
        f"<< /Type /FontDescriptor /FontName /CADGAT+{font.name} /Flags {flags} /FontBBox [{box}] /ItalicAngle 0 "
        f"/Ascent {font.ascent * scale:.0f} /Descent {font.descent * scale:.0f} "
        f"/CapHeight {1000 * font.capitals:.0f} /StemV 80 /FontFile2 {file} 0 R >>",
    )


def _add_simple(objects: list[bytes], used: _Fonts) -> int:
    """Add the font of the texts that Windows' Latin encoding holds."""
    font = used.main
    if font is None:
        return _put(objects, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    letters = [bytes([code]).decode("cp1252", "replace") for code in range(32, 256)]
    glyphs = {each: font.glyph(each) for each in letters}
    widths = " ".join(f"{font.width(glyphs[each]):.0f}" for each in letters)
    kept = {glyphs[each] for each in letters if each in used.simple}
    data = font.subset(kept, {ord(each): glyph for each, glyph in glyphs.items() if glyph})
    descriptor = _descriptor(objects, font, data, 32)
    return _put(
        objects,
        f"<< /Type /Font /Subtype /TrueType /BaseFont /CADGAT+{font.name} /Encoding /WinAnsiEncoding "
        f"/FirstChar 32 /LastChar 255 /Widths [{widths}] /FontDescriptor {descriptor} 0 R >>",
    )


def _add(objects: list[bytes], used: _Fonts, key: Any) -> int:
    """Add a font of single glyphs, or one that readers know, with what its codes mean."""
    codes = used.used[key]
    meaning = _put(objects, _stream(_meaning(codes)))
    if isinstance(key, str):
        name, collection, supplement, _ = _CJK[key]
        descriptor = _put(
            objects,
            f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 "
            "/Ascent 880 /Descent -120 /CapHeight 880 /StemV 80 >>",
        )
        below = _put(
            objects,
            f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /{name} /CIDSystemInfo << /Registry (Adobe) "
            f"/Ordering ({collection}) /Supplement {supplement} >> /DW 1000 /FontDescriptor {descriptor} 0 R >>",
        )
        encoding = key
    else:
        name = f"CADGAT+{key.name}"
        descriptor = _descriptor(objects, key, key.subset(set(codes)), 4)
        widths = " ".join(f"{code} [{key.width(code):.0f}]" for code in sorted(codes))
        below = _put(
            objects,
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDSystemInfo << /Registry (Adobe) "
            f"/Ordering (Identity) /Supplement 0 >> /W [{widths}] /CIDToGIDMap /Identity "
            f"/FontDescriptor {descriptor} 0 R >>",
        )
        encoding = "Identity-H"
    return _put(
        objects,
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /{encoding} /DescendantFonts [{below} 0 R] "
        f"/ToUnicode {meaning} 0 R >>",
    )


def _meaning(codes: dict[int, str]) -> bytes:
    """Return the table by which readers copy and search text."""
    rows = [f"<{code:04X}> <{text.encode('utf-16-be').hex().upper()}>" for code, text in sorted(codes.items())]
    parts = ["/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Letters def /CMapType 2 def"]
    parts.append("1 begincodespacerange <0000> <FFFF> endcodespacerange")
    for first in range(0, len(rows), 100):
        some = rows[first : first + 100]
        parts += [f"{len(some)} beginbfchar", *some, "endbfchar"]
    parts.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(parts).encode("ascii")


def _assembled(objects: list[bytes]) -> bytes:
    data = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets: list[int] = []
    for number, each in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode()
