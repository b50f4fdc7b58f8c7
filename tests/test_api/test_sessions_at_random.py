"""A short form of `python -m tests.sessions`: many sessions, random calls, kills of applications and the gateway."""

from __future__ import annotations

from pathlib import Path

from tests.sessions.__main__ import run
from tests.sessions.run import Plan


def test_nothing_is_lost_doubled_or_in_the_wrong_session(tmp_path: Path) -> None:
    plan = Plan(
        seed=7,
        calls=60,
        sessions=4,
        clients=4,
        applications=("freecad",),
        kill_application=15,
        kill_gateway=40,
    )
    done = run(plan, tmp_path / "state", max_awake=2)
    assert done.wrong == []
    assert done.kills["application"] > 0
