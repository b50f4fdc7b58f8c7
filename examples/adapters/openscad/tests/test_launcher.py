"""OpenSCAD is found, or the way to get it is told."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cadgate.plugin import ApplicationUnavailable
from cadgate.testing import Gateway
from cadgate_openscad.launcher import PICTURES_REMEDY, REMEDY, OpenSCADLauncher
from cadgate_openscad.settings import OpenSCADSettings


def launcher(**settings: object) -> OpenSCADLauncher:
    return OpenSCADLauncher(OpenSCADSettings.model_validate(settings))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("OPENSCAD_CMD", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    return tmp_path


def add(folder: Path, name: str) -> Path:
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_where_there_is_none_the_command_that_installs_it_is_told(programs: Path) -> None:
    with pytest.raises(ApplicationUnavailable) as caught:
        launcher().plan()
    assert caught.value.details["remedy"] == REMEDY
    assert REMEDY in caught.value.message


def test_the_setting_wins_over_the_variable_and_that_over_path(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert add(programs, "openscad") == launcher().program()
    monkeypatch.setenv("OPENSCAD_CMD", str(add(programs, "variable")))
    assert launcher().program() == programs / "variable"
    assert launcher(command=str(add(programs, "setting"))).program() == programs / "setting"
    assert launcher(command=str(programs / "setting")).options()["program"] == str(programs / "setting")


@pytest.mark.parametrize("source", ["command", "OPENSCAD_CMD"])
def test_a_named_program_that_is_not_there_is_an_error(
    programs: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    add(programs, "openscad")
    if source == "OPENSCAD_CMD":
        monkeypatch.setenv(source, "/no/such/program")
    settings = {"command": "/no/such/program"} if source == "command" else {}
    with pytest.raises(ApplicationUnavailable, match=f"{source} names '/no/such/program', which is not a program"):
        launcher(**settings).plan()


def test_where_pictures_cannot_be_drawn_doctor_says_so(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (hint,) = launcher().hints()
    assert hint.remedy == PICTURES_REMEDY
    add(programs, "Xvfb")
    assert launcher().hints() == ()


class TestLibraries:
    """With a gateway of its own."""

    @pytest.fixture
    def cadgate_adapter_settings(self, tmp_path_factory: pytest.TempPathFactory) -> dict:
        return {"libraries": [str(tmp_path_factory.getbasetemp())]}

    def test_libraries_of_the_settings_are_read(self, openscad, tmp_path_factory: pytest.TempPathFactory) -> None:
        library = tmp_path_factory.getbasetemp() / "Gears" / "gear.scad"
        library.parent.mkdir(exist_ok=True)
        library.write_text("module gear() { cube(3); }")
        made = openscad.render("use <Gears/gear.scad>\ngear();")
        assert made["bounding_box"]["max"] == [3, 3, 3]


class TestWithoutXvfb:
    """A gateway that finds OpenSCAD by its whole name, and no X server: pictures are refused, and all else works."""

    @pytest.fixture
    def gateway(self, tmp_path: Path) -> Iterator[Gateway]:
        program = shutil.which("openscad")
        assert program is not None
        (tmp_path / "programs").mkdir()
        others = "".join(f"[adapters.{name}]\nenabled = false\n" for name in ("blender", "freecad"))
        gateway = Gateway(
            tmp_path / "state",
            plugins=f'{others}[adapters.openscad]\ncommand = "{program}"\n',
            environment={"PATH": str(tmp_path / "programs"), "DISPLAY": ""},
        ).start()
        yield gateway
        assert gateway.stop() == 0

    def test_pictures_are_refused_with_the_remedy(self, gateway: Gateway) -> None:
        with gateway.client("/api/v1/openscad") as client:
            refused = client.post("/render", json={"source": "cube(1);", "format": "png"})
            error = refused.json()["error"]
            assert (refused.status_code, error["code"], error["details"]["remedy"]) == (
                422,
                "command_failed",
                PICTURES_REMEDY,
            )
            assert client.post("/render", json={"source": "cube(1);"}).json()["result"]["facets"] == 12


class TestSandboxed:
    """In the gateway's sandbox, which knows nothing of OpenSCAD."""

    @pytest.fixture
    def cadgate_adapter_settings(self) -> dict:
        return {"sandbox": "bubblewrap"}

    def test_solids_and_pictures_are_made_in_a_sandbox_too(self, openscad) -> None:
        part = openscad.store("part.scad", b"cube(2);")
        assert openscad.render("include <part.scad>", files={"part.scad": part})["facets"] == 12
        made = openscad.render("cube(1);", format="png", picture={"resolution": [64, 48]})
        assert (made["width"], made["warnings"]) == (64, [])
        assert openscad.refused("include </etc/passwd>\ncube(1);")["code"] == "path_not_allowed"
