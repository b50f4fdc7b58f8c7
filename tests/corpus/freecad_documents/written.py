"""Run by freecadcmd: writes an FCStd for each function here into CORPUS, and what FreeCAD measured as measures.json."""

import json
import os
import sys
import traceback

import Draft  # pyright: ignore[reportMissingImports] - there is no stub of it
import FreeCAD as App
import Image  # noqa: F401 # pyright: ignore[reportMissingImports] - there is no stub of it
import Mesh
import Part
import PartDesign  # noqa: F401
import Points
import Sketcher
import Spreadsheet  # noqa: F401
import Surface  # noqa: F401
import TechDraw  # noqa: F401

V = App.Vector
MADE = {}
FOLDER = os.environ["CORPUS"]
RESOURCES = App.getResourceDir()


def make(function):
    MADE[function.__name__] = function
    return function


def box(d, name="Box", size=(10, 20, 30), at=(0, 0, 0)):
    obj = d.addObject("Part::Box", name)
    obj.Length, obj.Width, obj.Height = size
    obj.Placement.Base = V(*at)
    return obj


def rectangle(d, parent=None, w=20, h=10):
    sketch = d.addObject("Sketcher::SketchObject", "Sketch")
    if parent is not None:
        parent.addObject(sketch)
    points = [V(0, 0, 0), V(w, 0, 0), V(w, h, 0), V(0, h, 0)]
    for i in range(4):
        sketch.addGeometry(Part.LineSegment(points[i], points[(i + 1) % 4]), False)
    for i in range(4):
        sketch.addConstraint(Sketcher.Constraint("Coincident", i, 2, (i + 1) % 4, 1))
    sketch.addConstraint(Sketcher.Constraint("Horizontal", 0))
    sketch.addConstraint(Sketcher.Constraint("Vertical", 1))
    sketch.addConstraint(Sketcher.Constraint("DistanceX", 0, 1, 0, 2, float(w)))
    sketch.renameConstraint(sketch.ConstraintCount - 1, "width")
    return sketch


def body(d, w=20, h=10, length=5):
    made = d.addObject("PartDesign::Body", "Body")
    sketch = rectangle(d, made, w, h)
    pad = d.addObject("PartDesign::Pad", "Pad")
    made.addObject(pad)
    pad.Profile, pad.Length = sketch, length
    d.recompute()
    return made, sketch, pad


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
def sheet_with_aliases(d):
    sheet = d.addObject("Spreadsheet::Sheet", "Sizes")
    sheet.set("A1", "length")
    sheet.set("B1", "=12 mm")
    sheet.setAlias("B1", "length")
    sheet.set("B2", "=length * 2 + max(1 mm; 3 mm)")
    sheet.setAlias("B2", "height")
    sheet.set("B3", "=B1 > 10 mm ? <<long>> : <<short>>")
    sheet.set("B4", "=sum(B1:B2)")
    sheet.set("C1", "'= no formula")
    sheet.setStyle("A1", "bold")
    sheet.setBackground("A1", (0.9, 0.9, 0.5, 1.0))
    sheet.mergeCells("D1:E2")
    sheet.setColumnWidth("A", 150)
    obj = box(d)
    obj.setExpression("Length", "Sizes.length")
    obj.setExpression("Height", "<<Sizes>>.height")


@make
def expressions_of_places(d):
    box(d, "First")
    second = box(d, "Second")
    second.setExpression("Placement.Base.x", "First.Length + 5 mm")
    second.setExpression("Placement.Rotation.Angle", "30 deg")
    second.setExpression("Width", "First.Shape.BoundBox.YLength * 1 mm")
    third = box(d, "Third")
    third.setExpression(
        "Placement", "create(<<placement>>; create(<<vector>>; 1; 2; 3); create(<<rotation>>; 0; 0; 45))"
    )


@make
def drawing_page(d):
    obj = box(d)
    d.recompute()
    template = d.addObject("TechDraw::DrawSVGTemplate", "Template")
    template.Template = os.path.join(RESOURCES, "Mod", "TechDraw", "Templates", "A4_LandscapeTD.svg")
    page = d.addObject("TechDraw::DrawPage", "Page")
    page.Template = template
    view = d.addObject("TechDraw::DrawViewPart", "View")
    page.addView(view)
    view.Source, view.Direction = [obj], V(0, 0, 1)
    note = d.addObject("TechDraw::DrawViewAnnotation", "Note")
    page.addView(note)
    note.Text = ["a note", "of two lines"]


@make
def hatched_drawing(d):
    drawing_page(d)
    d.recompute()
    hatch = d.addObject("TechDraw::DrawHatch", "Hatch")
    hatch.Source = (d.View, ["Face0"])
    hatch.HatchPattern = os.path.join(RESOURCES, "Mod", "TechDraw", "Patterns", "simple.svg")
    lines = d.addObject("TechDraw::DrawGeomHatch", "Lines")
    lines.Source = (d.View, ["Face0"])


