"""The short form of `bench.memory`: processes that work for long hold no more than those that have worked a little."""

from __future__ import annotations

import pytest

from bench.memory import measure
from tests.gateway import Gateway


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_no_process_grows_beyond_noise(gateway: Gateway, adapter: str) -> None:
    rows = measure(gateway, adapter, 0.012)
    # The gateway's own processes and the application's; workers of other tests may come and go meanwhile.
    assert {row.who for row in rows} >= {"gateway", adapter}
    assert [row for row in rows if row.who != "others" and not row.passes] == []
