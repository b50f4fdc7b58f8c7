"""The differences between the supported versions of Blender, 4.2 LTS to 5.3: no other module checks a version."""

from __future__ import annotations

import importlib
from typing import Any, Container

import bpy

from cadgate.appserver import AppError, unavailable
from cadgate_blender.app import properties

VERSION = tuple(bpy.app.version)
OLDEST = (4, 2, 0)

NAME_BYTES = 255 if VERSION >= (5, 0, 0) else 63
"""Longest name of a data-block. Source: release notes of Blender 5.0, "ID names"."""


def action_can_be_chosen() -> bool:
    """Return whether an editor's action can be set: 5.2 shows that of the active object and has no such property."""
    return "action" in bpy.types.SpaceDopeSheetEditor.bl_rna.properties


def _crashing_operators() -> tuple[str, ...]:
    if VERSION >= (5, 2, 0):
        return ("uv.select_circle", "uv.stitch")
    if VERSION < (4, 5, 0):  # 4.2 crashes; what is between was not tried
        kinds = ("set", "brightness_contrast", "hsv", "invert", "levels")
        return tuple(f"paint.vertex_color_{kind}" for kind in kinds)
    return ()


CRASHING_OPERATORS = _crashing_operators()
"""Operators in which this Blender crashes when it runs without a window, as 4.5 does not."""


def bones_with_selection(obj: Any) -> Any:
    """Return what says which bones of an armature in pose mode are selected.

    From 5.0 these are the bones of the pose. Source: release notes of Blender 5.0, Python API, "Bone.select".
    """
    return obj.pose.bones if VERSION >= (5, 0, 0) else obj.data.bones


ENGINES = {
    "cycles": "CYCLES",
    # 4.2 to 4.5 have a new identifier for the rewritten engine. Source: release notes of 4.2 and 5.0, EEVEE.
    "eevee": "BLENDER_EEVEE_NEXT" if (4, 2, 0) <= VERSION < (5, 0, 0) else "BLENDER_EEVEE",
    "workbench": "BLENDER_WORKBENCH",
}
"""The gateway's names for render engines, and this Blender's identifiers."""

ENGINE_NAMES = {
    "BLENDER_EEVEE": "eevee",
    "BLENDER_EEVEE_NEXT": "eevee",
    "CYCLES": "cycles",
    "BLENDER_WORKBENCH": "workbench",
}
"""The reverse, for every version."""


def text() -> str:
    """Return, for instance, `Blender 4.5.15 LTS`."""
    return f"Blender {bpy.app.version_string}"


def require_supported() -> None:
    """Raise AppError for a Blender that is too old: its changes would fail one by one, with errors about attributes."""
    if VERSION < OLDEST:
        raise unavailable(
            f"{text()} is too old: Blender {OLDEST[0]}.{OLDEST[1]} or newer is needed",
            f"install Blender {OLDEST[0]}.{OLDEST[1]} or newer and set BLENDER_CMD to its program, or install the "
            'wheel, which is used before a blender on PATH: pip install "cadgate-blender[embedded]", with Python 3.11 '
            "(Blender 4.5 LTS) or 3.13 (5.2 LTS)",
        )


def engine_name(identifier: str) -> str:
    """Return the gateway's name for an engine of this Blender; an add-on's engine keeps its own."""
    return ENGINE_NAMES.get(identifier, identifier)


IMAGE_FORMATS = {"png": "PNG", "jpeg": "JPEG", "exr": "OPEN_EXR", "webp": "WEBP"}


def choose_image_format(settings: Any, identifier: str) -> None:
    """Set the file format of a render. 5.0 needs the kind of medium first: release notes of 5.0, "Output"."""
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format = identifier


def compositor(scene: Any) -> Any:
    """Return the scene's compositing nodes, or None. In 5.0 they are a node group: release notes, "Compositor"."""
    return getattr(scene, "compositing_node_group", None) if VERSION >= (5, 0, 0) else scene.node_tree