@make
def links(d):
    target = box(d)
    link = d.addObject("App::Link", "Link")
    link.LinkedObject = target
    link.Placement.Base.x = 40
    array = d.addObject("App::Link", "Row")
    array.LinkedObject = target
    array.ElementCount = 3


@make
def groups_in_parts(d):
    outer, inner = d.addObject("App::Part", "Outer"), d.addObject("App::Part", "Inner")
    outer.addObject(inner)
    inner.addObject(box(d))
    inner.Placement.Base = V(5, 5, 5)
    d.addObject("App::DocumentObjectGroup", "Group").addObject(outer)


@make
def material(d):
    obj = d.addObject("App::MaterialObject", "Steel")
    obj.Material = {"Name": "Steel", "Density": "7900 kg/m^3"}
    box(d)


@make
def image(d):
    path = os.path.join(FOLDER, "dot.png")
    with open(path, "wb") as file:
        file.write(
            bytes.fromhex(
                "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
                "1f15c4890000000d49444154789c6360f8cf50000003010100c9fe92ef0000000049454e44ae426082"
            )
        )
    plane = d.addObject("Image::ImagePlane", "Picture")
    plane.ImageFile = path
    plane.XSize, plane.YSize = 10, 20


@make
def mesh(d):
    d.addObject("Mesh::Feature", "Mesh").Mesh = Mesh.createBox(1.0, 2.0, 3.0)


@make
def mesh_operations(d):
    d.addObject("Mesh::Cube", "Cube")
    source = d.addObject("Mesh::Feature", "Source")
    source.Mesh = Mesh.createSphere(5.0, 20)
    flipped = d.addObject("Mesh::FlipNormals", "Flipped")
    flipped.Source = source


@make
def cloud(d):
    cloud = Points.Points  # pyright: ignore[reportAttributeAccessIssue] - the stubs forget it
    d.addObject("Points::Feature", "Points").Points = cloud([V(0, 0, 0), V(1, 2, 3)])


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


@make
def texts_and_own_properties(d):
    note = d.addObject("App::Annotation", "Note")
    note.LabelText = ["<b>ein & zwei</b>", 'drei "vier"', "Größe 漢字"]
    d.addObject("App::TextDocument", "Readme").Text = "line one\nline two\twith <tags> & more ]]> "
    obj = box(d)
    obj.Label = 'A & B <"c">'
    for kind, name, value in (
        ("String", "Maker", "me & you"),
        ("Length", "Slack", 0.25),
        ("StringList", "Notes", ["a", "b"]),
        ("Map", "Table", {"key": "value"}),
        ("Bool", "Checked", True),
        ("VectorList", "Spots", [V(1, 2, 3), V(4, 5, 6)]),
        ("FloatList", "Weights", [1.5, 2.5]),
        ("PythonObject", "Notebook", {"a": [1, 2, "three"]}),
    ):
        obj.addProperty("App::Property" + kind, name, "Own", "its <own> documentation & more")
        setattr(obj, name, value)


@make
def draft_shapes(d):
    Draft.make_wire([V(0, 0, 0), V(10, 0, 0), V(10, 5, 0)], closed=True, face=True)
    Draft.make_circle(4)
    Draft.make_rectangle(5, 6)
    Draft.make_polygon(6, 3)
    Draft.make_ellipse(6, 3)
    Draft.make_bspline([V(0, 0, 0), V(5, 5, 0), V(10, 0, 0)])


@make
def draft_arrays(d):
    source = box(d)
    d.recompute()
    Draft.make_ortho_array(source, V(20, 0, 0), V(0, 30, 0), V(0, 0, 40), 2, 2, 1, use_link=False)
    Draft.make_polar_array(source, 3, 180, V(50, 0, 0), use_link=True)


@make
def draft_annotations(d):
    Draft.make_text(["one", "two"], V(1, 2, 3))
    Draft.make_linear_dimension(V(0, 0, 0), V(10, 0, 0), V(0, 5, 0))
    box(d)


@make
def arch_wall(d):
    import Arch  # pyright: ignore[reportMissingImports] - there is no stub of it

    base = Draft.make_line(V(0, 0, 0), V(1000, 0, 0))
    d.recompute()
    Arch.makeWall(base, width=200, height=3000)


def measures(d):
    told = {}
    for obj in d.Objects:
        shape = getattr(obj, "Shape", None)
        entry = {"label": obj.Label, "type": obj.TypeId}
        if shape is not None and not shape.isNull():
            entry["volume"] = shape.Volume
            entry["area"] = shape.Area
        told[obj.Name] = entry
    return told


def run():
    told = {}
    for name, function in MADE.items():
        try:
            document = App.newDocument(name)
            function(document)
            document.recompute()
            document.saveAs(os.path.join(FOLDER, name + ".FCStd"))
            told[name] = measures(document)
        except Exception:  # noqa: BLE001 - the test fails, and shows it
            told[name] = {"failed": traceback.format_exc()}
        App.closeDocument(name)
    with open(os.path.join(FOLDER, "measures.json"), "w") as file:
        json.dump(told, file)


run()
sys.stdout.flush()
os._exit(0)
