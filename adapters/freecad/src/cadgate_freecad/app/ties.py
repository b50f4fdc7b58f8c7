"""What a mate asks of two faces or edges: these as planes, axes, circles and points, and what is wrong between them.

Each residual comes with its exact rate of change, so that a length or an angle of almost nothing is no special case.
"""

from __future__ import annotations

from math import atan2, pi, radians
from typing import Any, List, NamedTuple, Tuple

import FreeCAD

from cadgate_freecad.app import attributes

TOLERANCE = 1e-7
"""mm, and the same for directions at the lever of the parts' size, that a solved mate may be off."""
Vector = FreeCAD.Vector
_AS_IT_IS = Vector(1, 1, 1)
_SOMEWHERE = Vector(0.36, 0.48, 0.8)
"""The way in which a length of exactly zero is thought to grow."""
Rate = Tuple[float, float]
"""A number, and how fast it changes with the move in question."""
Rates = List[Rate]


class Primitive(NamedTuple):
    """A plane, an axis, a circle or a point, in the coordinates of its part; an axis has no particular place on it."""

    kind: str
    point: Any
    direction: Any

    def moved(self, place: Any) -> Primitive:
        return Primitive(self.kind, place.multVec(self.point), attributes.rotation(place).multVec(self.direction))


class Tie(NamedTuple):
    """A mate between the parts number `a` and `b`."""

    type: str
    a: int
    one: Primitive
    b: int
    two: Primitive
    value: float
    flipped: bool


class Moving(NamedTuple):
    """A vector, and how fast it changes."""

    at: Any
    by: Any

    def minus(self, other: Moving) -> Moving:
        return Moving(self.at - other.at, self.by - other.by)

    def plus(self, other: Moving) -> Moving:
        return Moving(self.at + other.at, self.by + other.by)

    def cross(self, other: Moving) -> Moving:
        return Moving(self.at.cross(other.at), self.by.cross(other.at) + self.at.cross(other.by))

    def dot(self, other: Moving) -> Rate:
        return self.at.dot(other.at), self.by.dot(other.at) + self.at.dot(other.by)

    def length(self) -> Rate:
        size = self.at.Length
        return size, self.by.dot(self.at * (1 / size) if size > 0 else _SOMEWHERE)

    def parts(self) -> Rates:
        return list(zip(self.at, self.by))


class Side(NamedTuple):
    """A primitive in its place, while its part moves."""

    kind: str
    point: Moving
    direction: Moving


def standing(primitive: Primitive) -> Side:
    """Return a primitive, in the coordinates of the assembly, that does not move."""
    return Side(primitive.kind, Moving(primitive.point, Vector()), Moving(primitive.direction, Vector()))


def shifted(primitive: Primitive, by: Any) -> Side:
    """Return it while its part is moved along `by`."""
    return Side(primitive.kind, Moving(primitive.point, by), Moving(primitive.direction, Vector()))


def turning(primitive: Primitive, by: Any, about: Any) -> Side:
    """Return it while its part is turned by the vector `by`, in radians, about a point."""
    point = Moving(primitive.point, by.cross(primitive.point - about))
    return Side(primitive.kind, point, Moving(primitive.direction, by.cross(primitive.direction)))


def scaled(element: Any, factors: Any) -> Primitive | None:
    """Return what a face or edge is for mates once it is stretched along the axes; a factor below 0 mirrors it.

    None for what is no longer round then.
    """
    found = primitive_of(element)
    if found is None or factors == _AS_IT_IS:
        return found
    point = _times(found.point, factors)
    if found.kind == "plane":
        # A normal stays upright on what is stretched by the opposite factors.
        return Primitive("plane", point, _times(found.direction, [1 / each for each in factors]).normalize())
    sizes = [abs(each) for each in factors]
    is_line = element.ShapeType == "Edge" and found.kind == "axis"
    if max(sizes) - min(sizes) > 1e-9 * max(sizes) and not is_line:
        return None
    if found.kind == "point":
        return found._replace(point=point)
    return Primitive(found.kind, point, _sense(_times(found.direction, factors).normalize()))


def _times(vector: Any, factors: Any) -> Any:
    return Vector(*(one * two for one, two in zip(vector, factors)))


def primitive_of(element: Any) -> Primitive | None:
    """Return what a face or edge is for mates; None for any other surface or curve."""
    if element.ShapeType == "Face":
        surface = element.Surface
        kind = surface.TypeId.split("::Geom")[-1]
        if kind == "Plane":
            return Primitive("plane", attributes.of(element, "CenterOfMass"), element.normalAt(0, 0))
        if kind in ("Cylinder", "Cone", "Toroid"):
            return Primitive("axis", attributes.of(surface, "Center"), _sense(attributes.of(surface, "Axis")))
        return Primitive("point", attributes.of(surface, "Center"), Vector()) if kind == "Sphere" else None
    curve = element.Curve
    kind = curve.TypeId.split("::Geom")[-1]
    if kind in ("Line", "LineSegment"):
        low, high = element.valueAt(element.FirstParameter), element.valueAt(element.LastParameter)
        return Primitive("axis", low, _sense((high - low).normalize()))
    if kind == "Circle":
        return Primitive("circle", attributes.of(curve, "Center"), _sense(attributes.of(curve, "Axis")))
    return None


