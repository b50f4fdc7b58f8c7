"""What holds in every version of Blender: each data-block once, unused ones are kept, what is missing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_blender.in_blender import in_blender

pytestmark = pytest.mark.real

UNUSED = """
from cadgate_blender.app import snapshots
bpy.data.meshes.new("Unused")
found = [block.session_uid for block in snapshots.blocks()]
path = folder + "/all.blend"
for _ in range(2):
    snapshots.save_all(path)
    snapshots.load(path)
mesh = bpy.data.meshes["Unused"]
answer([len(found), len(set(found)), mesh.users, mesh.use_fake_user, snapshots.MARK in mesh])
"""
STRIPS = """
from cadgate_blender.app.foreign import opening
bpy.context.scene.sequence_editor_create()
path = folder + "/film.blend"
bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
opening.open_file(path, [folder], trusted=False)
answer([bpy.context.scene.sequence_editor is not None, bpy.data.scenes.keys()])
"""
MISSING = """
from types import SimpleNamespace
from cadgate.appserver import AppError
from cadgate_blender.app import versions
versions.require_format("stl", "export")
real = versions.bpy
versions.bpy = SimpleNamespace(app=real.app, ops=SimpleNamespace(wm=SimpleNamespace(stl_export=None)))
said = []
for format, direction in (("usd", "export"), ("usd", "import"), ("abc", "export"), ("stl", "export")):
    try:
        versions.require_format(format, direction)
        said.append(None)
    except AppError as error:
        said.append([error.code, error.message])
answer(said)
"""


def test_each_data_block_is_there_once_and_an_unused_one_is_kept(tmp_path: Path) -> None:
    found, different, users, is_kept, is_marked = in_blender(UNUSED, tmp_path)
    assert found == different > 0
    assert (users, is_kept, is_marked) == (0, False, False)


def test_a_file_with_an_empty_sequence_editor_is_opened(tmp_path: Path) -> None:
    assert in_blender(STRIPS, tmp_path) == [True, ["Scene"]]


def test_a_format_that_blender_was_built_without_is_unsupported(tmp_path: Path) -> None:
    *missing, there = in_blender(MISSING, tmp_path)
    assert there is None
    assert {code for code, _ in missing} == {"unsupported_format"}
    words = [("USD", "write usd"), ("USD", "read usd"), ("Alembic", "write abc")]
    for (_, message), (name, does) in zip(missing, words, strict=True):
        assert f"was built without {name}, so it cannot {does} files" in message
