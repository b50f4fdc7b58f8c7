"""The faces of a shape with what is known about them: their kind, their box, and which points they contain.

An operation leaves most faces unchanged, so what is known of an operand's face is known of the result's.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any, Iterable, Tuple

import FreeCAD
import Part

from cadgate_freecad.app import attributes
from cadgate_freecad.app.partners import key_of
from cadgate_freecad.app.remembered import Remembered
from cadgate_freecad.app.verification.outlines import Outline

PLANE, CYLINDER = "Part::GeomPlane", "Part::GeomCylinder"
ELEMENTARY = (PLANE, CYLINDER, "Part::GeomCone", "Part::GeomSphere")
_TURNING = (*ELEMENTARY[1:], "Part::GeomToroid", "Part::GeomSurfaceOfRevolution")
"""The surfaces whose first parameter is an angle."""
NEAR = 1e-6
"""mm, and more for large faces: a hit closer than this to a boundary cannot be counted."""
WIDER = 1e-6

Box = Tuple[float, float, float, float, float, float]


class Side:
    """A face."""

    def __init__(self, face: Any) -> None:
        self.face = face
        self._surface: Any = None
        self._kind: str | None = None
        self._box: Box | None = None
        self._outline: Outline | None = None
        self._range: Any = None
        self._is_whole: bool | None = None
        self._edges: list[Any] | None = None
        self._key: int | None = None
        self._edge_keys: list[int] | None = None
        self.copy_of: Side | None = None
        """The same face in another place, if that is known."""
        self._area: float | None = None

    @property
    def key(self) -> int:
        """Return `key_of` the face."""
        if self._key is None:
            self._key = key_of(self.face)
        return self._key

    @property
    def edge_keys(self) -> list[int]:
        """Return `key_of` each of `edges`."""
        if self._edge_keys is None:
            self._edge_keys = [key_of(each) for each in self.edges]
        return self._edge_keys

    @property
    def area(self) -> float:
        if self._area is None:
            self._area = float(self.face.Area) if self.copy_of is None else self.copy_of.area
        return self._area

    @property
    def edges(self) -> list[Any]:
        if self._edges is None:
            self._edges = list(self.face.Edges)
        return self._edges

    @property
    def surface(self) -> Any:
        if self._surface is None:
            self._surface = self.face.Surface
        return self._surface

    @property
    def kind(self) -> str:
        if self._kind is None:
            self._kind = str(self.surface.TypeId)
        return self._kind

    @property
    def box(self) -> Box:
        """Return xmin, ymin, zmin, xmax, ymax, zmax, a little too large."""
        if self._box is None:
            box = attributes.box(self.face)
            self._box = (
                *(box.XMin - WIDER, box.YMin - WIDER, box.ZMin - WIDER),
                *(box.XMax + WIDER, box.YMax + WIDER, box.ZMax + WIDER),
            )
        return self._box

    @property
    def range(self) -> Any:
        """Return low and high of both parameters."""
        if self._range is None:
            self._range = self.face.ParameterRange if self.outline is None else self.outline.extents()
        return self._range

    @property
    def outline(self) -> Outline | None:
        """Return the outline of a flat face, if it consists of lines and circles."""
        if self.kind != PLANE:
            return None
        if self._outline is None:
            self._outline = Outline(self.face, self.surface)
        return self._outline if self._outline.is_known else None

    @property
    def is_whole(self) -> bool:
        """Return whether it is a cylinder's wall between two circles and two lines: a rectangle of its parameters."""
        if self._is_whole is None:
            edges = self.edges
            self._is_whole = (
                self.kind == CYLINDER
                and len(edges) in (3, 4)
                and all(
                    not each.Degenerated and each.Curve.TypeId in ("Part::GeomLine", "Part::GeomCircle")
                    for each in edges
                )
            )
        return self._is_whole

    def scale(self) -> float:
        """Return about the side of a square of its area."""
        low_u, high_u, low_v, high_v = self.range
        if self.outline is not None:
            return sqrt((high_u - low_u) * (high_v - low_v))
        if self.is_whole:
            return sqrt((high_u - low_u) * self.surface.Radius * (high_v - low_v))
        return sqrt(abs(self.area))

    def near(self) -> float:
        low_x, low_y, low_z, high_x, high_y, high_z = self.box
        return max(NEAR, 1e-8 * (high_x - low_x + high_y - low_y + high_z - low_z))

    def normal_at(self, u: float, v: float) -> Any:
        """Return the outward direction."""
        if self.outline is None:
            return self.face.normalAt(u, v)
        normal = self.outline.normal()
        return normal * -1 if self.face.Orientation == "Reversed" else normal

    def holds(self, point: Any) -> bool | None:
        """Return whether a point of the surface is on the face; None if it is too near to the boundary to decide."""
        if self.outline is not None:
            return self.outline.holds(point, self.near())
        return self.holds_at(*self.surface.parameter(point))

    def holds_at(self, u: float, v: float) -> bool | None:
        """Do the same by parameters; an angle is also tried one turn more and less."""
        outline = self.outline
        if outline is not None:
            return outline.holds(self.surface.value(u, v), self.near())
        low_u, high_u, low_v, high_v = self.range
        if self.is_whole:
            if min(abs(v - low_v), abs(v - high_v)) < self.near():
                return None
            if not low_v < v < high_v:
                return False
            if high_u - low_u > 2 * pi - 1e-9:
                return True
            turned = (u - low_u) % (2 * pi)
            if min(turned, abs(turned - (high_u - low_u)), 2 * pi - turned) * self.surface.Radius < self.near():
                return None
            return turned < high_u - low_u
        return any(
            self.face.isPartOfDomain(u + turn, v)
            for turn in ((0.0, -2 * pi, 2 * pi) if self.kind in _TURNING else (0.0,))
            if low_u - 1e-9 <= u + turn <= high_u + 1e-9 and low_v - 1e-9 <= v <= high_v + 1e-9
        )

    def reaches(self, point: Any, margin: float) -> bool:
        """Return whether the face is at a point of its surface. Slow; `holds_at` sometimes errs for splines."""
        return bool(Part.Vertex(point).distToShape(self.face)[0] <= margin)


