"""A session is not restored by an application that is older than the one that wrote it; one that is too old says so."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cadgate.appserver import AppError, lineage
from cadgate.appserver.journal_copy import copy_journal
from cadgate.errors import ApplicationUnavailable
from cadgate.sessions.process import ApplicationProcess
from tests.core.fake_app import fake_settings, launch_of


@pytest.mark.parametrize(
    ("wrote", "now"),
    [
        ("Blender 5.2.3 LTS", "Blender 4.5.15 LTS"),
        ("Blender 5.2.3 LTS", "Blender 5.1.2"),
        ("FreeCAD 1.1.3", "FreeCAD 0.20.2"),
        ("Blender 10.0", "Blender 9.9"),
    ],
)
def test_what_a_newer_version_wrote_is_refused_and_stays_as_it_was(
    tmp_path: Path, wrote: str, now: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lineage.record(str(tmp_path), wrote)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(AppError, match="nothing was read or changed") as refused:
        lineage.require_as_new(tmp_path.name, now)
    assert refused.value.code == "application_unavailable"
    assert wrote in refused.value.message
    assert now in refused.value.message
    assert str(tmp_path) in refused.value.details["remedy"]
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("wrote", "now"),
    [
        ("Blender 4.5.15 LTS", "Blender 5.2.3 LTS"),
        ("Blender 4.5.15 LTS", "Blender 4.5.3 LTS"),
        ("FreeCAD 0.20.2", "FreeCAD 1.1.3"),
        ("Blender 5.2.3 LTS", "OpenSCAD 2021.01"),
        ("nothing that was ever written", "Blender 4.5.15 LTS"),
    ],
)
def test_what_an_older_version_wrote_is_restored_and_belongs_to_the_newer_one(
    tmp_path: Path, wrote: str, now: str
) -> None:
    lineage.record(str(tmp_path), wrote)
    lineage.require_as_new(str(tmp_path), now)
    lineage.record(str(tmp_path), now)
    assert (tmp_path / lineage.FILE).read_text() == f"{now}\n"


def test_a_folder_without_a_readable_record_is_restored(tmp_path: Path) -> None:
    lineage.require_as_new(str(tmp_path), "Blender 4.5.15 LTS")
    (tmp_path / lineage.FILE).write_bytes(b"\xff\xfe\x00")
    lineage.require_as_new(str(tmp_path), "Blender 4.5.15 LTS")


def test_a_copied_journal_is_refused_like_its_original(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    lineage.record(str(tmp_path / "from"), "Blender 5.2.3 LTS")
    copy_journal(str(tmp_path / "from"), str(tmp_path / "to"))
    with pytest.raises(AppError):
        lineage.require_as_new(str(tmp_path / "to"), "Blender 4.5.15 LTS")


@pytest.mark.anyio
async def test_an_application_that_cannot_serve_is_unavailable_with_what_to_do(tmp_path: Path) -> None:
    said = json.dumps({"error": "blender 3.4.1 is too old", "unavailable": True, "remedy": "install a newer one"})
    launch = launch_of(tmp_path, fake_settings())
    script = (
        "import json, os\n"
        "boot = json.loads(os.read(int(os.environ['CADGATE_BOOT']), 100000))\n"
        f"os.write(boot['ready'], {said.encode()!r} + b'\\n')\n"
    )
    object.__setattr__(launch.plan, "argv", [sys.executable, "-I", "-S", "-c", script])
    with pytest.raises(ApplicationUnavailable, match=r"^Blender 3\.4\.1 is too old$") as refused:
        await ApplicationProcess.launch(launch, lambda method, params: None)
    assert refused.value.details["remedy"] == "install a newer one"


@pytest.mark.anyio
async def test_a_session_of_a_newer_application_is_not_touched(tmp_path: Path) -> None:
    """The whole way: the fake application starts, finds the record of a newer one, and ends."""
    launch = launch_of(tmp_path, fake_settings())
    assert launch.journal is not None
    launch.journal.mkdir(parents=True, exist_ok=True)
    lineage.record(str(launch.journal), "Fake 99.0")
    with pytest.raises(ApplicationUnavailable, match=r"^The session was last written by Fake 99\.0, and this is Fake"):
        await ApplicationProcess.launch(launch, lambda method, params: None)
    assert [path.name for path in launch.journal.iterdir()] == [lineage.FILE]
