"""Attacks by files that were always withstood: scripts, libraries and outputs in .blend files, references in others."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.field import Field, doors_said
from tests.blender_code import COMPOSITOR

# --- .blend: what would run code -------------------------------------------------------------------------------------

SAVE = "\nbpy.ops.wm.save_as_mainfile(filepath=out)\n"
CUBE = "import bpy\ncube = bpy.data.objects['Cube']\nscene = bpy.context.scene\n"
TEXT = CUBE + "text = bpy.data.texts.new('evil.py')\ntext.write(f'import bpy\\n{python}\\n')\n"

REGISTERED = TEXT + "text.use_module = True"
DRIVER = CUBE + "curve = cube.driver_add('location', 0)\ncurve.driver.expression = python"
DRIVER_NAMESPACE = (
    TEXT
    + "text.use_module = True\ntext.clear()\n"
    + "text.write(f'import bpy\\nbpy.app.driver_namespace[\"evil\"] = lambda: {python}\\n')\n"
    + "curve = cube.driver_add('location', 0)\ncurve.driver.expression = 'evil()'"
)
NODE_DRIVER = (
    CUBE + "material = bpy.data.materials.new('M')\nmaterial.use_nodes = True\ncube.data.materials.clear()\n"
    "cube.data.materials.append(material)\nsocket = material.node_tree.nodes['Principled BSDF'].inputs['Roughness']\n"
    "socket.driver_add('default_value').driver.expression = python"
)
FREESTYLE = (
    TEXT + "scene.render.use_freestyle = True\nstyle = scene.view_layers[0].freestyle_settings\n"
    "style.mode = 'SCRIPT'\nstyle.modules.new().script = text"
)
OSL = (
    CUBE + "scene.render.engine = 'CYCLES'\nscene.cycles.shading_system = True\n"
    "material = bpy.data.materials.new('M')\nmaterial.use_nodes = True\ncube.data.materials.clear()\n"
    "cube.data.materials.append(material)\nnode = material.node_tree.nodes.new('ShaderNodeScript')\n"
    "node.mode = 'EXTERNAL'\nnode.filepath = canary"
)
PYTHON_CONSTRAINT_PROPERTIES = (
    CUBE + "scene['_RNA_UI'] = {'evil': {'description': python}}\ncube['script'] = python\nscene['startup'] = python"
)
HANDLERS = (
    TEXT + "text.use_module = True\ntext.clear()\ntext.write(f'import bpy\\nbpy.app.handlers.load_post.append("
    "lambda *a: {python})\\nbpy.app.handlers.depsgraph_update_post.append(lambda *a: {python})\\n')"
)

# --- .blend: what would read or write elsewhere ----------------------------------------------------------------------

FILE_OUTPUT = (
    CUBE + COMPOSITOR + "tree = compositor_of(scene)\n"
    "tree.links.new(rendered(tree), writing_node(tree, folder).inputs[0])"
)
RENDER_PATH = CUBE + "scene.render.filepath = folder + '/render'\nscene.render.use_overwrite = True"
LIBRARY = (
    "import bpy, os\nlibrary = os.path.join(os.path.dirname(canary), 'library.blend')\n"
    "secret = bpy.data.objects['Cube']\nsecret.name = 'SecretCube'\nbpy.data.libraries.write(library, {secret})\n"
    "bpy.ops.wm.read_homefile(use_factory_startup=True)\n"
    "with bpy.data.libraries.load(library, link=True) as (there, here):\n    here.objects = ['SecretCube']\n"
    "bpy.context.scene.collection.objects.link(here.objects[0])"
)
IMAGE = (
    CUBE + "import os\npicture = os.path.join(os.path.dirname(canary), 'picture.png')\n"
    "made = bpy.data.images.new('made', 8, 8)\nmade.pixels[:] = [1, 0, 1, 1] * 64\nmade.filepath_raw = picture\n"
    "made.file_format = 'PNG'\nmade.save()\nbpy.data.images.remove(made)\nimage = bpy.data.images.load(picture)\n"
    "material = bpy.data.materials.new('M')\nmaterial.use_nodes = True\ncube.data.materials.clear()\n"
    "cube.data.materials.append(material)\nnode = material.node_tree.nodes.new('ShaderNodeTexImage')\n"
    "node.image = image\nmaterial.node_tree.links.new(node.outputs[0], "
    "material.node_tree.nodes['Principled BSDF'].inputs['Base Color'])"
)


def blend(code: str) -> Callable[[Field], Outcome]:
    """An attack by the .blend that this code saves."""

    def run(field: Field) -> Outcome:
        responses = field.deliver("blender", "a.blend", field.prepare("blender", code + SAVE))
        return field.assert_quiet(doors_said(responses), "blender")

    return run


BLENDS = {
    "blend-registered-text": REGISTERED,
    "blend-handlers": HANDLERS,
    "blend-driver": DRIVER,
    "blend-driver-namespace": DRIVER_NAMESPACE,
    "blend-driver-in-nodes": NODE_DRIVER,
    "blend-freestyle-script": FREESTYLE,
    "blend-osl-file": OSL,
    "blend-python-in-properties": PYTHON_CONSTRAINT_PROPERTIES,
    "blend-file-output": FILE_OUTPUT,
    "blend-render-path": RENDER_PATH,
    "blend-library": LIBRARY,
    "blend-image": IMAGE,
}

# --- other formats: references to other files ------------------------------------------------------------------------

GLTF = (
    '{{"asset":{{"version":"2.0"}},"scenes":[{{"nodes":[0]}}],"nodes":[{{"mesh":0}}],"buffers":[{{"byteLength":24,'
    '"uri":"{uri}"}}],"bufferViews":[{{"buffer":0,"byteLength":24}}],"accessors":[{{"bufferView":0,"componentType":5126,'
    '"count":2,"type":"VEC3","min":[0,0,0],"max":[1,1,1]}}],"meshes":[{{"primitives":[{{"attributes":{{"POSITION":0}},'
    '"mode":1}}]}}],"images":[{{"uri":"{uri}"}}]}}'
)
OBJ = "mtllib {path}\no A\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl M\nf 1 2 3\n"
USDA = (
    '#usda 1.0\n(\n    subLayers = [@{path}@]\n)\ndef Mesh "Own" (\n    prepend references = @{path}@</A>\n'
    "    payload = @{path}@</A>\n)\n{{\n    int[] faceVertexCounts = [3]\n    int[] faceVertexIndices = [0, 1, 2]\n"
    "    point3f[] points = [(0, 0, 0), (1, 0, 0), (0, 1, 0)]\n    asset secret = @{path}@\n}}\n"
)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
    '<style>@import url("{uri}");</style><script>{shell}</script><image xlink:href="{uri}" width="9" height="9"/>'
    '<use xlink:href="{uri}#a"/><rect width="5" height="5"/></svg>'
)
SVG_ENTITY = (
    '<!DOCTYPE svg [<!ENTITY x SYSTEM "{uri}">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    '<text id="&x;">&x;</text><rect width="5" height="5"/></svg>'
)
DXF = (
    "0\nSECTION\n2\nBLOCKS\n0\nBLOCK\n8\n0\n2\nX\n70\n4\n10\n0\n20\n0\n30\n0\n3\nX\n1\n{path}\n0\nENDBLK\n0\nENDSEC\n"
    "0\nSECTION\n2\nENTITIES\n0\nINSERT\n8\n0\n2\nX\n10\n0\n20\n0\n30\n0\n0\nLINE\n8\n0\n10\n0\n20\n0\n11\n5\n21\n5\n"
    "0\nENDSEC\n0\nEOF\n"
)
STEP = (
    "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION(('{path}'),'2;1');\nFILE_NAME('{path}','',(''),(''),'','','');\n"
    "FILE_SCHEMA(('AUTOMOTIVE_DESIGN'));\nENDSEC;\nDATA;\n#1=DOCUMENT_FILE('{path}','','',#2,'','');\n"
    "#2=DOCUMENT_TYPE('');\n#3=EXTERNALLY_DEFINED_ITEM('{path}',#4);\n#4=EXTERNAL_SOURCE('{uri}');\nENDSEC;\n"
    "END-ISO-10303-21;\n"
)
MODEL = (
    '<?xml version="1.0"?><model unit="millimeter" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02" '
    'xmlns:p="http://schemas.microsoft.com/3dmanufacturing/production/2015/06"><resources><object id="1"><components>'
    '<component objectid="1" p:path="{path}"/></components></object></resources><build><item objectid="1" '
    'p:path="{path}"/></build></model>'
)


def zipped(**parts: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return file.getvalue()


def foreign(name: str, text: str, adapters: tuple[str, ...]) -> list[Attack]:
    """An attack on each application by a file with paths of the canary in it."""

    def run_on(adapter: str) -> Callable[[Field], Outcome]:
        def run(field: Field) -> Outcome:
            path = str(field.canary.file)
            told = text.format(path=path, uri=f"file://{path}", shell=field.canary.shell)
            data = zipped(**{"3D__3dmodel_dot_model": told}) if name.endswith(".3mf") else told.encode()
            responses = field.deliver(adapter, name, data, doors=("import",))
            if not responses:
                return broke("nothing was sent")
            return field.assert_quiet(doors_said(responses), adapter)

        return run

    stem = name.replace(".", "-")
    return [Attack(f"{stem}-in-{adapter}", "files", adapter, run_on(adapter)) for adapter in adapters]


ATTACKS = [
    *(Attack(name, "files", "blender", blend(code)) for name, code in BLENDS.items()),
    *foreign("references.gltf", GLTF.replace("{uri}", "{path}"), ("blender",)),
    *foreign("file-uri.gltf", GLTF, ("blender",)),
    *foreign("material.obj", OBJ, ("blender", "freecad")),
    *foreign("arcs.usda", USDA, ("blender",)),
    *foreign("links.svg", SVG, ("blender", "freecad")),
    *foreign("entity.svg", SVG_ENTITY, ("blender", "freecad")),
    *foreign("external-block.dxf", DXF, ("freecad",)),
    *foreign("documents.step", STEP, ("freecad",)),
    *foreign("paths.3mf", MODEL, ("freecad",)),
]
