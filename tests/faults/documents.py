"""Documents with something of everything in them, made by executed code and by requests."""

from __future__ import annotations

from tests.faults.conftest import Session

BLENDER_CODE = """
import bpy, math
orphan = bpy.data.meshes.new("Orphan mesh")
orphan.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
bpy.data.materials.new("Orphan material").diffuse_color = (0.1, 0.2, 0.3, 1)
kept = bpy.data.materials.new("Kept by a fake user"); kept.use_fake_user = True
image = bpy.data.images.new("Noise", 16, 16, alpha=True)
image.pixels = [((7 * n) % 256) / 255 for n in range(16 * 16 * 4)]
bright = bpy.data.images.new("Bright", 8, 8, alpha=True, float_buffer=True)
bright.pixels = [n * 1.37 for n in range(8 * 8 * 4)]
material = bpy.data.materials.new("Textured, ünïcode"); material.use_nodes = True
nodes, links = material.node_tree.nodes, material.node_tree.links
texture = nodes.new("ShaderNodeTexImage"); texture.image = image; texture.location = (-300, 100)
texture.label = "The noise"
links.new(texture.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
nodes["Principled BSDF"].inputs["Roughness"].default_value = 0.37
ramp = nodes.new("ShaderNodeValToRGB"); ramp.color_ramp.elements.new(0.4).color = (1, 0, 0, 1)
curve = nodes.new("ShaderNodeRGBCurve"); curve.mapping.curves[3].points.new(0.3, 0.6)
mesh = bpy.data.meshes.new("Painted")
faces = [(0, 1, 2, 3), (0, 1, 4), (1, 2, 4), (2, 3, 4)]
mesh.from_pydata([(0, 0, 0), (2, 0, 0), (2, 2, 0), (0, 2, 0), (1, 1, 2)], [], faces)
uv = mesh.uv_layers.new(name="First"); mesh.uv_layers.new(name="Second").active_render = True
for n, each in enumerate(uv.data): each.uv = (n / 16, 1 - n / 16)
mesh.polygons[1].use_smooth = True
mesh.materials.append(material); mesh.materials.append(kept); mesh.polygons[2].material_index = 1
paint = mesh.color_attributes.new("Paint", "FLOAT_COLOR", "POINT")
for n, each in enumerate(paint.data): each.color = (n / 5, 0.5, 0, 1)
weight = mesh.attributes.new("weight", "FLOAT", "FACE")
for n, each in enumerate(weight.data): each.value = n * 1.5
painted = bpy.data.objects.new("Painted object", mesh); bpy.context.scene.collection.objects.link(painted)
group = painted.vertex_groups.new(name="Top"); group.add([4], 0.75, "REPLACE")
painted["note"] = "a custom property"; painted["numbers"] = [1, 2, 3]
painted.shape_key_add(name="Basis"); key = painted.shape_key_add(name="Taller"); key.data[4].co.z = 5; key.value = 0.5
empty = bpy.data.objects.new("Parent", None); empty.empty_display_type = "CUBE"; empty.rotation_euler = (0.1, 0.2, 0.3)
bpy.context.scene.collection.objects.link(empty)
painted.parent = empty; painted.location = (1, 2, 3); painted.delta_location = (0, 0, 0.5)
painted.modifiers.new("Wave it", "SIMPLE_DEFORM").angle = 0.4
painted.constraints.new("LIMIT_LOCATION").max_x = 4
empty.keyframe_insert("location", frame=1); empty.location = (3, 0, 0); empty.keyframe_insert("location", frame=20)
outer = bpy.data.collections.new("Outer"); inner = bpy.data.collections.new("Inner")
bpy.context.scene.collection.children.link(outer); outer.children.link(inner)
bpy.data.collections.new("Loose collection")
inner.objects.link(painted); inner.hide_render = True
bpy.context.view_layer.layer_collection.children["Outer"].children["Inner"].exclude = False
empty.hide_render = True; empty.hide_set(True)
curve = bpy.data.curves.new("Path", "CURVE"); curve.splines.new("BEZIER").bezier_points.add(2); curve.bevel_depth = 0.1
bpy.context.scene.collection.objects.link(bpy.data.objects.new("Path", curve))
text = bpy.data.texts.new("Notes.txt"); text.write("two\\nlines")
scene = bpy.context.scene
scene["custom"] = {"a": 1}; scene.frame_end = 77; scene.render.fps = 30; scene.render.resolution_x = 640
scene.unit_settings.system = "IMPERIAL"; scene.cycles.samples = 7; scene.view_settings.exposure = 0.5
world = scene.world; world.node_tree.nodes["Background"].inputs["Strength"].default_value = 2.5
other = bpy.data.scenes.new("Another scene"); other.frame_start = 5
loose = bpy.data.node_groups.new("Loose nodes", "GeometryNodeTree")
bpy.data.node_groups.new("Spare nodes", "GeometryNodeTree").use_fake_user = True
for name, way, kind in [("Geometry", "INPUT", "Geometry"), ("Amount", "INPUT", "Float"), ("Tint", "INPUT", "Color"),
                        ("Thing", "INPUT", "Object"), ("Geometry", "OUTPUT", "Geometry")]:
    loose.interface.new_socket(name, in_out=way, socket_type="NodeSocket" + kind)
loose.links.new(loose.nodes.new("NodeGroupInput").outputs[0], loose.nodes.new("NodeGroupOutput").inputs[0])
for name in ("Letters", "Spare letters"):
    path = bpy.utils.system_resource("DATAFILES") + "/fonts/NotoSansHebrew-Regular.woff2"
    font = bpy.data.fonts.load(path, check_existing=False)
    font.pack(); font.user_clear(); font.name = name; font.filepath = "//letters.woff2"; font.use_fake_user = True
bpy.context.view_layer.objects.active = painted; painted.select_set(True)
bpy.data.objects.new("Object in no scene", mesh)
bpy.context.view_layer.update()
"""

