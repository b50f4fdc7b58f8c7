"""Ordinary .blend files of thirty kinds, made by Blender: nothing in them leads elsewhere, so nothing may be lost."""

from __future__ import annotations

from tests.blender_code import COMPOSITOR

MAKE = (
    COMPOSITOR
    + r'''
import math, os
def start():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return bpy.context.scene
def put(name, data):
    obj = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    return obj
def box(name="Box", size=1.0):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(x * size, y * size, z * size) for x in (0, 1) for y in (0, 1) for z in (0, 1)], [],
                     [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])
    mesh.uv_layers.new()
    return put(name, mesh)
def material(obj, name="M"):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    obj.data.materials.append(made)
    return made, made.node_tree, made.node_tree.nodes["Principled BSDF"]
def picture(name="Picture"):
    image = bpy.data.images.new(name, 8, 8)
    image.pixels[:] = [0.5, 0.25, 1.0, 1.0] * 64
    return image
def tree_of(obj, kinds):
    tree = bpy.data.node_groups.new("Nodes", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket("Words", in_out="INPUT", socket_type="NodeSocketString")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    last = tree.nodes.new("NodeGroupInput").outputs[0]
    for kind in kinds:
        node = tree.nodes.new(kind)
        tree.links.new(last, node.inputs[0])
        last = node.outputs[0]
    tree.links.new(last, tree.nodes.new("NodeGroupOutput").inputs[0])
    obj.modifiers.new("Nodes", "NODES").node_group = tree
    return tree

def empty(): pass
def boxes(): [box(f"Box {i}", i + 1) for i in range(5)]
def materials():
    _, tree, shader = material(box())
    noise, ramp = tree.nodes.new("ShaderNodeTexNoise"), tree.nodes.new("ShaderNodeValToRGB")
    tree.links.new(noise.outputs[0], ramp.inputs[0]); tree.links.new(ramp.outputs[0], shader.inputs["Base Color"])
def packed_picture():
    _, tree, shader = material(box())
    image = picture(); image.pack()
    node = tree.nodes.new("ShaderNodeTexImage"); node.image = image
    tree.links.new(node.outputs[0], shader.inputs["Base Color"])
def packed_from_file():
    _, tree, shader = material(box())
    image = picture("Wood"); image.filepath_raw = folder + "/wood.png"; image.file_format = "PNG"; image.save()
    bpy.data.images.remove(image)
    image = bpy.data.images.load(folder + "/wood.png"); image.pack(); os.unlink(folder + "/wood.png")
    node = tree.nodes.new("ShaderNodeTexImage"); node.image = image
    tree.links.new(node.outputs[0], shader.inputs["Base Color"])
def generated_picture():
    image = picture("Grid"); image.generated_type = "UV_GRID"
    _, tree, shader = material(box())
    tree.nodes.new("ShaderNodeTexImage").image = image
def animation():
    obj = box(); obj.keyframe_insert("location", frame=1); obj.location.x = 5; obj.keyframe_insert("location", frame=20)
def follow(curve, other):
    var = curve.variables.new(); var.type = "TRANSFORMS"
    var.targets[0].id = other; var.targets[0].transform_type = "LOC_X"
def driver():
    one, two = box("One"), box("Two", 2)
    curve = one.driver_add("location", 0).driver
    curve.type = "AVERAGE"
    follow(curve, two)
    two.location.x = 3
    simple = one.driver_add("location", 1).driver
    simple.expression = "var * 2 + 1"
    follow(simple, two)
def geometry_nodes():
    tree_of(box(), ["GeometryNodeSubdivideMesh", "GeometryNodeTransform", "GeometryNodeSetShadeSmooth"])
def text_nodes():
    tree = tree_of(box(), ["GeometryNodeMeshToCurve"])
    words = tree.nodes.new("GeometryNodeStringToCurves"); words.inputs[0].default_value = "/not/a/path"
def modifiers():
    obj = box()
    for kind in ("BEVEL", "ARRAY", "MIRROR", "SOLIDIFY", "SUBSURF", "WAVE", "DECIMATE"):
        obj.modifiers.new(kind.title(), kind)
def armature():
    bones = bpy.data.armatures.new("Bones"); rig = put("Rig", bones)
    bpy.ops.object.mode_set(mode="EDIT"); bone = bones.edit_bones.new("Bone"); bone.tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    obj = box(); obj.parent = rig; obj.vertex_groups.new(name="Bone").add(range(8), 1.0, "ADD")
    obj.modifiers.new("Armature", "ARMATURE").object = rig
    rig.pose.bones[0].rotation_mode = "XYZ"; rig.pose.bones[0].rotation_euler.x = 0.5
def shape_keys():
    obj = box(); obj.shape_key_add(name="Basis"); key = obj.shape_key_add(name="Tall")
    key.data[7].co.z = 4; key.value = 0.5
def words():
    curve = bpy.data.curves.new("Words", "FONT"); curve.body = "cadgate /etc/passwd"; curve.extrude = 0.1
    put("Words", curve)
def curves():
    curve = bpy.data.curves.new("Curve", "CURVE"); curve.dimensions = "3D"; curve.bevel_depth = 0.1
    spline = curve.splines.new("BEZIER"); spline.bezier_points.add(2)
    for i, point in enumerate(spline.bezier_points): point.co = (i, i % 2, 0)
    put("Curve", curve)
def surfaces():
    ball = bpy.data.metaballs.new("Ball"); ball.elements.new(); put("Ball", ball)
def volume_from_mesh():
    source = box(); holder = put("Volume", bpy.data.volumes.new("Volume"))
    holder.modifiers.new("V", "MESH_TO_VOLUME").object = source
def compositor():
    tree = compositor_of(bpy.context.scene); blur = tree.nodes.new("CompositorNodeBlur")
    tree.links.new(rendered(tree), blur.inputs[0]); tree.links.new(blur.outputs[0], shown(tree)); box()
def scenes():
    box("Here"); other = bpy.data.scenes.new("Other"); other.collection.objects.link(bpy.data.objects["Here"])
def collections():
    obj = box(); inner = bpy.data.collections.new("Inner"); bpy.context.scene.collection.children.link(inner)
    inner.objects.link(obj); empty = put("Instance", None); empty.instance_type = "COLLECTION"
    empty.instance_collection = inner; empty.location.x = 4
def lights():
    for kind in ("POINT", "SUN", "SPOT", "AREA"): put(kind, bpy.data.lights.new(kind, kind))
    bpy.context.scene.camera = put("Camera", bpy.data.cameras.new("Camera"))
    world = bpy.data.worlds.new("World"); world.use_nodes = True; bpy.context.scene.world = world
def constraints():
    one, two = box("One"), box("Two"); two.location.y = 3
    one.constraints.new("COPY_LOCATION").target = two; one.constraints.new("TRACK_TO").target = two
def particles():
    obj = box(); obj.modifiers.new("Particles", "PARTICLE_SYSTEM"); obj.particle_systems[0].settings.count = 20
def rigid_bodies():
    bpy.ops.rigidbody.world_add(); obj = box(); obj.select_set(True); bpy.ops.rigidbody.object_add()
def cloth(): box().modifiers.new("Cloth", "CLOTH")
def multires():
    obj = box(); obj.modifiers.new("Multires", "MULTIRES"); obj.select_set(True)
    bpy.ops.object.multires_subdivide(modifier="Multires")
def custom_properties():
    obj = box(); obj["note"] = "/home/user/notes.txt"; obj["numbers"] = [1.0, 2.0]; bpy.context.scene["kind"] = {"a": 1}
def notes():
    text = bpy.data.texts.new("notes"); text.write("import os\n# a note that nobody runs"); text.use_fake_user = True
    box()
def sequencer():
    editor = bpy.context.scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    span = {"length": 9} if bpy.app.version >= (5, 0, 0) else {"frame_end": 10}
    strips.new_effect("Color", "COLOR", 1, 1, **span)
    words = strips.new_effect("Words", "TEXT", 2, 1, **span); words.text = "//words"; box()
def grease_pencil():
    pencils = bpy.data.grease_pencils_v3 if hasattr(bpy.data, "grease_pencils_v3") else bpy.data.grease_pencils
    drawing = pencils.new("Drawing"); drawing.layers.new("Layer"); put("Drawing", drawing); box()
def lattices():
    cage = put("Cage", bpy.data.lattices.new("Cage")); box().modifiers.new("Lattice", "LATTICE").object = cage
def hidden():
    obj = box("Hidden"); obj.hide_render = True; unused = bpy.data.meshes.new("Unused"); unused.use_fake_user = True
def linked_and_made_local():
    obj = box("Part"); bpy.data.libraries.write(folder + "/parts.blend", {obj}); start()
    with bpy.data.libraries.load(folder + "/parts.blend", link=False) as (there, here): here.objects = ["Part"]
    bpy.context.scene.collection.objects.link(here.objects[0]); os.unlink(folder + "/parts.blend")

KINDS = [
    empty, boxes, materials, packed_picture, packed_from_file, generated_picture, animation, driver,
    geometry_nodes, text_nodes, modifiers, armature, shape_keys, words, curves, surfaces, volume_from_mesh,
    compositor, scenes, collections, lights, constraints, particles, rigid_bodies, cloth, multires,
    custom_properties, notes, sequencer, grease_pencil, lattices, hidden, linked_and_made_local,
]

def measure():
    """Everything of the open document that a loss would change."""
    scene = bpy.context.scene
    scene.frame_set(1)
    found = {"data": {}, "nodes": 0, "places": {}, "properties": {}}
    for prop in bpy.data.bl_rna.properties:
        if prop.type == "COLLECTION" and prop.identifier not in ("window_managers", "screens", "workspaces", "brushes"):
            found["data"][prop.identifier] = sorted(block.name for block in getattr(bpy.data, prop.identifier))
    for frame in (1, 10):
        scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        for instance in graph.object_instances:
            obj = instance.object
            corners = [instance.matrix_world @ __import__("mathutils").Vector(corner) for corner in obj.bound_box]
            found["places"].setdefault(f"{obj.name}@{frame}", []).append(
                [round(value, 4) for corner in corners for value in corner])
    for material in bpy.data.materials:
        found["nodes"] += len(material.node_tree.nodes) + len(material.node_tree.links)
    for group in bpy.data.node_groups:
        found["nodes"] += sum(1 + 1000 * node.mute for node in group.nodes) + len(group.links)
    if getattr(scene, "node_tree", None) is not None:
        found["nodes"] += sum(1 + 1000 * node.mute for node in scene.node_tree.nodes)
    for obj in bpy.data.objects:
        found["properties"][obj.name] = [[m.type, m.name, m.show_viewport] for m in obj.modifiers] + [
            [c.type, c.name] for c in obj.constraints] + [[key, str(obj[key])[:99]] for key in obj.keys()]
        animation = obj.animation_data
        if animation is not None:
            found["properties"][obj.name] += [[c.data_path, c.mute, c.driver.expression] for c in animation.drivers]
    found["pictures"] = {image.name: [list(image.size), [round(v, 3) for v in image.pixels[:4]]]
                         for image in bpy.data.images if image.type == "IMAGE"}
    editor = scene.sequence_editor
    strips = [] if editor is None else editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all
    found["strips"] = [[strip.name, strip.mute] for strip in strips]
    return found
'''
)
"""Python for Blender: KINDS are functions that each make a document, `measure` says what is in the open one."""
