"""Checks that a boolean's result is a valid shape: what came unchanged from an operand is not checked again.

OpenCASCADE's own check compares every edge of every face with every other one.
"""

from __future__ import annotations

from typing import Any, Iterable

from cadgate_freecad.app import attributes
from cadgate_freecad.app.partners import key_of
from cadgate_freecad.app.verification.outlines import Outline
from cadgate_freecad.app.verification.primitives import formula
from cadgate_freecad.app.verification.sides import Facts, Side, same_place


def is_valid(result: Facts, operands: Iterable[Facts]) -> bool:
    """Return whether the new faces are valid and the shells fit; the shape's own `isValid` if that is not clear."""
    if not result.solids or not (fits(result) and _new_faces_are_valid(result, list(operands))):
        return bool(result.shape.isValid())
    return True


def each_is_valid(result: Facts) -> bool:
    """Return whether all solids are valid. Copies of one solid in other places are as valid as it is."""
    checked: list[Any] = []
    for solid, sides in result.solids:
        if any(solid.isPartner(each) for each in checked):
            continue
        if formula(solid, sides) is None and not solid.isValid():
            return False
        checked.append(solid)
    return fits(result)


def fits(result: Facts) -> bool:
    """Return whether every edge has two faces, one in each direction."""
    return all(
        shell.isClosed() and not shell.getBadEdges().Edges for solid, _ in result.solids for shell in solid.Shells
    )


def _new_faces_are_valid(result: Facts, operands: list[Facts]) -> bool:
    known = {id(side) for each in operands for side in each.sides}
    new = [side for side in result.sides if id(side) not in known]
    if not new:
        return False
    edges: dict[int, list[Any]] = {}
    for each in operands:
        for side in each.sides:
            for key, edge in zip(side.edge_keys, side.edges):
                edges.setdefault(key, []).append(edge)
    return all(_is_valid(side, edges) for side in new)


def _is_valid(side: Side, before: dict[int, list[Any]]) -> bool:
    outline = side.outline
    if outline is not None and _is_clear(outline, before):
        return True
    return bool(side.face.isValid())


def _is_clear(outline: Outline, before: dict[int, list[Any]]) -> bool:
    """Return whether the new edges of a flat face meet other edges only at their ends, and its holes lie in it."""
    new = [piece for piece in outline.pieces if not _is_old(piece.edge, before)]
    if any(not wire.isClosed() for wire in outline.wires):
        return False
    if any(one is not other and one.may_cross(other) for one in new for other in outline.pieces):
        return False
    return outline.is_nested()


def _is_old(edge: Any, before: dict[int, list[Any]]) -> bool:
    return any(
        edge.isPartner(each) and same_place(attributes.of(edge, "Placement"), attributes.of(each, "Placement"))
        for each in before.get(key_of(edge), ())
    )