def composites(scene: Any) -> bool:
    """Return whether the scene has compositing nodes that are switched on: from 5.0 all that it has are."""
    return compositor(scene) is not None and (VERSION >= (5, 0, 0) or scene.use_nodes)


def own_compositor(scene: Any) -> Any:
    """Return compositing nodes of the scene alone, switched on, that leave its pictures as they are without them."""
    settings = scene.render
    kept = compositor(scene) if composites(scene) and settings.use_compositing else None
    settings.use_compositing = True
    if VERSION < (5, 0, 0):
        scene.use_nodes = True
        if kept is None:
            scene.node_tree.nodes.clear()
            _show_render(scene, scene.node_tree, "CompositorNodeComposite")
        return scene.node_tree
    if kept is not None:
        # A strip or another scene may use the same group.
        scene.compositing_node_group = kept.copy()
    else:
        tree: Any
        scene.compositing_node_group = tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        _show_render(scene, tree, "NodeGroupOutput")
    return scene.compositing_node_group


def _show_render(scene: Any, tree: Any, kind: str) -> None:
    source, shown = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new(kind)
    source.scene = scene
    tree.links.new(source.outputs["Image"], shown.inputs["Image"])


PASS_OF_INDICES = "Object Index" if VERSION >= (5, 0, 0) else "IndexOB"
"""What a node of render layers calls the pass with the objects' numbers."""

WRITES_GREY = VERSION >= (4, 3, 0)
"""Whether EXR files can have one channel. Those of 4.2 have three, which are equal."""
_KINDS = {"BW": "FLOAT", "RGB": "VECTOR", "RGBA": "RGBA"}


def add_file_output(tree: Any, folder: str, stem: str, colors: str) -> Any:
    """Add a node that writes an EXR file, whose name begins with `stem`. Returns its input.

    `colors` is BW, RGB (a vector) or RGBA. 5.0 replaced the node's slots by items.
    """
    node = tree.nodes.new("CompositorNodeOutputFile")
    choose_image_format(node.format, "OPEN_EXR")
    mode = colors if colors != "BW" or WRITES_GREY else "RGB"
    node.format.color_depth, node.format.exr_codec, node.format.color_mode = "32", "ZIP", mode
    if hasattr(node, "file_output_items"):
        node.directory, node.file_name = folder, stem
        node.file_output_items.new(_KINDS[colors], "value")
    else:
        node.base_path, node.file_slots[0].path = folder, stem
    return node.inputs[0]


def strips_of(editor: Any) -> Any:
    """Return the strips in a sequence editor. 4.4 introduced the name: release notes of 4.4, "Python API"."""
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def rooms(closed: Container[str] = ()) -> list[Any]:
    """Return the properties of `bpy.data` that hold the data-blocks of one kind each, except those named `closed`.

    5.2 also has `all_ids`, which lists every data-block once more: its items are of the general type.
    """
    everything: Any = bpy.data.bl_rna.properties  # the stubs do not know that collections say what they hold
    return [
        prop
        for prop in everything
        if prop.type == "COLLECTION" and prop.fixed_type.identifier != "ID" and prop.identifier not in closed
    ]


def call(operator: Any, **options: Any) -> Any:
    """Call an operator with those of `options` that this Blender's operator has."""
    known = {prop.identifier for prop in operator.get_rna_type().properties}
    return operator(**{name: value for name, value in options.items() if name in known})


def fbx_importer() -> Any:
    """Return the operator that imports FBX files. 4.5 has a new one; that in Python crashes on lights in 5.0."""
    return bpy.ops.wm.fbx_import if "fbx_import" in dir(bpy.ops.wm) else bpy.ops.import_scene.fbx


def import_fbx(path: str, scale: float) -> None:
    """Import an FBX file.

    Without an offset, the time of a frame is its number divided by the rate, as in all other formats.
    """
    call(fbx_importer(), filepath=path, global_scale=scale, anim_offset=0.0)


