"""The table of docs/VERSIONS.md is written cell by cell, and counts what a run of pytest reported."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PAGE = """Before.
<!-- table: begin -->
| version | application | tests | restored | faults |
| --- | --- | --- | --- | --- |
| one-1.0 | One 1.0 | 5 passed | not tried | not tried |
<!-- table: end -->
After.
"""
REPORT = """<testsuites><testsuite>
<testcase name="test_a[x]"/><testcase name="test_a[y]"><failure/></testcase>
<testcase name="test_b"><error/></testcase><testcase name="test_c"><skipped message="no display"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(scope="module")
def table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("versions_table", ROOT / "scripts" / "versions_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_cell_has_its_own_column_and_the_rest_stays(table: ModuleType) -> None:
    page = PAGE
    for column, cell in (("application", "One 1.0.1"), ("restored", "2 | 3"), ("faults", "none")):
        page = table.put(page, "one-1.0", column, cell)
    assert "| one-1.0 | One 1.0.1 | 5 passed | 2 / 3 | none |" in page
    page = table.put(page, "two-2.0", "tests", "7 passed")
    assert "| two-2.0 | not tried | 7 passed | not tried | not tried |" in page
    assert page.startswith("Before.\n")
    assert page.endswith("\nAfter.\n")


def test_failures_and_skips_are_counted_with_their_names_and_reasons(table: ModuleType, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert table.counted(report) == "1 passed, **2 failed** (test_a, test_b), 1 skipped (no display)"
    assert "without a report" in table.counted(tmp_path / "missing.xml")
