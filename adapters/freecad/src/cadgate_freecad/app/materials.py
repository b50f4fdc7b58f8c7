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
    density = getattr(obj, DENSITY, None)
    if density is None:
        return None
    name = getattr(obj, NAME, "")
    return Material(name, density) if name or density else None


class _Piece(NamedTuple):
    """A solid that a holder shows: mm³, its centre in the document, kg/m³."""

    volume: float
    center: Any
    density: float


class _UnknownError(Exception):
    """The contents of a holder cannot be weighed piece by piece."""


def weigh(obj: Any, measured: dict[str, Any]) -> dict[str, Any]:
    """Return `mass`, and `center_of_mass` if that depends on masses. `measured` are the measures of the object."""
    volume = measured["volume"]
    if volume is None or volume <= 0:
        return {"mass": None}
    if not holders.is_holder(obj) and not _shows_holder(obj):
        material = of(obj)
        return {"mass": significant(volume * CUBIC_MM * material.density) if material and material.density else None}
    from cadgate_freecad.app import placed

    try:
        pieces = list(_pieces(obj, placed.placement(obj), 0.0))
    except _UnknownError:
        return {"mass": None}
    if abs(sum(each.volume for each in pieces) - volume) > SAME * volume or not all(each.density for each in pieces):
        return {"mass": None}
    mass = sum(each.volume * each.density for each in pieces)
    weighed: dict[str, Any] = {"mass": significant(mass * CUBIC_MM)}
    if len({each.density for each in pieces}) > 1:
        center = FreeCAD.Vector()
        for each in pieces:
            center += each.center * (each.volume * each.density / mass)
        if all(map(finite, (center.x, center.y, center.z))):
            weighed["center_of_mass"] = xyz(center, 9)
    return weighed


def _shows_holder(obj: Any) -> bool:
    target = obj.getLinkedObject(True) if obj.TypeId == "App::Link" else None
    return target is not None and (target is obj or holders.is_holder(target))


def _pieces(obj: Any, place: Any, density: float) -> Iterator[_Piece]:
    """Yield the solids that `obj` shows if placed at `place`. `density` is that of its container."""

    own = holders.nearest(obj, _own) if not holders.is_holder(obj) else _own(obj)
    density = own.density if own is not None and own.density else density
    if obj.TypeId == "App::Link":
        target = obj.LinkedObject
        if target is None or obj.ElementCount or obj.ScaleVector != FreeCAD.Vector(1, 1, 1):
            raise _UnknownError
        whole = place.multiply(_placement(target)) if obj.LinkTransform else place
        yield from _pieces(target, whole, density)
    elif holders.is_holder(obj):
        for each in holders.members(obj):
            if getattr(each, "Visibility", True):
                yield from _pieces(each, place.multiply(_placement(each)), density)
    elif hasattr(getattr(obj, "Mesh", None), "CountFacets"):
        raise _UnknownError
    else:
        shape = getattr(obj, "Shape", None)
        volume = 0.0 if shape is None or not hasattr(shape, "isNull") or shape.isNull() else shapes.volume(shape)
        if volume > 0:
            center = shapes.center_of_mass(shape)
            if center is None:
                raise _UnknownError
            yield _Piece(volume, place.multVec(_placement(obj).inverse().multVec(center)), density)


def _placement(obj: Any) -> Any:
    return attributes.optional(obj, "Placement") or FreeCAD.Placement()
