"""Agents make parts with keys while application and gateway are killed; `python -m tests.agents.faults` does more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.faults import FREECAD_ONLY, run
from tests.gateway import Gateway


@pytest.mark.anyio
async def test_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "state", environment=FREECAD_ONLY).start()
    try:
        outcome = await run(gateway, calls=40, kills=3, gateway_kills=1)
    finally:
        gateway.stop()
    assert (outcome.kills, outcome.gateway_kills) == (3, 1)
    assert len(outcome.acknowledged) == len(set(outcome.acknowledged)) == 40
    assert outcome.lost == set()
    assert outcome.doubled == 0
