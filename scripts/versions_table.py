"""Puts what scripts/test_versions.sh saw into the table of docs/VERSIONS.md: a row per version, a cell per kind of run.

versions_table.py ROW COLUMN REPORT.xml [EXIT_CODE]   counts from a report of pytest
versions_table.py ROW COLUMN "text"                   any other text, such as why it did not run
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "VERSIONS.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
COLUMNS = ("application", "tests", "restored", "faults")
NOT_TRIED = "not tried"


def counted(report: Path) -> str:
    """Return `123 passed, 2 skipped (why; why)` of a report of pytest, with the names of what failed."""
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return "**ended without a report**"
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = [reason for case in cases if (reason := case.find("skipped")) is not None]
    text = f"{len(cases) - len(failed) - len(skipped)} passed"
    if failed:
        names = sorted({case.get("name", "").partition("[")[0] for case in failed})
        text += f", **{len(failed)} failed** ({', '.join(names[:8])}{' …' if len(names) > 8 else ''})"
    if skipped:
        whys = sorted({reason.get("message", "") for reason in skipped})
        text += f", {len(skipped)} skipped ({'; '.join(whys)})"
    return text


def put(page: str, row: str, column: str, cell: str) -> str:
    """Return the page with one cell of its table replaced; a row that is not there is added."""
    before, _, rest = page.partition(BEGIN)
    table, _, after = rest.partition(END)
    lines = [line for line in table.strip().splitlines() if line]
    rows = {(cells := [each.strip() for each in line.strip("|").split("|")])[0]: cells for line in lines[2:]}
    cells = rows.setdefault(row, [row, *[NOT_TRIED] * len(COLUMNS)])
    cells[COLUMNS.index(column) + 1] = cell.replace("|", "/").replace("\n", " ")
    body = [f"| {' | '.join(each)} |" for each in rows.values()]
    return f"{before}{BEGIN}\n" + "\n".join([*lines[:2], *body]) + f"\n{END}{after}"


def main(row: str, column: str, seen: str) -> None:
    """Write one cell, and print it."""
    cell = counted(Path(seen)) if seen.endswith(".xml") else seen
    PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), row, column, cell), encoding="utf-8")
    print(f"{row}: {column}: {cell}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
