"""A session that one version of an application wrote is restored by the next one, or refused and left as it was.

The other versions are those that `scripts/test_versions.sh` made on this machine, from this folder: what it made from
another would test that one's sources. Where it made none, a session's own record says that another version wrote it.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import cadgate
from cadgate.appserver import lineage
from tests.gateway import COLD_WORKERS, Gateway, eventually

PLACE = Path(os.environ.get("CADGATE_VERSIONS", "/var/tmp/cadgate-versions"))
ROUTES = {"blender": "/primitives/cube", "freecad": "/primitives/box"}


@dataclass(frozen=True)
class Way:
    """How to start a version of an application."""

    name: str
    environment: dict[str, str] = field(default_factory=dict[str, str])
    python: str | None = None

    def gateway(self, folder: Path, adapter: str) -> Gateway:
        other = "freecad" if adapter == "blender" else "blender"
        options: dict[str, Any] = {} if self.python is None else {"python": self.python}
        return Gateway(
            folder,
            plugins=f"[adapters.{other}]\nenabled = false\n",
            environment={**COLD_WORKERS, **self.environment},
            **options,
        )


USUAL = Way("usual")


ROOT = Path(__file__).resolve().parents[2]
WHERE = "import importlib.util; found = importlib.util.find_spec('cadgate'); print(found and found.origin)"


def runs_this(python: Path) -> bool:
    """Return whether a Python has the gateway's sources of this folder."""
    found = subprocess.run([python, "-P", "-c", WHERE], capture_output=True, text=True, check=False, timeout=60)
    return Path(found.stdout.strip()) == Path(cadgate.__file__)


def others(adapter: str) -> list[Way]:
    """Other versions on this machine that run the sources of this folder."""
    command, sandbox = f"{adapter.upper()}_CMD", f"CADGATE_{adapter.upper()}_SANDBOX"
    program = {"blender": "blender", "freecad": "freecadcmd"}[adapter]
    found = [
        Way(path.name, {command: str(path), sandbox: "none"})
        for suite in ("trixie", "sid")
        if (path := PLACE / f"{program}-{suite}").exists() and (PLACE / suite / "proc" / "self").exists()
        if (PLACE / suite / ROOT.relative_to("/") / "pyproject.toml").exists()
    ]
    if adapter == "blender":
        pythons = [made.parent / "bin" / "python" for made in sorted(PLACE.glob("blender-?.?/.made"))]
        found += [Way(python.parents[1].name, {}, str(python)) for python in pythons if runs_this(python)]
    return found


WAYS = [(adapter, way) for adapter in ROUTES for way in others(adapter)] or [("freecad", USUAL)]
"""With no other version, the usual one stands for the next: what it wrote, it restores."""


def add(gateway: Gateway, adapter: str, name: str) -> None:
    with gateway.client(f"/api/v1/{adapter}") as client:
        made = client.post(ROUTES[adapter], json={"name": name})
        assert made.status_code == 201, made.text


def names(gateway: Gateway, adapter: str) -> list[str]:
    with gateway.client(f"/api/v1/{adapter}") as client:
        return sorted(each["name"] for each in client.get("/objects").json()["result"]["objects"])


def version(gateway: Gateway, adapter: str) -> str:
    return gateway.health(adapter)["result"]["application"]


def number(application: str) -> tuple[int, int]:
    found = re.search(r"(\d+)\.(\d+)", application)
    assert found is not None, application
    return int(found[1]), int(found[2])


def journal_of(folder: Path, adapter: str) -> Path:
    return folder / "sessions" / adapter / "journal"


def content(journal: Path) -> dict[str, bytes]:
    return {str(path.relative_to(journal)): path.read_bytes() for path in journal.rglob("*") if path.is_file()}


def written(way: Way, folder: Path, adapter: str) -> str:
    """Write a session with two objects. Returns the version that did it."""
    gateway = way.gateway(folder, adapter).start()
    try:
        add(gateway, adapter, "First")
        add(gateway, adapter, "Second")
        return version(gateway, adapter)
    finally:
        gateway.stop()


def assert_refused(way: Way, folder: Path, adapter: str, wrote: str) -> None:
    """Assert that this version does not start on the session, says why, and changes nothing."""
    journal = journal_of(folder, adapter)
    before = content(journal)
    gateway = way.gateway(folder, adapter).start(ready=False)
    try:

        def refusal() -> dict[str, Any] | None:
            details = gateway.health(adapter).get("error", {}).get("details", {})
            return details if details.get("state") == "unavailable" else None

        said = eventually(refusal, seconds=90, what="the refusal of the session")
        assert wrote in said["reason"]
        assert "nothing was read or changed" in said["reason"]
        assert journal.name in said["remedy"]
    finally:
        gateway.stop()
    assert content(journal) == before


def assert_restored(way: Way, folder: Path, adapter: str) -> str:
    """Assert that this version has all objects, can add one, and signs for the session. Returns the version."""
    gateway = way.gateway(folder, adapter).start()
    try:
        assert names(gateway, adapter) == ["First", "Second"]
        add(gateway, adapter, "Third")
        now = version(gateway, adapter)
    finally:
        gateway.stop()
    assert (journal_of(folder, adapter) / lineage.FILE).read_text().strip() == now
    return now


@pytest.mark.parametrize("adapter", ROUTES)
def test_a_session_that_says_a_newer_version_wrote_it_waits_for_that_one(tmp_path: Path, adapter: str) -> None:
    wrote = written(USUAL, tmp_path, adapter)
    record = journal_of(tmp_path, adapter) / lineage.FILE
    assert record.read_text().strip() == wrote
    major, minor = number(wrote)
    newer = f"{wrote.split()[0]} {major + 1}.{minor}.0"
    record.write_text(f"{newer}\n")
    assert_refused(USUAL, tmp_path, adapter, newer)
    record.write_text(f"{wrote.split()[0]} 0.1.0\n")
    assert assert_restored(USUAL, tmp_path, adapter) == wrote


@pytest.mark.parametrize(("adapter", "way"), WAYS, ids=[f"{adapter}-{way.name}" for adapter, way in WAYS])
def test_a_session_goes_to_the_newer_version_and_not_to_the_older_one(tmp_path: Path, adapter: str, way: Way) -> None:
    ours, other = written(USUAL, tmp_path / "ours", adapter), written(way, tmp_path / "other", adapter)
    ways = [(ours, USUAL, tmp_path / "ours"), (other, way, tmp_path / "other")]
    (_, _, old_folder), (new_version, new, new_folder) = sorted(ways, key=lambda each: number(each[0]))
    old = next(each for _, each, folder in ways if folder == old_folder)
    assert assert_restored(new, old_folder, adapter) == new_version
    if number(ours) != number(other):
        assert_refused(old, old_folder, adapter, new_version)
        assert_refused(old, new_folder, adapter, new_version)
    assert assert_restored(new, new_folder, adapter) == new_version
