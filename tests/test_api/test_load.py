"""More long calls than can be done in time: nothing is ended or lost, and short calls pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.load import only, run
from tests.gateway import Gateway


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_an_overload_ends_nothing_loses_nothing_and_lets_short_calls_pass(adapter: str, tmp_path: Path) -> None:
    plugins = only(adapter) + f"[adapters.{adapter}]\ncall_timeout_seconds = 3\n"
    gateway = Gateway(tmp_path / "state", plugins=plugins).start()
    try:
        outcome = run(gateway, adapter, clients=16, seconds=0.5, lasting=4)
    finally:
        assert gateway.stop() == 0
    assert outcome.problems() == []
    # 16 calls of half a second cannot all be done in three: some were refused before they were tried.
    assert outcome.heavy.statuses.get("overloaded"), outcome.heavy.statuses
    assert set(outcome.light.statuses) == {"201"}
    assert len(outcome.light.times) > 6
