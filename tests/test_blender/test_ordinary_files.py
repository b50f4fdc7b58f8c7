"""Ordinary .blend files lose nothing by being looked at: the same is in them afterwards, and nothing is warned of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.corpus.blender.documents import MAKE
from tests.test_blender.in_blender import in_blender

TRY = (
    MAKE
    + """
from cadgate_blender.app import snapshots
from cadgate_blender.app.foreign.opening import open_file
results = {}
for number, make in enumerate(KINDS):
    start()
    make()
    for image in bpy.data.images:
        if image.is_dirty and image.packed_file is None:
            image.pack()
    path = f"{folder}/{make.__name__}.blend"
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=number % 2 == 0)
    bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
    before = measure()
    current().warnings.clear()
    open_file(path, [folder], trusted=False)
    warnings = [each["message"] for each in current().warnings]
    results[make.__name__] = [before, measure(), warnings]
answer(results)
"""
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return in_blender(TRY, tmp_path_factory.mktemp("ordinary"))


def test_the_corpus_has_at_least_thirty_kinds_of_files_that_differ(results: dict[str, Any]) -> None:
    assert len(results) >= 30
    assert len({str(before) for before, _, _ in results.values()}) == len(results)


def test_an_ordinary_file_opens_without_a_warning(results: dict[str, Any]) -> None:
    assert {kind: warnings for kind, (_, _, warnings) in results.items() if warnings} == {}


def test_an_ordinary_file_has_the_same_in_it_afterwards(results: dict[str, Any]) -> None:
    changed = {
        kind: {key: [before[key], after[key]] for key in before if before[key] != after[key]}
        for kind, (before, after, _) in results.items()
    }
    assert {kind: what for kind, what in changed.items() if what} == {}


FOREIGN = """
import os
from cadgate_blender.app.foreign.opening import open_file
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
here, elsewhere = folder + "/workspace", folder + "/elsewhere"
for place in (here, elsewhere):
    os.mkdir(place)
    made = bpy.data.images.new("made", 4, 4)
    made.filepath_raw, made.file_format = place + "/wood.png", "PNG"
    made.save()
    bpy.data.images.remove(made)
os.symlink(elsewhere, here + "/link")
paths = {"inside": here + "/wood.png", "outside": elsewhere + "/wood.png", "up": here + "/../elsewhere/wood.png",
         "linked": here + "/link/wood.png", "relative": "//elsewhere/wood.png", "bare": "elsewhere/wood.png",
         "climbing": "//../" + os.path.basename(folder) + "/elsewhere/wood.png"}
for name, path in paths.items():
    image = bpy.data.images.new(name, 4, 4)
    image.source = "FILE"
    image.filepath_raw = path
    image.use_fake_user = True
os.mkdir(folder + "/staged")
path = folder + "/staged/foreign.blend"
bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, relative_remap=False)
open_file(path, [here], trusted=False)
answer([{image.name: [image.filepath, image.packed_file is not None] for image in bpy.data.images},
        [each for each in current().warnings]])
"""


@pytest.mark.real
def test_paths_lead_into_the_workspace_and_nowhere_else(tmp_path: Path) -> None:
    images, warnings = in_blender(FOREIGN, tmp_path)
    assert images.pop("inside")[1] is True
    assert images == {name: ["", False] for name in ("outside", "up", "linked", "relative", "bare", "climbing")}
    assert [each["code"] for each in warnings] == ["missing_files"]
    for name in images:
        assert f"image {name!r} (filepath)" in warnings[0]["message"]
    assert "6 files" in warnings[0]["message"]
    assert str(tmp_path) not in warnings[0]["message"]


NAMED = """
from cadgate_blender.app.foreign.opening import open_file
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
far = folder + "/far"
def put(name):
    obj = bpy.data.objects.new(name, bpy.data.meshes.new(name))
    bpy.context.scene.collection.objects.link(obj)
    return obj
put("Cached").modifiers.new("M", "MESH_CACHE").filepath = far + ".pc2"
put("Sea").modifiers.new("O", "OCEAN").filepath = far
baked = put("Baked").modifiers.new("N", "NODES")
baked.bake_directory = far
material = bpy.data.materials.new("Lamp")
material.use_nodes = True
node = material.node_tree.nodes.new("ShaderNodeTexIES")
node.mode, node.filepath = "EXTERNAL", far + ".ies"
put("Lit").data.materials.append(material)
text = bpy.data.texts.new("notes")
text.filepath = far + ".txt"
text.use_fake_user = True
path = folder + "/named.blend"
bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, relative_remap=False)
open_file(path, [], trusted=False)
left = [bpy.data.objects["Cached"].modifiers[0].filepath, bpy.data.objects["Sea"].modifiers[0].filepath,
        bpy.data.objects["Baked"].modifiers[0].bake_directory, bpy.data.texts["notes"].filepath,
        next(n.filepath for n in bpy.data.materials["Lamp"].node_tree.nodes if n.type == "TEX_IES")]
answer([left, [each["message"] for each in current().warnings]])
"""


@pytest.mark.real
def test_every_path_that_is_emptied_is_named(tmp_path: Path) -> None:
    left, messages = in_blender(NAMED, tmp_path)
    assert not any("far" in path for path in left)
    (message,) = messages
    for named in ("object 'Cached' (filepath)", "object 'Sea' (filepath)", "object 'Baked' (bake_directory)"):
        assert named in message
    for named in ("text 'notes' (filepath)", "material 'Lamp' (filepath)"):
        assert named in message
