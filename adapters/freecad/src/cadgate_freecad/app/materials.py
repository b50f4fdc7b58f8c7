"""What objects are made of, and what they weigh. A material is data; FreeCAD makes no use of it."""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple

import FreeCAD

from cadgate_freecad.app import attributes, holders, shapes, values
from cadgate_freecad.app.values import finite, significant, xyz

NAME, DENSITY = PROPERTIES = ("CadgateMaterial", "CadgateDensity")
"""The density in kg/m³; 0 if it is unknown."""
_ATTRIBUTES = 8 | 16
"""Output and no recompute: writing it does not touch the object."""
HEAVIEST = 1e6
"""kg/m³. Nothing on earth is heavier than 23,000."""
CUBIC_MM = 1e-9
_UNIT = FreeCAD.Units.Quantity("1 kg/m^3")
SAME = 1e-6
_LINKS = ("App::Link", "App::LinkElement")
_NO_PIECES = ("App::Origin", "App::Line", "App::Plane", "App::Point")


class Material(NamedTuple):
    name: str
    density: float


def prepare(wanted: dict[str, Any] | None) -> Material | None:
    """Return the material in a request. Raises AppError `validation_error` for an invalid density."""
    if wanted is None:
        return None
    given = wanted.get("density")
    if given is None:
        return Material(wanted.get("name") or "", 0.0)
    density = values.quantity("material.density", given, _UNIT.Unit, "7.85 g/cm^3")
    if isinstance(given, str):
        density /= _UNIT.Value
    if not 0 < density <= HEAVIEST:
        raise values.invalid("material.density", f"{given!r} must be above 0 and at most {HEAVIEST:g} kg/m³")
    return Material(wanted.get("name") or "", significant(density))


def assign(obj: Any, material: Material | None, *, instead: bool = False) -> None:
    """Give the object a material; with `instead`, None removes it."""
    if material is None and not (instead and DENSITY in obj.PropertiesList):
        return
    if DENSITY not in obj.PropertiesList:
        obj.addProperty("App::PropertyString", NAME, "Cadgate", "What it is made of", _ATTRIBUTES)
        obj.addProperty("App::PropertyFloat", DENSITY, "Cadgate", "kg/m³; 0 where it is not known", _ATTRIBUTES)
    name, density = material or Material("", 0.0)
    setattr(obj, NAME, name)
    setattr(obj, DENSITY, density)


def info(obj: Any) -> dict[str, Any] | None:
    """Return the `material` of ObjectInfo."""
    material = of(obj)
    if material is None:
        return None
    return {"name": material.name or None, "density": material.density or None}


def of(obj: Any) -> Material | None:
    """Return its own material, or that of its last feature (a body), of the object it links to, or of its container."""
    return holders.inherited(obj, _own)


def _own(obj: Any) -> Material | None:
    if obj.TypeId in _LINKS and DENSITY not in obj.PropertiesList:
        # A link answers for properties of the object that it shows.
        return None
    density = getattr(obj, DENSITY, None)
    if density is None:
        return None
    name = getattr(obj, NAME, "")
    return Material(name, density) if name or density else None


class Piece(NamedTuple):
    """Something that a holder shows: a solid, a mesh, or whatever else is not a holder of others."""

    obj: Any
    """The object at the end of all links; a link that scales it, or that shows nothing."""
    place: Any
    """Where it is in the document, instead of its own placement."""
    material: Material | None
    linked: bool
    """Whether a link leads to it."""


class _UnknownError(Exception):
    """The contents of a holder cannot be weighed piece by piece."""


def weigh(obj: Any, measured: dict[str, Any]) -> dict[str, Any]:
    """Return `mass`, and `center_of_mass` if that depends on masses. `measured` are the measures of the object."""
    volume = measured["volume"]
    if volume is None or volume <= 0:
        return {"mass": None}
    if not holders.is_holder(obj) and not _shows_holder(obj):
        return {"mass": mass_of(volume, of(obj))}
    try:
        found = [(each, *measure(each)) for each in pieces(obj)]
    except _UnknownError:
        return {"mass": None}
    solid = [(size, center, each.material) for each, size, center in found if size > 0]
    densities = [material.density if material else 0.0 for *_, material in solid]
    if abs(sum(size for size, *_ in solid) - volume) > SAME * volume or not all(densities):
        return {"mass": None}
    masses = [size * density for (size, *_), density in zip(solid, densities)]
    weighed: dict[str, Any] = {"mass": significant(sum(masses) * CUBIC_MM)}
    if len({*densities}) > 1:
        center = FreeCAD.Vector()
        for (_, own, _), mass in zip(solid, masses):
            center += own * (mass / sum(masses))
        if all(map(finite, (center.x, center.y, center.z))):
            weighed["center_of_mass"] = xyz(center, 9)
    return weighed


