"""Runs inside Blender: everything that its data-blocks hold, as JSON, by walking what Blender says of itself."""

import array
import contextlib
import hashlib
import json
from typing import Any, Dict, List, Set, Tuple

import bpy

NOT_DATA = ("window_managers", "screens", "workspaces", "brushes", "libraries")
SKIPPED = {
    "rna_type",
    # Of the moment or of the process, not of the document.
    "session_uid",
    "is_updated",
    "is_updated_data",
    "is_evaluated",
    "original",
    "preview",
    "asset_data",
    "is_runtime_data",
    "bindcode",
    "is_dirty",
    "is_saved",
    "depsgraph",
    "tag",
    "name_full",
    "id_data",
    "execution_time",
    "persistent_uid",
    # Blender makes it when a file is opened, for a brush.
    "cavity_curve",
    # Blender 4.2 dies of reading it. It is about brushes, which are of the user and not of the document.
    "uv_sculpt",
    # Read as arrays: see `_mesh`, `_image`.
    "pixels",
    "vertex_normals",
    "polygon_normals",
    "corner_normals",
}
if bpy.app.version >= (5, 3, 0):
    # Of collections in a view layer, 5.3 works it out later than a file is read.
    SKIPPED.add("is_visible")
MESH_ARRAYS = (
    ("vertices", "co", "f", 3),
    ("edges", "vertices", "i", 2),
    ("edges", "use_seam", "b", 1),
    ("loops", "vertex_index", "i", 1),
    ("polygons", "loop_start", "i", 1),
    ("polygons", "use_smooth", "b", 1),
    ("polygons", "material_index", "i", 1),
    ("polygons", "hide", "b", 1),
)
MESH_SKIPPED = SKIPPED | {
    "vertices", "edges", "loops", "polygons", "loop_triangles", "loop_triangle_polygons", "attributes",
    "color_attributes", "uv_layers", "uv_layer_clone", "uv_layer_stencil", "vertex_colors",
    "skin_vertices", "has_custom_normals", "normals_domain", "vertex_creases", "edge_creases",
}  # fmt: skip
DIGITS = 6
PLAIN = {bool, int, str, type(None)}
"""What is told as it is: most of it."""


def whole_state() -> str:
    """The document as JSON text: every data-block by kind and name, used or not, and what no data-block says."""
    # What is computed from the rest is left until somebody asks.
    context: Any = bpy.context  # the stubs take its members for methods
    _OF_A_STRUCT.clear()
    layer = context.view_layer
    layer.update()
    blocks: Dict[str, Dict[str, Any]] = {}
    properties: Any = bpy.data.bl_rna.properties  # the stubs have their base class only
    for prop in properties:
        if prop.type == "COLLECTION" and prop.identifier not in NOT_DATA and prop.fixed_type.identifier != "ID":
            kind = prop.identifier
            blocks[kind] = {block.name_full: _block(block) for block in getattr(bpy.data, kind)}
    state = {
        "blocks": blocks,
        "order": {kind: list(each) for kind, each in blocks.items()},
        "scene": context.scene.name,
        "active": layer.objects.active.name if layer.objects.active else None,
        "objects in the view layer": [obj.name for obj in layer.objects],
        "hidden": [obj.name for obj in layer.objects if obj.hide_get()],
        "selected": [obj.name for obj in layer.objects if obj.select_get()],
    }
    return json.dumps(state)


def _block(block: Any) -> Dict[str, Any]:
    told = _struct(block, MESH_SKIPPED if isinstance(block, bpy.types.Mesh) else SKIPPED, set())
    if bpy.app.version >= (5, 2, 0):
        # It counts one user more each time it saves a block that a modifier's node group has as input.
        told["users"] = block.users > 0
    if isinstance(block, bpy.types.Mesh):
        told["arrays"] = _mesh(block)
    if isinstance(block, bpy.types.Image):
        told["arrays"] = {"pixels": _digest(block, "pixels")}
    if isinstance(block, bpy.types.Object):
        if block.visible_get():
            # It is computed, and Blender leaves that until it is seen.
            told["matrix_world"] = _number_list([each for row in block.matrix_world for each in row])
        told["groups"] = [group.name for group in block.vertex_groups]
    return told


