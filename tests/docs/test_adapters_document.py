"""docs/ADAPTERS.md: its example is a complete adapter, and does what the document says, typed in as it stands there."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import httpx
import pytest

from tests.docs.snippets import ROOT, Reader, blocks_of
from tests.gateway import free_port
from tests.wheels import Environment, run

DOCUMENT = ROOT / "docs" / "ADAPTERS.md"
BLOCKS = blocks_of(DOCUMENT)
BESIDES = "[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n"
PIP = """#!/bin/sh
# What the project needs is there already, and nothing is downloaded.
command=$1; shift
exec "{python}" -m pip --disable-pip-version-check "$command" --quiet --no-deps --no-index --no-build-isolation "$@"
"""


@pytest.fixture
def environment(tmp_path: Path, wheels: list[Path], monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The reader's: the gateway from its wheels, `pip`, `python` and `cadgate` on PATH, a port that is free."""
    made = Environment(tmp_path, wheels)
    programs = made.python.parent
    pip = programs / "pip"
    pip.write_text(PIP.format(python=made.python))
    pip.chmod(pip.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "plugins.toml").write_text(BESIDES)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("CADGATE_PORT", str(free_port()))
    monkeypatch.setenv("CADGATE_PLUGINS", str(tmp_path / "plugins.toml"))
    monkeypatch.setenv("CADGATE_STATE_DIR", str(tmp_path / "state"))
    return made


@pytest.mark.timeout(300)
def test_the_example_adapter_is_served_and_does_everything_that_the_document_shows(
    environment: Environment,
) -> None:
    address = f"127.0.0.1:{os.environ['CADGATE_PORT']}"
    reader = Reader(environment.folder / "reader", address)
    try:
        # Files first: nothing is installed before it is whole.
        reader.read(sorted(BLOCKS, key=lambda block: block.kind != "file"))
        with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
            plugins = client.get("/plugins").json()["result"]["plugins"]
            (plugin,) = (one for one in plugins if one["name"] == "sketch")
            assert (plugin["status"], plugin["package"], plugin["version"]) == ("active", "cadgate-sketch", "0.1.0")
            assert "sketch_create_circle" in client.get("/openapi.json").text
    finally:
        run(environment.python, "-P", "-m", "cadgate", "down", "--state-dir", environment.folder / "state")


def test_every_code_block_of_the_document_is_run_or_made_or_compared() -> None:
    fences = re.findall(r"^```\w+$", DOCUMENT.read_text(), re.MULTILINE)
    assert len(fences) == len(BLOCKS)
