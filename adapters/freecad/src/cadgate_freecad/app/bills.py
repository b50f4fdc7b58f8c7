"""What an assembly is made of, counted for its bill of materials and for the parts list of a drawing."""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple

from cadgate_freecad.app import materials
from cadgate_freecad.app.materials import Material, Piece


class Line(NamedTuple):
    """An object in one material: how many of it there are, and the kg of one if that is known."""

    obj: Any
    material: Material | None
    quantity: int
    mass: float | None


def lines(assembly: Any) -> list[Line]:
    """Return the bill of an assembly: links of a material of their own are a line apart from others to the object."""
    return counted(parts_of(assembly))


def parts_of(assembly: Any) -> list[Piece]:
    """Return what the assembly shows, also through links to links, and in parts and assemblies within it.

    What is hidden does not count.
    """
    return [each for each in materials.pieces(assembly) if _is_part(each)]


def counted(pieces: Iterable[Piece]) -> list[Line]:
    """Return the pieces, those alike as one line, in the order of the first of each."""
    found: dict[tuple[str, str, Material | None], tuple[Any, int]] = {}
    for each in pieces:
        key = each.obj.Document.Name, each.obj.Name, each.material
        found[key] = each.obj, found.get(key, (None, 0))[1] + 1
    return [
        Line(obj, material, quantity, materials.mass_of(materials.size_of(obj), material))
        for (*_, material), (obj, quantity) in found.items()
    ]


def _is_part(piece: Piece) -> bool:
    """Return whether it is a part: the lines that one is drawn by are none, unless a link shows them on purpose."""
    shape = getattr(piece.obj, "Shape", None)
    has_faces = shape is not None and hasattr(shape, "isNull") and not shape.isNull() and bool(shape.Faces)
    return piece.linked or has_faces or hasattr(getattr(piece.obj, "Mesh", None), "CountFacets")
