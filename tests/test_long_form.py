"""What a run tries of very many cases, and what it leaves to `--long`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests import long_form


def test_some_of_each_kind_are_spread_over_it_and_begin_with_its_first() -> None:
    cases = [*range(10), *"abc", 0.5]
    assert long_form.some_of_each(cases, type, most=3) == [0, 3, 6, "a", "b", "c", 0.5]
    assert long_form.some_of_each(cases, type) == [0, "a", 0.5]


@pytest.mark.parametrize("every", [False, True])
def test_cases_that_are_marked_as_long_are_left_out_without_the_option(every: bool) -> None:
    told: list[Any] = []
    hook = SimpleNamespace(pytest_deselected=lambda items: told.extend(items))
    config: Any = SimpleNamespace(getoption=lambda name: {"--long": every}[name], hook=hook)
    short, long = (SimpleNamespace(get_closest_marker={name: True}.get) for name in ("short", "long"))
    items: Any = [short, long]
    long_form.pytest_collection_modifyitems(config, items)
    assert (items, told) == (([short, long], []) if every else ([short], [long]))
