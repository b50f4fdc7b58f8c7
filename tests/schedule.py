"""The order in which the workers of a run take the files: the longest first, so that none is left with one at the end.

A worker runs whole files (`--dist loadfile`), so that the tests of a file share a gateway. `durations.json` has the
seconds of those that take longer than a few; `scripts/test.sh --keep-durations` writes it anew. It need not be exact.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DURATIONS = Path(__file__).parent / "durations.json"
A_TEST = 0.1
"""The seconds of a test in a file that is not listed."""
LISTED = 10
"""Files that take less are not worth a line."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep-durations", action="store_true", help="write tests/durations.json after the run")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--keep-durations") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Durations())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort what a worker of several has collected; all of them do it alike. The order within a file stays."""
    if not hasattr(config, "workerinput"):
        return
    known = listed()
    tests = Counter(file_of(item.nodeid) for item in items)
    seconds = {file: known.get(file, A_TEST * count) for file, count in tests.items()}
    items.sort(key=lambda item: (-seconds[file_of(item.nodeid)], file_of(item.nodeid)))


def listed() -> dict[str, float]:
    """The seconds of the files that take longest."""
    return json.loads(DURATIONS.read_text())


def file_of(nodeid: str) -> str:
    """The file of a test, from the root of the repository."""
    return nodeid.partition("::")[0]


class Durations:
    """Adds up how long the tests of each file take."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[file_of(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        others = {file: seconds for file, seconds in listed().items() if file not in self.seconds}
        known = sorted({**others, **self.seconds}.items(), key=lambda each: -each[1])
        kept = {file: round(seconds) for file, seconds in known if seconds >= LISTED and (ROOT / file).exists()}
        DURATIONS.write_text(json.dumps(kept, indent=2) + "\n")