_BUILT_FOR = {"usd": ("USD", "usd"), "usdz": ("USD", "usd"), "abc": ("Alembic", "alembic")}
"""What Blender must be built with for some formats, and the beginning of its operators' names."""


def lacking(direction: str, *, usd: bool = True) -> list[str]:
    """Return the formats that this Blender was built without; of USD all if not `usd`."""
    known = set(dir(bpy.ops.wm))
    return [
        format
        for format, (name, operator) in _BUILT_FOR.items()
        if f"{operator}_{direction}" not in known or (name == "USD" and not usd)
    ]


def require_format(format: str, direction: str) -> None:
    """Raise AppError for a format that this Blender was built without, as Debian's is without USD and Alembic.

    `direction` is `import` or `export`.
    """
    if format in _BUILT_FOR and format in lacking(direction):
        name = _BUILT_FOR[format][0]
        does = "read" if direction == "import" else "write"
        raise AppError(
            "unsupported_format",
            f"{text()} was built without {name}, so it cannot {does} {format} files here: choose another format, such "
            "as glb, or use the bpy wheel or the Blender of blender.org, which have it",
            {"format": format, "application": text()},
        )


USD_IS_OPAQUE = VERSION[:2] == (5, 2)
"""Whether USD files are written with an opacity of 1, whatever the alpha of a material is."""


def require_draco() -> None:
    """Raise AppError if the glTF add-on has no library for Draco; it would write files without compression."""
    addon: Any = importlib.import_module("io_scene_gltf2")
    if not addon.is_draco_available():
        raise AppError(
            "unsupported_format",
            f"{text()} was built without the library for Draco, so it cannot compress meshes here: leave out "
            "compression, or use another Blender, such as the bpy wheel of 4.5 or the Blender of blender.org",
            {"compression": "draco", "application": text()},
        )


def has_denoiser() -> bool:
    """Return whether Cycles has OpenImageDenoise, which Debian's Blender is built without."""
    return bool(getattr(importlib.import_module("_cycles"), "with_openimagedenoise", True))


PAINTS_ALL_IN_OBJ = VERSION >= (5, 1, 0)
"""Whether the exporter of OBJ gives what has no colours black ones, where another object has some. Tried: 5.2.3 does,
5.0.1 does not.
"""


def usd_holds(name: str) -> bool:
    """Return whether a USD file can hold an object's name unchanged. 5.0 writes letters of all scripts by default."""
    export: Any = bpy.ops.wm.usd_export
    unicode = export.get_rna_type().properties.get("allow_unicode")
    return name.isidentifier() and (name.isascii() or (unicode is not None and bool(unicode.default)))


def use_nodes(block: Any) -> None:
    """Give a material or world its node tree. From 5.0 every one has it, and the switch is deprecated."""
    if VERSION < (5, 0, 0):
        block.use_nodes = True


def rename(block: Any, name: str) -> None:
    """Name a data-block. If another of its kind has the name, Blender adds a number.

    An assignment looks for the data-block among all of its kind first; `rename`, which does not, is there from 4.3.
    """
    if hasattr(block, "rename"):
        block.rename(name)
    else:
        block.name = name


def set_solver(modifier: Any, word: str) -> None:
    """Set the boolean solver. 5.0 calls the fast one FLOAT."""
    modifier.solver = "EXACT" if word == "exact" else ("FLOAT" if VERSION >= (5, 0, 0) else "FAST")


def get_solver(modifier: Any) -> str:
    return "fast" if modifier.solver == "FLOAT" else str(modifier.solver).lower()


def node_input(modifier: Any, identifier: str) -> Any:
    """Return the value that a modifier has for an input of its node group: of a menu the word. 5.2 has properties."""
    slot = _slot(modifier, identifier)
    if slot is not None:
        return getattr(slot, "value", None)
    value = modifier.get(identifier)
    return next((item[1] for item in _menu(modifier, identifier) if item[4] == value), value)


