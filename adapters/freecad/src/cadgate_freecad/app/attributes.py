"""Attributes of FreeCAD's values, read so that nothing stays behind.

FreeCAD keeps a weak reference for each attribute that is read by its name and whose value could be changed in place: a
placement, its base, a quantity, a box (`Base::PyObjectBase::__getattro`). Nothing ever frees it: 80 bytes for each read
in 0.20.2. The descriptors of these attributes keep nothing, and neither does `getPropertyByName` for properties. They
also take a quarter to an eighth of the time, because FreeCAD looks for a property of that name first. Whatever is read
for many objects, or at every call, is read by these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import FreeCAD

_Read = Callable[[Any], Any]
_object: Any = FreeCAD.DocumentObject

name: _Read = _object.Name.__get__
"""The name of a document object; None if it has been deleted."""
type_id: _Read = _object.TypeId.__get__
"""The type of a document object, such as `Part::Box`."""
document: _Read = _object.Document.__get__
"""The document of an object."""
state: _Read = _object.State.__get__
"""The words for the state of a document object, such as `Touched`."""
out_list: _Read = _object.OutList.__get__
"""The objects to which a document object refers."""
is_a: Callable[[Any, str], bool] = _object.isDerivedFrom
"""Whether a document object is of this type, or of one that is derived from it."""
has_extension: Callable[[Any, str], bool] = _object.hasExtension
"""Whether a document object is extended, as by `App::GroupExtension`."""
prop: Callable[[Any, str], Any] = _object.getPropertyByName
"""A property of a document object. Raises AttributeError if it has none of this name."""

base: _Read = vars(FreeCAD.Placement)["Base"].__get__
"""The translation of a placement, a Vector in mm."""
rotation: _Read = vars(FreeCAD.Placement)["Rotation"].__get__
"""The rotation of a placement."""


def of(value: Any, name: str) -> Any:
    """Return an attribute of a shape, a mesh, a box, a curve or a surface (`Axis`, `Center`, `CenterOfMass`).

    Raises AttributeError if its type has none, like the attribute itself.
    """
    return getattr(type(value), name).__get__(value)


def box(shape: Any) -> Any:
    """Return the BoundBox of a shape or a mesh, in mm."""
    return of(shape, "BoundBox")


def optional(obj: Any, name: str) -> Any | None:
    """Return a property of a document object; None if it has none of this name."""
    try:
        return prop(obj, name)
    except AttributeError:
        return None


def number(obj: Any, name: str) -> float:
    """Return the value of a property with a unit: mm, mm² or degrees."""
    return prop(obj, name).Value
