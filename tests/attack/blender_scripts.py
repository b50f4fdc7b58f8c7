"""What a real Blender runs to save the .blend files of the attacks.

The code may use `canary`, `folder`, `python` and `out`; the files that are named lie next to the canary.
"""

from __future__ import annotations

from tests.blender_code import COMPOSITOR, NODE_INPUT, SEQUENCER

HEAD = (
    f"{COMPOSITOR}{SEQUENCER}{NODE_INPUT}"
    """
import bpy, os
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
scene = bpy.context.scene
home = os.path.dirname(canary)

def ball(name):
    obj = bpy.data.objects.new(name, bpy.data.meshes.new(name))
    obj.data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)], [], [(0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)])
    scene.collection.objects.link(obj)
    return obj

def in_a_material(node_type, setting):
    material = bpy.data.materials.new(node_type)
    material.use_nodes = True
    node = material.node_tree.nodes.new(node_type)
    setting(node)
    glow = material.node_tree.nodes.new('ShaderNodeEmission')
    material.node_tree.links.new(node.outputs[0], glow.inputs[0])
    material.node_tree.links.new(glow.outputs[0], material.node_tree.nodes['Material Output'].inputs[0])
    ball(node_type).data.materials.append(material)

body = ball('Body')
"""
)
SAVE = "\nbpy.ops.wm.save_as_mainfile(filepath=out, copy=True, relative_remap=False)\n"
SAVE_PACKED = "\nbpy.ops.wm.save_as_mainfile(filepath=out, copy=True, compress=True, relative_remap=False)\n"

# --- reading ---------------------------------------------------------------------------------------------------------

READING_NODES = (
    HEAD
    + """
def group(kind, how):
    tree = bpy.data.node_groups.new(kind + how, 'GeometryNodeTree')
    tree.interface.new_socket('Out', in_out='OUTPUT', socket_type='NodeSocketGeometry')
    node, end = tree.nodes.new('GeometryNodeImport' + kind), tree.nodes.new('NodeGroupOutput')
    path = f'{home}/{kind}-{how}.{kind.lower()}'
    modifier = ball(kind + how).modifiers.new('N', 'NODES')
    if how == 'literal':
        node.inputs[0].default_value = path
    elif how == 'given':
        item = tree.interface.new_socket('Path', in_out='INPUT', socket_type='NodeSocketString')
        begin = tree.nodes.new('NodeGroupInput')
        tree.links.new(begin.outputs[0], node.inputs[0])
    else:
        first = tree.nodes.new('FunctionNodeInputString')
        first.string = path[:4]
        second = tree.nodes.new('FunctionNodeInputString')
        second.string = path[4:]
        both = tree.nodes.new('GeometryNodeStringJoin')
        tree.links.new(second.outputs[0], both.inputs[1])
        tree.links.new(first.outputs[0], both.inputs[1])
        tree.links.new(both.outputs[0], node.inputs[0])
    source = node.outputs[0]
    if source.type == 'STRING':
        words = tree.nodes.new('GeometryNodeStringToCurves')
        tree.links.new(source, words.inputs[0])
        source = words.outputs[0]
    tree.links.new(source, end.inputs[0])
    modifier.node_group = tree
    if how == 'given':
        put_node_input(modifier, item, path)

for kind in ('Text', 'OBJ', 'STL', 'PLY', 'CSV', 'VDB'):
    for how in ('literal', 'given', 'joined'):
        group(kind, how)
"""
)
PATHS = (
    HEAD
    + """
volume = bpy.data.volumes.new('Volume')
volume.filepath = home + '/volume.vdb'
scene.collection.objects.link(bpy.data.objects.new('Volume', volume))
cached = ball('Cached').modifiers.new('M', 'MESH_CACHE')
cached.cache_format, cached.filepath = 'PC2', home + '/mesh.pc2'
ocean = ball('Ocean').modifiers.new('O', 'OCEAN')
ocean.filepath = home
in_a_material('ShaderNodeTexIES',
              lambda node: (setattr(node, 'mode', 'EXTERNAL'), setattr(node, 'filepath', home + '/l.ies')))
def picture(name, source):
    image = bpy.data.images.new(name, 4, 4)
    image.source = source
    image.filepath_raw = f'{home}/{name}'
    return image
in_a_material('ShaderNodeTexEnvironment', lambda node: setattr(node, 'image', picture('still.png', 'FILE')))
for name, source in (('frames_0001.png', 'SEQUENCE'), ('film.mp4', 'MOVIE'), ('tiles.<UDIM>.png', 'TILED')):
    in_a_material('ShaderNodeTexImage', lambda node: setattr(node, 'image', picture(name, source)))
clip_path = home + '/clip.png'
made = bpy.data.images.new('made', 4, 4)
made.filepath_raw, made.file_format = clip_path, 'PNG'
made.save()
clip = bpy.data.movieclips.load(clip_path)
tree = compositor_of(scene)
node = tree.nodes.new('CompositorNodeMovieClip')
node.clip = clip
tree.links.new(node.outputs[0], shown(tree))
words = bpy.data.curves.new('Words', 'FONT')
words.body = 'words'
scene.collection.objects.link(bpy.data.objects.new('Words', words))
fonts = [os.path.join(root, each) for root, _, names in os.walk(bpy.utils.resource_path('LOCAL')) for each in names
         if each.endswith(('.ttf', '.woff2'))]
import shutil
if fonts:
    shutil.copy(fonts[0], home + '/letters.ttf')
    words.font = bpy.data.fonts.load(home + '/letters.ttf')
text = bpy.data.texts.new('notes')
text.filepath = canary
text.use_fake_user = True
brush = bpy.data.brushes.new('Brush')
brush.use_fake_user = True
scene.render.bake.filepath = home + '/bake.png'
scene['path'] = canary
"""
)
STRIPS = (
    HEAD
    + """
editor = scene.sequence_editor_create()
strips = strips_of(editor)
made = bpy.data.images.new('made', 4, 4)
for name in ('strip.png', 'strip_0002.png'):
    made.filepath_raw, made.file_format = f'{home}/{name}', 'PNG'
    made.save()
image = strips.new_image('Image', home + '/strip.png', 1, 1)
image.elements.append('strip_0002.png')
import wave
with wave.open(home + '/noise.wav', 'wb') as sound:
    sound.setnchannels(1), sound.setsampwidth(2), sound.setframerate(8000), sound.writeframes(bytes(8000))
strips.new_sound('Sound', home + '/noise.wav', 2, 1)
speaker = bpy.data.speakers.new('Speaker')
speaker.sound = bpy.data.sounds.load(home + '/noise.wav')
scene.collection.objects.link(bpy.data.objects.new('Speaker', speaker))
bpy.data.images.remove(made)
scene.render.use_sequencer = True
"""
)