def put_node_input(modifier: Any, identifier: str, value: Any) -> None:
    """Set it. Raises LookupError for a word that the menu does not have."""
    slot = _slot(modifier, identifier)
    if slot is None:
        menu = _menu(modifier, identifier) if isinstance(value, str) else []
        modifier[identifier] = {item[1]: item[4] for item in menu}[value] if menu else value
        return
    known = slot.bl_rna.properties["value"]
    if known.type == "ENUM":
        value = {item.name: item.identifier for item in known.enum_items}[value]
    # It may have been that of an attribute, in a file from elsewhere.
    slot.type = "VALUE"
    slot.value = value


def node_input_path(modifier: Any, identifier: str) -> str:
    """Return its path below that of the modifier, by which it is keyed."""
    return f'["{identifier}"]' if _slot(modifier, identifier) is None else f".properties.inputs.{identifier}.value"


def node_settings(modifier: Any) -> dict[str, Any]:
    """Return what a modifier stores for the inputs and outputs of its node group, for comparison."""
    if "properties" not in modifier.bl_rna.properties:
        return dict(properties.read(modifier))
    found: dict[str, Any] = {}
    for place in () if modifier.properties is None else (modifier.properties.inputs, modifier.properties.outputs):
        for socket in place.bl_rna.properties:
            if socket.type == "POINTER" and socket.identifier != "rna_type":
                slot = getattr(place, socket.identifier)
                found[socket.identifier] = [
                    _plain(getattr(slot, name, None)) for name in ("type", "attribute_name", "value")
                ]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bpy.types.ID):
        return value.name
    return list(value) if hasattr(value, "__len__") and not isinstance(value, str) else value


def _slot(modifier: Any, identifier: str) -> Any:
    own = getattr(modifier, "properties", None)
    return None if own is None else getattr(own.inputs, identifier)


def _menu(modifier: Any, identifier: str) -> list[Any]:
    """Return the items of a menu before 5.2; none for other inputs."""
    try:
        return list(modifier.id_properties_ui(identifier).as_dict().get("items") or ())
    except (KeyError, TypeError):
        return []


def clear_custom_normals(mesh: Any) -> None:
    """Remove custom normals. 4.5 stores them as an attribute; before, only an operator removed them."""
    kept = mesh.attributes.get("custom_normal")
    if kept is not None:
        mesh.attributes.remove(kept)
    elif hasattr(mesh, "free_normals_split"):
        mesh.free_normals_split()


def curves_of(animation: Any) -> list[Any]:
    """Return the F-curves that animate a data-block, including those of strips."""
    found = [] if animation.action is None else _curves_of_action(animation.action, animation)
    for track in animation.nla_tracks:
        for strip in () if track.mute else track.strips:
            if strip.action is not None and not strip.mute:
                found.extend(_curves_of_action(strip.action, strip))
    return found


def bags_of(animation: Any) -> list[Any]:
    """Return the collections that hold the F-curves of a data-block's own action, and from which they are removed."""
    return [] if animation is None or animation.action is None else _bags_of_action(animation.action, animation)


def _curves_of_action(action: Any, user: Any) -> list[Any]:
    return [curve for bag in _bags_of_action(action, user) for curve in bag]


def _bags_of_action(action: Any, user: Any) -> list[Any]:
    """Return the lists of F-curves. From 4.4 they are in slots, of which the user names one; from 5.0 only there."""
    slot = getattr(user, "action_slot", None)
    if not hasattr(action, "slots") or (slot is None and hasattr(action, "fcurves")):
        return [action.fcurves]
    bags = [strip.channelbag(slot) for layer in action.layers for strip in layer.strips] if slot is not None else []
    return [bag.fcurves for bag in bags if bag is not None]
