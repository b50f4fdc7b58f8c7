"""Whole files of every kind, to be changed: the corpus of dialects, and what the applications save themselves."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PIL import Image

from tests.attack.field import Field
from tests.blender_code import COMPOSITOR, SEQUENCER
from tests.corpus import FileCase
from tests.corpus.blender import CASES as BLENDER_CASES
from tests.corpus.freecad import CASES as FREECAD_CASES

LARGEST = 600_000
OF_A_KIND = 14
"""Seeds of one kind at most: the first of the corpus, spread over its dialects."""
SUFFIXES = {
    "fcstd": (".fcstd",), "blend": (".blend",), "gltf": (".gltf", ".glb"), "usd": (".usda", ".usd"), "usdc": (".usdc",),
    "usdz": (".usdz",), "3mf": (".3mf",), "dxf": (".dxf",), "svg": (), "step": (".step", ".stp"), "stl": (".stl",),
    "obj": (".obj",), "fbx": (".fbx",), "png": (), "jpeg": (), "exr": (), "hdr": (),
}  # fmt: skip
GROUPS = {"usd": ("usd", "usdc", "usdz"), "image": ("png", "jpeg", "exr", "hdr")}
"""Words of `--kind` that mean several."""
WEIGHTS = {"fcstd": 3.0, "blend": 3.0, "gltf": 2.0, "svg": 0.2}
"""How often a kind is drawn, where not once: what can hold code and paths more often, what is always refused less."""
PICTURES = GROUPS["image"]

_PARTS = """
import FreeCAD, Part, Sketcher, PartDesign, Spreadsheet, Mesh, TechDraw, Draft
doc = FreeCAD.newDocument("A")
box = doc.addObject("Part::Box", "Box")
drill = doc.addObject("Part::Cylinder", "Drill")
cut = doc.addObject("Part::Cut", "Cut")
cut.Base, cut.Tool = box, drill
sheet = doc.addObject("Spreadsheet::Sheet", "Sheet")
sheet.set("A1", "=2 * 3mm")
sheet.setAlias("A1", "size")
doc.recompute()
box.setExpression("Length", "Sheet.size + 4mm")
body = doc.addObject("PartDesign::Body", "Body")
sketch = doc.addObject("Sketcher::SketchObject", "Sketch")
body.addObject(sketch)
sketch.addGeometry(Part.Circle(FreeCAD.Vector(0, 0, 0), FreeCAD.Vector(0, 0, 1), 5), False)
sketch.addConstraint(Sketcher.Constraint("Radius", 0, 5.0))
pad = doc.addObject("PartDesign::Pad", "Pad")
body.addObject(pad)
pad.Profile, pad.Length = sketch, 3
mesh = doc.addObject("Mesh::Feature", "Triangles")
mesh.Mesh = Mesh.createBox(1, 2, 3)
text = doc.addObject("App::TextDocument", "Text")
text.Text = "Hello"
link = doc.addObject("App::Link", "Link")
link.LinkedObject = box
python = doc.addObject("Part::FeaturePython", "Scripted")
python.addProperty("App::PropertyFile", "Source")
python.addProperty("App::PropertyPythonObject", "Kept")
python.Kept = {"a": [1, 2]}
Draft.make_rectangle(3, 4)
brep = doc.addObject("Part::ImportBrep", "Brep")
page = doc.addObject("TechDraw::DrawPage", "Page")
doc.recompute()
doc.saveAs(out)
"""
_SCENE = (
    f"{COMPOSITOR}{SEQUENCER}"
    """
