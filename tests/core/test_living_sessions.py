"""Sessions by owner: a list of one owner's does not look at those of others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from cadgate.dispatch.kept_session import KeptSession
from cadgate.dispatch.living import LivingSessions


class Watched:
    """A session that notes when somebody looks at its record."""

    def __init__(self, identifier: str, owner: str) -> None:
        self.id = identifier
        self.looks = 0
        self._record = SimpleNamespace(owner=owner)

    @property
    def record(self) -> Any:
        self.looks += 1
        return self._record


def of(living: LivingSessions, owner: str) -> list[str]:
    return [each.id for each in living.of(owner)]


@pytest.fixture
def sessions() -> list[Watched]:
    return [Watched("a1", "ada"), Watched("b1", "ben"), Watched("a2", "ada"), Watched("b2", "ben")]


@pytest.fixture
def living(sessions: list[Watched]) -> LivingSessions:
    living = LivingSessions()
    for each in sessions:
        living.add(cast(KeptSession, each))
    return living


def test_an_owners_list_touches_no_session_of_others(living: LivingSessions, sessions: list[Watched]) -> None:
    before = [each.looks for each in sessions]
    assert of(living, "ada") == ["a1", "a2"]
    assert of(living, "nobody") == []
    assert [each.looks for each in sessions] == before


def test_removed_sessions_are_gone_from_every_view(living: LivingSessions) -> None:
    living.remove("a1")
    living.remove("never")
    assert ("a1" in living, len(living), of(living, "ada")) == (False, 3, ["a2"])
    living.remove("a2")
    assert of(living, "ada") == []
    assert [each.id for each in living] == ["b1", "b2"]


def test_sessions_may_end_while_all_are_visited(living: LivingSessions) -> None:
    for each in living:
        living.remove(each.id)
    assert len(living) == 0
