"""The walls that files from outside meet before and while Blender reads them, without Blender."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cadgate.appserver import AppError
from cadgate_blender.app.foreign import fbx_paths, places
from cadgate_blender.app.foreign.blocks import BlendFile
from cadgate_blender.app.foreign.no_python import no_python
from tests.test_blender.in_blender import in_blender

pytestmark = pytest.mark.security


@pytest.fixture(scope="module")
def blend(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("blend")
    in_blender(
        'bpy.ops.wm.save_as_mainfile(filepath=folder + "/a.blend", copy=True, compress=False)\nanswer(1)', folder
    )
    return (folder / "a.blend").read_bytes()


def test_a_whole_file_is_read_block_by_block(blend: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.blend"
    path.write_bytes(blend)
    with BlendFile(str(path)) as file:
        assert {"Object", "Scene", "Mesh"} <= {file.name_of(block) for block in file.blocks}
        assert all(block.start + block.size <= len(blend) for block in file.blocks)


Change = Callable[[bytes], bytes]
CHANGES: dict[str, Change] = {
    "half": lambda data: data[: len(data) // 2],
    "end overwritten": lambda data: data[:-200] + b"\xff" * 200,
    "head only": lambda data: data[:12],
    "other version": lambda data: b"BLENDER-v4" + data[10:11] + b"x" + data[12:],
    "no description": lambda data: data.replace(b"DNA1", b"DATA"),
    "no names": lambda data: data.replace(b"SDNANAME", b"SDNANAMX"),
    "sizes that differ": lambda data: data.replace(b"cache_directory[1024]", b"cache_directory[1023]"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_could_be_read_in_another_way_is_refused(blend: bytes, tmp_path: Path, change: Change) -> None:
    path = tmp_path / "a.blend"
    path.write_bytes(change(blend))
    with pytest.raises(AppError) as refused, BlendFile(str(path)):
        pass
    assert refused.value.code == "command_failed"


def test_python_that_is_no_module_does_not_run_while_a_file_is_loaded() -> None:
    with no_python():
        for code in ("1", "import os"):
            with pytest.raises(RuntimeError, match="no Python may run"):
                exec(code)  # noqa: S102
        # A module of the disk is imported as ever.
        module = importlib.import_module("cadgate_blender.picture_sizes")
    assert module.size_of is not None


def test_the_barrier_is_silent_at_the_end_of_a_process() -> None:
    code = """
import sys, types
early = sys.modules["early"] = types.ModuleType("early")

class Late:
    def __del__(self, compile=compile):
        compile("1", "late", "exec")

from cadgate_blender.app.foreign import no_python
with no_python.no_python():
    pass
early.last = Late()
sys.kept = [no_python, early]
print("done")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


def test_a_path_keeps_its_length_and_its_name_only() -> None:
    for path in (b"/a", b"/home/a/wood.png", b"C:\\Users\\a\\wood.png", b"../../wood.png", b"wood.png"):
        short = fbx_paths.without_folder(path)
        assert len(short) == len(path)
        assert short.endswith(path.replace(b"\\", b"/").rpartition(b"/")[2])
        assert not short.startswith(b"/")
        assert b".." not in short
        assert b"\\" not in short


@pytest.mark.parametrize("path", ["/etc/passwd", "etc/passwd", "//../x", "//a/../../x", "//a\\..\\x", "C:\\x", "~/x"])
def test_paths_that_lead_out_are_seen(path: str) -> None:
    assert places.leads_out(path)
    assert not places.Places("/somewhere/a.blend", ["/elsewhere"]).has(path)
