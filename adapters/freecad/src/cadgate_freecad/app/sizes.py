"""Sizes of features under the names that their creation gives them, and dimensions of sketches under their own names.

A fillet's `radius` is in a list of edges, a pattern's `spacing` is the length of a vector, a dimension is one of a
sketch's constraints: FreeCAD has no properties with these names. This module reads and sets them like properties.
"""

from __future__ import annotations

from math import degrees, isclose
from typing import Any, Callable, Container, NamedTuple, Tuple

from cadgate.appserver import AppError
from cadgate_freecad.app import chosen, sketching, values, versions
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
    "PartDesign::PolarPattern": {"count": "Occurrences", "angle": "Angle"},
}
"""The names of FreeCAD's own properties at creation, unless they are the same in lower case."""


Prepare = Callable[[str, Any], Tuple[Callable[[], None], Any]]


class Parameter(NamedTuple):
    """Reads a size, and prepares a request's value for it: Callable(field, value) -> (set, wanted).

    `own` is FreeCAD's property for the same, and `moves` are those that it changes along with it.
    """

    unit: str | None
    documentation: str
    read: Callable[[], Any]
    prepare: Prepare
    own: str = ""
    moves: tuple[str, ...] = ()


class Setting(NamedTuple):
    """A size about to be set: how, and the value that must be read back."""

    name: str
    set: Callable[[], None]
    wanted: Any
    parameter: Parameter


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
            "expression": _expression(obj, name, parameter.own),
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
    sizes: dict[str, Parameter] = {} if known.issuperset(properties) else _parameters(obj, released)
    settings: list[Setting] = []
    plain: dict[str, Any] = {}
    for name, value in properties.items():
        field = f"properties.{name}"
        if name not in known and name in sizes:
            parameter = sizes[name]
            is_released = name in released or parameter.own in released
            if not is_released and _expression(obj, name, parameter.own):
                raise values.invalid(field, "an expression determines it; it cannot be set directly")
            do, wanted = parameter.prepare(field, value)
            settings.append(Setting(name, do, wanted, parameter))
            continue
        real = name if name in known else own_name(obj, name)
        if real in plain:
            raise values.invalid(field, f"{real!r} is given twice, by two names")
        plain[real] = value
    for setting in settings:
        for other in (setting.parameter.own, *setting.parameter.moves):
            if other in plain:
                raise values.invalid(
                    f"properties.{setting.name}", f"{other!r} is given, too, which it sets: give one of the two"
                )
    # Sizes apply to the edges that the same request chooses.
    return sorted(settings, key=lambda each: each.name != "edges"), plain


def all_names(settings: list[Setting]) -> set[str]:
    """Return the names of sizes about to be set, and those of FreeCAD's properties that are set with them."""
    found = {setting.name for setting in settings}
    for _, _, _, parameter in settings:
        found |= {each for each in (parameter.own, *parameter.moves) if each}
    return found


