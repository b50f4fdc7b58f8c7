"""Reads the records of a STEP file that describes solids with flat and cylindrical faces, without OpenCASCADE.

Whatever this does not know is `Unread`: then the file is not judged here.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from math import sqrt
from operator import mul
from typing import NamedTuple, Tuple

Point = Tuple[float, float, float]

_STRING = re.compile(r"'(?:[^']|'')*'")
_SPACES = {ord(each): None for each in " \r\n\t"}
REF, _NUMBER = r"(#\d+)", r"([-+]?\d+\.?\d*(?:E[-+]?\d+)?)"
REFS, NUMBERS = r"\((#\d+(?:,#\d+)*)\)", r"\(([-+.,\dE]+)\)"
_FLAG = r"\.([TF])\."
_PARTS = {
    "ADVANCED_BREP_SHAPE_REPRESENTATION": f"{REFS},{REF}",
    "ADVANCED_FACE": f"{REFS},{REF},{_FLAG}",
    "AXIS2_PLACEMENT_3D": f"{REF},{REF},{REF}",
    "CARTESIAN_POINT": NUMBERS,
    "CIRCLE": f"{REF},{_NUMBER}",
    "CLOSED_SHELL": REFS,
    "CYLINDRICAL_SURFACE": f"{REF},{_NUMBER}",
    "DIRECTION": NUMBERS,
    "EDGE_CURVE": rf"{REF},{REF},{REF},\.T\.",
    "EDGE_LOOP": REFS,
    "FACE_BOUND": f"{REF},{_FLAG}",
    "FACE_OUTER_BOUND": f"{REF},{_FLAG}",
    "LINE": f"{REF},{REF}",
    "MANIFOLD_SOLID_BREP": REF,
    "ORIENTED_EDGE": rf"\*,\*,{REF},{_FLAG}",
    "PLANE": REF,
    "SHAPE_REPRESENTATION": f"{REFS},{REF}",
    "VECTOR": f"{REF},{_NUMBER}",
    "VERTEX_POINT": REF,
}
"""What follows the name in each kind of record; every one of the file must be of these kinds, or of the next ones."""
_READ = {kind: re.compile(rf"{kind}\('',{parts}\)") for kind, parts in _PARTS.items()}
_READ["SHAPE_DEFINITION_REPRESENTATION"] = re.compile(rf"SHAPE_DEFINITION_REPRESENTATION\({REF},{REF}\)")
_COORDINATES = re.compile(rf"(?:CARTESIAN_POINT|DIRECTION)\('',{NUMBERS}\)")
_RECORD = re.compile(r"(#\d+)=([A-Z\d_]*)(\([^;]*\));")
_BESIDES = frozenset(
    (
        *("APPLICATION_CONTEXT", "APPLICATION_PROTOCOL_DEFINITION"),
        *("PRODUCT", "PRODUCT_CONTEXT", "PRODUCT_DEFINITION", "PRODUCT_DEFINITION_CONTEXT", "PRODUCT_DEFINITION_SHAPE"),
        *("PRODUCT_DEFINITION_FORMATION", "PRODUCT_RELATED_PRODUCT_CATEGORY", "UNCERTAINTY_MEASURE_WITH_UNIT"),
    )
)


class Unread(Exception):
    """The file has something that is not read here, or contradicts itself."""


class Frame(NamedTuple):
    """A place with three axes."""

    origin: Point
    x: Point
    y: Point
    z: Point

    def at(self, along_x: float, along_y: float, along_z: float) -> Point:
        (a, b, c), (ax, bx, cx), (ay, by, cy), (az, bz, cz) = self
        return (
            a + along_x * ax + along_y * ay + along_z * az,
            b + along_x * bx + along_y * by + along_z * bz,
            c + along_x * cx + along_y * cy + along_z * cz,
        )


class Surface(NamedTuple):
    """A plane, or a cylinder if it has a radius."""

    frame: Frame
    radius: float | None


class Records:
    """The records of a file, each by its name (`#12`)."""

    def __init__(self, text: str) -> None:
        text = _STRING.sub("''", text).translate(_SPACES)
        header, found, rest = text.partition("ENDSEC;DATA;")
        data, ended, after = rest.partition("ENDSEC;")
        if (
            "/*" in text
            or not (found and ended)
            or not header.startswith("ISO-10303-21;HEADER;")
            or after != "END-ISO-10303-21;"
        ):
            raise Unread("the sections")
        there: list[tuple[str, str, str]] = _RECORD.findall(data)
        self.records: dict[str, str] = {name: kind + parts for name, kind, parts in there}
        self._kinds: dict[str, str] = {name: kind for name, kind, _ in there}
        if len(self.records) != len(there) or sum(map(len, chain.from_iterable(there))) + 2 * len(there) != len(data):
            raise Unread("the records")
        self.count = Counter(self._kinds.values())
        self._points: dict[str, Point] = {}
        self._surfaces: dict[str, Surface] = {}
        unknown = self.count.keys() - _READ.keys() - _BESIDES - {""}
        if unknown:
            raise Unread(unknown)

    def of(self, kind: str, name: str) -> tuple[str, ...]:
        found = _READ[kind].fullmatch(self.records.get(name, ""))
        if found is None:
            raise Unread(name)
        return found.groups()

    def kind(self, name: str) -> str:
        return self._kinds.get(name, "")

    def first(self, kind: str) -> str:
        """Return the name of the first record of a kind that there is."""
        return next(name for name, each in self._kinds.items() if each == kind)

    def line(self, name: str) -> tuple[Point, Point]:
        origin, vector = self.of("LINE", name)
        direction, length = self.of("VECTOR", vector)
        x, y, z = unit(self.point(direction))
        size = float(length)
        return self.point(origin), (size * x, size * y, size * z)

    def surface(self, name: str) -> Surface:
        found = self._surfaces.get(name)
        if found is None:
            if self.kind(name) == "PLANE":
                found = Surface(self.frame(self.of("PLANE", name)[0]), None)
            else:
                at, radius = self.of("CYLINDRICAL_SURFACE", name)
                found = Surface(self.frame(at), float(radius))
            self._surfaces[name] = found
        return found

    def frame(self, name: str) -> Frame:
        origin, axis, direction = self.of("AXIS2_PLACEMENT_3D", name)
        z, x = self.point(axis), self.point(direction)
        for each in (z, x):
            unit(each)
        if abs(dot(z, x)) > 1e-9:
            raise Unread(name)
        y = (z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0])
        return Frame(self.point(origin), x, y, z)

    def point(self, name: str) -> Point:
        known = self._points.get(name)
        if known is None:
            found = _COORDINATES.fullmatch(self.records.get(name, ""))
            numbers = found[1].split(",") if found is not None else ()
            if len(numbers) != 3:
                raise Unread(name)
            known = self._points[name] = (float(numbers[0]), float(numbers[1]), float(numbers[2]))
        return known


def one_of(kinds: tuple[str, ...], kind: str) -> str:
    if kind not in kinds:
        raise Unread(kind)
    return kind


def dot(left: tuple[float, ...], right: tuple[float, ...]) -> float:
    return sum(map(mul, left, right))


def minus(left: Point, right: tuple[float, ...]) -> Point:
    return (left[0] - right[0], left[1] - right[1], left[2] - right[2])


def plus(origin: Point, step: Point, times: float) -> Point:
    return (origin[0] + times * step[0], origin[1] + times * step[1], origin[2] + times * step[2])


def far(left: Point, right: Point) -> float:
    return max(abs(left[0] - right[0]), abs(left[1] - right[1]), abs(left[2] - right[2]))


def unit(vector: Point) -> Point:
    size = sqrt(dot(vector, vector))
    if abs(size - 1) > 1e-9:
        raise Unread("a direction that is not of length 1")
    return vector
