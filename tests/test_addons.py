"""The extension for Blender and the add-on for FreeCAD, built, installed and served to a gateway."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cadgate_freecad.launcher import FreeCADLauncher
from cadgate_freecad.settings import FreeCADSettings
from tests.gateway import Gateway, eventually, free_port

ROOT = Path(__file__).parent.parent
SECRET = "the secret of an application with a window"
USER_CFG = """<?xml version="1.0" encoding="UTF-8"?>
<FCParameters><FCParamGroup Name="Root"><FCParamGroup Name="BaseApp"><FCParamGroup Name="Preferences">
<FCParamGroup Name="General"><FCText Name="AutoloadModule">PartWorkbench</FCText></FCParamGroup>
<FCParamGroup Name="Mod"><FCParamGroup Name="cadgate"><FCInt Name="Port" Value="{port}"/>
<FCText Name="Token">{token}</FCText></FCParamGroup></FCParamGroup>
</FCParamGroup></FCParamGroup></FCParamGroup></FCParameters>
"""
"""Another start page than FreeCAD's own, which is a web browser that does not run without a display."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the extension's zip and the add-on's folder."""
    output = tmp_path_factory.mktemp("addons")
    subprocess.run([sys.executable, ROOT / "scripts" / "build_addons.py", "--output", output], check=True)
    return output


def served(name: str, folder: Path, port: int) -> Gateway:
    """A gateway in external mode for one application."""
    other = "freecad" if name == "blender" else "blender"
    table = f'mode = "external"\nport = {port}\ntoken = "{SECRET}"\n'
    plugins = f"[adapters.{other}]\nenabled = false\n[adapters.{name}]\n{table}"
    return Gateway(folder / "state", plugins=plugins).start(ready=False)


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Applications that a test starts; they are ended after it."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for each in started:
        each.kill()
        each.wait()


def ready(gateway: Gateway, name: str, application: subprocess.Popen[bytes], log: Path) -> int:
    """Wait until the gateway is connected; the process that answers."""

    def connected() -> int | None:
        assert application.poll() is None, log.read_text()[-4000:]
        return gateway.health(name).get("result", {}).get("pid")

    return int(eventually(connected, seconds=60, what=name) or 0)


@pytest.mark.real
def test_the_extension_installs_in_blender_and_serves_it(
    built: Path, tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    (archive,) = built.glob("*.zip")
    port, log = free_port(), tmp_path / "blender.log"
    script = ROOT / "tests" / "blender_with_extension.py"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "BLENDER_USER_RESOURCES": str(tmp_path / "user")}
    with log.open("wb") as output:
        command = [sys.executable, "-P", str(script), str(archive), str(port), SECRET]
        application = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=tmp_path)
    processes.append(application)
    gateway = served("blender", tmp_path, port)
    try:
        assert ready(gateway, "blender", application, log) == application.pid
        with gateway.client("/api/v1/blender") as client:
            assert client.post("/primitives/cube", json={"name": "FromOutside"}).status_code == 201
            assert client.get("/objects/FromOutside").status_code == 200
    finally:
        assert gateway.stop() == 0
    assert application.poll() is None


@pytest.mark.real
def test_the_add_on_serves_a_freecad_with_a_window(
    built: Path, tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    headless = FreeCADLauncher(FreeCADSettings()).program()
    program = shutil.which("freecad") or shutil.which("FreeCAD")
    assert program is not None, f"there is no FreeCAD with a window beside {headless}"
    port, log = free_port(), tmp_path / "freecad.log"
    shutil.copytree(built / "cadgate-freecad-addon", tmp_path / ".local/share/FreeCAD/Mod/cadgate")
    (tmp_path / "user.cfg").write_text(USER_CFG.format(port=port, token=SECRET))
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8"}
    with log.open("wb") as output:
        command = [program, "-u", "user.cfg"]
        application = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=tmp_path)
    processes.append(application)
    gateway = served("freecad", tmp_path, port)
    try:
        assert ready(gateway, "freecad", application, log) == application.pid
        with gateway.client("/api/v1/freecad") as client:
            made = client.post("/primitives/box", json={"length": 20})
            assert made.json()["result"]["volume"] == pytest.approx(2000)
            assert client.post("/undo").json()["result"]["undone"] == "primitives.box"
    finally:
        assert gateway.stop() == 0
    assert application.poll() is None
