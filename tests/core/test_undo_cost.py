"""What an undo costs: what the session holds, not what it once held."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cadgate.appserver import recovery as recovery_module
from cadgate.appserver import snapshot_times
from tests.core.lives import ANYBODY, Lives


def test_entries_that_an_undo_took_long_to_repeat_are_in_a_snapshot_at_the_next(
    lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(recovery_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    session = lives.start()
    for word in ("a", "b", "c"):
        session.add(word)
    add = session.host.add

    def takes(word: str) -> Any:
        now[0] += 1
        return add(word)

    assert not session.recovery.snapshot_is_due()
    monkeypatch.setattr(session.host, "add", takes)
    session.recovery.history.undo(ANYBODY)
    assert (session.words, now[0]) == ("a b", 2)
    assert session.recovery.snapshot_is_due()
    session.recovery.snapshot("idle")
    assert not session.recovery.snapshot_is_due()
    monkeypatch.setattr(session.host, "add", add)
    session.add("d")
    monkeypatch.setattr(session.host, "add", takes)
    session.recovery.history.undo(ANYBODY)
    assert (session.words, now[0]) == ("a b", 2)


@pytest.mark.parametrize("slow", ["load_snapshot", "save_snapshot"])
def test_what_is_cleared_leaves_a_snapshot_behind_that_each_undo_would_load(
    lives: Lives, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    now = [0.0]
    monkeypatch.setattr(recovery_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    session = lives.start()
    session.add("a")
    work = getattr(session.host, slow)

    def takes(path: Any) -> None:
        now[0] += 2 * snapshot_times.HEAVY_SECONDS
        work(path)

    session.recovery.snapshot("idle")
    assert not session.recovery.is_snapshot_worthwhile()
    monkeypatch.setattr(session.host, slow, takes)
    session.add("b")
    if slow == "load_snapshot":
        session.recovery.history.undo(ANYBODY)
    else:
        session.recovery.snapshot("idle")
    assert session.recovery.is_snapshot_worthwhile()
    monkeypatch.setattr(session.host, slow, work)
    session.recovery.snapshot("a cleared document")
    assert not session.recovery.is_snapshot_worthwhile()
