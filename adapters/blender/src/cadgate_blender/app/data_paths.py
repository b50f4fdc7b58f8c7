"""Paths from Blender's data to any property: `objects/Cube/location`, `materials/Gold/node_tree/nodes/…`.

A path stays in the document. What names files or code can be read, and is never set.
"""

from __future__ import annotations

import re
from typing import Any, Iterable, NamedTuple

import bpy

from cadgate.appserver import AppError, nearest, not_found
from cadgate_blender.app import versions
from cadgate_blender.app.foreign import decided, walking

_CLOSED = frozenset(
    ("window_managers", "screens", "workspaces", "libraries", "brushes", "texts", "sounds", "fonts", "movieclips")
)
"""Collections of the program, of code, and of files."""
_CODE_TYPES = ("Driver", "DriverVariable", "DriverTarget", "Text", "TextLine", "ShaderNodeScript", "Library")
_CODE = {key for key in decided.NAMING_PYTHON if key != ("NodeFrame", "text")}
_WRITES = frozenset(("use_disk_cache", "use_external", "use_library_path", "use_render_cache", "bake_target"))
"""Properties of whatever type that let Blender write, or read, caches on the disk."""
_FLUIDS = re.compile(r"Fluid\w+Settings")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TEXTS = _words(
    "aov_name attribute_name author body bone_from bone_to camera_suffix catalog_id copyright data_path "
    "default_attribute_name default_value density_vertex_group description edge_weight family foam_layer_name "
    "focus_subtarget grid_name group identifier index_layer_name info init_layername label last_slot_identifier "
    "layer_name license lightgroup mask_tex_map_bone mask_tex_uv_layer mask_vertex_group matte_id name name_display "
    "object object_path output_name_a output_name_b parent parent_bone particle_uv plane_track_name pole_subtarget "
    "rim_vertex_group shell_vertex_group source_vertex_group space_subtarget spray_layer_name stamp_note_text string "
    "sub_parent subtarget surface_uv_map target_layer target_vertex_group text texture_coords_bone track track_name "
    "tracking_object tree_node_filter uv_layer uv_map value value_layer_name velocity_grid velocity_name "
    "vertex_attribute_name vertex_group vertex_group_a vertex_group_b vertex_group_bending vertex_group_clump "
    "vertex_group_density vertex_group_field vertex_group_goal vertex_group_intern vertex_group_kink "
    "vertex_group_length vertex_group_mass vertex_group_name vertex_group_object_collisions vertex_group_pressure "
    "vertex_group_rotation vertex_group_roughness_1 vertex_group_roughness_2 vertex_group_roughness_end "
    "vertex_group_self_collisions vertex_group_shear_stiffness vertex_group_shrink vertex_group_size "
    "vertex_group_spring vertex_group_structural_stiffness vertex_group_tangent vertex_group_twist "
    "vertex_group_velocity vertex_weight viewlayer_render"
)
"""Properties that hold a name or a text of the document, whatever their type. Other texts cannot be set."""
UNSET_TEXTS: dict[str, str] = {
    **dict.fromkeys(("bl_description", "bl_idname", "bl_label", "bl_socket_idname", "bl_subtype_label"), "a class"),
    **dict.fromkeys(("bytecode", "bytecode_hash", "custom_bytecode", "custom_bytecode_hash"), "a compiled program"),
    **dict.fromkeys(("file_suffix", "path"), "a part of the names of files"),
    **dict.fromkeys(("bone_target", "use_stamp_note", "socket_idname"), "not needed, and not tried"),
}
"""Those that were reviewed and left out, with what they hold."""


class Place(NamedTuple):
    """Where a path leads: a property, one component of it, or a structure."""

    path: str
    root: Any
    """The data-block of `bpy.data` that the path starts from; None for a collection of `bpy.data`."""
    holder: Any
    """The structure that has the property, or `bpy.data`."""
    prop: Any
    """The property; of an item of a collection, the collection's."""
    item: Any
    """The item of the collection that the path names; None for the property itself."""
    component: int | None
    """The component of a vector."""

    @property
    def value(self) -> Any:
        if self.item is not None:
            return self.item
        value = getattr(self.holder, self.prop.identifier)
        return value if self.component is None else value[self.component]


def collections() -> list[Any]:
    """Return the collections of `bpy.data` that paths can start from."""
    return versions.rooms(_CLOSED)


def resolve(path: list[str]) -> Place:
    """Return where a path leads. Raises AppError `data_not_found` with the nearest names."""
    whole = "/".join(step.replace("/", "%2F") for step in path)
    known = {prop.identifier: prop for prop in collections()}
    if not path or path[0] not in known:
        raise _missing(whole, path[0] if path else "", known)
    place = Place(whole, None, bpy.data, known[path[0]], None, None)
    for number, word in enumerate(path[1:], 1):
        place = _step(place, word, whole)
        if number == 1:
            place = place._replace(root=place.item)
    return place


