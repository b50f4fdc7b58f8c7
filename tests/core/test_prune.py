"""What uninstalled adapters leave behind is listed, and removed where that is asked for; the rest stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cadgate.artifacts.store import ArtifactStore
from cadgate.cli.gateway import Gateway, Service
from cadgate.cli.leftovers import StillRunning, adapter_leftovers, leftover_tables, prune
from cadgate.cli.lifecycle import _report
from cadgate.cli.lock import StateLock
from cadgate.config.entry_points import announced_names
from cadgate.config.settings import Settings
from cadgate.sessions.records import SessionFolders, SessionRecord


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    state = tmp_path / "state"
    for name in ("sessions/gone/journal", "sessions/blender/journal", "logs"):
        (state / name).mkdir(parents=True)
    (state / "sessions/gone/journal/log").write_text("x" * 100)
    for name in ("gone.log", "gone-workers.log", "gone.1.log", "blender.log", "blender-workers.log"):
        (state / "logs" / name).write_text("a line\n")
    for name in ("gateway.log", "gateway.log.1", "audit.log"):
        (state / "logs" / name).write_text("a line\n")
    return Settings.model_validate(
        {"state_dir": state, "adapters": {"gone": {"workers": 1}, "off": {"enabled": False}}}
    )


def kept(settings: Settings) -> list[str]:
    root = settings.state_dir
    return sorted(str(path.relative_to(root)) for part in ("sessions", "logs") for path in (root / part).iterdir())


OWN = ["logs/audit.log", "logs/blender-workers.log", "logs/blender.log", "logs/gateway.log", "logs/gateway.log.1"]


def test_it_lists_and_keeps_and_then_removes(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert "blender" in announced_names()
    before = kept(settings)
    assert prune(settings, remove=False, days=None) == 0
    told = capsys.readouterr().out
    for part in ("the session of gone, 100 bytes", "gone-workers.log", "gone.1.log", "[adapters.gone]", "--yes"):
        assert part in told
    assert "blender" not in told.replace(str(settings.state_dir), "")
    assert "adapters.off" not in told
    assert kept(settings) == before

    assert prune(settings, remove=True, days=None) == 0
    assert kept(settings) == [*OWN, "sessions/blender"]
    capsys.readouterr()
    assert prune(settings, remove=True, days=None) == 0
    assert f"nothing is left in {settings.state_dir}" in capsys.readouterr().out


def test_artifacts_go_by_their_age_and_only_when_asked(settings: Settings, tmp_path: Path) -> None:
    store = ArtifactStore(settings.state_dir / "artifacts", owners=settings.state_dir / "owners")
    made = []
    for name in ("old.step", "new.step"):
        (tmp_path / name).write_text("a part")
        made.append(store.adopt(tmp_path / name, name).id)
    long_ago = time.time() - 10 * 24 * 3600
    os.utime(settings.state_dir / "artifacts" / made[0], (long_ago, long_ago))
    prune(settings, remove=True, days=None)
    assert [one.name for one in store.page(0, 10)[0]] == ["new.step", "old.step"]
    prune(settings, remove=True, days=9)
    assert [one.name for one in store.page(0, 10)[0]] == ["new.step"]


def test_nothing_is_removed_under_a_running_gateway(settings: Settings) -> None:
    before = kept(settings)
    with StateLock(settings.state_dir), pytest.raises(StillRunning, match="cadgate down"):
        prune(settings, remove=True, days=None)
    assert kept(settings) == before


def test_a_table_without_an_adapter_is_known_by_name(settings: Settings) -> None:
    assert leftover_tables(settings) == {"gone"}


def test_up_warns_of_a_left_table_and_does_not_fail(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    services = [Service("gateway", "up", kind="gateway"), Service("gone", "failed", "it is not installed")]
    gateway = Gateway("http://127.0.0.1:1")
    assert _report(gateway, services, tmp_path / "log", {"gone"}) == 0
    told = capsys.readouterr()
    assert "warning: plugins.toml has [adapters.gone]" in told.err
    assert "does not answer" not in told.err
    assert _report(gateway, services, tmp_path / "log", set()) == 1


def test_sessions_that_were_made_are_kept_while_their_adapter_is_installed(tmp_path: Path) -> None:
    folders = SessionFolders(tmp_path / "sessions")
    for number, application in enumerate(("freecad", "gone")):
        record = SessionRecord(f"{number:032x}", application, "local", 1.0, 1.0)
        folders.of(record.id).mkdir(parents=True)
        folders.write(record)
    (tmp_path / "sessions" / f"{9:032x}").mkdir()
    (tmp_path / "sessions" / ".ended").mkdir()
    found = [(one.path.name, one.what) for one in adapter_leftovers(tmp_path)]
    assert found == [(f"{1:032x}", "a session of gone")]
