"""docs/ADAPTERS.md: its example is a complete adapter, and does what the document says."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.docs.snippets import ROOT, Reader, blocks_of
from tests.gateway import Gateway

BLOCKS = blocks_of(ROOT / "docs" / "ADAPTERS.md")
FILES = [block for block in BLOCKS if block.kind == "file"]


def install(project: Path) -> None:
    """What `pip install -e` leaves beside the sources: the package's metadata and its entry points."""
    described = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    info = project / "src" / f"{described['name'].replace('-', '_')}-{described['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {described['name']}\nVersion: {described['version']}\n"
    )
    groups = described["entry-points"].items()
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items()) for group, points in groups
    ]
    (info / "entry_points.txt").write_text("".join(lines))


@pytest.mark.timeout(300)
def test_the_example_adapter_is_served_and_does_everything_that_the_document_shows(tmp_path: Path) -> None:
    reader = tmp_path / "reader"
    Reader(reader, "").read(FILES)
    install(reader / "cadgate-sketch")
    plugins = "[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n"
    path = os.pathsep.join(filter(None, (str(reader / "cadgate-sketch" / "src"), os.environ.get("PYTHONPATH"))))
    suite = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "tests"],
        cwd=reader / "cadgate-sketch",
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert suite.returncode == 0, suite.stdout + suite.stderr
    gateway = Gateway(tmp_path / "state", plugins=plugins, environment={"PYTHONPATH": path}).start()
    try:
        Reader(tmp_path / "user", gateway.url.removeprefix("http://")).read(
            [block for block in BLOCKS if block.kind != "file"]
        )
        with gateway.client() as client:
            plugin = next(one for one in client.get("/plugins").json()["result"]["plugins"] if one["name"] == "sketch")
            assert (plugin["status"], plugin["package"], plugin["version"]) == ("active", "cadgate-sketch", "0.1.0")
            assert "sketch_create_circle" in client.get("/openapi.json").text
    finally:
        assert gateway.stop() == 0, gateway.log.read_text()[-4000:]
