"""How CSV files are read as tables of variants."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadgate.plugin import ValidationFailed
from cadgate_freecad.routers.tables import Line, read_table


def lines(folder: Path, text: str) -> list[Line]:
    path = folder / "table.csv"
    path.write_bytes(text.encode())
    return read_table(path, "table.csv", 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", [(2, {"a": "1", "b": "2"})]),
        ("a;b\n1,5;2\n", [(2, {"a": "1,5", "b": "2"})]),
        ("a\tb\r\n1\t\r\n", [(2, {"a": "1", "b": ""})]),
        ("a\n1\n", [(2, {"a": "1"})]),
        ('\ufeff"a","b;c;d"\n"x, y","say ""hi"""\n', [(2, {"a": "x, y", "b;c;d": 'say "hi"'})]),
        ("\n\na,b\n\n1,2\n,\n\n3,4", [(5, {"a": "1", "b": "2"}), (8, {"a": "3", "b": "4"})]),
        ('a,b\n"1\n1",2\n3,4\n', [(2, {"a": "1\n1", "b": "2"}), (4, {"a": "3", "b": "4"})]),
        ("a,b,,\n1,2,,\n3,4\n", [(2, {"a": "1", "b": "2"}), (3, {"a": "3", "b": "4"})]),
        ("a,b\n", []),
        ("", []),
    ],
)
def test_cells_by_the_names_of_their_columns(
    tmp_path: Path, text: str, expected: list[tuple[int, dict[str, str]]]
) -> None:
    assert lines(tmp_path, text) == [Line(number, cells) for number, cells in expected]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n\n1,2,3\n", "Line 4 .* 3 cells"),
        ("a,b\n1\n", "Line 2 .* 1 cells"),
        ("a,,b\n1,2,3\n", "Line 1 .*column 2 has no name"),
        ("a,b,\n1,2,3\n", "Line 2 .* 3 cells"),
        ("a,b,a\n1,2,3\n", "Line 1 .*two columns are called 'a'"),
        ('a,b\n1,2\n"1,2\n', "Line 3 .*quotes"),
        ("a\n1\n2\n3\n4\n5\n6\n", "more than 5 rows"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ValidationFailed, match=words):
        lines(tmp_path, text)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(b"a,b\n\xff\xfe,2\n")
    with pytest.raises(ValidationFailed, match="UTF-8"):
        read_table(tmp_path / "table.csv", "table.csv", 5)
