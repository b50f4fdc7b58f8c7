"""The named values of a document: the cells of a spreadsheet called `Parameters`, each with its name as its alias."""

from __future__ import annotations

import re
from typing import Any

import FreeCAD

from cadgate.appserver import AppError, about_to_change, current, method, nearest
from cadgate_freecad.app import changes, referring, values
from cadgate_freecad.app.cells import CELL, cells, one
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.info import describe
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.restoring import formulas
from cadgate_freecad.app.scratch import scratch
from cadgate_freecad.app.values import significant
from cadgate_freecad.app.verification import parameters as verification

SHEET = "Parameters"
_QUANTITY = re.compile(r"\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([^\d\s+*-].*?)\s*\Z")
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


def read(sheet: Any | None) -> dict[str, dict[str, Any]]:
    """Return ParameterInfo by name."""
    return {} if sheet is None else {name: _info(sheet, cell) for name, cell in cells(sheet).items()}


def _info(sheet: Any, cell: str) -> dict[str, Any]:
    column, row = CELL.match(cell).groups()  # pyright: ignore[reportOptionalMemberAccess]
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
    single = one(unit) if unit else None
    if single is not None and single.Unit == value.Unit:
        return significant(value.Value / single.Value), unit
    return significant(value.Value), referring.unit(value) or None


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
    return read(_change(document, sheet, about, entries))


def vary(document: Any, wanted: dict[str, Any], now: dict[str, dict[str, Any]]) -> None:
    """Give parameters, which are `now` in the document itself, other values in a copy of it, as a PATCH does."""
    unknown = [name for name in wanted if name not in now]
    if unknown:
        what = f"there is no parameter {unknown[0]!r}; there are {', '.join(now)}"
        raise values.invalid(unknown[0], what, nearest(unknown[0], now))
    entries = {name: _entry(name, {"value": value}, now[name]) for name, value in wanted.items()}
    _change(document, sheet_of(document), {**now, **entries}, entries)


def _change(document: Any, sheet: Any | None, about: dict[str, Any], entries: dict[str, Any]) -> Any:
    """Change the values and all that depends on them; return the spreadsheet."""
    if sheet is None:
        sheet = document.addObject("Spreadsheet::Sheet", SHEET)
    affected = changes.dependents(sheet)
    already_broken = changes.broken(affected)
    users = referring.users(sheet)
    before = {(user.Name, path): referring.unit_of(user, path) for user, path, _ in users}
    _write(sheet, entries)
    recomputed: Any = sheet
    recomputed.recompute()
    verification.check(sheet, about, entries)
    referring.check_units(users, before)
    changes.propagate(sheet, affected, already_broken)
    referring.confirm(users, already_broken)
    return sheet


def _entry(name: str, given: dict[str, Any], now: dict[str, Any] | None) -> dict[str, Any]:
    """Return ParameterInfo as it is to be. Raises AppError `validation_error` for an unknown unit."""
    entry: dict[str, Any] = {"value": None, "unit": None, "expression": None, "description": None}
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
    if entry["unit"] is not None and one(entry["unit"]) is None:
        raise values.invalid(
            f"{name}.unit", f"FreeCAD knows no unit {entry['unit']!r}: write 'mm', 'deg', 'kg/m^3' or the like"
        )
    return entry


def _split(name: str, text: str) -> tuple[float, str | None]:
    """Return the number and the unit of a quantity string."""
    match = _QUANTITY.match(text)
    if match and one(match[2]) is not None:
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
            what = f"there is no parameter {name!r} to remove; there are {', '.join(now) or 'none'}"
            raise values.invalid(name, what, nearest(name, now))
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
        verification.check(sheet, own, {name: each for name, each in entries.items() if name in own})


def _write(sheet: Any, entries: dict[str, Any]) -> None:
    known = cells(sheet)
    rows = [int(CELL.match(cell)[2]) for cell in known.values()]  # pyright: ignore[reportOptionalSubscript]
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
