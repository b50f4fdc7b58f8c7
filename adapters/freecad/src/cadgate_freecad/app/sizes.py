"""Sizes of features under the names that their creation gives them, and dimensions of sketches under their own names.

A fillet's `radius` is in a list of edges, a pattern's `spacing` is the length of a vector, a dimension is one of a
sketch's constraints: FreeCAD has no properties with these names. This module reads and sets them like properties.
"""

from __future__ import annotations

from math import degrees, isclose
from typing import Any, Callable, Container, NamedTuple

from cadgate.appserver import AppError
from cadgate_freecad.app import chosen, sketching, values
from cadgate_freecad.app.geometry import chosen_numbers
from cadgate_freecad.app.limits import check_count
from cadgate_freecad.app.solving import solve
from cadgate_freecad.app.values import significant

_ALIASES = {
    "Part::Extrusion": {"length": "LengthFwd", "length_reverse": "LengthRev", "direction": "Dir"},
    "Part::Offset": {"distance": "Value"},
    "Part::Mirroring": {"normal": "Normal"},
    "Part::Prism": {"sides": "Polygon"},
    "PartDesign::LinearPattern": {"count": "Occurrences"},
    "PartDesign::PolarPattern": {"count": "Occurrences"},
}
"""The names of FreeCAD's own properties at creation, unless they are the same in lower case."""


class Setting(NamedTuple):
    """A size about to be set: how, and the value that must be read back."""

    name: str
    set: Callable[[], None]
    read: Callable[[], Any]
    wanted: Any


class Parameter(NamedTuple):
    """Reads a size, and prepares a request's value for it: Callable(field, value) -> (set, wanted)."""

    unit: str | None
    documentation: str
    read: Callable[[], Any]
    prepare: Callable[[str, Any], tuple[Callable[[], None], Any]]


def read(obj: Any) -> dict[str, Any]:
    """Return the sizes of an object by name, as `properties.read` reports properties."""
    return {
        name: {
            "value": parameter.read(),
            "unit": parameter.unit,
            "type": "App::PropertyAngle" if parameter.unit == "deg" else "App::PropertyLength",
            "group": "Parameters",
            "documentation": parameter.documentation,
            "read_only": False,
            "expression": _expression(obj, name),
            "choices": None,
        }
        for name, parameter in _parameters(obj).items()
        if name not in obj.PropertiesList
    }


def split(obj: Any, properties: dict[str, Any], released: Container[str] = ()) -> tuple[list[Setting], dict[str, Any]]:
    """Split what a request sets into prepared sizes, and FreeCAD's own properties by FreeCAD's names.

    Raises AppError `validation_error` for an invalid value, and for a property that is given by two names.
    """
    known = set(obj.PropertiesList)
    sizes: dict[str, Parameter] = {} if known.issuperset(properties) else _parameters(obj)
    settings: list[Setting] = []
    plain: dict[str, Any] = {}
    for name, value in properties.items():
        field = f"properties.{name}"
        if name not in known and name in sizes:
            if name not in released and _expression(obj, name):
                raise values.invalid(field, "an expression determines it; it cannot be set directly")
            parameter = sizes[name]
            do, wanted = parameter.prepare(field, value)
            settings.append(Setting(name, do, parameter.read, wanted))
            continue
        real = name if name in known else own_name(obj, name)
        if real in plain:
            raise values.invalid(field, f"{real!r} is given twice, by two names")
        plain[real] = value
    # Sizes apply to the edges that the same request chooses.
    return sorted(settings, key=lambda each: each.name != "edges"), plain


def confirm(obj: Any, settings: list[Setting]) -> None:
    """Read each size back after the recompute. Raises AppError if FreeCAD has another value."""
    for name, _, again, wanted in settings:
        if wanted is not None and not _same(again(), wanted):
            raise AppError(
                "degenerate_result",
                f"{obj.Name!r} has {name} {again()!r} after the change instead of {wanted!r}",
            )


