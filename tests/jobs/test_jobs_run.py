"""The short form of `python -m tests.jobs`: each kind of process is killed once."""

from __future__ import annotations

from pathlib import Path

from tests.jobs.run import Plan, check, run


def test_kills_make_no_difference_to_an_animation(tmp_path: Path) -> None:
    plan = Plan(frames=12, size=32, gateways=1, workers=1, sessions=1, failing=1, seed=3)
    alone = run(tmp_path / "alone", plan, undisturbed=True)
    disturbed = run(tmp_path / "disturbed", plan)
    assert check(plan, disturbed, alone) == []