def confirm(obj: Any, settings: list[Setting]) -> None:
    """Read each size back after the recompute. Raises AppError if FreeCAD has another value."""
    for name, _, wanted, parameter in settings:
        if wanted is not None and not _same(parameter.read(), wanted):
            raise AppError(
                "degenerate_result",
                f"{obj.Name!r} has {name} {parameter.read()!r} after the change instead of {wanted!r}",
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


def keeps_length(obj: Any, name: str) -> str | None:
    """Return why an expression cannot determine the `count` of a row alone; None if it can."""
    if name != "count" or obj.TypeId != "PartDesign::LinearPattern" or versions.has_own_spacing(obj):
        return None
    return (
        "FreeCAD would keep the length from the first to the last copy, not the spacing: give expressions for both, "
        "as `Occurrences` and `Length` = spacing * (Occurrences - 1)"
    )


def _expression(obj: Any, name: str, own: str = "") -> str | None:
    paths = {name, f"Constraints.{name}", f".Constraints.{name}", own, f".{own}"}
    return next((text for path, text in getattr(obj, "ExpressionEngine", None) or [] if path in paths), None)


def _parameters(obj: Any, released: Container[str] = ()) -> dict[str, Parameter]:
    if obj.TypeId in ("Part::Fillet", "Part::Chamfer"):
        return _of_edges(obj)
    if obj.TypeId == "Part::Thickness":
        return {"thickness": _thickness(obj)}
    if obj.isDerivedFrom("Sketcher::SketchObject"):
        return _of_a_sketch(obj)
    if getattr(obj, "ArrayType", None) in ("ortho", "polar"):
        return _of_an_array(obj)
    if obj.TypeId in ("PartDesign::LinearPattern", "PartDesign::PolarPattern"):
        return _of_a_pattern(obj, released)
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


def _size(obj: Any, sides: tuple[int, ...]) -> Prepare:
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


def _choose(obj: Any) -> Prepare:
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
        quantity = sketching.datum(constraint, value, field)

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


# --- patterns --------------------------------------------------------------------------------------------------------


def _count(obj: Any, own: str, moves: tuple[str, ...] = (), do: Callable[[int], None] | None = None) -> Parameter:
    def prepare(field: str, value: Any) -> tuple[Callable[[], None], Any]:
        if isinstance(value, bool) or not isinstance(value, int) or value < 2:
            raise values.invalid(field, f"{value!r} must be a whole number from 2 on")
        check_count(value)
        return (lambda: setattr(obj, own, value) if do is None else do(value)), value

    text = "The number of copies, including the original."
    return Parameter(None, text, lambda: getattr(obj, own), prepare, own, moves)


def _spacing(read: Callable[[], float], do: Callable[[float], None], own: str) -> Parameter:
    def prepare(field: str, value: Any) -> tuple[Callable[[], None], Any]:
        spacing = _length(field, value)
        return (lambda: do(spacing)), spacing

    return Parameter("mm", "The distance from one to the next.", lambda: significant(read()), prepare, own)


def _of_an_array(obj: Any) -> dict[str, Parameter]:
    """Return the sizes of one of Draft's arrays, which are the patterns outside bodies."""
    if obj.ArrayType != "ortho":
        return {"count": _count(obj, "NumberPolar")}
    found = {"count": _count(obj, "NumberX")}
    if obj.IntervalX.Length > 0:

        def space(spacing: float) -> None:
            obj.IntervalX = obj.IntervalX * (spacing / obj.IntervalX.Length)

        found["spacing"] = _spacing(lambda: obj.IntervalX.Length, space, "IntervalX")
    return found


def _of_a_pattern(obj: Any, released: Container[str]) -> dict[str, Parameter]:
    """Return the sizes of a pattern in a body, of which FreeCAD keeps the length or the angle up to the last copy.

    As outside of bodies, the spacing of a row stays if its count changes, and the angle of a ring. A row keeps its
    length if an expression determines it.
    """
    if versions.has_own_spacing(obj):
        even = obj.TypeId == "PartDesign::LinearPattern" and versions.is_even(obj)
        spacing = _spacing(lambda: obj.Offset.Value, lambda gap: setattr(obj, "Offset", gap), "Offset")
        return {"count": _count(obj, "Occurrences"), **({"spacing": spacing} if even else {})}
    if obj.TypeId == "PartDesign::PolarPattern":
        return {"count": _count(obj, "Occurrences"), "angle": _angle(obj)}
    if obj.Occurrences < 2:
        return {"count": _count(obj, "Occurrences")}

    def gap() -> float:
        return obj.Length.Value / (obj.Occurrences - 1)

    def space(spacing: float) -> None:
        obj.Length = spacing * (obj.Occurrences - 1)

    def repeat(count: int) -> None:
        spacing, obj.Occurrences = gap(), count
        space(spacing)

    is_driven = "Length" not in released and _expression(obj, "Length")
    count = _count(obj, "Occurrences") if is_driven else _count(obj, "Occurrences", ("Length",), repeat)
    return {"count": count, "spacing": _spacing(gap, space, "Length")}


def _angle(obj: Any) -> Parameter:
    """FreeCAD's has no sign: the opposite way is another property."""

    def prepare(field: str, value: Any) -> tuple[Callable[[], None], Any]:
        _number_or_text(field, value)
        around = values.turn(field, value)

        def do() -> None:
            obj.Angle, obj.Reversed = abs(around), around < 0

        return do, significant(around)

    def read() -> float:
        return significant(-obj.Angle.Value if obj.Reversed else obj.Angle.Value)

    text = "The total about its axis; below 360, from the first copy to the last."
    return Parameter("deg", text, read, prepare, "Angle", ("Reversed",))
