"""The tests that every adapter must pass."""

from __future__ import annotations

from cadgate.testing.conformance import Conformance

NO_DOCUMENT = "OpenSCAD keeps nothing between two evaluations: the source comes with each request"


class TestConformance(Conformance):
    """OpenSCAD, which is a process per evaluation."""

    exempt = {
        "creation": NO_DOCUMENT,
        "revisions": NO_DOCUMENT,
        "undo": NO_DOCUMENT,
        "atomic": "no request changes anything, so there is nothing that a batch could take back",
        "events": "no objects stay that could be told of; renders are told on the topic `render`",
        "recovery": NO_DOCUMENT,
    }
