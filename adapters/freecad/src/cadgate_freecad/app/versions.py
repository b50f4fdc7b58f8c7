"""The differences between FreeCAD 0.20 and 1.1, in one place. Other modules never check the version themselves."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate.appserver import unavailable
from cadgate_freecad.app import attributes
from cadgate_freecad.app.failures import FreeCADError
from cadgate_freecad.app.values import words

VERSION: tuple[int, int] = (int(FreeCAD.Version()[0]), int(FreeCAD.Version()[1]))
OLDEST = (0, 20)

INTERSECTS_ALL = VERSION != (1, 0)
"""Whether a `Part::MultiCommon` is what all its shapes share: in 1.0 it is what the first one shares with any other."""

ENDLESS = frozenset(("App::Line", "App::Origin", "App::Plane", "App::Point"))
"""The axes and planes of an origin. From 1.0 they have shapes without an end, whose sizes are noise."""

RENUMBERS = VERSION >= (1, 0)
"""Whether a recomputed object changes the numbers of edges and faces in what refers to it, by FreeCAD's own names."""

MIRRORS_EXACTLY = VERSION >= (1, 0)
"""Whether a link that mirrors, by equal factors otherwise, leaves planes flat and cylinders round."""

ENDS_WITHOUT_PROFILE = VERSION >= (1, 0)
"""Whether to compute a body's loft that has no profile ends FreeCAD: it does in 1.0.0; 0.20 says what is missing."""

TOUCHES_DEPENDENTS = VERSION >= (1, 0)
"""Whether an undone or aborted change leaves what depends on it touched, although all has its former values."""


def text() -> str:
    """`FreeCAD 0.20.2`; a suffix such as `dev` is kept."""
    major, minor, patch = FreeCAD.Version()[:3]
    suffix = FreeCAD.Version()[3] if VERSION >= (0, 22) else ""
    known = str(patch).split(" ")[0]
    version = f"{major}.{minor}.{known}" if known.isdigit() else f"{major}.{minor}"
    return f"FreeCAD {version}{suffix if suffix.isalnum() else ''}"


def require_supported() -> None:
    """Raise AppError for a FreeCAD that is too old."""
    if VERSION < OLDEST:
        raise unavailable(
            f"{text()} is too old: FreeCAD {OLDEST[0]}.{OLDEST[1]} or newer is needed",
            f"install FreeCAD {OLDEST[0]}.{OLDEST[1]} or newer, and set FREECAD_CMD to its freecadcmd if it is not the "
            "first on PATH",
        )


def unmerged(error: Exception) -> str:
    """Say why a document cannot be merged into another. From 1.0 that fails for a material that is not there."""
    if any(sign in str(error) for sign in ("MaterialNotFound", "Material not found")):
        return (
            "an object in it has a material that is in none of the libraries of this FreeCAD; open the document "
            "(POST /documents/open), or save it with a material of FreeCAD's own"
        )
    return words(error)


def center_of_mass(shape: Any, volume: float | None = None) -> Any | None:
    """Return the centre of mass as a vector, or None if the shape is empty.

    That of a compound is computed from its parts: `CenterOfGravity`, all that 0.20 has for it, is wrong for some turned
    copies of one solid (five, about an axis), and the origin if nothing is solid. Without a solid, the faces' areas
    count, or the edges' lengths. `volume` is that of the solids, if it is known.
    """
    if shape.ShapeType in ("Compound", "CompSolid"):
        if volume and volume > 0 and len(shape.Solids) == 1:
            return attributes.of(shape.Solids[0], "CenterOfMass")
        parts = [(solid.Volume, solid) for solid in shape.Solids]
        parts = parts or [(face.Area, face) for face in shape.Faces]
        parts = parts or [(edge.Length, edge) for edge in shape.Edges if not edge.Degenerated]
        mass = sum(size for size, _ in parts)
        return (
            sum((attributes.of(part, "CenterOfMass") * (size / mass) for size, part in parts), FreeCAD.Vector())
            if mass > 0
            else None
        )
    for attribute in ("CenterOfMass", "CenterOfGravity"):  # a shape of no class of its own has the second one only
        try:
            return getattr(shape, attribute)
        except (AttributeError, RuntimeError, FreeCADError):
            continue
    return None


