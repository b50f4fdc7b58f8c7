"""After a death everything is as it was: not a count of objects, but all that the application knows of its document."""

from __future__ import annotations

from tests.faults.conftest import Session
from tests.faults.documents import change_by_requests, fill_by_code
from tests.faults.whole_state import assert_same, differences


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
