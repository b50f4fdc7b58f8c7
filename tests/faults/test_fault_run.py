"""The short form of the fault run. The long one is `python -m tests.faults`; its figures are in docs/RELIABILITY.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.run import Run, table

KILLS = 5


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_nothing_is_lost_doubled_or_different_while_processes_die_under_load(adapter: str, tmp_path: Path) -> None:
    figures = Run(adapter, 7, tmp_path).go(KILLS)
    print(table([figures]))
    assert figures.lost == []
    assert figures.doubled == []
    assert figures.different == []
    assert figures.failed == []
    assert figures.deaths >= KILLS
    assert figures.compared >= 2
    assert figures.calls > 20