class Facts:
    """A shape, its faces, and its measures. Faces that `others` have in the same place are shared with them."""

    def __init__(self, shape: Any, others: Iterable[Facts] = ()) -> None:
        self.shape = shape
        shape = None if shape is None or shape.isNull() else shape
        known: dict[int, list[Side]] = {}
        for other in others:
            for side in other.sides:
                known.setdefault(side.key, []).append(side)
        faces: list[Any] = [] if shape is None else list(shape.Faces)
        self.sides: list[Side] = [_of(face, known) for face in faces]
        _find_copies(self.sides)
        self.solids: list[tuple[Any, list[Side]]] = []
        solids = [] if shape is None else shape.Solids
        if shape is not None and len(solids) == 1 and shape.ShapeType == "Solid":
            self.solids = [(solids[0], self.sides)]
        elif solids:
            own: dict[int, list[tuple[Any, Side]]] = {}
            for face, side in zip(faces, self.sides):
                own.setdefault(face.hashCode(), []).append((face, side))
            self.solids = [(solid, [_same(face, own) for face in solid.Faces]) for solid in solids]
        self.is_elementary = all(side.kind in ELEMENTARY for side in self.sides)
        self.boxes = [_box_of(sides) for _, sides in self.solids]
        self.diagonal = _box_of(self.sides).DiagonalLength if self.sides else 0.0
        self._tolerance: float | None = None
        self.region: Any = None
        """The `Region` of the shape, once somebody has asked for it."""

    @property
    def is_flat(self) -> bool:
        """Return whether all faces are flat and all edges straight: then the volume is exact."""
        return all(side.kind == PLANE and side.outline is not None and side.outline.is_straight for side in self.sides)

    @property
    def tolerance(self) -> float:
        if self._tolerance is None:
            self._tolerance = float(self.shape.getTolerance(1)) if self.sides else 0.0
        return self._tolerance


def _box_of(sides: Iterable[Side]) -> Any:
    lows, highs = zip(*((side.box[:3], side.box[3:]) for side in sides))
    return FreeCAD.BoundBox(*map(min, zip(*lows)), *map(max, zip(*highs)))


def _of(face: Any, known: dict[int, list[Side]]) -> Side:
    """Return what is known of a face, or a new entry."""
    for side in known.get(key_of(face), ()):
        if side.face.isPartner(face) and same_place(
            attributes.of(side.face, "Placement"), attributes.of(face, "Placement")
        ):
            return side
    return Side(face)


def _find_copies(sides: Iterable[Side]) -> None:
    first: dict[int, Side] = {}
    for side in sides:
        other = first.setdefault(side.key, side)
        while other.copy_of is not None:
            other = other.copy_of
        # Only what is no copy itself becomes one, of something that is none: so nothing becomes its own copy.
        if other is not side and side.copy_of is None and side.face.isPartner(other.face):
            side.copy_of = other


def _same(face: Any, own: dict[int, list[tuple[Any, Side]]]) -> Side:
    """Return what is known of a face of the same shape, or a new entry."""
    for other, side in own.get(face.hashCode(), ()):
        if other.isSame(face):
            return side
    return Side(face)


def same_place(left: Any, right: Any) -> bool:
    if (attributes.base(left) - attributes.base(right)).Length > 1e-9:
        return False
    return all(abs(a - b) < 1e-12 for a, b in zip(attributes.rotation(left).Q, attributes.rotation(right).Q))


_known: Remembered[Facts] = Remembered(Facts)


def facts(shape: Any, others: Iterable[Facts] = ()) -> Facts:
    """Return the facts of a shape that was made from `others`, or of one that is already known."""
    if shape is None or shape.isNull():
        return Facts(None)
    found = _known.find(shape)
    return _known.keep(shape, Facts(shape, others)) if found is None else found