def _sense(axis: Any) -> Any:
    """Return the axis along the Z of its object rather than against it, or else Y or X, whichever it is nearest to.

    OpenCASCADE's sense depends on how the shape was made: a cylinder's differs from that of the circles at its ends.
    """
    largest = max(map(abs, axis))
    leading = next(part for part in reversed(tuple(axis)) if abs(part) > largest - 1e-6)
    return axis if leading > 0 else axis * -1.0


def alike(one: Primitive, two: Primitive) -> bool:
    """Return whether two are one plane, one axis or one point."""
    if one.kind != two.kind or one.direction.cross(two.direction).Length > 1e-7:
        return False
    between = two.point - one.point
    if one.kind == "plane":
        return abs(between.dot(one.direction)) < 1e-6 and one.direction.dot(two.direction) > 0
    if one.kind == "axis":
        return between.cross(one.direction).Length < 1e-6
    return between.Length < 1e-6


def objection(tie: Tie) -> str | None:
    """Return why two such elements cannot be this to each other, whatever their places; None if they can."""
    kinds = (tie.one.kind, tie.two.kind)
    if tie.type in ("parallel", "angle") and "point" in kinds:
        return "a ball has no direction: use distance, coincident or concentric"
    if tie.type == "concentric" and "plane" in kinds:
        return "a plane has no axis and no centre: use coincident, distance or parallel"
    if tie.type == "distance" and "plane" not in kinds and tie.value < 0:
        return f"a distance between axes, circles and balls has no side, so it is not negative: {tie.value:g}"
    return None


def residuals(tie: Tie, one: Side, two: Side, size: float) -> Rates:
    """Return what is wrong with a mate, in mm; directions count as at a lever of `size`.

    Towards a plane a circle is flat, anything else a line.
    """
    if objection(tie) is not None:
        return []
    if tie.type in ("parallel", "angle"):
        return _scaled(_of_directions(tie, one, two, size), size)
    kinds = (one.kind, two.kind)
    between = two.point.minus(one.point)
    if "point" in kinds:
        return _of_points(tie, one, two, between)
    turned = one.direction.cross(two.direction)
    if "plane" in kinds:
        return _of_planes(tie, one, two, between, turned, size)
    between_centres = kinds == ("circle", "circle") and tie.type != "concentric"
    apart = between if between_centres else between.cross(one.direction)
    return [*_scaled(turned.parts(), size), *_apart(apart, tie.value)]


def _scaled(rates: Rates, size: float) -> Rates:
    return [(value * size, rate * size) for value, rate in rates]


def _of_directions(tie: Tie, one: Side, two: Side, size: float) -> Rates:
    """Return residuals of `parallel` and `angle`. The angle of a line and a plane is measured to the plane."""
    inclined = {one.kind, two.kind} == {"plane", "axis"}
    cosine, turned = one.direction.dot(two.direction), one.direction.cross(two.direction)
    if tie.type == "parallel":
        return [cosine] if inclined else turned.parts()
    degrees = 90 - tie.value if inclined else tie.value
    angle = radians(abs((degrees + 180) % 360 - 180))
    # All ways out of these two are alike, so one number does not hold them.
    if angle * size <= TOLERANCE:
        return one.direction.minus(two.direction).parts()
    if (pi - angle) * size <= TOLERANCE:
        return one.direction.plus(two.direction).parts()
    sine = turned.length()
    return [(atan2(sine[0], cosine[0]) - angle, sine[1] * cosine[0] - sine[0] * cosine[1])]


def _apart(way: Moving, distance: float) -> Rates:
    """Return residuals of a distance. That of nothing is three numbers: a length alone has no slope at its end."""
    if distance <= TOLERANCE:
        return way.parts()
    length, rate = way.length()
    return [(length - distance, rate)]


def _of_points(tie: Tie, one: Side, two: Side, between: Moving) -> Rates:
    other = two if one.kind == "point" else one
    if other.kind == "plane":
        return [_height(one, two, between, tie.value)]
    along = other.kind == "axis" or (other.kind == "circle" and tie.type == "concentric")
    return _apart(between.cross(other.direction) if along else between, tie.value)


def _of_planes(tie: Tie, one: Side, two: Side, between: Moving, turned: Moving, size: float) -> Rates:
    level = _scaled(turned.parts(), size)
    if "axis" in (one.kind, two.kind):
        level = _scaled([one.direction.dot(two.direction)], size)
    elif one.kind == two.kind and tie.type == "coincident":
        facing = one.direction.minus(two.direction) if tie.flipped else one.direction.plus(two.direction)
        level = _scaled(facing.parts(), size)
    return [*level, _height(one, two, between, tie.value)]


def _height(one: Side, two: Side, between: Moving, value: float) -> Rate:
    """Return how much too far along the normal of a plane, that of `one` if both are, the other is."""
    height, rate = between.dot((one if one.kind == "plane" else two).direction)
    return (height - value, rate) if one.kind == "plane" else (-height - value, -rate)