def _step(place: Place, word: str, whole: str) -> Place:
    if place.component is not None:
        raise _missing(whole, word, ())
    if place.item is None and place.prop.type == "COLLECTION":
        items = getattr(place.holder, place.prop.identifier)
        try:
            item = items.get(word)
        except TypeError:  # the items have no names, as F-curves have none
            item = None
        if item is None and re.fullmatch(r"\d{1,9}", word) and int(word) < len(items):
            item = items[int(word)]
        if item is None:
            raise _missing(whole, word, _names(items))
        return place._replace(item=item)
    if place.item is None and getattr(place.prop, "is_array", False):
        length = len(getattr(place.holder, place.prop.identifier))
        if not re.fullmatch(r"\d{1,4}", word) or int(word) >= length:
            raise _missing(whole, word, map(str, range(min(length, 16))))
        return place._replace(component=int(word))
    holder = place.value
    rna = getattr(holder, "bl_rna", None)
    if rna is None:
        raise _missing(whole, word, ())
    prop = None if word == "rna_type" else holder.bl_rna.properties.get(word)
    if prop is None:
        raise _missing(whole, word, [each.identifier for each in holder.bl_rna.properties])
    if prop.type in ("POINTER", "COLLECTION") and not _is_of_documents(prop.fixed_type):
        raise AppError(
            "validation_error",
            f"{whole!r} leads out of the document, to the program's {prop.fixed_type.identifier}",
            {},
        )
    return Place(whole, place.root, holder, prop, None, None)


def _is_of_documents(rna: Any) -> bool:
    return rna.identifier in walking.types() and rna.identifier not in ("Library", "Screen", "WindowManager")


def _names(items: Any) -> list[str]:
    return [str(each.name) for each in items if hasattr(each, "name")][:10_000]


def _missing(whole: str, word: str, known: Iterable[str]) -> AppError:
    names = list(known)
    error = not_found("data", whole)
    near = nearest(word, names, cutoff=0.5)
    shown = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
    hint = f"did you mean {near[0]!r}?" if near else f"there are {shown}" if names else "nothing is below that"
    error.message = f"There is no {word!r} in {whole!r}: {hint}"
    error.details = {"path": whole, "did_you_mean": near}
    return error


# --- what may be set -------------------------------------------------------------------------------------------------


def require_settable(place: Place) -> None:
    """Raise AppError for what a request must not set: files, code, and what Blender computes."""
    prop, holder = place.prop, place.holder
    require_open(place)
    key = _key(holder.bl_rna, prop)
    if prop.identifier in _WRITES:
        raise _refused(place, "lets Blender write files")
    if key in _CODE or holder.bl_rna.identifier in _CODE_TYPES:
        raise _refused(place, "names code that Blender would run")
    if key in decided.SHOWN or walking.is_path(prop):
        raise _refused(place, "names a file")
    if prop.type == "STRING" and prop.identifier not in TEXTS:
        raise _refused(place, "may name a file or code, which nobody has checked")
    if prop.type == "POINTER" and prop.fixed_type.identifier in (*_CODE_TYPES, "Sound", "VectorFont", "MovieClip"):
        raise _refused(place, "names code or a file")
    if prop.is_readonly:
        raise AppError("validation_error", f"{place.path!r} cannot be set: Blender computes it", {"path": place.path})


def require_keyable(path: str) -> None:
    """Raise AppError for an animation path to what lets Blender write files."""
    word = re.findall(r"\w+", path)[-1:]
    if word and word[0] in _WRITES:
        raise AppError(
            "path_not_allowed",
            f"{path!r} lets Blender write files, so it cannot be animated here: run code that does it, which needs "
            "the scope execute",
            {"path": path},
        )


def require_open(place: Place) -> None:
    """Raise AppError for structures of which nothing can be changed."""
    name = getattr(getattr(place.holder, "bl_rna", None), "identifier", "")
    if name in _CODE_TYPES or "drivers" in place.path.split("/"):
        raise _refused(place, "is code that Blender would run")
    if _FLUIDS.match(name):
        raise _refused(place, "lets Blender write files")


def _refused(place: Place, why: str) -> AppError:
    return AppError(
        "path_not_allowed",
        f"{place.path!r} {why}, so it cannot be set here: upload the file and import it, or run code that sets it, "
        "which needs the scope execute",
        {"path": place.path},
    )


def _key(rna: Any, prop: Any) -> tuple[str, str]:
    """Return the type that defines a property, and its name."""
    while rna.base is not None and prop.identifier in rna.base.properties:
        rna = rna.base
    return rna.identifier, prop.identifier