FREECAD_CODE = """
import FreeCAD as App, Part, Sketcher
document = App.newDocument("Written"); document.Label = "Geschrieben ä"; document.Comment = "by code"
document.Company = "A company"
box = document.addObject("Part::Box", "Box"); box.Label = "Kiste ü"; box.Length = "2 in"
box.addProperty("App::PropertyLength", "Wall", "Custom", "How thick").Wall = 3
box.addProperty("App::PropertyStringList", "Words").Words = ["a", "b"]
box.addProperty("App::PropertyEnumeration", "Kind").Kind = ["one", "two", "three"]; box.Kind = "two"
box.addProperty("App::PropertyMap", "Tags").Tags = {"colour": "red"}
box.setEditorMode("Wall", 1)
cylinder = document.addObject("Part::Cylinder", "Cylinder"); cylinder.setExpression("Radius", "Box.Wall * 2")
cylinder.Placement = App.Placement(App.Vector(1, 2, 3), App.Rotation(App.Vector(1, 1, 0), 33))
cut = document.addObject("Part::Cut", "Cut"); cut.Base = box; cut.Tool = cylinder
box.Visibility = False; cylinder.Visibility = False
sketch = document.addObject("Sketcher::SketchObject", "Profile")
sketch.addGeometry(Part.LineSegment(App.Vector(0, 0), App.Vector(9, 1)), False)
sketch.addGeometry(Part.Circle(App.Vector(4, 4), App.Vector(0, 0, 1), 2), False)
sketch.addGeometry(Part.LineSegment(App.Vector(0, 5), App.Vector(5, 5)), True)
sketch.addConstraint([Sketcher.Constraint("Horizontal", 0), Sketcher.Constraint("Radius", 1, 2.5)])
sketch.renameConstraint(1, "hole")
group = document.addObject("App::DocumentObjectGroup", "Group"); group.addObject(cut)
sheet = document.addObject("Spreadsheet::Sheet", "Table")
sheet.set("A1", "42"); sheet.set("A2", "=A1 * 2"); sheet.setAlias("A1", "width")
box.setExpression("Height", "Table.width")
shape = document.addObject("Part::Feature", "Dead"); shape.Shape = Part.makeSphere(3).cut(Part.makeBox(2, 2, 2))
link = document.addObject("App::Link", "Linked"); link.LinkedObject = cut; link.Placement.Base = App.Vector(50, 0, 0)
document.addObject("App::FeaturePython", "Scripted").addProperty("App::PropertyVector", "Anything").Anything = (1, 2, 3)
document.recompute()
broken = document.addObject("Part::Fillet", "Touched"); broken.Base = shape
second = App.newDocument("Second"); second.addObject("Part::Torus", "Ring")
second.recompute()
App.setActiveDocument("Written")
"""


