"""Expressions of properties: sets and removes them, and compares them with the property after the recompute."""

from __future__ import annotations

import math
import re
from typing import Any

import FreeCAD

from cadgate.appserver import AppError, nearest
from cadgate_freecad.app import sizes, values
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.restoring import places


def apply(obj: Any, wanted: dict[str, Any]) -> dict[str, str]:
    """Set or remove (None) expressions. Returns the paths that FreeCAD has and their texts, for `confirm`.

    Raises AppError `validation_error` for an invalid expression, an unknown name, a circular reference, or a unit that
    differs from the property's. FreeCAD accepts the last one and treats seconds as millimetres.
    """
    paths: dict[str, str] = {}
    for name, text in wanted.items():
        field = f"expressions.{name}"
        path = _path(obj, name, field)
        why = None if text is None else sizes.keeps_length(obj, name)
        if why is not None:
            raise values.invalid(field, why)
        why = places.expression_objection(path, "" if text is None else text)
        if why is not None:
            raise values.invalid(
                field, f"{name if text is None else text!r} {why}: only values of the model are accepted"
            )
        if text is None:
            obj.setExpression(path, None)
            continue
        try:
            obj.setExpression(path, text)
            value = obj.evalExpression(text)
        except (
            RuntimeError,
            ValueError,
            TypeError,
            ArithmeticError,
            AttributeError,
            FreeCADError,
        ) as error:
            raise values.invalid(field, f"{text!r} {_why(obj, text, error)}") from None
        except Exception as error:  # noqa: BLE001 - Base.ParserError is derived from nothing else
            raise values.invalid(field, f"{text!r} {_why(obj, text, error)}") from None
        _check(obj, path, field, text, value)
        paths[path] = text
    return paths


def check_alone(obj: Any, wanted: dict[str, Any], properties: set[str]) -> None:
    """Raise AppError `validation_error` for a property that gets both a value and an expression."""
    both = sorted(name for name, text in wanted.items() if text and sizes.own_name(obj, name) in properties)
    if both:
        raise values.invalid(f"expressions.{both[0]}", "it is also among `properties`: give a value or an expression")


def confirm(obj: Any, paths: dict[str, str]) -> None:
    """After the recompute, check each property against its expression. Raises AppError `degenerate_result`."""
    for path, text in paths.items():
        kept, said = (_plain(obj.evalExpression(each)) for each in (path, text))
        if isinstance(said, float) and isinstance(kept, float):
            agree = math.isclose(kept, said, rel_tol=1e-9, abs_tol=1e-9)
        else:
            agree = kept == said
        if not agree:
            raise AppError("degenerate_result", f"{text!r} is {said!r}, but {obj.Name!r} then has {path} {kept!r}")


def _path(obj: Any, name: str, field: str) -> str:
    own = sizes.own_name(obj, name)
    first = own.split(".")[0].split("[")[0]
    places.require_value(obj, first, field)
    if own.split(".")[0].split("[")[0] in obj.PropertiesList:
        return own
    if obj.isDerivedFrom("Sketcher::SketchObject") and any(each.Name == name for each in obj.Constraints):
        return f"Constraints.{name}"
    raise values.invalid(
        field,
        f"{obj.Name!r} ({obj.TypeId}) has no property {name!r} that an expression could set; it has "
        f"{', '.join(obj.PropertiesList)}",
        nearest(name, obj.PropertiesList),
    )


def _why(obj: Any, expression: str, error: BaseException) -> str:
    text = values.words(error)
    if "cyclic" in text:
        other = text.rpartition("#")[2] if "#" in text else ""
        chain = f": {other!r} already depends on {obj.Name!r}" if other else f": it needs {obj.Name!r} itself"
        return f"is circular{chain}"
    if "not found" in text:
        return f"refers to something that does not exist: {text.splitlines()[0]}"
    named = [name for name in re.findall(r"(?<![\w.<])([A-Za-z_]\w*)\.", expression) if obj.Document.getObject(name)]
    if named:
        label = obj.Document.getObject(named[0]).Label
        return f"is not a valid expression. If {named[0]!r} is read as a unit, use the object's label: <<{label}>>"
    return f"is not a valid expression ({text.splitlines()[0]}): write something like 'Box.Width * 2'"


def _check(obj: Any, path: str, field: str, text: str, value: Any) -> None:
    now = obj.evalExpression(path)
    if not isinstance(now, FreeCAD.Units.Quantity):
        return
    if isinstance(value, bool) or not isinstance(value, (int, float, FreeCAD.Units.Quantity)):
        raise values.invalid(field, f"{text!r} is {value!r}, not a number")
    number = float(getattr(value, "Value", value))
    unit = getattr(value, "Unit", FreeCAD.Units.Unit())
    if unit not in (FreeCAD.Units.Unit(), now.Unit):
        raise values.invalid(field, f"{text!r} is a {unit.Type or 'value of another unit'}, not a {now.Unit.Type}")
    if not math.isfinite(number):
        raise values.invalid(field, f"{text!r} is not finite")
    if now.Unit == FreeCAD.Units.Length:
        values.coordinate(field, number)


def _plain(value: Any) -> Any:
    value = getattr(value, "Value", value)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
