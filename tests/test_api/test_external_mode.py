"""Applications that somebody else started: the gateway connects to them, and never ends them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cadgate
import cadgate_blender
import cadgate_freecad
from cadgate.config.settings import Settings
from cadgate.plugins.discovery import discover
from tests.gateway import Gateway, eventually, free_port

SECRET = "a secret for the external application"
CASES = {
    "blender": (cadgate_blender, "BlenderHost", "primitives/cube", "Cube"),
    "freecad": (cadgate_freecad, "FreeCADHost", "primitives/box", "Box"),
}


def start(name: str, folder: Path, port: int) -> subprocess.Popen[bytes]:
    """The real application with the in-application server in its main loop, as an add-on runs it."""
    package, host, *_ = CASES[name]
    found = next(each for each in discover(Settings(state_dir=folder)) if each.name == name)
    assert found.adapter is not None
    launcher = found.adapter.launcher(found.settings)
    spec: dict[str, Any] = {
        "path": [str(Path(str(each.__file__)).parent.parent) for each in (cadgate, package)],
        "module": f"{package.__name__}.app.host",
        "host": host,
        "secret": SECRET,
        "port": port,
        "workspace": str(folder / "work"),
        "settings": launcher.options(),
        "parent": os.getpid(),
    }
    script = str(Path(__file__).parent.parent / "external_app.py")
    argv = [script if each.endswith("entry.py") else each for each in launcher.plan().argv]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "CADGATE_EXTERNAL": json.dumps(spec)}
    return subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, cwd=folder)


@pytest.fixture(params=list(CASES))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_an_external_application_is_served_outlives_the_gateway_and_is_found_again(name: str, tmp_path: Path) -> None:
    port = free_port()
    other = "freecad" if name == "blender" else "blender"
    plugins = f"""
        [adapters.{other}]
        enabled = false
        [adapters.{name}]
        mode = "external"
        port = {port}
        token = "{SECRET}"
    """
    gateway = Gateway(tmp_path / "state", plugins=plugins).start(ready=False)
    _, _, route, expected = CASES[name]
    assert gateway.health(name)["error"]["code"] in ("application_starting", "application_unavailable")
    application = start(name, tmp_path, port)
    try:
        health = eventually(lambda: h if (h := gateway.health(name))["status"] == "success" else None, seconds=40)
        assert health["result"]["mode"] == "external"
        assert health["result"]["pid"] == application.pid
        with gateway.client(f"/api/v1/{name}") as client:
            assert client.post(f"/{route}", json={}).json()["result"]["name"] == expected
        assert gateway.stop() == 0
        assert application.poll() is None

        gateway.start()
        with gateway.client(f"/api/v1/{name}") as client:
            assert client.get("/objects").json()["result"]["total"] == 1
        application.kill()
        application.wait()
        gone = eventually(lambda: h if (h := gateway.health(name))["status"] == "error" else None)
        assert gone["error"]["code"] in ("application_starting", "application_unavailable")
    finally:
        application.kill()
        application.wait()
        gateway.stop()