def fill_by_code(session: Session) -> None:
    """What no request can make."""
    code = BLENDER_CODE if session.adapter == "blender" else FREECAD_CODE
    answer = session.post("/batch", {"calls": [{"method": "session.execute", "params": {"code": code}}]}).json()
    assert answer["result"]["results"][0]["status"] == "success", answer


def change_by_requests(session: Session) -> None:
    """Requests over the whole of the API, so that they are replayed by a restoration."""
    blender(session) if session.adapter == "blender" else freecad(session)


def blender(session: Session) -> None:
    post, patch = session.post, session.patch
    # First, because a bake is kept as a snapshot: what follows is replayed.
    post("/primitives/plane", {"name": "Baked"})
    post("/materials", {"name": "Bakeable", "color": [0.2, 0.4, 0.6]})
    post("/materials/apply", {"object": "Baked", "material": "Bakeable"})
    post("/objects/Baked/uv", {"method": "smart"})
    post("/objects/Baked/bake", {"kind": "base_color", "size": 8})
    for kind in ("cube", "cylinder", "cone", "torus", "plane", "grid", "circle", "monkey", "empty"):
        post(f"/primitives/{kind}", {"location": [1, 2, 3], "rotation": [10, 20, 30]})
    post("/primitives/sphere", {"name": "Ball", "smooth": True})
    post("/primitives/sphere", {"kind": "ico"})
    for kind in ("bezier", "poly", "nurbs"):
        post("/primitives/curve", {"kind": kind, "points": [[0, 0, 0], [1, 0, 2], [3, 1, 0]], "bevel": 0.1})
    patch("/data/objects/Ball/show_bounds", {"value": True})
    post("/data/collections", {"name": "By path"})
    post("/data/lights", {"name": "Passing", "arguments": {"type": "SUN"}})
    session.delete("/data/lights/Passing")
    post("/primitives/text", {"text": "Words"})
    post("/primitives/text", {"text": "A", "font": "Letters"})
    session.delete("/fonts/Spare letters")
    post("/meshes", {"name": "Own", "vertices": [[0, 0, 0], [1, 0, 0], [0, 1, 0]], "faces": [[0, 1, 2]]})
    post("/materials", {"name": "Red", "color": [1, 0, 0], "roughness": 0.2})
    post("/materials", {"name": "Glow", "emission_color": "#ffcc88", "emission_strength": 5})
    post("/materials/apply", {"object": "Cube", "material": "Red"})
    post("/materials/apply", {"object": "Cube", "material": "Glow", "slot": 1})
    patch("/materials/Red", {"metallic": 0.8, "name": "Ruby"})
    post("/objects/Cube/modifiers", {"type": "bevel", "width": 0.05})
    post("/objects/Cube/modifiers", {"type": "array", "count": 3})
    post("/objects/Cube/modifiers/Bevel/apply", {})
    post("/objects/Ball/boolean", {"object": "Torus", "operation": "difference"})
    post("/objects/Cylinder/duplicate", {"name": "Twin", "linked": True})
    post("/objects/Cone/duplicate", {"location": [0, 0, 9]})
    # Objects whose data are called otherwise, and copies and neighbours of these.
    patch("/objects/Cone", {"name": "Spike"})
    post("/objects/Spike/duplicate", {})
    post("/primitives/cone", {})
    patch("/objects/Twin", {"parent": "Cube", "scale": [1, 2, 3]})
    patch("/objects/Plane", {"visible": False, "name": "Floor"})
    post("/collections", {"name": "Parts"})
    post("/collections", {"name": "Small", "parent": "Parts"})
    post("/collections/Small/objects", {"objects": ["Own", "Floor"]})
    post("/collections/Small/instances", {"name": "Small again", "location": [0, 9, 0], "rotation": [0, 0, 45]})
    post("/camera", {"name": "Eye", "location": [7, -7, 5], "look_at": [0, 0, 0], "lens": 35})
    post("/light", {"kind": "area", "energy": 50, "color": "#ffddaa", "size": 2})
    patch("/scene", {"frame": 12, "engine": "cycles", "fps": 25, "unit_system": "METRIC"})
    patch("/world", {"color": "#87ceeb", "strength": 0.8})
    blender_motion(session)
    blender_changes(session)
    session.delete("/objects/Grid")
    calls = [{"method": "primitives.cube", "params": {"size": n + 1}} for n in range(3)]
    post("/batch", {"calls": [*calls, {"method": "objects.delete", "params": {"name": "nobody"}}]})
    post("/batch", {"calls": calls, "atomic": True})


