"""The second kernel: the same recipe built by OpenCASCADE 8, which shares no code path with FreeCAD's document."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import radians
from typing import Any

from OCP.Bnd import Bnd_Box
from OCP.BRepAdaptor import BRepAdaptor_Curve
from OCP.BRepAlgoAPI import BRepAlgoAPI_Common, BRepAlgoAPI_Cut, BRepAlgoAPI_Fuse
from OCP.BRepBndLib import BRepBndLib
from OCP.BRepBuilderAPI import (
    BRepBuilderAPI_MakeEdge,
    BRepBuilderAPI_MakeFace,
    BRepBuilderAPI_MakePolygon,
    BRepBuilderAPI_MakeWire,
    BRepBuilderAPI_Transform,
)
from OCP.BRepFilletAPI import BRepFilletAPI_MakeChamfer, BRepFilletAPI_MakeFillet
from OCP.BRepGProp import BRepGProp
from OCP.BRepMesh import BRepMesh_IncrementalMesh
from OCP.BRepPrimAPI import (
    BRepPrimAPI_MakeBox,
    BRepPrimAPI_MakeCone,
    BRepPrimAPI_MakeCylinder,
    BRepPrimAPI_MakePrism,
    BRepPrimAPI_MakeRevol,
    BRepPrimAPI_MakeSphere,
    BRepPrimAPI_MakeTorus,
)
from OCP.GeomAbs import GeomAbs_CurveType
from OCP.gp import gp_Ax1, gp_Ax2, gp_Circ, gp_Dir, gp_Pnt, gp_Trsf, gp_Vec
from OCP.GProp import GProp_GProps
from OCP.TopAbs import TopAbs_EDGE, TopAbs_SOLID
from OCP.TopExp import TopExp_Explorer
from OCP.TopoDS import TopoDS, TopoDS_Builder, TopoDS_Compound, TopoDS_Shape

from tests.truth import membership
from tests.truth.parts import Step

MESHED = 0.02
"""mm: how exact boxes are that come from a mesh."""
AGREE = 5e-5
"""Relative: two integrals that are as close as this are right."""


class CannotBuild(Exception):
    """This kernel fails on the recipe, or the recipe is no solid: there is nothing to compare with."""


@dataclass(frozen=True)
class Measures:
    """What is compared: mm³, mm², mm."""

    volume: float
    area: float
    center: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    solids: int = 0
    slack: float = 0.0
    precision: float = 1e-4


def build(steps: Sequence[Step]) -> dict[str, TopoDS_Shape]:
    """Every object of the recipe by name; a body is what its features have made of it."""
    made: dict[str, TopoDS_Shape] = {}
    by_name = {step.name: step for step in steps}
    for step in steps:
        if step.kind in ("sketch", "body"):
            continue
        if step.kind in ("pad", "pocket"):
            sketch = by_name[step.inputs[0]]
            body = by_name[sketch.params["body"]]
            made[body.name] = _grow(made.get(body.name), step, sketch, body)
        else:
            made[step.name] = _make(step, by_name, made)
    return made


def measure(shape: TopoDS_Shape) -> Measures:
    """Volume and centre over the solids, area and tight box over all."""
    volume, area = GProp_GProps(), GProp_GProps()
    solids = 0
    low, high, slack = _box(shape)
    size = max(one - other for one, other in zip(high, low, strict=True))
    explorer = TopExp_Explorer(shape, TopAbs_SOLID)
    while explorer.More():
        volume.Add(_integrated(explorer.Current(), size))
        solids += 1
        explorer.Next()
    BRepGProp.SurfaceProperties_s(shape, area, 1e-9, False)
    middle = volume.CentreOfMass() if solids else gp_Pnt(0, 0, 0)
    center = (middle.X(), middle.Y(), middle.Z())
    return Measures(volume.Mass() if solids else 0.0, area.Mass(), center, low, high, solids, slack)


def _integrated(solid: TopoDS_Shape, size: float) -> GProp_GProps:
    """The first integral that another rule confirms.

    With its fixed number of points OpenCASCADE is wrong by 0.1 % and more over tori that are cut along curves. Its
    adaptive rule takes the points of one side of a ring and not those of the other. The last rule may take a minute.
    """
    found = [_by(solid, None)]
    for precision in (1e-9, 1e-11):
        found.append(_by(solid, precision))
        one, other = found[-2:]
        apart = one.CentreOfMass().Distance(other.CentreOfMass())
        if abs(one.Mass() - other.Mass()) <= AGREE * abs(other.Mass()) and apart <= AGREE * size:
            return found[0] if len(found) == 2 else other
    slow = GProp_GProps()
    BRepGProp.VolumePropertiesGK_s(solid, slow, 1e-5, False, False, False, True, False)
    return slow


def _by(solid: TopoDS_Shape, precision: float | None) -> GProp_GProps:
    found = GProp_GProps()
    if precision is None:
        BRepGProp.VolumeProperties_s(solid, found)
    else:
        BRepGProp.VolumeProperties_s(solid, found, precision, False, False)
    return found


def _box(shape: TopoDS_Shape) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """The box, and how exact it is (mm).

    The optimal box of a trimmed sphere or torus may hold what was cut away, so a fine mesh has the last word.
    """
    optimal, meshed = Bnd_Box(), Bnd_Box()
    BRepBndLib.AddOptimal_s(shape, optimal, False, False)
    if optimal.IsVoid():
        return (0.0,) * 3, (0.0,) * 3, 0.0
    BRepMesh_IncrementalMesh(shape, MESHED / 2, False, 0.2)
    BRepBndLib.Add_s(shape, meshed, True)
    meshed.SetGap(0.0)
    sides = list(zip(_sides(optimal), _sides(meshed), strict=True))
    exact = all(abs(one - other) <= 1e-6 for one, other in sides)
    chosen = [one if abs(one - other) <= MESHED else other for one, other in sides]
    return tuple(chosen[:3]), tuple(chosen[3:]), 0.0 if exact else MESHED


def _sides(box: Bnd_Box) -> list[float]:
    low, high = box.CornerMin(), box.CornerMax()
    return [low.X(), low.Y(), low.Z(), high.X(), high.Y(), high.Z()]


# --- steps -----------------------------------------------------------------------------------------------------------


def _make(step: Step, by_name: dict[str, Step], made: dict[str, TopoDS_Shape]) -> TopoDS_Shape:
    get: Any = step.params.get
    if step.kind in _PRIMITIVES:
        return _placed(_PRIMITIVES[step.kind](step.params), step.params)
    if step.kind in _BOOLEANS:
        shape = made[step.inputs[0]]
        for name in step.inputs[1:]:
            shape = _boolean(step.kind, shape, made[name])
        return shape
    if step.kind == "mirror":
        normal = {"xy": (0, 0, 1), "xz": (0, 1, 0), "yz": (1, 0, 0)}[get("plane")]
        turn = gp_Trsf()
        turn.SetMirror(gp_Ax2(gp_Pnt(*get("base", (0, 0, 0))), gp_Dir(*normal)))
        return BRepBuilderAPI_Transform(made[step.inputs[0]], turn, True).Shape()
    if step.kind in ("linear_pattern", "polar_pattern"):
        return _together([_moved(made[step.inputs[0]], turn) for turn in _copies(step)], fuse=get("fuse"))
    if step.kind == "extrude":
        sketch = by_name[step.inputs[0]]
        return _prism(_face(sketch), [part * get("length") for part in membership.normal(sketch)])
    if step.kind == "revolve":
        axis = gp_Ax1(gp_Pnt(0, 0, 0), gp_Dir(*get("axis")))
        face = _face(by_name[step.inputs[0]])
        angle = get("angle", 360.0)
        return (
            BRepPrimAPI_MakeRevol(face, axis).Shape()
            if angle == 360
            else BRepPrimAPI_MakeRevol(face, axis, radians(angle)).Shape()
        )
    if step.kind in ("fillet", "chamfer"):
        return _rim(made[step.inputs[0]], step)
    raise KeyError(step.kind)


_PRIMITIVES = {
    "box": lambda p: BRepPrimAPI_MakeBox(p["length"], p["width"], p["height"]).Shape(),
    "cylinder": lambda p: BRepPrimAPI_MakeCylinder(p["radius"], p["height"], radians(p.get("angle", 360))).Shape(),
    "cone": lambda p: BRepPrimAPI_MakeCone(p["radius1"], p["radius2"], p["height"]).Shape(),
    "sphere": lambda p: BRepPrimAPI_MakeSphere(p["radius"]).Shape(),
    "torus": lambda p: BRepPrimAPI_MakeTorus(p["radius1"], p["radius2"]).Shape(),
    "prism": lambda p: _prism(_polygon(membership.corners(p)), (0, 0, p["height"])),
}
_BOOLEANS = {"union": BRepAlgoAPI_Fuse, "subtract": BRepAlgoAPI_Cut, "intersect": BRepAlgoAPI_Common}


def _boolean(kind: str, first: TopoDS_Shape, second: TopoDS_Shape) -> TopoDS_Shape:
    operation = _BOOLEANS[kind](first, second)
    if not operation.IsDone():
        raise CannotBuild(f"{kind} failed")
    return operation.Shape()


def _together(shapes: list[TopoDS_Shape], *, fuse: bool) -> TopoDS_Shape:
    if fuse:
        whole = shapes[0]
        for shape in shapes[1:]:
            whole = _boolean("union", whole, shape)
        return whole
    compound, builder = TopoDS_Compound(), TopoDS_Builder()
    builder.MakeCompound(compound)
    for shape in shapes:
        builder.Add(compound, shape)
    return compound


def _grow(before: TopoDS_Shape | None, step: Step, sketch: Step, body: Step) -> TopoDS_Shape:
    length = -1000.0 if step.kind == "pocket" else step.params["length"]
    tool = _placed(_prism(_face(sketch), (0, 0, length)), body.params)
    if before is None:
        return tool
    return _boolean("subtract" if step.kind == "pocket" else "union", before, tool)


def _rim(shape: TopoDS_Shape, step: Step) -> TopoDS_Shape:
    """The chosen rim rounded or bevelled: circles of a radius in the upper face of the plate."""
    chosen = step.params["edges"]
    top = measure(shape).high[2]
    size = step.params.get("radius", step.params.get("size"))
    maker: Any = BRepFilletAPI_MakeFillet(shape) if step.kind == "fillet" else BRepFilletAPI_MakeChamfer(shape)
    explorer, found = TopExp_Explorer(shape, TopAbs_EDGE), False
    while explorer.More() and not found:
        edge = TopoDS.Edge(explorer.Current())
        curve = BRepAdaptor_Curve(edge)
        if curve.GetType() == GeomAbs_CurveType.GeomAbs_Circle:
            circle = curve.Circle()
            found = abs(circle.Radius() - chosen["radius"]) < 1e-6 and abs(circle.Location().Z() - top) < 1e-6
            if found:
                maker.Add(size, edge)
        explorer.Next()
    if not found:
        raise CannotBuild("no such rim")
    maker.Build()
    if not maker.IsDone():
        raise CannotBuild(f"{step.kind} failed")
    return maker.Shape()


# --- geometry --------------------------------------------------------------------------------------------------------


def _trsf(rows: Any) -> gp_Trsf:
    turn = gp_Trsf()
    turn.SetValues(*(float(value) for row in rows[:3] for value in row))
    return turn


def _moved(shape: TopoDS_Shape, matrix: Any) -> TopoDS_Shape:
    return BRepBuilderAPI_Transform(shape, _trsf(matrix), True).Shape()


def _placed(shape: TopoDS_Shape, params: dict[str, Any]) -> TopoDS_Shape:
    return _moved(shape, membership.matrix(params))


def _copies(step: Step) -> list[Any]:
    return membership.copies(step)


def _polygon(points: Sequence[Sequence[float]]) -> TopoDS_Shape:
    wire = BRepBuilderAPI_MakePolygon()
    for point in points:
        wire.Add(gp_Pnt(*point))
    wire.Close()
    return BRepBuilderAPI_MakeFace(wire.Wire()).Shape()


def _face(sketch: Step) -> TopoDS_Shape:
    element = sketch.params["geometry"][0]
    lift = membership.lift(sketch)
    if element["type"] == "polyline":
        return _polygon([lift(*point) for point in element["points"]])
    axis = gp_Ax2(gp_Pnt(*lift(*element["center"])), gp_Dir(*membership.normal(sketch)))
    edge = BRepBuilderAPI_MakeEdge(gp_Circ(axis, element["radius"])).Edge()
    return BRepBuilderAPI_MakeFace(BRepBuilderAPI_MakeWire(edge).Wire()).Shape()


def _prism(face: TopoDS_Shape, along: Sequence[float]) -> TopoDS_Shape:
    return BRepPrimAPI_MakePrism(face, gp_Vec(*along)).Shape()
