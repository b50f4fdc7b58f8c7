"""Compares the parameters of a document with what was asked for."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate_freecad.app import referring, values
from cadgate_freecad.app.cells import cells, one


def check(sheet: Any, about: dict[str, Any], entries: dict[str, Any]) -> None:
    """After a recompute, compare each parameter with what was asked for. Raises AppError `validation_error`."""
    for name, cell in cells(sheet).items():
        entry = about[name]
        value = getattr(sheet, cell)
        number = getattr(value, "Value", value)
        if isinstance(value, str) and entry["expression"]:
            why = value[len("ERR: ") :] if value.startswith("ERR: ") else "it is not a valid expression"
            chain = [name, *(each for each in referring.names(entry["expression"]) if each in about)]
            text = f"{entry['expression']!r} cannot be computed: {why.splitlines()[0]}"
            raise referring.chained(f"{name}.expression", text, chain)
        if entry["expression"] and not (isinstance(number, (int, float)) and values.finite(float(number))):
            raise referring.chained(
                f"{name}.expression", f"{entry['expression']!r} is {number!r}, not a number", [name]
            )
        if name in entries and not entry["expression"]:
            unit = 1.0 if entry["unit"] is None else one(entry["unit"])
            wanted = entry["value"] * getattr(unit, "Value", unit)
            kind = getattr(unit, "Unit", FreeCAD.Units.Unit())
            same = isinstance(number, (int, float)) and abs(number - wanted) <= 1e-12 * max(abs(wanted), 1e-300)
            if not same or getattr(value, "Unit", FreeCAD.Units.Unit()) != kind:
                text = f"FreeCAD reads {entry['value']!r} {entry['unit'] or ''} as {value!s}: write another unit"
                raise values.invalid(f"{name}.unit", text)
