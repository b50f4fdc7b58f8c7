"""Writes a sheet as PDF, SVG or DXF: lines and texts in mm, from the lower left corner, each on a layer."""

from __future__ import annotations

from typing import Iterator, NamedTuple, Tuple
from xml.sax.saxutils import escape

FORMATS = ("pdf", "svg", "dxf")
Point = Tuple[float, float]
LAYERS = {
    # name: width in mm (ISO 128), dashes, colour number of DXF
    "VISIBLE": (0.5, "", 7),
    "HIDDEN": (0.25, "3 1.5", 8),
    "CENTER": (0.25, "8 1.5 1 1.5", 1),
    "HATCH": (0.18, "", 8),
    "DIMENSIONS": (0.25, "", 5),
    "FRAME": (0.5, "", 7),
    "TEXT": (0.25, "", 7),
}
_POINTS = 72 / 25.4


class Text(NamedTuple):
    """A text whose baseline begins at `place`, or has its middle there; `height` in mm, `turn` in degrees (0 or 90)."""

    layer: str
    place: Point
    height: float
    text: str
    centered: bool = False
    turn: int = 0


class Page:
    """What is on a sheet."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.lines: list[tuple[str, list[Point]]] = []
        self.areas: list[tuple[str, list[Point]]] = []
        """Filled: the tips of arrows."""
        self.texts: list[Text] = []


def length_of(text: str, height: float) -> float:
    """Return about how long a text in Helvetica is, mm; `height` is that of capitals."""
    narrow = sum(character in "iljt.,:;|!'()[] /" for character in text)
    return (len(text) * 0.56 - narrow * 0.27) * height / 0.716


def write(format: str, path: str, page: Page) -> None:
    data = {"pdf": _pdf, "svg": _svg, "dxf": _dxf}[format](page)
    with open(path, "wb") as file:
        file.write(data)


def _start(text: Text) -> Point:
    x, y = text.place
    if text.centered:
        half = length_of(text.text, text.height) / 2
        return (x, y - half) if text.turn else (x - half, y)
    return x, y


def _pdf(page: Page) -> bytes:
    parts: list[str] = [f"{_POINTS:.6f} 0 0 {_POINTS:.6f} 0 0 cm 1 J 1 j"]
    for layer, points in page.lines:
        width, dashes, _ = LAYERS[layer]
        parts.append(f"{width} w [{dashes}] 0 d {points[0][0]:.3f} {points[0][1]:.3f} m")
        parts += [f"{x:.3f} {y:.3f} l" for x, y in points[1:]] + ["S"]
    for _, points in page.areas:
        parts.append(f"{points[0][0]:.3f} {points[0][1]:.3f} m")
        parts += [f"{x:.3f} {y:.3f} l" for x, y in points[1:]] + ["f"]
    for text in page.texts:
        x, y = _start(text)
        matrix = "0 1 -1 0" if text.turn else "1 0 0 1"
        coded = text.text.encode("cp1252", "replace").decode("latin-1")
        for mark in ("\\", "(", ")"):
            coded = coded.replace(mark, "\\" + mark)
        parts.append(f"BT /F1 {text.height / 0.716:.3f} Tf {matrix} {x:.3f} {y:.3f} Tm ({coded}) Tj ET")
    stream = "\n".join(parts).encode("latin-1")
    box = f"[0 0 {page.width * _POINTS:.3f} {page.height * _POINTS:.3f}]"
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R /Resources "
        "<< /Font << /F1 5 0 R >> >> >>".encode(),
        f"<< /Length {len(stream)} >>\nstream\n".encode() + stream + b"\nendstream",
        font.encode(),
    ]
    data = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets: list[int] = []
    for number, each in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode()


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
    yield '<g font-family="Helvetica, Arial, sans-serif" fill="#000000">'
    for text in page.texts:
        x, y = text.place
        anchor = ' text-anchor="middle"' if text.centered else ""
        turn = f' transform="rotate(-90 {x:.3f} {page.height - y:.3f})"' if text.turn else ""
        place = f'x="{x:.3f}" y="{page.height - y:.3f}" font-size="{text.height / 0.716:.3f}"'
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
    groups += [(0, "ENDTAB"), (0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES")]
    for layer, points in page.lines:
        for (x1, y1), (x2, y2) in zip(points, points[1:]):
            groups += [(0, "LINE"), (8, layer), (10, x1), (20, y1), (30, 0.0), (11, x2), (21, y2), (31, 0.0)]
    for layer, points in page.areas:
        corners = [*points[:3], points[2]]
        groups += [(0, "SOLID"), (8, layer)]
        for number, (x, y) in enumerate(corners):
            groups += [(10 + number, x), (20 + number, y), (30 + number, 0.0)]
    for text in page.texts:
        x, y = _start(text)
        shown = text.text.replace("Ø", "%%c").replace("°", "%%d").replace("±", "%%p")
        groups += [(0, "TEXT"), (8, text.layer), (10, x), (20, y), (30, 0.0), (40, text.height), (1, shown)]
        groups += [(50, float(text.turn))]
    groups += [(0, "ENDSEC"), (0, "EOF")]
    lines = [f"{code:3d}\n{f'{value:.6f}' if isinstance(value, float) else value}\n" for code, value in groups]
    return "".join(lines).encode("cp1252", "replace")
