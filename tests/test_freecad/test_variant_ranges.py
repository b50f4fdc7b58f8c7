"""How the rows of variants are divided among workers."""

from __future__ import annotations

import pytest

from cadgate_freecad.routers.variants import CHUNK, row_ranges


@pytest.mark.parametrize("count", [1, 2, 7, 39, 100, 1234])
def test_rows_are_divided_into_ranges_that_get_shorter_at_the_end(count: int) -> None:
    ranges = row_ranges(count)
    assert [number for each in ranges for number in each] == list(range(count))
    sizes = [len(each) for each in ranges]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] <= CHUNK
    assert sizes[-1] == 1
