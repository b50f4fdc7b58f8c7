"""Tests that every adapter must pass, on a real gateway with the real application.

    from cadgate.testing.conformance import Conformance

    class TestConformance(Conformance):
        creates = "primitives.cube"

`conftest.py` has `pytest_plugins = ["cadgate.testing"]` and the fixture `cadgate_adapter_name`.
"""

from __future__ import annotations

from cadgate.testing.conformance.calls import Calls
from cadgate.testing.conformance.contract import Contract
from cadgate.testing.conformance.doors import Doors
from cadgate.testing.conformance.survival import Survival


class Conformance(Survival, Doors, Calls, Contract):
    """The suite. A subclass whose name starts with `Test` is collected.

    `creates`: the method that creates something with a name (default: the first that works without parameters), and
    `creation_params`: its parameters. `exempt`: what the application cannot do, each with the reason, which is shown
    for the skipped tests. `suite.CAPABILITIES` lists what can be exempted; the name of a method exempts it from having
    a route.
    """

    # pytest runs the tests of the last base first, so those that kill the application run last.


__all__ = ["Conformance"]
