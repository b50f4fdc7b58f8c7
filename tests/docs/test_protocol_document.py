"""docs/PROTOCOL.md: its script serves a real FreeCAD with a window, its client and a gateway talk to that."""

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
from tests.docs.snippets import ROOT, Block, Reader, blocks_of
from tests.gateway import Gateway, eventually, free_port

DOCUMENTED_PORT = "8790"
BLOCKS = blocks_of(ROOT / "docs" / "PROTOCOL.md")
CONFIGURATION = """<?xml version="1.0" encoding="UTF-8"?>
<FCParameters><FCParamGroup Name="Root"><FCParamGroup Name="BaseApp"><FCParamGroup Name="Preferences">
<FCParamGroup Name="General"><FCText Name="AutoloadModule">PartWorkbench</FCText></FCParamGroup>
</FCParamGroup></FCParamGroup></FCParamGroup></FCParameters>
"""
"""Without the start page, which is a web browser that does not run without a display."""


def program() -> str:
    """The FreeCAD with a window that belongs to the one without."""
    headless = FreeCADLauncher(FreeCADSettings()).program()
    name = headless.name.lower().replace("cmd", "")
    found = shutil.which(name, path=f"{headless.parent}:{os.environ['PATH']}") or shutil.which("FreeCAD")
    assert found is not None, f"there is no FreeCAD with a window beside {headless}"
    return found


def with_port(blocks: list[Block], port: int) -> list[Block]:
    """The blocks on a port that is free here."""
    return [
        Block(block.kind, block.name, block.language, block.text.replace(DOCUMENTED_PORT, str(port)), block.where)
        for block in blocks
    ]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home and working folder of a reader; its modules are imported from there."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("wire", None)


@pytest.mark.real
def test_the_script_serves_a_freecad_with_a_window_to_the_client_and_to_a_gateway(home: Path) -> None:
    blocks = with_port(BLOCKS, free_port())
    reader = Reader(home, "")
    prepare, use = [each for each in blocks if each.language != "python" or each.kind == "file"], blocks[-2:]
    reader.read([each for each in prepare if each not in use])
    (home / "user.cfg").write_text(CONFIGURATION)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8"}
    with (home / "freecad.log").open("wb") as log:
        application = subprocess.Popen(
            [program(), "-u", "user.cfg", "serve_freecad.py"],
            cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    gateway = Gateway(home / "state", plugins=(home / "plugins.toml").read_text()).start(ready=False)
    try:

        def connected() -> bool:
            assert application.poll() is None, (home / "freecad.log").read_text()[-4000:]
            return gateway.health("freecad")["status"] == "success"

        eventually(connected, seconds=60, what="FreeCAD with its server")
        reader.read(use)
        with gateway.client("/api/v1/freecad") as client:
            assert client.get("/objects/Plate").json()["result"]["volume"] == pytest.approx(4000)
            assert client.post("/primitives/box", json={}).status_code == 201
            assert client.post("/undo").json()["result"]["undone"] == "primitives.box"
            listed = client.get("/objects").json()
            assert "result" in listed, listed
            assert listed["result"]["total"] == 1
            exported = client.post("/export", json={"format": "step"}, headers={"Accept": "model/step"})
            assert exported.content.startswith(b"ISO-10303-21")
            imported = client.post("/import", json={"artifact": exported.headers["X-Artifact-Id"]})
            assert imported.status_code == 200, imported.text
    finally:
        application.kill()
        application.wait()
        gateway.stop()
