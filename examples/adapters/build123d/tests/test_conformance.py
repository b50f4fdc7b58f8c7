"""The tests that every adapter must pass."""

from __future__ import annotations

from cadgate.testing.conformance import Conformance


class TestConformance(Conformance):
    """build123d, which can do everything that is tested."""

    creates = "primitives.box"
