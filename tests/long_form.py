"""The long form of the tests: `scripts/test.sh --long`, or `pytest --long FILE`.

Where a test tries very many cases of one kind, a run without `--long` tries some of each kind, the same ones each time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import pytest

T = TypeVar("T")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="try every case, also where some of each kind are enough")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the cases that are marked as long."""
    left_out = [] if config.getoption("--long") else [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(scope="session")
def long_form(request: pytest.FixtureRequest) -> bool:
    """Whether every case is to be tried."""
    return bool(request.config.getoption("--long"))


def some_of_each(cases: Iterable[T], kind: Callable[[T], Hashable], most: int = 1) -> list[T]:
    """At most `most` cases of each kind, spread over all of that kind, the first among them."""
    by_kind: dict[Hashable, list[T]] = defaultdict(list)
    for case in cases:
        by_kind[kind(case)].append(case)
    return [
        mine[number * len(mine) // min(most, len(mine))]
        for mine in by_kind.values()
        for number in range(min(most, len(mine)))
    ]
