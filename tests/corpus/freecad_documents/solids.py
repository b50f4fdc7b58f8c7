"""Shapes, sketches and features, of Part and PartDesign."""

import Part
import PartDesign  # noqa: F401
import Sketcher
import Surface  # noqa: F401

from tests.corpus.freecad_documents.making import V, body, box, make, rectangle


@make
def plain_box(d):
    box(d)


@make
def cut_with_cylinder(d):
    cylinder = d.addObject("Part::Cylinder", "Cylinder")
    cylinder.Height, cylinder.Radius = 50, 3
    cut = d.addObject("Part::Cut", "Cut")
    cut.Base, cut.Tool = box(d), cylinder


@make
def fused(d):
    fuse = d.addObject("Part::MultiFuse", "Fuse")
    fuse.Shapes = [box(d, "A"), box(d, "B", at=(5, 5, 5)), box(d, "C", at=(-5, 0, 0))]
    fuse.Refine = True


@make
def common_in_a_compound(d):
    common = d.addObject("Part::MultiCommon", "Common")
    common.Shapes = [box(d, "A"), box(d, "B", at=(5, 5, 5))]
    d.addObject("Part::Compound", "Compound").Links = [common]


@make
def rounded(d):
    fillet = d.addObject("Part::Fillet", "Fillet")
    fillet.Base = box(d)
    fillet.Edges = [(1, 1.0, 1.0), (3, 2.0, 1.0)]


@make
def chamfered(d):
    chamfer = d.addObject("Part::Chamfer", "Chamfer")
    chamfer.Base = box(d)
    chamfer.Edges = [(2, 1.0, 1.5)]


@make
def constrained_sketch(d):
    rectangle(d)


@make
def sketch_of_every_curve(d):
    sketch = d.addObject("Sketcher::SketchObject", "Curves")
    spline = Part.BSplineCurve()
    spline.interpolate([V(0, 0, 0), V(5, 5, 0), V(10, 0, 0)])
    circle = Part.Circle(V(), V(0, 0, 1), 3)
    ellipse = Part.Ellipse(V(20, 0, 0), 5, 3)
    for curve in (circle, Part.ArcOfCircle(circle, 0, 1), ellipse, Part.ArcOfEllipse(ellipse, 0, 2), spline):
        sketch.addGeometry(curve, False)
    sketch.addGeometry(Part.Point(V(1, 1, 0)), False)
    sketch.addGeometry(Part.LineSegment(V(0, 0, 0), V(9, 9, 0)), True)
    sketch.addConstraint(Sketcher.Constraint("Radius", 0, 3.0))


@make
def driven_sketch(d):
    source = box(d)
    sketch = rectangle(d)
    sketch.setExpression("Constraints.width", "Box.Length * 2 + 1 mm")
    extrusion = d.addObject("Part::Extrusion", "Extrusion")
    extrusion.Base, extrusion.LengthFwd, extrusion.Solid = sketch, 4, True
    extrusion.DirMode = "Normal"
    source.setExpression("Height", "Length + sqrt(Width / 1 mm) * 1 mm")


@make
def padded_body(d):
    body(d)


@make
def pocketed_body(d):
    made, _, _ = body(d)
    sketch = rectangle(d, made, 5, 4)
    pocket = d.addObject("PartDesign::Pocket", "Pocket")
    made.addObject(pocket)
    pocket.Profile, pocket.Length, pocket.Reversed = sketch, 2, True


@make
def drilled_body(d):
    made, _, _ = body(d)
    sketch = d.addObject("Sketcher::SketchObject", "Holes")
    made.addObject(sketch)
    sketch.Placement.Base.z = 5
    sketch.addGeometry(Part.Circle(V(5, 5, 0), V(0, 0, 1), 1), False)
    d.recompute()
    hole = d.addObject("PartDesign::Hole", "Hole")
    made.addObject(hole)
    hole.Profile, hole.Diameter, hole.DepthType = sketch, 2, "ThroughAll"


@make
def patterned_body(d):
    made, sketch, pad = body(d)
    pattern = d.addObject("PartDesign::LinearPattern", "Pattern")
    made.addObject(pattern)
    pattern.Originals, pattern.Direction = [pad], (sketch, ["H_Axis"])
    pattern.Length, pattern.Occurrences = 30, 3
    made.Tip = pattern


@make
def dressed_body(d):
    made, _, pad = body(d)
    fillet = d.addObject("PartDesign::Fillet", "Round")
    made.addObject(fillet)
    fillet.Base, fillet.Radius = (pad, ["Edge1"]), 1
    made.Tip = fillet


@make
def additive_body(d):
    made = d.addObject("PartDesign::Body", "Body")
    first = d.addObject("PartDesign::AdditiveBox", "Block")
    made.addObject(first)
    second = d.addObject("PartDesign::SubtractiveCylinder", "Bore")
    made.addObject(second)
    second.Radius, second.Height = 2, 20


@make
def lofted_and_swept(d):
    small, large = d.addObject("Part::Circle", "Small"), d.addObject("Part::Circle", "Large")
    small.Radius, large.Radius = 2, 5
    large.Placement.Base.z = 10
    loft = d.addObject("Part::Loft", "Loft")
    loft.Sections, loft.Solid = [small, large], True
    spine = d.addObject("Part::Line", "Spine")
    spine.X2, spine.Y2, spine.Z2 = 0, 0, 20
    sweep = d.addObject("Part::Sweep", "Sweep")
    d.recompute()
    sweep.Sections, sweep.Spine, sweep.Solid = [small], (spine, ["Edge1"]), True


@make
def curves_and_primitives(d):
    for kind in (
        "Cone",
        "Sphere",
        "Torus",
        "Wedge",
        "Ellipsoid",
        "Prism",
        "Helix",
        "Spiral",
        "Vertex",
        "Plane",
        "Ellipse",
    ):
        d.addObject("Part::" + kind, kind)
    polygon = d.addObject("Part::RegularPolygon", "Polygon")
    polygon.Polygon = 5


@make
def mirrored_and_offset(d):
    obj = box(d)
    mirror = d.addObject("Part::Mirroring", "Mirror")
    mirror.Source, mirror.Normal = obj, V(1, 0, 0)
    offset = d.addObject("Part::Offset", "Offset")
    offset.Source, offset.Value = obj, 1
    revolved = d.addObject("Part::Revolution", "Turned")
    revolved.Source, revolved.Axis, revolved.Angle = rectangle(d), V(0, 1, 0), 90
    revolved.Base, revolved.Solid = V(-5, 0, 0), True


@make
def filled_surface(d):
    sketch = rectangle(d)
    d.recompute()
    filling = d.addObject("Surface::Filling", "Filling")
    filling.BoundaryEdges = [(sketch, ("Edge1", "Edge2", "Edge3", "Edge4"))]


@make
def binders(d):
    made, _, pad = body(d)
    other = d.addObject("PartDesign::Body", "Other")
    binder = d.addObject("PartDesign::SubShapeBinder", "Binder")
    other.addObject(binder)
    binder.Support = [(pad, ("Face1",))]
    made.Label = "Körper"
