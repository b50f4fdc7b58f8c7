"""After a death everything is as it was: not a count of objects, but all that the application knows of its document."""

from __future__ import annotations

from typing import Any

from tests.faults.conftest import Session
from tests.faults.documents import change_by_requests, fill_by_code
from tests.faults.whole_state import assert_same, differences, execute
from tests.gateway import eventually


def test_everything_is_there_again_after_a_death_from_a_snapshot_and_from_the_log(session: Session) -> None:
    session.state.prepare()
    fill_by_code(session)
    made = session.state.read()
    session.kill()
    assert_same(made, session.state.read(), "from a snapshot")

    change_by_requests(session)
    changed = session.state.read()
    assert differences(made, changed)
    session.kill()
    assert_same(changed, session.state.read(), "from the log")
    session.gateway.stop()
    session.gateway.start()
    assert_same(changed, session.state.read(), "after a restart of the gateway")


def test_everything_is_there_again_after_a_snapshot_that_was_written_while_changes_went_on(session: Session) -> None:
    session.state.prepare()
    execute(session.client, "import cadgate.appserver.snapshot_times as limits\nlimits.MAX_REPLAY_SECONDS = 0.1")
    fill_by_code(session)
    change_by_requests(session)
    method = {"blender": "primitives.cube", "freecad": "primitives.box"}[session.adapter]
    batch: dict[str, Any] = {"calls": [{"method": method, "params": {}}] * 50}
    before = generations(session)

    def is_written() -> bool:
        session.post("/batch", batch)
        return generations(session) != before

    eventually(is_written, seconds=60, what="a snapshot while changes go on")
    made = session.state.read()
    session.kill()
    assert_same(made, session.state.read(), "from a snapshot that was written beside")
    log = session.gateway.state_dir / "logs" / f"{session.adapter}.log"
    assert "could not write it" not in log.read_text("utf-8", "replace")


def generations(session: Session) -> list[str]:
    return sorted(path.name for path in session.journal.glob("gen-*"))