def mass_of(volume: float, material: Material | None) -> float | None:
    """Return the kg of a volume in mm³; None if the density is not known, or there is no volume."""
    return significant(volume * CUBIC_MM * material.density) if material and material.density and volume > 0 else None


def measure(piece: Piece) -> tuple[float, Any]:
    """Return the volume of a piece in mm³, and its centre in the document; of what has no volume, its place.

    Raises an error that `weigh` knows for what cannot be added to others.
    """
    obj = piece.obj
    if _shows_holder(obj) or hasattr(getattr(obj, "Mesh", None), "CountFacets"):
        raise _UnknownError
    volume = size_of(obj)
    if volume <= 0:
        return 0.0, piece.place.Base
    center = shapes.center_of_mass(obj.Shape)
    if center is None:
        raise _UnknownError
    return volume, piece.place.multVec(_placement(obj).inverse().multVec(center))


def size_of(obj: Any) -> float:
    """Return the mm³ of the solids of an object, or of its mesh."""
    mesh = getattr(obj, "Mesh", None)
    if hasattr(mesh, "CountFacets"):
        return float(shapes.mesh_measures(mesh)["volume"] or 0.0)
    shape = getattr(obj, "Shape", None)
    return 0.0 if shape is None or not hasattr(shape, "isNull") or shape.isNull() else shapes.volume(shape)


def _shows_holder(obj: Any) -> bool:
    target = obj.getLinkedObject(True) if obj.TypeId in _LINKS else None
    return target is not None and (target is obj or holders.is_holder(target))


def pieces(obj: Any) -> Iterator[Piece]:
    """Yield what a holder shows, without what is hidden in it: the operands of a boolean, for instance.

    Each has its own material, or that of the links that lead to it, or that of what holds it. A link of its own
    material has that instead of the object's.
    """
    from cadgate_freecad.app import placed

    return _pieces(obj, placed.placement(obj), None)


def _pieces(
    obj: Any, place: Any, around: Material | None, instead: Material | None = None, *, linked: bool = False
) -> Iterator[Piece]:
    """Yield the pieces of `obj`, placed at `place`.

    `around` is the material of what holds it, `instead` that of a link to it.
    """
    if obj.TypeId in _LINKS:
        instead = instead or _own(obj)
        yield from _linked_pieces(obj, place, around, instead)
    elif holders.is_holder(obj):
        around = instead or _own(obj) or around
        for each in holders.members(obj):
            if getattr(each, "Visibility", True) and each.TypeId not in _NO_PIECES:
                yield from _pieces(each, place.multiply(_placement(each)), around)
    else:
        yield Piece(obj, place, instead or holders.nearest(obj, _own) or around, linked)


def _linked_pieces(link: Any, place: Any, around: Material | None, own: Material | None) -> Iterator[Piece]:
    target = link.LinkedObject
    if target is None or _is_scaled(link):
        yield Piece(link, place, own or of(link) or around, linked=True)
        return
    around = of(target) or around
    if not attributes.optional(link, "ElementCount"):
        whole = place.multiply(_placement(target)) if link.LinkTransform else place
        yield from _pieces(target, whole, around, own, linked=True)
        return
    for index, element in holders.elements(link):
        if element is not None:
            yield from _pieces(element, place.multiply(_placement(element)), around, own)
        else:
            whole = place.multiply(link.PlacementList[index]) if index < len(link.PlacementList) else place
            whole = whole.multiply(_placement(target)) if link.LinkTransform else whole
            yield from _pieces(target, whole, around, own, linked=True)


def _is_scaled(link: Any) -> bool:
    scales = [link.ScaleVector, *(attributes.optional(link, "ScaleList") or [])]
    scales += [each.ScaleVector for each in attributes.optional(link, "ElementList") or []]
    return any(each != FreeCAD.Vector(1, 1, 1) for each in scales)


def _placement(obj: Any) -> Any:
    return attributes.optional(obj, "Placement") or FreeCAD.Placement()
