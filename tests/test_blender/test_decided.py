"""Every place in a .blend file that can be a path or name a program is decided: Blender itself says which there are.

A new version of Blender that brings another one fails here until somebody decides what becomes of it.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.test_blender.in_blender import in_blender

pytestmark = pytest.mark.security

SAID = """
from cadgate_blender.app.foreign import decided, walking
from cadgate_blender.app.foreign.blocks import BlendFile
path = folder + "/described.blend"
bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=False)
with BlendFile(path) as file:
    stored = [(kind, member.name, member.size, member.pointer) for kind in file.structures
              for member in file.members(kind) if member.type == "char"]
shown = [[*key, key in decided.SHOWN] for key in walking.paths_of_types()]
reading, writing = [], []
for kind in ("GeometryNodeTree", "ShaderNodeTree", "CompositorNodeTree", "TextureNodeTree"):
    tree = bpy.data.node_groups.new(kind, kind)
    for name in dir(bpy.types):
        base = getattr(getattr(bpy.types, name), "bl_rna", None)
        if base is None or "Node" not in name or getattr(base, "base", None) is None:
            continue
        try:
            node = tree.nodes.new(name)
        except RuntimeError:
            continue
        sockets = [plug.bl_rna.properties["default_value"].subtype for plug in node.inputs if plug.type == "STRING"]
        if any(subtype in walking.SUBTYPES for subtype in sockets):
            reading.append(node.bl_idname)
        for prop in node.bl_rna.properties:
            if prop.type == "STRING" and walking.is_path(prop):
                writing.append(node.bl_idname)
texts = [(name, prop.identifier) for name, rna in walking.types().items() for prop in walking.own(rna)
         if prop.type == "POINTER" and prop.fixed_type.identifier == "Text"]
programs = [(name, prop.identifier) for name, rna in walking.types().items() for prop in walking.own(rna)
            if prop.identifier in ("expression", "script", "use_module", "use_script", "module", "bytecode")
            or "python" in prop.identifier]
from cadgate_blender.app import data_paths
named = [(name, prop.identifier) for name, rna in walking.types().items() for prop in walking.own(rna)
         if prop.type == "STRING" and not prop.is_readonly and not walking.is_path(prop)
         and (name, prop.identifier) not in decided.SHOWN and name not in data_paths._CODE_TYPES]
switches = [(name, prop.identifier) for name, rna in walking.types().items() for prop in walking.own(rna)
            if prop.type in ("BOOLEAN", "ENUM") and not prop.is_readonly]
answer({
    "version": list(bpy.app.version),
    "named": named, "switches": switches,
    "texts_set": sorted(data_paths.TEXTS), "texts_not_set": sorted(data_paths.UNSET_TEXTS),
    "writing_switches": sorted(data_paths._WRITES),
    "stored": stored, "shown": shown, "reading": reading, "writing": sorted(set(writing)), "texts": texts,
    "programs": programs,
    "tables": {"stored": list(decided.STORED), "pointed": list(decided.POINTED), "bytecode": list(decided.BYTECODE),
               "python": list(decided.NAMING_PYTHON), "writing": decided.WRITING_NODES,
               "nodes": decided.READING_NODES, "shown": list(decided.SHOWN)},
})
"""

TEXTS_OF_OTHER_KINDS = {
    *(("bTransformCacheConstraint", name) for name in ("object_path", "reader_object_path")),
    *(("MeshSeqCacheModifierData", name) for name in ("object_path", "reader_object_path")),
    *(("View3DShading", name) for name in ("studio_light", "lookdev_light", "matcap")),
    *(("SpaceText", name) for name in ("findstr", "replacestr")),
    *(("FileSelectParams", name) for name in ("file", "renamefile", "filter_glob")),
    *((name, "action_slot_name") for name in ("NlaStrip", "bActionConstraint")),
    *(("AnimData", name) for name in ("slot_name", "tmp_slot_name")),
    ("ActionSlot", "name"),
    ("CacheObjectPath", "path"),
    ("ChannelDriver", "expression"),
    ("ID", "name"),
    ("KeyingSet", "description"),
    ("LibraryWeakReference", "library_id_name"),
    ("MStringProperty", "s"),
    ("MovieTrackingStats", "message"),
    ("NodeShaderAttribute", "name"),
    ("ParticleSystem", "bb_uvname"),
    ("RenderData", "stamp_udata"),
    ("Script", "scriptarg"),
    ("SpaceConsole", "prompt"),
    ("StripElem", "name"),
    ("TextVars", "text"),
    ("bNodeSocketValueString", "value"),
}
"""Long texts that are no paths: names within the data, words, expressions. Two act where it is decided: the names of a
strip's files are cut to names, and nodes that read the file a socket names are removed. Since 5.0 names are long."""
OF_THE_PROGRAM = ("UserDef", "bAddon", "bPathCompare", "bTheme", "bUser", "Xr", "wm", "ui")
"""How structures begin that hold preferences and windows: no file that is opened brings them."""
LONG = 150
"""Bytes from which a text of a fixed size could hold a path; Blender's paths have 240 and more."""
POINTED_PATHS = ("path", "directory", "file")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return in_blender(SAID, tmp_path_factory.mktemp("said"))