def _same(kept: Any, wanted: Any) -> bool:
    if isinstance(kept, dict) and isinstance(wanted, dict):
        return kept.keys() == wanted.keys() and all(_same(kept[key], wanted[key]) for key in wanted)
    return isclose(kept, wanted, rel_tol=1e-9, abs_tol=1e-9) if not isinstance(kept, dict) else False


def own_name(obj: Any, name: str) -> str:
    """Return FreeCAD's name for a property that a request calls as at creation; other names unchanged."""
    alias = _ALIASES.get(obj.TypeId, {}).get(name)
    if alias is not None:
        return alias
    alike = [each for each in obj.PropertiesList if each.lower() == name]
    return alike[0] if len(alike) == 1 else name


def _expression(obj: Any, name: str) -> str | None:
    paths = {name, f"Constraints.{name}", f".Constraints.{name}"}
    return next((text for path, text in getattr(obj, "ExpressionEngine", None) or [] if path in paths), None)


def _parameters(obj: Any) -> dict[str, Parameter]:
    if obj.TypeId in ("Part::Fillet", "Part::Chamfer"):
        return _of_edges(obj)
    if obj.TypeId == "Part::Thickness":
        return {"thickness": _thickness(obj)}
    if obj.isDerivedFrom("Sketcher::SketchObject"):
        return _of_a_sketch(obj)
    if getattr(obj, "ArrayType", None) in ("ortho", "polar"):
        return _of_a_pattern(obj)
    return {}


# --- roundings and chamfers ------------------------------------------------------------------------------------------


def _of_edges(obj: Any) -> dict[str, Parameter]:
    edges = Parameter(None, "The edges, by name; set it to names or a filter.", lambda: _names(obj), _choose(obj))
    if obj.TypeId == "Part::Fillet":
        text = "The radius of each edge: one number, or numbers by the name of the edge if they differ."
        return {"radius": Parameter("mm", text, lambda: _sizes(obj, 0), _size(obj, (0, 1))), "edges": edges}
    one = "The size on one side of each edge: one number, or numbers by the name of the edge where they differ."
    two = "The same on the other side."
    even = all(isclose(first, second) for _, first, second in obj.Edges)
    return {
        # As at creation: `size` alone is for both sides, unless these differ.
        "size": Parameter("mm", one, lambda: _sizes(obj, 0), _size(obj, (0, 1) if even else (0,))),
        "size2": Parameter("mm", two, lambda: _sizes(obj, 1), _size(obj, (1,))),
        "edges": edges,
    }


def _names(obj: Any) -> list[str]:
    return [f"Edge{number}" for number, _, _ in obj.Edges]


def _sizes(obj: Any, side: int) -> Any:
    sizes = {f"Edge{number}": significant(pair[side]) for number, *pair in obj.Edges}
    distinct = set(sizes.values())
    return distinct.pop() if len(distinct) == 1 else sizes


def _size(obj: Any, sides: tuple[int, ...]) -> Callable[[str, Any], tuple[Callable[[], None], Any]]:
    def prepare(field: str, value: Any) -> tuple[Callable[[], None], Any]:
        if isinstance(value, dict):
            unknown = sorted(set(value) - set(_names(obj)))
            if unknown or not value:
                raise values.invalid(
                    field, f"{unknown or value!r} is not one of its edges, which are {', '.join(_names(obj))}"
                )
            wanted = {name: _length(f"{field}.{name}", each) for name, each in value.items()}
            every = None
        else:
            wanted, every = {}, _length(field, value)

        def do() -> None:
            edges: list[tuple[int, float, float]] = []
            for number, *pair in obj.Edges:
                for side in sides:
                    pair[side] = wanted.get(f"Edge{number}", pair[side] if every is None else every)
                edges.append((number, pair[0], pair[1]))
            obj.Edges = edges

        return do, every

    return prepare


