"""The cells of the spreadsheet of parameters, and their units."""

from __future__ import annotations

import re
from typing import Any

import FreeCAD

from cadgate_freecad.app.failures import FreeCADError

CELL = re.compile(r"([A-Z]{1,2})([0-9]{1,5})\Z")
_UNIT = re.compile(r"([^0-9+-]|\^ ?-?[0-9])+\Z")


def cells(sheet: Any) -> dict[str, str]:
    """Return the address of the cell of each parameter by name, in the order of the rows."""
    found: list[tuple[int, str, str]] = []
    for address in sheet.PropertiesList:
        match = CELL.match(address)
        alias = sheet.getAlias(address) if match else None
        if match and alias:
            found.append((int(match[2]), match[1], alias))
    return {alias: f"{column}{row}" for row, column, alias in sorted(found)}


def one(unit: str) -> Any | None:
    """Return the quantity of one `unit`; None if FreeCAD knows none of that name."""
    if not _UNIT.match(unit):
        return None
    try:
        one = FreeCAD.Units.Quantity(f"1 {unit}")
    except (ValueError, ArithmeticError, FreeCADError):
        return None
    return None if one.Unit == FreeCAD.Units.Unit() or not one.Value > 0 else one
