"""A moving, parented, sheared, mirrored, shape-keyed, textured scene in every format.

At three frames, positions, normals and UVs of all corners, and the numbers of materials, are Blender's for readers that
have nothing of Blender, or a warning names the object.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy
import pytest
import trimesh

from tests import moving_files
from tests.gateway import Gateway
from tests.moving_files import Material, Seen
from tests.moving_scene import FRAMES, apart, make, post, shown
from tests.ogawa_reader import Abc
from tests.test_api.conftest import Asker, without_code

FORMATS = ["glb", "usd", "fbx", "abc", "obj", "stl", "ply"]
NORMALS, UVS = slice(3, 6), slice(6, 8)


class Exports:
    """The files of one scene, what Blender shows of it, and the warnings."""

    def __init__(self, gateway: Gateway, asker: Asker, folder: Path) -> None:
        self._folder = folder
        self.application = str(gateway.health("blender")["result"]["application"])
        self.warnings: dict[str, list[dict[str, str]]] = {}
        without_code(asker, "blender")
        with gateway.client("/api/v1/blender") as client, gateway.client() as http:
            assert client.delete("/scene").status_code == 200
            make(client, gateway)
            self.shown = shown(gateway)
            for format in FORMATS:
                made = post(client, "/export", format=format, filepath=f"{format}/scene.{format}")
                self.warnings[format] = made["warnings"]
                for artifact in (made["artifact"], *made["related"]):
                    # Others are named as the file refers to them.
                    path = folder / format / artifact["name"].removeprefix(f"{format}/")
                    path.parent.mkdir(exist_ok=True, parents=True)
                    path.write_bytes(http.get(artifact["url"]).content)

    def path(self, format: str) -> Path:
        return self._folder / format / f"scene.{format}"

    def warned(self, format: str, code: str) -> set[str]:
        """The objects that a warning names."""
        told = " ".join(each["message"] for each in self.warnings[format] if each["code"] == code)
        return {name for name in self.shown if repr(name) in told}


@pytest.fixture(scope="module")
def exports(gateway: Gateway, asker: Asker, scene_as_new: None, tmp_path_factory: pytest.TempPathFactory) -> Exports:
    return Exports(gateway, asker, tmp_path_factory.mktemp("exports"))


def _usd(path: Path) -> Seen:
    return moving_files.usd(path, FRAMES, ["Arm", "Hand", "Twin", "Face", "Ball", "Rod", "Plate"])


READERS: dict[str, Callable[[Path], Seen]] = {
    "glb": lambda path: moving_files.Glb(path).seen(FRAMES),
    "usd": _usd,
    "fbx": lambda path: moving_files.Fbx(path, FRAMES).seen(),
    "abc": lambda path: Abc(path).seen(FRAMES),
    "obj": moving_files.obj,
}


@pytest.mark.parametrize("format", READERS)
def test_corners_are_where_blender_shows_them_with_their_normals_and_uvs(exports: Exports, format: str) -> None:
    seen = READERS[format](exports.path(format))
    frames = 1 if format == "obj" else len(FRAMES)
    excused = exports.warned(format, "normals_differ")
    assert excused <= {"Face"}
    assert exports.warned(format, "still") == (set() if frames > 1 else {"Arm", "Hand", "Twin", "Ball", "Face"})
    for name, wanted in exports.shown.items():
        assert len(seen[name]) == frames, name
        for frame, want, have in zip(FRAMES, wanted, seen[name], strict=False):
            assert apart(want, have, UVS) < 1e-4, (name, frame)
            if name not in excused:
                assert apart(want, have, NORMALS) < 1e-3, (name, frame)


@pytest.mark.parametrize("format", ["stl", "ply"])
def test_points_of_files_without_names_are_where_blender_shows_them(exports: Exports, format: str) -> None:
    loaded: Any = cast("Any", trimesh).load(str(exports.path(format)), file_type=format, process=False, force="mesh")
    rows = numpy.concatenate([frames[0] for frames in exports.shown.values()])
    assert apart(rows, numpy.array(loaded.vertices), slice(0, 3)) < 1e-4
    assert exports.warned(format, "still") == {"Arm", "Hand", "Twin", "Ball", "Face"}
    assert exports.warned(format, "shading_lost") == {"Ball", "Plate"}
    # Flat faces look the same way: mirrored objects are not inside out.
    flat = numpy.concatenate([frames[0] for name, frames in exports.shown.items() if name not in ("Ball", "Plate")])
    turned = numpy.column_stack([loaded.triangles.reshape(-1, 3), numpy.repeat(loaded.face_normals, 3, axis=0)])
    away = numpy.abs(flat[:, None, :6] - turned[None]).max(axis=2).min(axis=1)
    assert away.max() < 1e-3


def test_materials_have_the_numbers_of_the_scene(exports: Exports) -> None:
    skin = numpy.array([0.5, 1, 0.75]) * (((numpy.array([200, 120, 90]) / 255 + 0.055) / 1.055) ** 2.4)
    read: dict[str, dict[str, Material]] = {
        "glb": moving_files.Glb(exports.path("glb")).materials(),
        "usd": moving_files.usd_materials(exports.path("usd")),
        "fbx": moving_files.Fbx(exports.path("fbx"), [1]).materials(),
        "obj": moving_files.obj_materials(exports.path("obj")),
    }
    opaque = {"usd"} if exports.application.startswith("Blender 5.2") else set[str]()
    for format, materials in read.items():
        assert set(materials) == {"Skin", "Bare"}, format
        # A picture that was multiplied has 8 bits.
        assert materials["Skin"].color == pytest.approx(skin, abs=4e-3), format
        assert materials["Skin"][1:4] == pytest.approx((0.25, 0.5, 1), abs=1e-5), format
        assert materials["Bare"].color == pytest.approx((0.1, 0.2, 0.4), abs=1e-5), format
        alpha = 1 if format in opaque else 0.5
        assert materials["Bare"][1:4] == pytest.approx((0.75, 0.125, alpha), abs=1e-5), format
        told = [each["message"] for each in exports.warnings[format] if "no opacity" in each["message"]]
        assert [("'Bare'" in each, "'Skin'" in each) for each in told] == [(True, False)] * (format in opaque), format
        assert materials["Bare"].emission == pytest.approx((2, 1, 0), abs=1e-5), format
    for format in FORMATS:
        bare = set[str]() if format in read else set(exports.shown)
        assert exports.warned(format, "materials_lost") == bare, format