# --- writing ---------------------------------------------------------------------------------------------------------

OUTPUT = """
def writes(tree):
    node = writing_node(tree, folder, 'more')
    color = tree.nodes.new('CompositorNodeRGB')
    for plug in node.inputs:
        tree.links.new(color.outputs[0], plug)
"""
SCENE_STRIP = (
    HEAD
    + OUTPUT
    + """
inner = bpy.data.scenes.new('Inner')
inner.render.engine, inner.cycles.samples = 'CYCLES', 1
inner.render.resolution_x, inner.render.resolution_y = 32, 24
writes(compositor_of(inner))
inner.camera = bpy.data.objects.new('Eye', bpy.data.cameras.new('Eye'))
inner.collection.objects.link(inner.camera)
group = bpy.data.node_groups.new('Group', 'CompositorNodeTree')
writes(group)
used = compositor_of(inner).nodes.new('CompositorNodeGroup')
used.node_tree = group
editor = scene.sequence_editor_create()
strips_of(editor).new_scene('Strip', inner, 1, 1)
scene.render.use_sequencer = True
writes(compositor_of(scene))
for each in (scene, inner):
    each.render.filepath = folder + '/render'
    each.render.use_render_cache = True
inner.name = '/../' * 12 + folder[1:].replace('/tmp', 'tmp')[-40:] + '/x'
"""
)
CACHES = (
    HEAD
    + """
up = '../' * 14
system = body.modifiers.new('P', 'PARTICLE_SYSTEM')
cache = body.particle_systems[0].point_cache
cache.use_external, cache.filepath = True, folder
second = ball('Second')
second.modifiers.new('P', 'PARTICLE_SYSTEM')
second.particle_systems[0].point_cache.name = (up + folder[1:] + '/c')[-60:]
second.particle_systems[0].settings.frame_start = -5
cloth = ball('Cloth').modifiers.new('C', 'CLOTH')
cloth.point_cache.use_external, cloth.point_cache.filepath = True, home
paint = ball('Canvas').modifiers.new('D', 'DYNAMIC_PAINT')
with bpy.context.temp_override(object=bpy.data.objects['Canvas'], active_object=bpy.data.objects['Canvas']):
    bpy.ops.dpaint.type_toggle(type='CANVAS')
paint.canvas_settings.canvas_surfaces[0].image_output_path = folder
many = ball('Many')
levels = many.modifiers.new('M', 'MULTIRES')
bpy.context.view_layer.objects.active = many
many.select_set(True)
bpy.ops.object.multires_subdivide(modifier='M')
bpy.ops.object.multires_external_save(filepath=folder + '/many.btx', modifier='M')
collection = bpy.data.collections.new('Sent')
scene.collection.children.link(collection)
baked = body.modifiers.new('N', 'NODES')
baked.bake_directory = folder
scene.frame_set(2)
"""
)
FLUID = (
    HEAD
    + """
domain = body.modifiers.new('F', 'FLUID')
domain.show_viewport = False
domain.fluid_type = 'DOMAIN'
domain.domain_settings.domain_type = 'GAS'
domain.domain_settings.cache_directory = %s
body.animation_data_create().action = action = bpy.data.actions.new('On')
if hasattr(action, 'slots'):
    body.animation_data.action_slot = action.slots.new('OBJECT', 'On')
curves = action.fcurves if hasattr(action, 'fcurves') else action.layers.new('L').strips.new().channelbag(
    body.animation_data.action_slot, ensure=True).fcurves
for word in ('show_viewport', 'show_render'):
    curves.new(f'modifiers["F"].{word}').keyframe_points.insert(1, 1)
domain.show_viewport = domain.show_render = True
bpy.ops.wm.save_as_mainfile(filepath=out, copy=True, relative_remap=False)
import shutil
for left in os.listdir(folder):
    shutil.rmtree(os.path.join(folder, left), ignore_errors=True)
os._exit(0)
"""
)
FLUID_FOLDER = FLUID % "folder + '/sim'"
FLUID_PYTHON = FLUID % """folder + "/a'+str(" + python.replace('/', '/') + ")+'\""""

