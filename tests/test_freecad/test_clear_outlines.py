"""Outlines of flat faces: none that cross or touch are called clear, and others need no other check."""

from __future__ import annotations

import pytest

from tests.test_freecad.freecad_scripts import told_by

SCRIPT = """
import json, os, sys
sys.path[:0] = FOLDERS
try:
    from cadgate_freecad.app.preferences import prepare
    prepare()
    import FreeCAD, Part
    from cadgate_freecad.app.verification import validity
    from cadgate_freecad.app.verification.outlines import Outline

    V = FreeCAD.Vector

    class Face:
        def __init__(self, wires):
            self.wires = wires

        def childShapes(self):
            return self.wires

    def circle(x, radius, y=0.0):
        return Part.Wire([Part.makeCircle(radius, V(x, y, 0))])

    def arcs(x, radius):
        ends = [V(x + radius, 0, 0), V(x, radius, 0), V(x - radius, 0, 0), V(x, -radius, 0)]
        return Part.Wire([Part.Arc(*ends[:3]).toShape(), Part.Arc(ends[2], ends[3], ends[0]).toShape()])

    square = Part.makePolygon([V(-20, -20, 0), V(20, -20, 0), V(20, 20, 0), V(-20, 20, 0), V(-20, -20, 0)])
    clear = {
        "a hole": [circle(0, 20), circle(3, 5)], "two holes": [circle(0, 20), circle(-6, 5), circle(6, 5)],
        "near the rim": [circle(0, 20), circle(14.9, 5)], "in a square": [square, circle(14.9, 5)],
        "in the corner of a square": [square, circle(14.9, 5, 14.9)], "no hole": [circle(0, 20)],
    }
    crossing = {
        "over the rim": [circle(0, 20), circle(18, 5)], "touching inside": [circle(0, 20), circle(15, 5)],
        "holes that cross": [circle(0, 20), circle(-4, 5), circle(4, 5)],
        "the same twice": [circle(0, 20), circle(0, 20)],
        "holes that touch": [circle(0, 20), circle(-5, 5), circle(5, 5)], "over the edge": [square, circle(18, 5)],
        "touching the edge": [square, circle(15, 5)], "over a corner": [square, circle(22, 5, 22)],
        "round a square": [square, circle(0, 22)], "over arcs": [arcs(0, 20), circle(18, 5)],
        "a hole in a hole": [circle(0, 20), circle(0, 8), circle(1, 5)], "side by side": [circle(0, 5), circle(20, 5)],
    }
    told = {
        group: {name: validity._is_clear(Outline(Face(wires), Part.Plane()), {}) for name, wires in cases.items()}
        for group, cases in (("clear", clear), ("crossing", crossing))
    }
    with open(os.path.join(FOLDER, "told.json"), "w") as file:
        json.dump(told, file)
except BaseException:
    import traceback
    traceback.print_exc()
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bool]]:
    """Which outlines are called clear."""
    return told_by(SCRIPT, tmp_path_factory.mktemp("outlines"))


def test_outlines_that_keep_apart_are_clear(told: dict[str, dict[str, bool]]) -> None:
    assert {name for name, clear in told["clear"].items() if not clear} == set()


def test_outlines_that_cross_or_touch_are_not(told: dict[str, dict[str, bool]]) -> None:
    assert len(told["crossing"]) == 12
    assert {name for name, clear in told["crossing"].items() if clear} == set()
