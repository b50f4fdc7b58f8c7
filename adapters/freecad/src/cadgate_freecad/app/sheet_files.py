"""Writes a sheet as PDF, SVG or DXF."""

from __future__ import annotations

from html import escape
from typing import Iterator

from cadgate.appserver import warn
from cadgate_freecad.app import sheet_pdf
from cadgate_freecad.app.sheet_page import LAYERS, Page, capitals, start_of

FORMATS = ("pdf", "svg", "dxf")


def write(format: str, path: str, page: Page) -> None:
    data = {"pdf": sheet_pdf.write, "svg": _svg, "dxf": _dxf}[format](page)
    with open(path, "wb") as file:
        file.write(data)


def _svg(page: Page) -> bytes:
    return "\n".join(_svg_lines(page)).encode("utf-8", "replace")


def _svg_lines(page: Page) -> Iterator[str]:
    size = f'width="{page.width:g}mm" height="{page.height:g}mm" viewBox="0 0 {page.width:g} {page.height:g}"'
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    yield '<rect width="100%" height="100%" fill="#ffffff"/>'
    for name, (width, dashes, _) in LAYERS.items():
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        style = f'fill="none" stroke="#000000" stroke-width="{width}" stroke-linecap="round"{dashed}'
        yield f'<g id="{name}" {style}>'
        for layer, points in page.lines:
            if layer == name:
                yield f'<polyline points="{" ".join(f"{x:.3f},{page.height - y:.3f}" for x, y in points)}"/>'
        for layer, points in page.areas:
            if layer == name:
                corners = " ".join(f"{x:.3f},{page.height - y:.3f}" for x, y in points)
                yield f'<polygon fill="#000000" stroke="none" points="{corners}"/>'
        yield "</g>"
    yield '<g font-family="osifont, Helvetica, Arial, sans-serif" fill="#000000">'
    for text in page.texts:
        x, y = text.place
        anchor = ' text-anchor="middle"' if text.centered else ""
        turn = f' transform="rotate(-90 {x:.3f} {page.height - y:.3f})"' if text.turn else ""
        place = f'x="{x:.3f}" y="{page.height - y:.3f}" font-size="{text.height / capitals():.3f}"'
        yield f"<text {place}{anchor}{turn}>{escape(text.text)}</text>"
    yield "</g>\n</svg>"


def _dxf(page: Page) -> bytes:
    groups: list[tuple[int, object]] = [
        (0, "SECTION"),
        (2, "HEADER"),
        (9, "$ACADVER"),
        (1, "AC1009"),
        (9, "$DWGCODEPAGE"),
        (3, "ANSI_1252"),
    ]
    groups += [(0, "ENDSEC"), (0, "SECTION"), (2, "TABLES"), (0, "TABLE"), (2, "LTYPE"), (70, 3)]
    for name, pattern in (("CONTINUOUS", []), ("HIDDEN", [3.0, -1.5]), ("CENTER", [8.0, -1.5, 1.0, -1.5])):
        total = sum(map(abs, pattern))
        groups += [(0, "LTYPE"), (2, name), (70, 0), (3, name), (72, 65), (73, len(pattern)), (40, total)]
        groups += [(49, each) for each in pattern]
    groups += [(0, "ENDTAB"), (0, "TABLE"), (2, "LAYER"), (70, len(LAYERS))]
    for name, (_, _, color) in LAYERS.items():
        kind = name if name in ("HIDDEN", "CENTER") else "CONTINUOUS"
        groups += [(0, "LAYER"), (2, name), (70, 0), (62, color), (6, kind)]
    groups += [(0, "ENDTAB"), (0, "TABLE"), (2, "STYLE"), (70, 1), (0, "STYLE"), (2, "STANDARD"), (70, 0), (40, 0.0)]
    groups += [(41, 1.0), (50, 0.0), (71, 0), (42, 3.5), (3, "arial.ttf"), (4, "")]
    groups += [(0, "ENDTAB"), (0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES")]
    for layer, points in page.lines:
        for (x1, y1), (x2, y2) in zip(points, points[1:]):
            groups += [(0, "LINE"), (8, layer), (10, x1), (20, y1), (30, 0.0), (11, x2), (21, y2), (31, 0.0)]
    for layer, points in page.areas:
        corners = [*points[:3], points[2]]
        groups += [(0, "SOLID"), (8, layer)]
        for number, (x, y) in enumerate(corners):
            groups += [(10 + number, x), (20 + number, y), (30 + number, 0.0)]
    missing: dict[str, None] = {}
    for text in page.texts:
        x, y = start_of(text)
        shown = _coded(text.text, missing)
        groups += [(0, "TEXT"), (8, text.layer), (10, x), (20, y), (30, 0.0), (40, text.height), (1, shown)]
        groups += [(50, float(text.turn))]
    groups += [(0, "ENDSEC"), (0, "EOF")]
    if missing:
        codes = ", ".join(f"{each!r} (U+{ord(each):04X})" for each in missing)
        warn("letters_missing", f"A DXF cannot hold {codes}: their codes are in brackets instead")
    lines = [f"{code:3d}\n{f'{value:.6f}' if isinstance(value, float) else value}\n" for code, value in groups]
    return "".join(lines).encode("cp1252", "replace")


def _coded(text: str, missing: dict[str, None]) -> str:
    """Return a text for a DXF in Windows' Latin letters: others by their code, which programs show as the letter."""
    shown = ""
    for character in text:
        if character in "Ø°±":
            shown += {"Ø": "%%c", "°": "%%d", "±": "%%p"}[character]
            continue
        try:
            character.encode("cp1252")
            shown += character
        except UnicodeEncodeError:
            code = ord(character)
            if code > 0xFFFF:
                missing[character] = None
            shown += f"[U+{code:04X}]" if code > 0xFFFF else f"\\U+{code:04X}"
    return shown