def inertia(shape: Any) -> Any | None:
    """Return the matrix of inertia of the solids, about their centre of mass; None without solids."""
    if not shape.Solids:
        return None
    if shape.ShapeType == "Solid":
        return attributes.of(shape, "MatrixOfInertia")
    # In 0.20 a compound has no MatrixOfInertia: add up that of its solids by the parallel axis theorem.
    center = center_of_mass(shape)
    total = FreeCAD.Matrix(*([0.0] * 16))
    for solid in shape.Solids:
        own, mass, arm = (
            attributes.of(solid, "MatrixOfInertia"),
            solid.Volume,
            attributes.of(solid, "CenterOfMass") - center,
        )
        total.A11 += own.A11 + mass * (arm.y**2 + arm.z**2)
        total.A22 += own.A22 + mass * (arm.x**2 + arm.z**2)
        total.A33 += own.A33 + mass * (arm.x**2 + arm.y**2)
        total.A12 += own.A12 - mass * arm.x * arm.y
        total.A13 += own.A13 - mass * arm.x * arm.z
        total.A23 += own.A23 - mass * arm.y * arm.z
    total.A21, total.A31, total.A32 = total.A12, total.A13, total.A23
    return total


def insert(path: str, document: str) -> None:
    """Import STEP or IGES into a document, one object per solid, in groups.

    Merging the solids of a file, which is the default, crashes 0.20 if the file has more than one.
    """
    import Import

    try:
        Import.insert(path, document, merge=False, useLinkGroup=False)
    except TypeError:
        Import.insert(name=path, docName=document, merge=False, useLinkGroup=False)


def attach(obj: Any, support: Any) -> None:
    """Lay a sketch flat on a face or plane. The property was renamed in 1.0."""
    name = "AttachmentSupport" if hasattr(obj, "AttachmentSupport") else "Support"
    setattr(obj, name, support)
    obj.MapMode = "FlatFace"


def set_midplane(feature: Any) -> None:
    """Make a pad or pocket extend equally to both sides. The property was replaced in 1.1."""
    if hasattr(feature, "SideType"):
        feature.SideType = "Symmetric"
    else:
        feature.Midplane = True


def has_own_spacing(pattern: Any) -> bool:
    """Return whether a pattern in a body has the distance from one to the next, not that of the last: from 1.0."""
    ways = pattern.getEnumerationsOfProperty("Mode") if hasattr(pattern, "Mode") else None
    return bool(ways) and pattern.Mode != ways[0]


def is_even(pattern: Any) -> bool:
    """Return whether all distances are the same. In 1.1 each can be another one; -1 stands for that of all."""
    alone = [each for each in getattr(pattern, "Spacings", []) if each != -1]
    return not alone and len(getattr(pattern, "SpacingPattern", [])) < 2


def kind_of(obj: Any, shape: Any) -> str:
    """Return the type of a shape. Where a body may have pieces, 1.0 and 1.1 wrap a single one in a compound."""
    kind = shape.ShapeType
    if kind == "Compound" and (obj.isDerivedFrom("Part::BodyBase") or obj.isDerivedFrom("PartDesign::Feature")):
        parts = shape.SubShapes
        return parts[0].ShapeType if len(parts) == 1 else kind
    return kind


def begin(obj: Any) -> None:
    """Give a new object the values that it has after a restoration. In 1.1 the engine is otherwise that of 3D."""
    if VERSION < (0, 22):
        return  # it has no such property
    word = _ENGINES.get(getattr(obj, "AttacherType", ""))
    if word is not None and getattr(obj, "AttacherEngine", word) != word:
        obj.AttacherEngine = word


_ENGINES = {
    "Attacher::AttachEngine3D": "Engine 3D",
    "Attacher::AttachEnginePlane": "Engine Plane",
    "Attacher::AttachEngineLine": "Engine Line",
    "Attacher::AttachEnginePoint": "Engine Point",
}


PASSING = frozenset(("_ElementMapVersion", "_Part_ShapeCache"))
"""Properties that 1.1 sets when it opens a document, which say nothing of the object."""


def is_passing(obj: Any, name: str) -> bool:
    """Return whether a property has no effect, and changes in a restoration: the fit of a hole without a thread."""
    return name == "ThreadFit" and getattr(obj, "ThreadType", "") == "None"


def allow_pieces(body: Any) -> None:
    """Let a body consist of several solids, which 1.1 does by default.

    1.0 otherwise keeps the first one without a word, and 0.20 refuses such features.
    """
    if hasattr(body, "AllowCompound"):
        body.AllowCompound = True


def make_array(obj: Any) -> None:
    """Turn a new Part::FeaturePython into Draft's array."""
    from draftobjects.array import Array  # pyright: ignore[reportMissingImports] - there is no stub of Draft

    Array(obj)