def _choose(obj: Any) -> Callable[[str, Any], tuple[Callable[[], None], Any]]:
    def prepare(field: str, value: Any) -> tuple[Callable[[], None], Any]:

        if value is not None and not isinstance(value, (dict, list)):
            raise values.invalid(field, f"{value!r} must be a list of names, a filter, or null for every edge")
        numbers = chosen_numbers(obj.Base, "Edge", field, value)

        def do() -> None:
            known = {number: tuple(pair) for number, *pair in obj.Edges}
            usual = next(iter(known.values()))
            obj.Edges = [(number, *known.get(number, usual)) for number in numbers]
            chosen.by("Edges", value if value is None or isinstance(value, dict) else {})(obj)

        return do, None

    return prepare


def _length(field: str, value: Any) -> float:
    _number_or_text(field, value)
    return values.length(field, value)


def _number_or_text(field: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise values.invalid(field, f"{value!r} must be a number or a quantity string")


# --- others ----------------------------------------------------------------------------------------------------------


def _thickness(obj: Any) -> Parameter:
    """Read and set it as a positive number; FreeCAD's is negative if the walls are inside."""

    def prepare(field: str, value: Any) -> tuple[Callable[[], None], Any]:
        wall = _length(field, value)
        sign = -1 if obj.Value.Value < 0 else 1
        return (lambda: setattr(obj, "Value", sign * wall)), wall

    return Parameter("mm", "How thick the walls are.", lambda: significant(abs(obj.Value.Value)), prepare)


def _of_a_sketch(sketch: Any) -> dict[str, Parameter]:
    return {
        constraint.Name: _dimension(sketch, index, constraint)
        for index, constraint in enumerate(sketch.Constraints)
        if constraint.Name and constraint.Type in sketching.DIMENSIONS
    }


def _dimension(sketch: Any, index: int, constraint: Any) -> Parameter:
    angle = constraint.Type == "Angle"

    def again() -> float:
        value = sketch.Constraints[index].Value
        return significant(degrees(value) if angle else value)

    def prepare(field: str, value: Any) -> tuple[Callable[[], None], Any]:
        _number_or_text(field, value)
        quantity = sketching.datum(constraint, {"index": index, "value": value})

        def do() -> None:
            try:
                sketch.setDatum(index, quantity)
            except (ValueError, RuntimeError) as error:
                raise AppError(
                    "degenerate_result", f"The constraint {constraint.Name!r} cannot be {quantity}: {error}"
                ) from None
            solve(sketch)

        return do, significant(quantity.Value)

    text = f"The value of constraint {index}, {sketching.NAMES.get(constraint.Type, constraint.Type)}."
    return Parameter("deg" if angle else "mm", text, again, prepare)


def _of_a_pattern(obj: Any) -> dict[str, Parameter]:
    count = "NumberX" if obj.ArrayType == "ortho" else "NumberPolar"

    def prepare_count(field: str, value: Any) -> tuple[Callable[[], None], Any]:
        if isinstance(value, bool) or not isinstance(value, int) or value < 2:
            raise values.invalid(field, f"{value!r} must be a whole number from 2 on")
        check_count(value)
        return (lambda: setattr(obj, count, value)), value

    text = "The number of copies, including the original."
    found = {"count": Parameter(None, text, lambda: getattr(obj, count), prepare_count)}
    if obj.ArrayType == "ortho" and obj.IntervalX.Length > 0:

        def prepare_spacing(field: str, value: Any) -> tuple[Callable[[], None], Any]:
            spacing = _length(field, value)
            step = obj.IntervalX * (spacing / obj.IntervalX.Length)
            return (lambda: setattr(obj, "IntervalX", step)), spacing

        text = "The distance from one to the next."
        found["spacing"] = Parameter("mm", text, lambda: significant(obj.IntervalX.Length), prepare_spacing)
    return found
