"""The order in which the workers of a run take the files."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import schedule


def test_every_listed_file_is_there() -> None:
    missing = [file for file in schedule.listed() if not (schedule.ROOT / file).exists()]
    assert missing == [], "run scripts/test.sh --keep-durations, or remove the lines from tests/durations.json"


def test_workers_take_the_longest_file_first_and_its_tests_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "listed", lambda: {"b.py": 30})
    given = ["a.py::one", "a.py::two", "b.py::z", "b.py::a", "c.py::one", "c.py::two", "c.py::three"]
    items = [SimpleNamespace(nodeid=nodeid) for nodeid in given]
    alone = list(items)
    schedule.pytest_collection_modifyitems(SimpleNamespace(), alone)  # type: ignore[arg-type] - no worker
    assert alone == items
    schedule.pytest_collection_modifyitems(SimpleNamespace(workerinput={}), items)  # type: ignore[arg-type]
    assert [item.nodeid for item in items] == ["b.py::z", "b.py::a", *given[4:], *given[:2]]
