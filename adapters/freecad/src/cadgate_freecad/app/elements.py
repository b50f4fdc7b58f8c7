"""Descriptions by which edges, faces and vertices are found again: origin, surroundings, kind, size, place."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Sequence

from cadgate_freecad.app import attributes, provenance
from cadgate_freecad.app.values import significant, xyz

CLEARLY = 0.5
"""The best match is certain if its distance is at most this fraction of the next best one's."""
SAME = 1e-6


class Element(NamedTuple):
    """One edge, face or vertex. `context` are the origins of what meets it, `place` its centre."""

    number: int
    key: str
    context: str
    kind: str
    size: float
    radius: float
    place: tuple[float, ...]

    def __str__(self) -> str:
        radius = f" of radius {self.radius:g}" if self.radius else ""
        return f"{self.kind}{radius} at [{', '.join(f'{part:.6g}' for part in self.place)}]"


def elements(obj: Any, kind: str) -> list[Element]:
    """Return all elements of one kind ("Edge", "Face", "Vertex") of an object's shape, without degenerate ones."""
    return {"Edge": _edges, "Face": _faces, "Vertex": _vertices}[kind](obj)


def _edges(obj: Any) -> list[Element]:
    shape = obj.Shape
    names = provenance.edge_names(obj)
    corners, corner_names = shape.Vertexes, provenance.vertex_names(obj)
    ends = provenance.meeting(corners, shape.Edges, "Vertexes")
    contexts: list[list[str]] = [[] for _ in names]
    for corner, edges in enumerate(ends):
        for edge in edges:
            own = set(names[edge].split("|"))
            contexts[edge].append("|".join(sorted(set(corner_names[corner].split("|")) - own)))
    found: list[Element] = []
    for index, edge in enumerate(shape.Edges):
        if not edge.Degenerated:
            context = " & ".join(sorted(contexts[index]))
            found.append(
                _element(index, names[index], context, edge.Curve, edge.Length, attributes.of(edge, "CenterOfMass"))
            )
    return found


def _faces(obj: Any) -> list[Element]:
    shape = obj.Shape
    names, edges = provenance.face_names(obj), provenance.edge_names(obj)
    beside: list[set[str]] = [set() for _ in names]
    for edge, faces in enumerate(provenance.meeting(shape.Edges, shape.Faces, "Edges")):
        for face in faces:
            beside[face] |= set(edges[edge].split("|")) - {names[face]}
    return [
        _element(
            index,
            names[index],
            " & ".join(sorted(beside[index])),
            face.Surface,
            face.Area,
            attributes.of(face, "CenterOfMass"),
        )
        for index, face in enumerate(shape.Faces)
    ]


def _vertices(obj: Any) -> list[Element]:
    names = provenance.vertex_names(obj)
    return [
        _element(index, names[index], "", None, 0.0, vertex.Point) for index, vertex in enumerate(obj.Shape.Vertexes)
    ]


def _element(index: int, key: str, context: str, geometry: Any, size: float, place: Any) -> Element:
    kind = "point" if geometry is None else geometry.TypeId.split("::Geom")[-1].lower()
    radius = float(getattr(geometry, "Radius", 0.0))
    context = context if len(context) <= 200 else provenance.digest(context)
    return Element(index + 1, key, context, kind, significant(size), significant(radius), tuple(xyz(place, 6)))


class Lost(Exception):
    """An element can no longer be identified; the text says which one, and why."""

    def __init__(self, element: Element, why: str) -> None:
        super().__init__(f"{element}: {why}")
        self.element, self.why = element, why


def find_again(before: Sequence[Element], chosen: Sequence[int], now: Sequence[Element]) -> dict[int, list[int]]:
    """Find each of the `chosen` numbers of a group (all elements of one origin) among the current ones of that origin.

    If others divide an edge or face, all its pieces together stay chosen, however many there are. Whole ones, such as
    the rims of a row of holes, are identified one by one: by what meets them, else by their place among the others if
    that is clear. Raises Lost.
    """
    picked = [each for each in before if each.number in set(chosen)]
    if not now:
        raise Lost(picked[0], "it is gone")
    if len(before) == len(now) == 1:
        return {before[0].number: [now[0].number]}
    if len(before) == len(now):
        pairs = _by_context(before, now) or _by_place(before, now)
        if pairs is not None:
            return {each.number: [pairs[each.number]] for each in picked}
    if len(picked) == len(before) and _closed(before) <= 1 and _closed(now) <= 1:
        return {each.number: [other.number for other in now] for each in picked}
    return {each.number: [_alone(each, before, now)] for each in picked}


def _closed(group: Sequence[Element]) -> int:
    """Return how many of a group are whole: nothing else meets a ring, but something meets each piece of one."""
    return sum(not each.context for each in group)


def _alone(element: Element, before: Sequence[Element], now: Sequence[Element]) -> int:
    """Find one of a group whose size has changed: the only one with the same surroundings, or in the same place."""
    meets = [other for other in now if other.context == element.context]
    if len(meets) == 1 and sum(other.context == element.context for other in before) == 1:
        return meets[0].number
    same = [other for other in now if _is_same(element, other)]
    if len(same) == 1:
        return same[0].number
    if len(now) < len(before):
        raise Lost(element, f"of {len(before)} like it, {len(now)} are left, none in its place")
    raise Lost(element, f"{len(now)} are like it now, instead of {len(before)}")


def _is_same(one: Element, two: Element) -> bool:
    return (
        one.kind == two.kind
        and abs(one.size - two.size) <= SAME * max(one.size, two.size, 1.0)
        and math.dist(one.place, two.place) <= SAME * 10
    )


def _by_context(before: Sequence[Element], now: Sequence[Element]) -> dict[int, int] | None:
    contexts = {each.context: each.number for each in now}
    if len(contexts) != len(now) or {each.context for each in before} != set(contexts):
        return None
    return {each.number: contexts[each.context] for each in before}


def _by_place(before: Sequence[Element], now: Sequence[Element]) -> dict[int, int] | None:
    """Return pairs by place within the group and by size, both in proportion; None if that is ambiguous."""
    old, new = _proportions(before), _proportions(now)
    pairs: dict[int, int] = {}
    for index, element in enumerate(before):
        distances = sorted((math.dist(old[index], place), at) for at, place in enumerate(new))
        (best, at), (second, _) = distances[0], distances[1]
        if now[at].kind != element.kind or best > CLEARLY * second or (second < SAME):
            return None
        pairs[element.number] = now[at].number
    return pairs if len(set(pairs.values())) == len(now) else None


def _proportions(group: Sequence[Element]) -> list[tuple[float, ...]]:
    """Return the place and size of each within its group, from -1 to 1."""
    rows = [(*each.place, each.size, each.radius) for each in group]
    columns = list(zip(*rows))
    centers = [sum(column) / len(column) for column in columns]
    spans = [max(column) - min(column) for column in columns]
    whole = max(spans[:3])
    spans = [span if span > 1e-3 * whole and span > 1e-6 else 0.0 for span in spans]
    # A difference of sizes that is small compared with the size itself means nothing.
    spans[3:] = [s if s > 0.01 * max(column) else 0.0 for s, column in zip(spans[3:], columns[3:])]
    return [
        tuple(2 * (part - center) / span if span else 0.0 for part, center, span in zip(row, centers, spans))
        for row in rows
    ]