def blender_motion(session: Session) -> None:
    """Keys of all kinds, some of them changed and removed again."""
    post, patch = session.post, session.patch
    keys = [{"frame": 1, "value": [0, 0, 0]}, {"frame": 48, "value": [0, 0, 360]}]
    post("/objects/Suzanne/animation", {"path": "rotation", "keys": keys, "interpolation": "linear"})
    post("/objects/Suzanne/animation", {"path": "location", "keys": keys})
    post("/objects/Suzanne/animation", {"path": "hide_render", "keys": [{"frame": 9.5, "value": True}]})
    post("/objects/Cube/animation", {"path": 'modifiers["Array"].count', "keys": [{"frame": 3, "value": 7}]})
    post(
        "/objects/Cube/animation",
        {"path": "material_slots[0].material.diffuse_color[1]", "keys": [{"frame": 2, "value": 1}]},
    )
    post("/objects/Suzanne/duplicate", {"name": "Moving twin"})
    patch("/objects/Moving twin", {"scale": [1, 2, 1], "frame": 30})
    session.delete("/objects/Suzanne/animation?path=location&frame=48")
    post("/objects/Suzanne/constraints", {"type": "track_to", "target": "Ball", "track_axis": "y", "up_axis": "z"})
    post("/objects/Suzanne/constraints", {"type": "limit_location", "name": "Low", "max": [None, None, 2]})
    post("/objects/Moving twin/constraints", {"type": "copy_rotation", "target": "Suzanne", "mix": "add"})
    patch("/objects/Suzanne/constraints/Low", {"influence": 0.5, "frame": 7})
    post("/objects/Icosphere/constraints", {"type": "limit_scale", "min": [2, 2, 2]})
    session.delete("/objects/Icosphere/constraints/Limit Scale")
    for name, method in (("Icosphere", "smart"), ("Torus", "angle"), ("Twin", "cylinder")):
        post(f"/objects/{name}/uv", {"method": method, "map": "Unwrapped"})
    inputs = {"Amount": 2.5, "Tint": "#204060", "Thing": "Suzanne"}
    post("/objects/Icosphere/modifiers", {"type": "nodes", "group": "Loose nodes", "name": "Nodes", "inputs": inputs})
    patch("/objects/Icosphere/modifiers/Nodes", {"inputs": {"Amount": 4}, "frame": 12})
    session.delete("/node-groups/Spare nodes")
    post("/studio", {"objects": ["Suzanne"], "style": "contrast"})
    post("/studio", {"objects": ["Ball", "Cube"], "style": "white", "turn": 24, "ground": "shadow"})
    patch("/scene", {"view_transform": "Standard", "look": "High Contrast", "exposure": 0.25, "gamma": 1.1})


