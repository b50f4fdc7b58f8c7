"""What refers to what by expressions: parameters to each other and to objects, and objects to parameters.

Every refusal names the chain that leads from one to the other.
"""

from __future__ import annotations

import re
from typing import Any

import FreeCAD

from cadgate.appserver import AppError, nearest
from cadgate_freecad.app import values
from cadgate_freecad.app.failures import FreeCADError

_STRING = re.compile(r"<<((?:[^>\\]|\\.|>(?!>))*)>>")
_PATH = re.compile(r"(?<![\w.\]])([^\W\d]\w*)((?:\s*\.\s*[^\W\d]\w*)*)\s*(\()?")
CONSTANTS = frozenset(["e", "pi", "true", "false", "True", "False", "None"])


def unit(quantity: Any) -> str:
    """Return FreeCAD's own unit of a quantity: `mm`, `deg`, `kg/mm^3`."""
    text = str(quantity).split(" ", 1)
    return text[1].strip() if len(text) > 1 else ""


def _paths(text: str) -> list[list[str]]:
    """Return what an expression refers to: `["Box", "Length"]`, `["width"]`; labels are in `<<…>>`."""
    labels = [each[1] for each in _STRING.finditer(text)]
    count = iter(range(len(labels)))
    bare = _STRING.sub(lambda _: f" _label{next(count)}_", text)
    found: list[list[str]] = []
    for match in _PATH.finditer(bare):
        first = match[1]
        rest = [each.strip() for each in match[2].split(".") if each.strip()]
        if first.startswith("_label") and first[6:-1].isdigit():
            first = labels[int(first[6:-1])]
            if not rest:
                continue
        elif (match[3] and not rest) or first in CONSTANTS or (not rest and _is_unit(first)):
            continue
        found.append([first, *rest])
    return found


def _is_unit(word: str) -> bool:
    try:
        return bool(FreeCAD.Units.Quantity(f"1 {word}").Unit != FreeCAD.Units.Unit())
    except (ValueError, ArithmeticError, FreeCADError):
        return False


def names(text: str) -> list[str]:
    """Return the names that an expression refers to: of parameters, or of objects with a property."""
    return ["".join(path[1:2]) if path[0] == "Parameters" and path[1:] else path[0] for path in _paths(text)]


def beyond(text: str, known: dict[str, Any]) -> list[list[str]]:
    """Return the paths in an expression of a parameter that are not parameters themselves."""
    found = [path[1:] if path[0] == "Parameters" and path[1:] else path for path in _paths(text)]
    return [path for path in found if path[0] not in known]


def chained(field: str, message: str, chain: list[str]) -> AppError:
    error = values.invalid(field, f"{message} ({' -> '.join(chain)})")
    error.details["chain"] = chain
    return error


def check(document: Any, expressions: dict[str, str], known: dict[str, Any]) -> None:
    """Raise AppError `validation_error` for a circle among parameters and objects, and for an unknown name."""
    for name, text in expressions.items():
        for path in beyond(text, known):
            _check_outside(document, name, text, path, known)
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> None:
        if name in way:
            chain = [*way[way.index(name) :], name]
            raise chained(f"{name}.expression", f"{expressions[name]!r} is circular", chain)
        if name in done or name not in expressions:
            return
        for other in names(expressions[name]):
            visit(other, [*way, name])
        done.add(name)

    for name in expressions:
        visit(name, [])


def _check_outside(document: Any, name: str, text: str, path: list[str], known: dict[str, Any]) -> None:
    obj = document.getObject(path[0]) or next(iter(document.getObjectsByLabel(path[0])), None)
    if obj is None or len(path) == 1:
        near = nearest(path[0], [*known, *(each.Name for each in document.Objects)])
        what = f"{text!r} refers to {path[0]!r}, which is no parameter"
        what += " and no object with a property" if obj is None else f": write {path[0]}.Length or another property"
        hint = f"; did you mean {near[0]!r}?" if near else f"; the parameters are {', '.join(known) or 'none yet'}"
        error = chained(f"{name}.expression", what + (hint if obj is None else ""), [name, ".".join(path)])
        error.details["did_you_mean"] = near
        raise error
    sheet = document.getObject("Parameters")
    way = None if sheet is None else _way(obj, sheet)
    if way is not None:
        chain = [f"Parameters.{name}", ".".join([obj.Name, *path[1:]]), *way[1:]]
        raise chained(f"{name}.expression", f"{text!r} is circular: {obj.Name!r} is made from the parameters", chain)


def _way(obj: Any, goal: Any) -> list[str] | None:
    """Return the names of the objects from one to another that it depends on."""
    stack, seen = [(obj, [obj.Name])], set()
    while stack:
        now, way = stack.pop()
        if now is goal:
            return way
        if now.Name not in seen:
            seen.add(now.Name)
            stack += [(other, [*way, other.Name]) for other in now.OutList]
    return None


def mentions(text: str, sheet: Any, name: str) -> bool:
    return any(path[0] in (sheet.Name, sheet.Label) and path[1:2] == [name] for path in _paths(text))


def users(sheet: Any) -> list[tuple[Any, str, str]]:
    """Return (object, path, expression) for each expression of another object that refers to the parameters."""
    return [
        (obj, path.lstrip("."), text)
        for obj in sorted({each.Name: each for each in sheet.InList}.values(), key=lambda each: each.Name)
        for path, text in getattr(obj, "ExpressionEngine", None) or []
        if any(found[0] in (sheet.Name, sheet.Label) for found in _paths(text))
    ]


def unit_of(obj: Any, path: str) -> Any | None:
    """Return the unit of a property; None for one without."""
    try:
        return getattr(obj.evalExpression(path), "Unit", None)
    except (RuntimeError, ValueError, TypeError, FreeCADError):
        return None


def check_units(users: list[tuple[Any, str, str]], before: dict[tuple[str, str], Any]) -> None:
    """Raise AppError `validation_error` for an expression whose unit no longer fits its property.

    FreeCAD would read kilograms as millimetres. Call it before the objects are recomputed.
    """
    for obj, path, text in users:
        wanted = before[obj.Name, path]
        try:
            value = obj.evalExpression(text)
        except (RuntimeError, ValueError, TypeError, ArithmeticError, FreeCADError) as error:
            why = f"{text!r} can no longer be computed: {values.words(error)}"
            raise chained(path, why, _chain(obj, path, text)) from None
        if wanted is None or wanted == FreeCAD.Units.Unit():
            continue
        unit_now = getattr(value, "Unit", FreeCAD.Units.Unit())
        if unit_now not in (FreeCAD.Units.Unit(), wanted):
            kind = unit_now.Type or "value of another unit"
            what = f"{text!r} would be a {kind}, but {obj.Name}.{path} is a {wanted.Type}"
            raise chained(".".join(_paths(text)[0]), what, _chain(obj, path, text))


def confirm(users: list[tuple[Any, str, str]], broken: set[str]) -> None:
    """After the recompute, compare the properties with their expressions."""
    from cadgate_freecad.app import expressions

    for obj, path, text in users:
        if obj.Name not in broken:
            try:
                expressions.confirm(obj, {path: text})
            except AppError as error:
                raise AppError(
                    error.code,
                    f"{error.message} ({' -> '.join(_chain(obj, path, text))})",
                    {**error.details, "chain": _chain(obj, path, text)},
                ) from error


def _chain(obj: Any, path: str, text: str) -> list[str]:
    return [f"{obj.Name}.{path}", *(".".join(each) for each in _paths(text))]