# --- code and libraries ----------------------------------------------------------------------------------------------

SHADERS = (
    HEAD
    + """
scene.render.engine = 'CYCLES'
scene.cycles.shading_system = True
program = bpy.data.texts.new('program.osl')
program.write(f'shader program(output color C = 0) {{ C = texture("{home}/osl.png", 0.5, 0.5); }}')
def script(node):
    node.script = program
    node.bytecode = 'OpenShadingLanguage 1.00'
material = bpy.data.materials.new('Programmed')
material.use_nodes = True
script(material.node_tree.nodes.new('ShaderNodeScript'))
body.data.materials.append(material)
camera = bpy.data.cameras.new('Camera')
if hasattr(camera, 'custom_shader'):
    camera.type = 'CUSTOM'
    camera.custom_filepath = home + '/lens.osl'
scene.camera = bpy.data.objects.new('Camera', camera)
scene.collection.objects.link(scene.camera)
"""
)
LIBRARIES = (
    HEAD
    + """
library = home + '/library.blend'
secret = ball('Secret')
bpy.data.libraries.write(library, {secret})
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
with bpy.data.libraries.load(library, link=True) as (there, here):
    here.objects = ['Secret']
scene = bpy.context.scene
scene.collection.objects.link(here.objects[0])
here.objects[0].override_create(remap_local_usages=True)
"""
)
PACKED_LIBRARIES = (
    LIBRARIES
    + """
bpy.ops.wm.save_as_mainfile(filepath=home + '/main.blend')
bpy.ops.file.make_paths_relative()
bpy.ops.file.pack_libraries()
bpy.ops.wm.save_as_mainfile(filepath=out, copy=True, relative_remap=False)
"""
)
FBX = (
    HEAD
    + """
made = bpy.data.images.new('made', 4, 4)
made.filepath_raw, made.file_format = home + '/wood.png', 'PNG'
made.save()
in_a_material('ShaderNodeTexImage', lambda node: None)
body.data.materials.append(bpy.data.materials.new('Wood'))
body.active_material.use_nodes = True
tree = body.active_material.node_tree
node = tree.nodes.new('ShaderNodeTexImage')
node.image = bpy.data.images.load(home + '/wood.png')
tree.links.new(node.outputs[0], tree.nodes['Principled BSDF'].inputs[0])
bpy.ops.export_scene.fbx(filepath=out, path_mode='ABSOLUTE')
"""
)
