"""DXF drawings of AutoCAD R12 to 2018, made by ezdxf, and what must come of them by formula."""

# ezdxf does not list what it exports.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import io
from collections.abc import Sequence
from math import cos, pi, radians, sin, sqrt
from typing import Any

import ezdxf

from tests.corpus import Expected, FileCase
from tests.corpus.freecad.dxf_entities import (
    WAVE,
    Draw,
    attributes,
    closed_wave,
    closed_wave_length,
    ellipse_length,
    grid,
    insert,
    nested,
    on_paper,
    polyface,
    slot,
    star,
    texts,
    wave_length,
)


def drawing(draw: Draw, version: str = "R2010", units: int = 4, newline: str = "\r\n") -> bytes:
    document = ezdxf.new(version)
    if version != "R12":
        document.header["$INSUNITS"] = units
    draw(document.modelspace())
    return written(document, newline)


def written(document: Any, newline: str = "\r\n") -> bytes:
    stream = io.StringIO()
    document.write(stream)
    return stream.getvalue().replace("\n", newline).encode(document.output_encoding, "dxfreplace")


def as_binary(version: str) -> bytes:
    document = ezdxf.new(version)
    document.header["$INSUNITS"] = 4
    star(document.modelspace())
    insert()(document.modelspace())
    stream = io.BytesIO()
    document.write(stream, fmt="bin")
    return stream.getvalue()


def by_hand(*entities: Sequence[tuple[int, object]], header: str = "") -> bytes:
    """A file of an ENTITIES section alone, as small programs write."""
    pairs = "".join(f"{code}\n{value}\n" for entity in entities for code, value in entity)
    return f"{header}0\nSECTION\n2\nENTITIES\n{pairs}0\nENDSEC\n0\nEOF\n".encode()


def case(
    id: str,
    draw: Draw,
    *,
    length: float | None = None,
    box: tuple[Sequence[float], Sequence[float]] | None = None,
    version: str = "R2010",
    units: int = 4,
    area: float | None = None,
    warnings: Sequence[str] = (),
    words: Sequence[str] = (),
    tolerance: float = 1e-5,
    newline: str = "\r\n",
    **counts: int,
) -> FileCase:
    return FileCase(
        id=f"dxf-{id}",
        name="plan.dxf",
        make=lambda: drawing(draw, version, units, newline),
        expected=Expected(
            format="dxf",
            objects=1,
            names=["plan"],
            kinds=["Compound"],
            length=length,
            area=area,
            box=box,
            tolerance=tolerance,
            warnings=warnings,
            warning_words=words,
            extra=counts,
        ),
    )


