"""CSV files as tables: the lines below a first one with names, and errors that name the line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cadgate.plugin import ValidationFailed

_DELIMITERS = ",;\t"
_HEAD = 65536


@dataclass(frozen=True)
class Line:
    """A line below the first one: its number in the file, and its cells by the names of their columns."""

    number: int
    cells: dict[str, str]


def read_table(path: Path, title: str, most: int) -> list[Line]:
    """Return the lines of a CSV file in UTF-8, with commas, semicolons or tabs; empty ones are left out.

    Raises ValidationFailed, with the number of the line, for what is no table: cells without a column or too few, two
    columns of one name, quotes without an end. `title` is what the file is called in messages.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_lines(file, title, most))
    except UnicodeDecodeError:
        raise ValidationFailed(f"The table {title!r} is not a CSV file in UTF-8") from None


def _lines(file: TextIO, title: str, most: int) -> Iterator[Line]:
    def wrong(number: int, problem: str) -> ValidationFailed:
        return ValidationFailed(f"Line {number} of {title!r}: {problem}")

    delimiter = _delimiter(file)
    records = csv.reader(file, delimiter=delimiter, strict=True)
    names: list[str] | None = None
    count, start = 0, 1
    while True:
        try:
            record = next(records, None)
        except csv.Error as error:
            raise wrong(start, f"{error}; check its quotes") from None
        if record is None:
            return
        number, start = start, records.line_num + 1
        cells = [cell.strip() for cell in record]
        while cells and not cells[-1] and (names is None or len(cells) > len(names)):
            cells.pop()
        if not any(cells):
            continue
        if names is None:
            names = cells
            problem = _problem(names)
            if problem:
                raise wrong(number, problem)
            continue
        if len(cells) != len(names):
            hint = "" if len(cells) > len(names) else "; a cell that is left empty keeps the value of the document"
            raise wrong(number, f"it has {len(cells)} cells, and the first line names {len(names)} columns{hint}")
        count += 1
        if count > most:
            raise ValidationFailed(f"{title!r} has more than {most} rows; there must be 1 to {most}")
        yield Line(number, dict(zip(names, cells, strict=True)))


def _delimiter(file: TextIO) -> str:
    """Return what separates the names of the first line, and go back to the start of the file."""
    first = next((line for line in file.read(_HEAD).splitlines() if line.strip()), "")
    file.seek(0)
    return max(_DELIMITERS, key=lambda each: _width(first, each))


def _width(line: str, delimiter: str) -> int:
    try:
        return max((len(record) for record in csv.reader([line], delimiter=delimiter, strict=True)), default=0)
    except csv.Error:
        return 0


def _problem(names: list[str]) -> str | None:
    if "" in names:
        return f"column {names.index('') + 1} has no name: the first line names the parameters"
    twice = next((name for name in names if names.count(name) > 1), None)
    return None if twice is None else f"two columns are called {twice!r}"
