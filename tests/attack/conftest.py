"""The gateway that the short forms share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attack.ground import Ground, ground


@pytest.fixture(scope="session")
def on() -> Iterator[Ground]:
    """A gateway with keys, without a sandbox: what holds there does not lean on the second wall."""
    with ground() as made:
        yield made