def blender_changes(session: Session) -> None:
    """What changes and removes what is there."""
    post, patch, delete = session.post, session.patch, session.delete
    patch("/camera/Eye", {"lens": 50})
    post("/light", {"name": "Lamp", "kind": "point", "energy": 10})
    patch("/light/Lamp", {"energy": 20})
    post("/collections", {"name": "Gone"})
    delete("/collections/Gone")
    post("/materials", {"name": "Waste"})
    delete("/materials/Waste")
    delete("/materials/Textured, ünïcode/texture?slot=color")
    post("/primitives/cylinder", {"name": "Rod", "vertices": 12})
    post("/objects/Rod/modifiers", {"type": "array", "count": 2})
    patch("/objects/Rod/modifiers/Array", {"count": 3})
    delete("/objects/Rod/modifiers/Array")
    for name, place in (("Left", -4), ("Right", 4)):
        post("/primitives/cube", {"name": name, "location": [place, 0, 0], "rotation": [0, 0, 30]})
    post("/objects/Left/apply", {"location": False})
    post("/objects/Right/origin", {"to": [5, 0, 0]})
    post("/objects/Rod/shade", {"mode": "auto", "angle": 40})
    post("/objects/join", {"objects": ["Left", "Right", "Rod"], "name": "Joined"})
    post("/objects/Joined/separate", {"by": "loose"})


def freecad(session: Session) -> None:
    post, patch = session.post, session.patch
    post("/documents", {"name": "Made", "label": "Gemacht ß"})
    post("/documents/Made/activate", {})
    for kind in ("box", "sphere", "cylinder", "cone", "torus", "prism", "wedge", "ellipsoid", "helix"):
        post(f"/primitives/{kind}", {"location": [30, 2, 3], "rotation": [10, 20, 30]})
    post("/primitives/box", {"name": "Plate", "label": "Grundplatte ö", "length": "2 in"})
    post("/primitives/cylinder", {"name": "Pin", "radius": 3, "height": 30})
    post("/boolean/subtract", {"object1": "Plate", "object2": "Pin", "name": "Drilled"})
    post("/objects", {"type": "Part::Ellipse", "name": "Rim", "properties": {"MajorRadius": 9, "MinorRadius": 4}})
    post("/features/fillet", {"object": "Drilled", "radius": 0.5, "edges": {"type": "line", "at": "top"}})
    post("/features/mirror", {"object": "Box", "plane": "yz"})
    post("/features/linear_pattern", {"object": "Sphere", "count": 3, "spacing": 12})
    sketch = {
        "name": "Profile",
        "geometry": [
            {"type": "rectangle", "width": 40, "height": 20},
            {"type": "circle", "center": [10, 10], "radius": 3},
        ],
        "constraints": [{"type": "radius", "first": {"geometry": 4}, "value": 3}],
    }
    post("/sketches", sketch)
    post("/features/extrude", {"object": "Profile", "length": 5})
    patch("/sketches/Profile", {"values": [{"index": 8, "value": 4}]})
    post("/bodies", {"name": "Body"})
    post("/sketches", {"body": "Body", "name": "Pads", "geometry": [{"type": "circle", "radius": 4}]})
    # Objects that wait for a recompute do not say so any more after a change that failed.
    post("/documents/Made/recompute", {})
    post("/features/pad", {"sketch": "Pads", "length": 7})
    patch("/objects/Cone", {"label": "Kegel", "location": [5, 5, 5], "properties": {"Radius2": 3}})
    patch("/objects/Torus", {"visible": False})
    session.delete("/objects/Ellipsoid")
    freecad_features(session)
    post("/primitives/box?document=Second", {})
    post("/documents", {"name": "Closed"})
    session.delete("/documents/Closed")
    calls = [{"method": "primitives.box", "params": {"length": n + 1}} for n in range(3)]
    post("/batch", {"calls": [*calls, {"method": "objects.delete", "params": {"name": "nobody"}}]})
    post("/batch", {"calls": calls, "atomic": True})