def _mesh(mesh: Any) -> Dict[str, Any]:
    told: Dict[str, Any] = {}
    for collection, name, kind, width in MESH_ARRAYS:
        found = getattr(mesh, collection)
        values = array.array("i" if kind == "b" else kind, bytes(4 * len(found) * width))
        found.foreach_get(name, values if kind != "b" else (values := [False] * len(found)))
        told[f"{collection}.{name}"] = _digest_of(values)
    for attribute in mesh.attributes:
        if not attribute.is_internal and attribute.name not in (".edge_verts", ".corner_vert", "position"):
            told[f"attribute {attribute.name}"] = [attribute.domain, attribute.data_type, _attribute(attribute)]
    told["uv"] = [[layer.name, layer.active, layer.active_render] for layer in mesh.uv_layers]
    told["weights"] = _digest_of([[[g.group, round(g.weight, 6)] for g in v.groups] for v in mesh.vertices])
    return told


def _attribute(attribute: Any) -> str:
    name = {"FLOAT_VECTOR": "vector", "FLOAT2": "vector", "FLOAT_COLOR": "color", "BYTE_COLOR": "color"}.get(
        attribute.data_type, "value"
    )
    return _digest_of([_value(getattr(each, name)) for each in attribute.data])


def _digest(owner: Any, name: str) -> str:
    found = getattr(owner, name)
    values = array.array("f", bytes(4 * len(found)))
    found.foreach_get(values)
    return _digest_of(values)


def _digest_of(values: Any) -> str:
    data = values.tobytes() if isinstance(values, array.array) else json.dumps(values).encode()
    return f"{len(values)}: {hashlib.sha256(data).hexdigest()[:16]}"


def _struct(struct: Any, skipped: Any, above: set) -> Dict[str, Any]:
    rna = struct.bl_rna
    told: Dict[str, Any] = {"struct": rna.identifier}
    if getattr(struct, "is_embedded_data", False):
        # Its owner is its one user, which Blender counts until it reads the file.
        skipped = skipped | {"users"}
    above = above | {struct.as_pointer()}
    names, properties = _properties(rna)
    for name, kind in properties:
        if name in skipped:
            continue
        try:
            value = getattr(struct, name)
            told[name] = value if type(value) in PLAIN else _property(kind, value, above)
        except (AttributeError, RuntimeError, TypeError, ValueError) as error:
            told[name] = "unreadable: " + type(error).__name__
    with contextlib.suppress(AttributeError, TypeError):
        # What add-ons registered is told by their properties, and made when it is read.
        told["custom"] = {key: _value(value) for key, value in struct.items() if key not in names and key != "cycles"}
    return told


_OF_A_STRUCT: Dict[int, Tuple[Set[str], List[Tuple[str, str]]]] = {}
"""What a struct has, for the time of one look: asking for it again at each of its blocks takes most of the time."""


def _properties(rna: Any) -> Tuple[Set[str], List[Tuple[str, str]]]:
    """The names of all properties, and with their types those that are of the document."""
    found = _OF_A_STRUCT.get(rna.as_pointer())
    if found is None:
        names: Set[str] = set()
        properties: List[Tuple[str, str]] = []
        for prop in rna.properties:
            names.add(prop.identifier)
            # A number or text that executed code registered ends with the process, as its classes do.
            if not prop.is_runtime or prop.type in ("POINTER", "COLLECTION"):
                properties.append((prop.identifier, prop.type))
        found = _OF_A_STRUCT[rna.as_pointer()] = (names, properties)
    return found


def _property(kind: str, value: Any, above: set) -> Any:
    if kind == "POINTER":
        return _pointer(value, above)
    if kind == "COLLECTION":
        return [_pointer(each, above) for each in value]
    return _value(value)


def _pointer(value: Any, above: set) -> Any:
    if value is None:
        return None
    if isinstance(value, bpy.types.ID) and not getattr(value, "is_embedded_data", False):
        return f"{_kind(value)} {value.name_full!r}"
    if not hasattr(value, "bl_rna"):
        return _value(value)
    if value.as_pointer() in above or len(above) > 12:
        return "see above: " + _kind(value)
    return _struct(value, SKIPPED, above)


def _kind(value: Any) -> str:
    """Blender's name of its type."""
    return value.bl_rna.identifier


def _value(value: Any) -> Any:
    if isinstance(value, float):
        return _number(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, bpy.types.ID):
        return f"{_kind(value)} {value.name_full!r}"
    if hasattr(value, "items"):
        return {str(key): _value(each) for key, each in value.items()}
    if hasattr(value, "__iter__"):
        return _number_list(list(value))
    return repr(type(value))


def _number_list(values: List[Any]) -> List[Any]:
    return [_value(each) for each in values]


def _number(value: float) -> float:
    rounded = float(f"{value:.{DIGITS}g}")
    return 0.0 if abs(rounded) < 1e-9 else rounded
