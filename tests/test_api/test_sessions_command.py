"""`cadgate sessions`, as an operator uses it."""

from __future__ import annotations

from tests.gateway import Gateway
from tests.test_api.keyed import cadgate


def test_sessions_are_made_listed_suspended_forked_and_deleted(gateway: Gateway) -> None:
    def run(*arguments: str) -> list[str]:
        return cadgate(gateway.state_dir, "sessions", *arguments).stdout.split("\n")[:-1]

    (made,) = run("create", "freecad", "--name", "By command", "--label", "who=me")
    (line,) = run("list", "--label", "who=me")
    assert line.split() == [made, "freecad", "ready", "0", "local", "By", "command"]
    assert run("suspend", made) == [f"{made}  suspended"]
    assert run("list", "--state", "suspended", "--label", "who=me")
    (fork,) = run("fork", made, "--name", "Second")
    assert run("resume", made) == [f"{made}  ready"]
    (other,) = run("create", "freecad", "--from-session", made)
    assert len({made, fork, other}) == 3
    assert run("delete", made, fork, other) == [f"{each}  deleted" for each in (made, fork, other)]
    assert run("list", "--label", "who=me") == []
