"""What a source may read, and what becomes of the processes that evaluate it."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import psutil
import pytest

from cadgate.testing import Gateway, alive, eventually
from cadgate_openscad.app import confined

SLOW = "minkowski() { difference() { sphere(10, $fn = 60); cube(9); } sphere(5, $fn = 60); }"
"""Some minutes of work."""


def test_a_source_reads_the_files_beside_it(openscad) -> None:
    part = openscad.store("part.scad", b"edge = 3; module part() { cube(edge); }")
    mesh = openscad.render("cube([7, 1, 1]);")["artifact"]["id"]
    heights = openscad.store("heights.dat", b"1 2\n3 4\n")
    source = """
include <lib/part.scad>
use <lib/part.scad>
part();
import("mesh.stl");
translate([0, 0, 10]) surface("heights.dat");
"""
    files = {"lib/part.scad": part, "mesh.stl": mesh, "heights.dat": heights}
    made = openscad.render(source, files=files)
    assert made["bounding_box"]["max"][:2] == [7, 3]
    assert made["bounding_box"]["max"][2] == 14


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("use <nope.scad>\ncube(1);", "nope.scad"),
        ("include <lib/nope.scad>\ncube(1);", "lib/nope.scad"),
        ('import("nope.stl"); cube(1);', "nope.stl"),
        ('surface("nope.dat"); cube(1);', "nope.dat"),
        ('linear_extrude(1) import("nope.svg"); cube(1);', "nope.svg"),
        ("use <MCAD/no_such_gears.scad>\ncube(1);", "MCAD/no_such_gears.scad"),
    ],
)
def test_a_file_that_is_not_there_is_an_error_although_openscad_goes_on(openscad, source: str, name: str) -> None:
    error = openscad.refused(source)
    assert (error["code"], error["details"]["file"]) == ("validation_error", name)
    assert "name its artifact in files" in error["message"]


@pytest.mark.parametrize(
    "source",
    [
        "include </etc/passwd>\ncube(1);",
        "use </etc/hostname>\ncube(1);",
        'import(str("/etc", "/passwd")); cube(1);',
        'surface(file = "/etc/passwd"); cube(1);',
        'import("../../../../../../../../etc/passwd"); cube(1);',
        "include <../../../artifacts/x.scad>\ncube(1);",
        'surface("/proc/self/environ"); cube(1);',
        'surface("/usr/share/common-licenses/GPL-3"); cube(1);',
    ],
)
def test_a_file_of_somewhere_else_is_refused(openscad, cadgate_gateway, source: str) -> None:
    error = openscad.refused(source)
    assert error["code"] == "path_not_allowed"
    assert str(cadgate_gateway.state_dir) not in json.dumps(error)


def test_the_kernel_keeps_openscad_from_other_files_where_it_can(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a").write_text("mine")
    (tmp_path / "other").write_text("not mine")
    settings = {"parent": os.getpid(), "readable": [str(tmp_path / "own")], "writable": [], "memory": None}
    command = [sys.executable, "-I", "-S", confined.__file__, json.dumps(settings), "/bin/cat"]
    mine = subprocess.run([*command, tmp_path / "own" / "a"], capture_output=True, text=True, check=False)
    assert (mine.returncode, mine.stdout) == (0, "mine"), mine.stderr
    other = subprocess.run([*command, tmp_path / "other"], capture_output=True, text=True, check=False)
    has_landlock = (
        ctypes.CDLL(None).syscall(confined.CREATE_RULESET, None, ctypes.c_size_t(0), confined.VERSION_FLAG) > 0
    )
    assert ("Permission denied" in other.stderr) == has_landlock
    assert other.stdout == ("" if has_landlock else "not mine")


@pytest.mark.parametrize(
    "name", ["../a.scad", "/a.scad", "a/../b.scad", ".a", "a//b", "a\\b", "", "a\nb", "x" * 256, "main.scad"]
)
def test_names_that_lead_elsewhere_are_refused(openscad, name: str) -> None:
    identifier = openscad.store("a.scad", b"cube(1);")
    assert openscad.refused("cube(1);", files={name: identifier})["code"] == "validation_error"


def test_a_file_and_a_folder_of_one_name_are_refused(openscad) -> None:
    identifier = openscad.store("a.scad", b"cube(1);")
    error = openscad.refused("cube(1);", files={"a": identifier, "a/b": identifier})
    assert error["code"] == "validation_error"


def test_an_artifact_that_is_no_source_is_refused(openscad) -> None:
    for name, content, code in (
        ("a.stl", b"solid", "unsupported_format"),
        ("a.scad", b"\xff\xfe", "validation_error"),
        ("a.scad", b"cube(1);\0cube(2);", "validation_error"),
    ):
        answer = openscad.client.post("/render", json={"artifact": openscad.store(name, content)})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    answer = openscad.client.post("/render", json={"artifact": "0" * 32})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "artifact_not_found")


# --- processes -------------------------------------------------------------------------------------------------------


def evaluations(gateway) -> list[psutil.Process]:
    """The OpenSCAD processes that evaluate something, and are not asked for their version. Some end while we look."""
    found = []
    for process in psutil.Process(gateway.pid).children(recursive=True):
        try:
            if process.name() == "openscad" and "main.scad" in process.cmdline():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def test_a_deadline_ends_openscad_and_leaves_the_companion(openscad, cadgate_gateway) -> None:
    before = cadgate_gateway.application_pid("openscad")
    answer = openscad.client.post("/render", json={"source": SLOW}, headers={"X-Deadline-Ms": "1500"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "deadline_exceeded")
    assert answer.elapsed.total_seconds() < 6
    eventually(lambda: not evaluations(cadgate_gateway), what="the end of OpenSCAD")
    assert cadgate_gateway.application_pid("openscad") == before
    assert openscad.render("cube(1);")["facets"] == 12


def test_a_client_that_goes_away_ends_openscad(cadgate_gateway) -> None:
    async def leave() -> None:
        async with httpx.AsyncClient(base_url=cadgate_gateway.url, timeout=60, trust_env=False) as client:
            asking = asyncio.create_task(client.post("/api/v1/openscad/render", json={"source": SLOW}))
            await asyncio.to_thread(eventually, lambda: evaluations(cadgate_gateway), what="OpenSCAD at work")
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(leave())
    eventually(lambda: not evaluations(cadgate_gateway), what="the end of OpenSCAD")
    staging = cadgate_gateway.state_dir / "sessions/openscad/workspace/.staging"
    eventually(lambda: not list(staging.glob("*")), what="the end of its files")


def test_one_evaluation_keeps_no_other_waiting_and_its_death_is_its_own(openscad, cadgate_gateway) -> None:
    answers: list[httpx.Response] = []

    def ask() -> None:
        with cadgate_gateway.client("/api/v1/openscad") as client:
            answers.append(client.post("/render", json={"source": SLOW}))

    asking = threading.Thread(target=ask)
    asking.start()
    (running,) = eventually(lambda: evaluations(cadgate_gateway), what="OpenSCAD at work")
    assert openscad.render("cube(1);")["facets"] == 12
    assert cadgate_gateway.health("openscad")["result"]["status"] == "up"
    running.kill()
    asking.join(30)
    error = answers[0].json()["error"]
    assert (answers[0].status_code, error["code"], error["details"]["signal"]) == (422, "command_failed", "SIGKILL")


def test_openscad_ends_with_a_gateway_that_was_killed(tmp_path: Path) -> None:
    others = "".join(f"[adapters.{name}]\nenabled = false\n" for name in ("blender", "freecad"))
    gateway = Gateway(tmp_path / "state", plugins=others).start()
    with gateway.client("/api/v1/openscad") as client:
        asking = threading.Thread(target=lambda: _until_lost(client))
        asking.start()
        (running,) = eventually(lambda: evaluations(gateway), what="OpenSCAD at work")
        companions = psutil.Process(gateway.pid).children(recursive=True)
        gateway.signal(signal.SIGKILL)
        gateway.wait()
        asking.join(30)
    eventually(lambda: not any(alive(process.pid) for process in (running, *companions)), what="the end of all of it")


def _until_lost(client: httpx.Client) -> None:
    with pytest.raises(httpx.TransportError):
        client.post("/render", json={"source": SLOW})


class TestLimits:
    """With a gateway of its own."""

    @pytest.fixture
    def cadgate_adapter_settings(self) -> dict:
        return {"max_memory_mb": 300, "max_output_mb": 1}

    def test_more_memory_than_allowed_ends_the_evaluation(self, openscad) -> None:
        error = openscad.refused("a = [for (i = [0:9999]) [for (j = [0:9999]) i * j]]; echo(len(a)); cube(1);")
        assert error["code"] == "command_failed"
        assert "max_memory_mb" in error["message"]
        assert openscad.render("cube(1);")["facets"] == 12

    def test_a_larger_file_than_allowed_ends_the_evaluation(self, openscad) -> None:
        error = openscad.refused("for (i = [0:299]) translate([20 * i, 0, 0]) sphere(5, $fn = 12);", format="amf")
        assert error["code"] == "command_failed"
        assert "max_output_mb" in error["message"]
