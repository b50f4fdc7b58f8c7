"""Sheets, drawings, links, meshes, texts, and what Draft and Arch make."""

import os

import Draft  # pyright: ignore[reportMissingImports] - there is no stub of it
import FreeCAD as App
import Image  # noqa: F401 # pyright: ignore[reportMissingImports] - there is no stub of it
import Mesh
import Points
import Spreadsheet  # noqa: F401
import TechDraw  # noqa: F401

from tests.corpus.freecad_documents.making import V, box, make

FOLDER = os.environ["CORPUS"]
RESOURCES = App.getResourceDir()


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
    templates = os.path.join(RESOURCES, "Mod", "TechDraw", "Templates")
    # The second name is that of 1.0 and later.
    names = [name for name in ("A4_LandscapeTD.svg", "A4_Landscape_TD.svg") if name in os.listdir(templates)]
    template.Template = os.path.join(templates, names[0])
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