def freecad_features(session: Session) -> None:
    """One of each kind that is not made above, away from the rest."""
    post = session.post

    def box(name: str, x: int, size: int = 10) -> None:
        post("/primitives/box", {"name": name, "length": size, "width": size, "height": size, "location": [x, 200, 0]})

    for number, (route, names) in enumerate({"union": ("U1", "U2"), "intersect": ("I1", "I2")}.items()):
        box(names[0], 50 * number)
        box(names[1], 50 * number + 5)
        post(f"/boolean/{route}", {"object1": names[0], "object2": names[1]})
    for number, (route, options) in enumerate(
        {
            "chamfer": {"size": 1, "edges": {"type": "line", "at": "top"}},
            "thickness": {"thickness": 1, "faces": {"at": "top"}},
            "offset": {"distance": 1},
            "section": {"base": [0, 0, 5]},
            "polar_pattern": {"count": 3, "center": [300, 100, 0]},
        }.items()
    ):
        box(f"Of{number}", 200 + 50 * number)
        post(f"/features/{route}", {"object": f"Of{number}", **options})
    for name, height in (("Low", 0), ("High", 20), ("Turned", 0), ("Swept", 0)):
        circle = {"type": "circle", "center": [5, 300], "radius": 2}
        post("/sketches", {"name": name, "geometry": [circle], "offset": height})
    post("/features/loft", {"objects": ["Low", "High"]})
    post("/features/revolve", {"object": "Turned", "axis": [0, 1, 0], "base": [-20, 0, 0]})
    rail = {"type": "line", "start": [0, 0], "end": [0, 30]}
    post("/sketches", {"name": "Rail", "plane": "xz", "geometry": [rail]})
    post("/features/sweep", {"objects": ["Swept"], "path": "Rail"})
    post("/bodies", {"name": "Drilled2"})
    for name, radius in (("Base", 20), ("Pit", 4), ("Bore", 2)):
        center = [10, 0] if name == "Bore" else [0, 0]
        circle = {"type": "circle", "center": center, "radius": radius}
        post("/sketches", {"body": "Drilled2", "name": name, "geometry": [circle]})
        if name == "Base":
            post("/features/pad", {"sketch": name, "length": 10})
        elif name == "Pit":
            post("/features/pocket", {"sketch": name, "through_all": True})
        else:
            post("/features/hole", {"sketch": name, "diameter": 4, "through_all": True})
    box("Alone", 600)
    post("/objects/Alone/duplicate", {"name": "Again", "location": [620, 200, 0]})
    post("/objects/Alone/links", {"name": "Shown", "location": [640, 200, 0]})
    post("/groups", {"name": "Stand", "kind": "part", "objects": ["Alone"]})
    session.patch("/groups/Stand", {"add": ["Again"]})
    post("/assemblies", {"name": "Pair", "parts": [{"object": "Alone"}, {"object": "Alone", "name": "Upper"}]})
    sides = {"a": {"part": "Alone_part", "of": ["Face6"]}, "b": {"part": "Upper", "of": ["Face5"]}}
    post("/assemblies/Pair/mates", {"type": "coincident", **sides})
    gap = {"a": {"part": "Alone_part", "of": ["Face1"]}, "b": {"part": "Upper", "of": ["Face1"]}, "value": 2}
    post("/assemblies/Pair/mates", {"type": "distance", **gap})
    session.patch("/assemblies/Pair/mates/2", {"value": 3})
    session.delete("/assemblies/Pair/mates/1")
    post("/assemblies/Pair/parts", {"object": "Alone", "name": "Third", "location": [30, 0, 0]})
    post("/assemblies/Pair/parts", {"object": "Alone", "name": "Fourth"})
    session.delete("/assemblies/Pair/parts/Fourth")
    post("/assemblies/Pair/explode", {"factor": 1})
    post("/drawings", {"name": "Sheet", "objects": ["Alone"]})
    session.patch("/drawings/Sheet", {"title": {"title": "Alone"}})
    post("/drawings", {"name": "Spare", "objects": ["Alone"], "views": ["top"]})
    session.delete("/drawings/Spare")
    session.put("/parameters", {"reach": {"value": 30, "unit": "mm"}, "half": {"expression": "reach / 2"}})
    session.patch("/parameters", {"reach": {"value": 32}})
