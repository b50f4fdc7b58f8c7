"""The named values of a document: the cells of a spreadsheet called `Parameters`, each with its name as its alias."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

import FreeCAD

from cadgate.appserver import AppError, about_to_change, current, method
from cadgate_freecad.app import changes, referring, values
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.restoring import formulas
from cadgate_freecad.app.scratch import scratch
from cadgate_freecad.app.values import significant

SHEET = "Parameters"
_CELL = re.compile(r"([A-Z]{1,2})([0-9]{1,5})\Z")
_QUANTITY = re.compile(r"\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([^\d\s+*-].*?)\s*\Z")
_UNIT = re.compile(r"([^0-9+-]|\^ ?-?[0-9])+\Z")
_PLAIN = re.compile(r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?([^0-9+-]|\^ ?-?[0-9])*\Z")
"""A number with or without a unit, as FreeCAD writes a cell: `100(mm ^ 2)`."""


def sheet_of(document: Any) -> Any | None:
    """Return the spreadsheet of the parameters. Raises AppError `conflict` if something else has its name."""
    sheet = document.getObject(SHEET)
    if sheet is not None and not sheet.isDerivedFrom("Spreadsheet::Sheet"):
        raise AppError(
            "conflict",
            f"The parameters are in a spreadsheet called {SHEET!r}, but here that name is a {sheet.TypeId}: delete it",
            {"name": SHEET},
        )
    return sheet


def cells(sheet: Any) -> dict[str, str]:
    """Return the address of the cell of each parameter by name, in the order of the rows."""
    found: list[tuple[int, str, str]] = []
    for address in sheet.PropertiesList:
        match = _CELL.match(address)
        alias = sheet.getAlias(address) if match else None
        if match and alias:
            found.append((int(match[2]), match[1], alias))
    return {alias: f"{column}{row}" for row, column, alias in sorted(found)}


def read(sheet: Any | None) -> dict[str, dict[str, Any]]:
    """Return ParameterInfo by name."""
    return {} if sheet is None else {name: _info(sheet, cell) for name, cell in cells(sheet).items()}


def _info(sheet: Any, cell: str) -> dict[str, Any]:
    column, row = _CELL.match(cell).groups()  # pyright: ignore[reportOptionalMemberAccess]
    value, unit = _value(getattr(sheet, cell), _text(sheet, f"C{row}") if column == "B" else "")
    content = sheet.getContents(cell).lstrip("=").strip()
    computed = bool(referring.names(content)) or not _PLAIN.match(content)
    return {
        "value": value,
        "unit": unit,
        "expression": content if computed else None,
        "description": (_text(sheet, f"D{row}") or None) if column == "B" else None,
    }


def _text(sheet: Any, cell: str) -> str:
    return str(sheet.getContents(cell) or "").lstrip("'")


def _value(value: Any, unit: str) -> tuple[Any, str | None]:
    """Return a cell's value in `unit`, or in FreeCAD's own if `unit` is not of its kind."""
    if not isinstance(value, FreeCAD.Units.Quantity):
        return (significant(value) if isinstance(value, float) else value), None
    one = _one(unit) if unit else None
    if one is not None and one.Unit == value.Unit:
        return significant(value.Value / one.Value), unit
    return significant(value.Value), referring.unit(value) or None


def _one(unit: str) -> Any | None:
    """Return the quantity of one `unit`; None if FreeCAD knows none of that name."""
    if not _UNIT.match(unit):
        return None
    try:
        one = FreeCAD.Units.Quantity(f"1 {unit}")
    except (ValueError, ArithmeticError, FreeCADError):
        return None
    return None if one.Unit == FreeCAD.Units.Unit() or not one.Value > 0 else one


@method("parameters.get")
def get_parameters() -> dict[str, Any]:
    return read(sheet_of(target()))


@method("parameters.set")
def set_parameters(*, parameters: dict[str, Any]) -> dict[str, Any]:
    return _apply(parameters, whole=True)


@method("parameters.update")
def update_parameters(*, parameters: dict[str, Any]) -> dict[str, Any]:
    return _apply(parameters, whole=False)


def _apply(wanted: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    document = target()
    sheet = sheet_of(document)
    now = read(sheet)
    entries = {
        name: None if each is None else _entry(name, each, None if whole else now.get(name))
        for name, each in wanted.items()
    }
    _check_names(sheet, document, now, entries)
    about = {name: each for name, each in {**now, **entries}.items() if each is not None}
    referring.check(document, {name: each["expression"] for name, each in about.items() if each["expression"]}, about)
    _refuse_used(sheet, [name for name, each in entries.items() if each is None])
    if current().dry_run:
        _rehearse(about, entries)
    about_to_change(None if sheet is None else describe(sheet)["revision"], anything=bool(entries))
    if not entries:
        return now
    if sheet is None:
        sheet = document.addObject("Spreadsheet::Sheet", SHEET)
    affected = changes.dependents(sheet)
    already_broken = changes.broken(affected)
    users = referring.users(sheet)
    before = {(user.Name, path): referring.unit_of(user, path) for user, path, _ in users}
    _write(sheet, entries)
    sheet.recompute()
    confirm(sheet, about, entries)
    referring.check_units(users, before)
    changes.propagate(sheet, affected, already_broken)
    referring.confirm(users, already_broken)
    return read(sheet)


def _entry(name: str, given: dict[str, Any], now: dict[str, Any] | None) -> dict[str, Any]:
    """Return ParameterInfo as it is to be. Raises AppError `validation_error` for an unknown unit."""
    entry = {"value": None, "unit": None, "expression": None, "description": None}
    if now is not None:
        entry.update(now)
        if given.get("value") is not None or "unit" in given:
            entry["expression"] = None
    entry.update(given)
    if entry["expression"] is not None:
        if given.get("expression") is not None or now is None:
            why = formulas.objection(entry["expression"])
            if why is not None:
                raise values.invalid(f"{name}.expression", f"{entry['expression']!r} {why}")
        return {**entry, "value": None, "unit": None}
    if isinstance(given.get("value"), str):
        entry["value"], entry["unit"] = _split(name, given["value"])
    if isinstance(entry["value"], bool) or not isinstance(entry["value"], (int, float)):
        raise values.invalid(f"{name}.value", "it needs a value or an expression")
    if entry["unit"] is not None and _one(entry["unit"]) is None:
        raise values.invalid(
            f"{name}.unit", f"FreeCAD knows no unit {entry['unit']!r}: write 'mm', 'deg', 'kg/m^3' or the like"
        )
    return entry


def _split(name: str, text: str) -> tuple[float, str | None]:
    """Return the number and the unit of a quantity string."""
    match = _QUANTITY.match(text)
    if match and _one(match[2]) is not None:
        return float(match[1]), match[2]
    try:
        quantity = FreeCAD.Units.Quantity(text)
    except (ValueError, ArithmeticError, FreeCADError) as error:
        why = f"{text!r} is not a quantity ({values.words(error)}): write a number, or text such as '2 in'"
        raise values.invalid(f"{name}.value", why) from None
    if not values.finite(quantity.Value) or quantity.Unit == FreeCAD.Units.Unit():
        raise values.invalid(f"{name}.value", f"{text!r} has no unit: write the number alone, or text such as '2 in'")
    return quantity.Value, referring.unit(quantity)


def _check_names(sheet: Any | None, document: Any, now: dict[str, Any], entries: dict[str, Any]) -> None:
    """Raise AppError for a removed parameter that is none, and a name that FreeCAD uses otherwise."""
    for name, entry in entries.items():
        if entry is None and name not in now:
            near = get_close_matches(name, now, n=3, cutoff=0.6)
            error = values.invalid(
                name, f"there is no parameter {name!r} to remove; there are {', '.join(now) or 'none'}"
            )
            error.details["did_you_mean"] = near
            raise error
    fresh = [name for name in entries if name not in now]
    if not fresh:
        return
    with scratch() as aside:
        trial = aside.addObject("Spreadsheet::Sheet", "Trial")
        taken = set(dir(trial)) | referring.CONSTANTS
        for name in fresh:
            try:
                if name in taken:
                    raise ValueError(name)
                trial.setAlias("B1", name)
            except ValueError:
                raise values.invalid(
                    name, f"{name!r} is a unit or another word of FreeCAD's: choose another name"
                ) from None
    for name in fresh:
        if document.getObject(name) is not None:
            raise values.invalid(name, f"{name!r} is an object of the document: choose another name")


def _refuse_used(sheet: Any | None, removed: list[str]) -> None:
    if sheet is None or not removed:
        return
    for user, path, text in referring.users(sheet):
        for name in removed:
            if referring.mentions(text, sheet, name):
                chain = [f"{user.Name}.{path}", f"{SHEET}.{name}"]
                raise referring.chained(name, f"it is used by {chain[0]} = {text}", chain)


def _rehearse(about: dict[str, Any], entries: dict[str, Any]) -> None:
    """Compute the parameters in another document, for a dry run; what needs objects of this one is left out."""
    own = {name: each for name, each in about.items() if not referring.beyond(each["expression"] or "", about)}
    with scratch() as document:
        sheet = document.addObject("Spreadsheet::Sheet", SHEET)
        _write(sheet, own)
        sheet.recompute()
        confirm(sheet, own, {name: each for name, each in entries.items() if name in own})


def _write(sheet: Any, entries: dict[str, Any]) -> None:
    known = cells(sheet)
    rows = [int(_CELL.match(cell)[2]) for cell in known.values()]  # pyright: ignore[reportOptionalSubscript]
    free = max(rows, default=0) + 1
    for name, entry in entries.items():
        cell = known.get(name)
        if entry is None:
            row = cell[1:] if cell and cell[0] == "B" else None
            sheet.setAlias(cell, None)
            for each in [f"{column}{row}" for column in "ABCD"] if row else [cell]:
                sheet.clear(each)
            continue
        if cell is None:
            cell = f"B{free}"
            sheet.set(f"A{free}", f"'{name}")
            free += 1
        content = entry["expression"] or f"{float(entry['value']):.16g} {entry['unit'] or ''}".strip()
        sheet.set(cell, f"={content}")
        if name not in known:
            sheet.setAlias(cell, name)
        if cell[0] == "B":
            for column, text in (("C", entry["unit"]), ("D", entry["description"])):
                if (text or "") != _text(sheet, f"{column}{cell[1:]}"):
                    sheet.set(f"{column}{cell[1:]}", f"'{text}" if text else "")


def confirm(sheet: Any, about: dict[str, Any], entries: dict[str, Any]) -> None:
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
            one = 1.0 if entry["unit"] is None else _one(entry["unit"])
            wanted = entry["value"] * getattr(one, "Value", one)
            kind = getattr(one, "Unit", FreeCAD.Units.Unit())
            same = isinstance(number, (int, float)) and abs(number - wanted) <= 1e-12 * max(abs(wanted), 1e-300)
            if not same or getattr(value, "Unit", FreeCAD.Units.Unit()) != kind:
                text = f"FreeCAD reads {entry['value']!r} {entry['unit'] or ''} as {value!s}: write another unit"
                raise values.invalid(f"{name}.unit", text)
