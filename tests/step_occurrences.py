"""Writes STEP files by a second kernel in which parts have other colours at some of the places where they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import product
from math import radians
from pathlib import Path
from typing import Any

from tests.step_writer import color_of

Way = tuple[str, ...]
Move = tuple[tuple[float, float, float], float, tuple[float, float, float]]
"""Where to, and how far it is turned about which axis through (1, 2, 3), degrees."""
NAMES = ["Bolzen ✓", "Mitte Ø", "Äußeres", "根"]
MOVES: list[dict[str, Move]] = [
    {"b1": ((0, 0, 0), 30, (0, 0, 1)), "b2": ((50, 0, 0), 40, (1, 0, 0))},
    {"m1": ((0, 100, 0), 50, (0, 1, 0)), "m2": ((0, 200, 0), -20, (1, 1, 0))},
    {"q1": ((0, 0, 0), 0, (0, 0, 1)), "q2": ((0, 0, 300), 70, (0, 1, 1))},
]
SIZE = (10, 20, 30)


def _of(module: str, name: str) -> Any:
    return getattr(import_module(f"OCP.{module}"), name)


def _moved(move: Move) -> Any:
    to, angle, axis = move
    turn, shift = _of("gp", "gp_Trsf")(), _of("gp", "gp_Trsf")()
    turn.SetRotation(_of("gp", "gp_Ax1")(_of("gp", "gp_Pnt")(1, 2, 3), _of("gp", "gp_Dir")(*axis)), radians(angle))
    shift.SetTranslation(_of("gp", "gp_Vec")(*to))
    shift.Multiply(turn)
    return shift


def centers(levels: int) -> dict[Way, tuple[float, float, float]]:
    """Return the middle of each block by the names of the usages that lead to it, the outermost first."""
    return dict(_centers(levels))


def _centers(levels: int) -> Iterator[tuple[Way, tuple[float, float, float]]]:
    for way in product(*(list(moves) for moves in reversed(MOVES[:levels]))):
        point = _of("gp", "gp_Pnt")(*(each / 2 for each in SIZE))
        for moves, name in zip(MOVES, reversed(way), strict=False):
            point = point.Transformed(_moved(moves[name]))
        yield way, (point.X(), point.Y(), point.Z())


def _new() -> tuple[Any, Any, Any, Any]:
    """Return a new document, its tools for shapes and colours, and what says that a colour is that of surfaces."""
    document = _of("TDocStd", "TDocStd_Document")(_of("TCollection", "TCollection_ExtendedString")("test"))
    tools = _of("XCAFDoc", "XCAFDoc_DocumentTool")
    surface = _of("XCAFDoc", "XCAFDoc_ColorType").XCAFDoc_ColorSurf
    return document, tools.ShapeTool_s(document.Main()), tools.ColorTool_s(document.Main()), surface


def _named(label: Any, name: str) -> Any:
    text = _of("TCollection", "TCollection_ExtendedString")(name, True)
    _of("TDataStd", "TDataStd_Name").Set_s(label, text)
    return label


def write_blocks(path: Path, blocks: dict[str, tuple[float, str]]) -> None:
    """Write an assembly of cubes with these names, sizes and colours, one next to the other."""
    document, shapes, painted, surface = _new()
    around, x = _named(shapes.NewShape(), NAMES[-1]), 0.0
    for name, (size, color) in blocks.items():
        block = _named(shapes.AddShape(_of("BRepPrimAPI", "BRepPrimAPI_MakeBox")(*[size] * 3).Shape(), False), name)
        painted.SetColor(block, color_of(color), surface)
        place = _of("TopLoc", "TopLoc_Location")(_moved(((x, 0, 0), 0, (0, 0, 1))))
        _named(shapes.AddComponent(around, block, place), "")
        x += 2 * size
    shapes.UpdateAssemblies()
    _write(document, path, "MM")


def write_places(path: Path, colors: dict[Way, str], own: str | None = None, levels: int = 3, unit: str = "MM") -> None:
    """Write a block in two places in each of two places, and so on, at most three times.

    `colors` are those of a usage wherever that is, or of a block at the end of a whole way; `own` is that of the block.
    """
    document, shapes, painted, surface = _new()
    location = _of("TopLoc", "TopLoc_Location")
    block = _named(shapes.AddShape(_of("BRepPrimAPI", "BRepPrimAPI_MakeBox")(*SIZE).Shape(), False), NAMES[0])
    if own is not None:
        painted.SetColor(block, color_of(own), surface)
    usages: dict[str, Any] = {}
    below = block
    for moves, name in zip(MOVES[:levels], NAMES[1:], strict=False):
        around = _named(shapes.NewShape(), name)
        for usage, move in moves.items():
            usages[usage] = _named(shapes.AddComponent(around, below, location(_moved(move))), usage)
        below = around
    shapes.UpdateAssemblies()
    for way, color in colors.items():
        if len(way) == 1:
            painted.SetColor(usages[way[0]], color_of(color), surface)
            continue
        place = location()
        for usage in way:
            place = place.Multiplied(shapes.GetLocation_s(usages[usage]))
        assert painted.SetInstanceColor(shapes.GetShape_s(block).Located(place), surface, color_of(color), True)
    _write(document, path, unit)


def _write(document: Any, path: Path, unit: str) -> None:
    settings = _of("Interface", "Interface_Static")
    settings.SetCVal_s("write.step.unit", unit)
    try:
        writer = _of("STEPCAFControl", "STEPCAFControl_Writer")()
        writer.SetColorMode(True)
        writer.SetNameMode(True)
        writer.SetSHUOMode(True)
        assert writer.Transfer(document, _of("STEPControl", "STEPControl_StepModelType").STEPControl_AsIs)
        assert writer.Write(str(path)).name == "IFSelect_RetDone"
    finally:
        settings.SetCVal_s("write.step.unit", "MM")