SLOT = 60 + 10 * pi
HALF = ellipse_length(20, 10, 0, pi)
CASES = [
    *(
        case(
            f"{version}-lines-circles-arcs-points",
            star,
            version=version,
            length=30 + 7 + 6 * pi + 2.5 * pi,
            box=((0, -3, 0), (50, 5, 7)),
        )
        for version in ("R2000", "R2004", "R2007", "R2010", "R2013", "R2018")
    ),
    case("explicit-bulges-of-0", slot, length=SLOT, box=((-5, 0, 0), (35, 10, 0)), edges=4),
    case("lf-only", slot, newline="\n", length=SLOT, box=((-5, 0, 0), (35, 10, 0))),
    case("cr-only", slot, newline="\r", length=SLOT, box=((-5, 0, 0), (35, 10, 0))),
    case(
        "slot-seen-from-below",
        lambda space: slot(space, extrusion=(0, 0, -1), elevation=3),
        length=SLOT,
        box=((-35, 0, -3), (5, 10, -3)),
    ),
    case(
        "slot-with-thickness",
        lambda space: slot(space, thickness=4),
        area=SLOT * 4,
        box=((-5, 0, 0), (35, 10, 4)),
    ),
    case(
        "open-polyline-with-a-negative-bulge",
        lambda space: space.add_lwpolyline([(0, 0, -1), (10, 0, 0), (10, 10, 0)], format="xyb"),
        length=5 * pi + 10,
        box=((0, 0, 0), (10, 10, 0)),
    ),
    case(
        "polyline-of-quarter-circles",
        lambda space: space.add_lwpolyline(
            [(10, 0, sqrt(2) - 1), (0, 10, sqrt(2) - 1), (-10, 0, sqrt(2) - 1), (0, -10, sqrt(2) - 1)],
            format="xyb", close=True,
        ),
        length=20 * pi,
        box=((-10, -10, 0), (10, 10, 0)),
    ),
    case(
        "polyline-2d-of-r12",
        lambda space: space.add_polyline2d([(0, 0, 1), (10, 0, 0), (10, 10, 0)], format="xyb", close=True),
        version="R12",
        length=5 * pi + 10 + 10 * sqrt(2),
        box=((0, -5, 0), (10, 10, 0)),
    ),
    case(
        "polyline-3d",
        lambda space: space.add_polyline3d([(0, 0, 0), (3, 4, 0), (3, 4, 12)]),
        length=17,
        box=((0, 0, 0), (3, 4, 12)),
    ),
    case("polyface", polyface, area=100 + 4 * 0.5 * 10 * sqrt(89), box=((0, 0, 0), (10, 10, 8)), faces=5),
    case("polymesh", grid, area=300, box=((0, 0, 0), (20, 15, 0)), faces=6),
    case(
        "circle-seen-from-below",
        lambda space: space.add_circle((5, 0, 2), 1, dxfattribs={"extrusion": (0, 0, -1)}),
        length=2 * pi,
        box=((-6, -1, -2), (-4, 1, -2)),
    ),
    case(
        "arc-seen-from-below",
        lambda space: space.add_arc((5, 0), 2, 0, 90, dxfattribs={"extrusion": (0, 0, -1)}),
        length=pi,
        box=((-7, 0, 0), (-5, 2, 0)),
    ),
    case(
        "circle-seen-from-the-side",
        lambda space: space.add_circle((5, 7, 2), 1, dxfattribs={"extrusion": (1, 0, 0)}),
        length=2 * pi,
        box=((2, 4, 6), (2, 6, 8)),
    ),
    case(
        "arc-over-the-zero",
        lambda space: space.add_arc((0, 0), 10, 315, 45),
        length=5 * pi,
        box=((10 * cos(radians(45)), -10 * sin(radians(45)), 0), (10, 10 * sin(radians(45)), 0)),
    ),
    case(
        "ellipse",
        lambda space: space.add_ellipse((1, 2), (20, 0), 0.5),
        length=2 * HALF,
        box=((-19, -8, 0), (21, 12, 0)),
    ),
    case(
        "half-an-ellipse",
        lambda space: space.add_ellipse((0, 0), (20, 0), 0.5, 0, pi),
        length=HALF,
        box=((-20, 0, 0), (20, 10, 0)),
    ),
    case(
        "half-an-ellipse-turned",
        lambda space: space.add_ellipse((0, 0), (0, 20), 0.5, 1.5 * pi, 0.5 * pi),
        length=HALF,
        box=((-10, 0, 0), (10, 20, 0)),
    ),
    case(
        "half-an-ellipse-seen-from-below",
        lambda space: space.add_ellipse((0, 0), (20, 0), 0.5, 0, pi, dxfattribs={"extrusion": (0, 0, -1)}),
        length=HALF,
        box=((-20, -10, 0), (20, 0, 0)),
    ),
    case("spline", lambda space: space.add_open_spline(WAVE), length=wave_length()),
    case(
        "spline-rational",
        lambda space: space.add_rational_spline([(10, 0), (10, 10), (0, 10)], [1, sqrt(0.5), 1], degree=2),
        length=5 * pi,
        box=((0, 0, 0), (10, 10, 0)),
    ),
    case(
        "spline-by-points",
        lambda space: space.add_spline([(0, 0, 0), (10, 0, 0), (20, 0, 0)]),
        length=20,
        box=((0, 0, 0), (20, 0, 0)),
    ),
    case("spline-closed", closed_wave, length=closed_wave_length()),
    case(
        "3dface",
        lambda space: (
            space.add_3dface([(0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 10, 0)]),
            space.add_3dface([(20, 0, 0), (30, 0, 0), (30, 10, 0)]),
        ),
        area=150,
        box=((0, 0, 0), (30, 10, 0)),
        faces=2,
    ),
    case(
        "solid",
        lambda space: space.add_solid([(0, 0), (10, 0), (0, 5), (10, 5)]),
        area=50,
        box=((0, 0, 0), (10, 5, 0)),
        faces=1,
    ),
    case("insert", insert(), length=4 * pi + 3, box=((8, 18, 0), (13, 22, 0))),
    case(
        "insert-turned-and-scaled",
        insert(xscale=3, yscale=3, zscale=3, rotation=90),
        length=3 * (4 * pi + 3),
        box=((4, 14, 0), (16, 29, 0)),
    ),
    case(
        "insert-stretched",
        insert(xscale=2, yscale=1),
        length=ellipse_length(4, 2, 0, 2 * pi) + 6,
        box=((6, 18, 0), (16, 22, 0)),
    ),
    case("insert-mirrored", insert(xscale=-1), length=4 * pi + 3, box=((7, 18, 0), (12, 22, 0))),
    case(
        "insert-seen-from-below",
        insert(extrusion=(0, 0, -1)),
        length=4 * pi + 3,
        box=((-13, 18, 0), (-8, 22, 0)),
    ),
    case(
        "insert-in-rows-and-columns",
        insert(column_count=3, column_spacing=10, row_count=2, row_spacing=20),
        length=6 * (4 * pi + 3),
        box=((8, 18, 0), (33, 42, 0)),
    ),
    case("insert-in-an-insert", nested, length=2 * (4 * pi + 3), box=((116, -4, 0), (124, 6, 0))),
    case(
        "insert-with-attributes",
        attributes,
        length=4 * pi + 3,
        box=((-2, -2, 0), (3, 2, 0)),
        warnings=["left_out"],
        words=["1 ATTRIB"],
    ),
    case(
        "texts-dimensions-hatches",
        texts,
        length=10,
        box=((0, 0, 0), (10, 0, 0)),
        warnings=["left_out"],
        words=["2 TEXT", "1 MTEXT", "1 DIMENSION", "1 HATCH"],
    ),
    case(
        "paper-space",
        on_paper,
        length=10,
        box=((0, 0, 0), (10, 0, 0)),
        warnings=["left_out"],
        words=["1 entities of the paper space"],
    ),
    case(
        "colours-of-their-own",
        lambda space: space.add_line((0, 0), (10, 0), dxfattribs={"color": 1}),
        length=10,
        warnings=["colors_lost"],
    ),
    *(
        case(
            f"in-unit-{unit}",
            lambda space: space.add_line((1, 0), (11, 0)),
            units=unit,
            length=10 * factor,
            box=((factor, 0, 0), (11 * factor, 0, 0)),
        )
        for unit, factor in {0: 1.0, 1: 25.4, 2: 304.8, 5: 10.0, 6: 1000.0, 13: 0.001}.items()
    ),
    FileCase(
        id="dxf-entities-alone",
        name="plan.dxf",
        make=lambda: by_hand([(0, "LINE"), (8, 0), (10, 0), (20, 0), (11, 3), (21, 4)]),
        expected=Expected(format="dxf", objects=1, length=5, box=((0, 0, 0), (3, 4, 0))),
    ),
    FileCase(
        id="dxf-comments-in-front",
        name="plan.dxf",
        make=lambda: by_hand([(0, "LINE"), (10, 0), (20, 0), (11, 3), (21, 4)], header="999\nby hand\n"),
        expected=Expected(format="dxf", objects=1, length=5),
    ),
    FileCase(
        id="dxf-text-alone",
        name="plan.dxf",
        make=lambda: drawing(lambda space: space.add_text("Hello")),
        expected=Expected(error="degenerate_result", error_words=["1 TEXT"]),
    ),
    FileCase(
        id="dxf-block-that-is-not",
        name="plan.dxf",
        make=lambda: by_hand(
            [(0, "LINE"), (10, 0), (20, 0), (11, 3), (21, 4)], [(0, "INSERT"), (2, "Gone"), (10, 0), (20, 0)]
        ),
        expected=Expected(
            format="dxf", objects=1, length=5, warnings=["left_out"], warning_words=["INSERT of the block 'Gone'"]
        ),
    ),
    FileCase(
        id="dxf-no-number",
        name="plan.dxf",
        make=lambda: by_hand([(0, "CIRCLE"), (10, 0), (20, "x"), (40, 3)]),
        expected=Expected(error="unsupported_format", error_words=["'x'", "number"]),
    ),
    *(
        FileCase(
            id=f"dxf-binary-{version}",
            name="plan.dxf",
            make=lambda version=version: as_binary(version),
            expected=Expected(
                format="dxf", objects=1, length=30 + 7 + 6 * pi + 2.5 * pi + 3 + 4 * pi, box=((0, -3, 0), (50, 22, 7))
            ),
        )
        for version in ("R2000", "R2018")
    ),
    FileCase(
        id="dxf-binary-cut-off",
        name="plan.dxf",
        make=lambda: as_binary("R2010")[:-500],
        expected=Expected(error="unsupported_format", error_words=["cut off"]),
    ),
]  # fmt: skip
