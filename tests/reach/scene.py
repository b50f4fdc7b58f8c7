"""The scene in which operators are tried: an object of each kind, with something of all that operators work on."""

from tests.blender_code import SEQUENCER

SCENE = (
    f"{SEQUENCER}"
    """
import bpy

context = bpy.context
layer = context.view_layer
if layer.objects.active is not None and layer.objects.active.mode != "OBJECT":
    bpy.ops.object.mode_set(mode="OBJECT")
for kind in ("objects", "materials", "node_groups", "images", "masks", "palettes", "actions", "particles"):
    for each in list(getattr(bpy.data, kind)):
        if each.library is None and each.name != "Render Result":
            getattr(bpy.data, kind).remove(each)
context.scene.sequence_editor_clear()
context.scene.timeline_markers.clear()


def added(operator, name, **properties):
    operator(**properties)
    layer.objects.active.name = name
    return layer.objects.active


collection = bpy.data.collections.get("Collection") or bpy.data.collections.new("Collection")
if collection.name not in context.scene.collection.children:
    context.scene.collection.children.link(collection)
layer.active_layer_collection = layer.layer_collection.children["Collection"]


cube = added(bpy.ops.mesh.primitive_cube_add, "Cube")
cube.vertex_groups.new(name="Group").add(range(4), 1, "REPLACE")
cube.vertex_groups.new(name="Second").add(range(8), 0.5, "REPLACE")
cube.shape_key_add(name="Basis")
cube.shape_key_add(name="Key")
cube.active_shape_key_index = 1
paint = bpy.data.materials.new("Paint")
paint.use_nodes = True
paint.node_tree.nodes.active = paint.node_tree.nodes[0]
cube.data.materials.append(paint)
cube.data.color_attributes.new("Colour", "BYTE_COLOR", "CORNER")
cube.data.attributes.new("Number", "FLOAT", "POINT")
cube.constraints.new("LIMIT_LOCATION")
cube.modifiers.new("Bevel", "BEVEL")
cube.modifiers.new("Hair", "PARTICLE_SYSTEM")
cube.particle_systems[0].settings.type = "HAIR"
nodes = bpy.data.node_groups.new("Nodes", "GeometryNodeTree")
nodes.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
nodes.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
nodes.links.new(nodes.nodes.new("NodeGroupInput").outputs[0], nodes.nodes.new("NodeGroupOutput").inputs[0])
nodes.nodes.active = nodes.nodes[0]
cube.modifiers.new("Nodes", "NODES").node_group = nodes
for frame, place in ((1, 0), (10, 3), (20, 5)):
    cube.location.x = place
    cube.keyframe_insert("location", frame=frame)
cube.location.x = 0
other = added(bpy.ops.mesh.primitive_cube_add, "Other", location=(3, 0, 0))
added(bpy.ops.object.armature_add, "Armature")
bones = layer.objects.active
bones.pose.bones[0].constraints.new("LIMIT_LOCATION")
bones.data.collections.new("Bones")
for frame in (1, 10, 20):
    bones.pose.bones[0].location.x = frame / 10
    bones.pose.bones[0].keyframe_insert("location", frame=frame)
added(bpy.ops.curve.primitive_bezier_curve_add, "Curve")
added(bpy.ops.object.text_add, "Text")
added(bpy.ops.surface.primitive_nurbs_surface_sphere_add, "Surface")
added(bpy.ops.object.metaball_add, "Mball")
added(bpy.ops.object.add, "Lattice", type="LATTICE")
added(bpy.ops.object.grease_pencil_add, "Sketch", type="STROKE")
added(bpy.ops.object.curves_random_add, "Hair")
added(bpy.ops.object.pointcloud_random_add, "Points")
added(bpy.ops.object.camera_add, "Camera", location=(0, -10, 0), rotation=(1.57, 0, 0))
context.scene.camera = layer.objects.active
added(bpy.ops.object.light_add, "Light", type="POINT")
drawing = bpy.data.images.new("Drawing", 8, 8)
picture = added(bpy.ops.object.empty_add, "Picture", type="IMAGE")
picture.data = drawing
mask = bpy.data.masks.new("Mask")
outline = mask.layers.new(name="Layer").splines.new()
outline.points.add(3)
for point, place in zip(outline.points, ((0, 0), (1, 0), (1, 1))):
    point.co = place
    point.select = True
scene = context.scene
scene.timeline_markers.new("Marker", frame=3).select = True
editor = scene.sequence_editor_create()
first = add_effect(editor, "First", "COLOR", 1, 19)
add_effect(editor, "Second", "COLOR", 2, 19)
editor.active_strip = first
lines = layer.freestyle_settings.linesets
(lines[0] if len(lines) else lines.new("Lines")).linestyle = bpy.data.linestyles.new("Style")
bpy.data.palettes.new("Palette").colors.new()
if scene.rigidbody_world is None:
    bpy.ops.rigidbody.world_add()
for each in layer.objects:
    each.select_set(each == cube)
layer.objects.active = cube
"""
)
"""Python for Blender."""