import bpy
scene, cube = bpy.context.scene, bpy.data.objects["Cube"]
image = bpy.data.images.new("packed", 8, 8)
image.pack()
away = bpy.data.images.new("away", 8, 8)
away.source, away.filepath = "FILE", "//a/long/path/to/a/picture/that/is/not/there.png"
material = bpy.data.materials.new("M")
material.use_nodes = True
material.node_tree.nodes.new("ShaderNodeTexImage").image = image
material.node_tree.nodes.new("ShaderNodeTexImage").image = away
material.node_tree.nodes.new("ShaderNodeTexIES").filepath = "//a/path/to/some/lamp/that/is/not/there.ies"
cube.data.materials.append(material)
text = bpy.data.texts.new("script.py")
text.write("import os\\n")
tree = bpy.data.node_groups.new("G", "GeometryNodeTree")
tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
end = tree.nodes.new("NodeGroupOutput")
tree.links.new(tree.nodes.new("NodeGroupInput").outputs[0], end.inputs[0])
cube.modifiers.new("G", "NODES").node_group = tree
cube.modifiers.new("S", "SUBSURF")
cube.modifiers.new("O", "OCEAN").filepath = "//a/path/to/some/cache/that/is/not/there/"
cube.driver_add("location", 0).driver.expression = "frame / 100"
cube.keyframe_insert("rotation_euler", frame=1)
writing_node(compositor_of(scene), "//a/path/to/some/folder/that/is/not/there/")
add_effect(scene.sequence_editor_create(), "color", "COLOR", 1, 9)
bpy.context.preferences.filepaths.use_file_compression = False
bpy.ops.wm.save_as_mainfile(filepath=out, compress=False)
"""
)
_PICTURE = """
import bpy
image = bpy.data.images.new("a", 16, 8, float_buffer=True)
image.pixels[:] = [0.5, 0.25, 0.75, 1.0] * 128
image.file_format, image.filepath_raw = {format!r}, out
image.save()
"""
_EXPORT = "import bpy\nbpy.ops.{call}(filepath=out)\n"


@dataclass(frozen=True)
class Seed:
    """A whole file, and where it can be sent."""

    kind: str
    id: str
    name: str
    data: bytes
    doors: tuple[tuple[str, str], ...]
    """Application and path below its routes."""


def seeds(field: Field, kind: str) -> list[Seed]:
    """The files of one kind."""
    return [
        Seed(kind, identifier, name, data, _doors(kind, name))
        for identifier, name, data in [*_made(field, kind), *_of_corpus(kind)]
        if len(data) <= LARGEST
    ]


def _doors(kind: str, name: str) -> tuple[tuple[str, str], ...]:
    if kind in PICTURES:
        return (("blender", "/world/image"), ("blender", "/materials/Fuzz/texture?slot=color"))
    if kind == "fcstd":
        return (("freecad", "/documents/open"), ("freecad", "/import"))
    if kind == "blend":
        return (("blender", "/scene/open"), ("blender", "/import"), ("blender", "/node-groups"))
    if kind in ("stl", "obj", "svg"):
        return (("blender", "/import"), ("freecad", "/import"))
    return (("freecad" if kind in ("3mf", "dxf", "step") else "blender", "/import"),)


@functools.cache
def _of_corpus(kind: str) -> list[tuple[str, str, bytes]]:
    cases: list[FileCase] = [
        case
        for case in (*FREECAD_CASES, *BLENDER_CASES)
        if case.expected.error is None and case.name.lower().endswith(SUFFIXES[kind] or ("\0",))
    ]
    step = max(1, len(cases) // OF_A_KIND)
    return [(case.id, case.name, case.make()) for case in cases[::step][:OF_A_KIND]]


def _made(field: Field, kind: str) -> Iterable[tuple[str, str, bytes]]:
    makers: dict[str, Callable[[], bytes]] = {
        "fcstd": lambda: field.prepare("freecad", _PARTS, ".FCStd"),
        "blend": lambda: field.prepare("blender", _SCENE, ".blend"),
        "usdc": lambda: field.prepare("blender", _EXPORT.format(call="wm.usd_export"), ".usdc"),
        "fbx": lambda: field.prepare("blender", _EXPORT.format(call="export_scene.fbx"), ".fbx"),
        "exr": lambda: field.prepare("blender", _PICTURE.format(format="OPEN_EXR"), ".exr"),
        "hdr": lambda: field.prepare("blender", _PICTURE.format(format="HDR"), ".hdr"),
        "png": lambda: _picture("PNG"),
        "jpeg": lambda: _picture("JPEG"),
        "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><path id="a" d="M0 0L9 9"/><use href="#a"/></svg>',
    }
    if kind in makers:
        yield f"made-{kind}", f"made.{kind}", makers[kind]()


def _picture(format: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((16, 8), 50).convert("RGB").save(file, format)
    return file.getvalue()