def pairs(rows: list[Any]) -> set[tuple[str, str]]:
    return {(row[0], row[1]) for row in rows}


def test_every_long_text_in_the_structures_of_a_file_is_decided(said: dict[str, Any]) -> None:
    long = {(kind, name) for kind, name, size, pointer in said["stored"] if not pointer and size >= LONG}
    own = {key for key in long if not key[0].startswith(OF_THE_PROGRAM)}
    assert len(own) > 40
    assert own - pairs(said["tables"]["stored"]) - TEXTS_OF_OTHER_KINDS == set()


def test_every_text_that_a_structure_points_to_and_that_is_a_path_is_decided(said: dict[str, Any]) -> None:
    texts = {(kind, name) for kind, name, _, pointer in said["stored"] if pointer}
    paths = {key for key in texts if any(word in key[1] for word in POINTED_PATHS) or "bytecode" in key[1]}
    named = {key for key in paths if not key[0].startswith((*OF_THE_PROGRAM, "AssetCatalog", "AssetShelf"))}
    within = {key for key in named if key[1] in ("rna_path",)}
    assert within, "paths within the data are seen"
    assert named - within - pairs(said["tables"]["pointed"]) - pairs(said["tables"]["bytecode"]) == set()


def test_every_path_property_of_data_is_decided(said: dict[str, Any]) -> None:
    assert len(said["shown"]) > 35
    assert [(type, name) for type, name, is_decided in said["shown"] if not is_decided] == []


def test_every_node_that_reads_the_file_a_socket_names_is_known(said: dict[str, Any]) -> None:
    if said["version"] >= [4, 5]:
        assert {"GeometryNodeImportSTL", "GeometryNodeImportOBJ"} <= set(said["reading"])
    assert [name for name in said["reading"] if not name.startswith(said["tables"]["nodes"])] == []


def test_every_node_with_a_path_of_its_own_is_known(said: dict[str, Any]) -> None:
    known = {*said["tables"]["writing"], "ShaderNodeScript", "ShaderNodeTexIES", "TextureNodeOutput"}
    assert set(said["writing"]) - known == set()


def test_every_property_that_names_a_program_is_decided(said: dict[str, Any]) -> None:
    found = pairs(said["texts"]) | pairs(said["programs"])
    assert {("Driver", "expression"), ("Text", "use_module"), ("ShaderNodeScript", "script")} <= found
    assert found - pairs(said["tables"]["python"]) - {("ShaderNodeScript", "bytecode")} == set()


def test_every_text_that_requests_could_set_is_decided(said: dict[str, Any]) -> None:
    """A new text is not set until somebody has looked whether it names a file or a program: here for Blender 4.5."""
    assert len(said["named"]) > 200
    if said["version"][:2] != [4, 5]:
        return
    decided = {*said["texts_set"], *said["texts_not_set"]}
    assert {name for _, name in said["named"]} - decided - pythons(said) == set()
    assert not set(said["texts_set"]) & set(said["texts_not_set"])


def pythons(said: dict[str, Any]) -> set[str]:
    return {row[1] for row in said["tables"]["python"]}


DISK = re.compile(r"disk|external|library_path|render_cache|bake_target|custom_path|custom_directory|custom_file")
HARMLESS = {
    *(("FreestyleLineSet", f"{word}_external_contour") for word in ("select", "exclude")),
    ("MovieClip", "use_proxy_custom_directory"),
    ("NodesModifierBake", "use_custom_path"),
    # Up to 4.4 strips were called sequences.
    *((f"{kind}Proxy", f"use_proxy_custom_{word}") for kind in ("Strip", "Sequence") for word in ("directory", "file")),
}
"""Contours; and switches for folders, which are empty, of proxies and bakes, which only operators write."""


def test_every_switch_that_lets_blender_use_the_disk_is_decided(said: dict[str, Any]) -> None:
    found = {key for key in pairs(said["switches"]) if DISK.search(key[1])}
    assert ("PointCacheItem", "use_disk_cache") in found
    open_ones = {key for key in found if key[1] not in said["writing_switches"]}
    assert open_ones <= HARMLESS
    if said["version"][:2] == [4, 5]:
        assert {key for key in HARMLESS if key[0] != "SequenceProxy"} == open_ones
