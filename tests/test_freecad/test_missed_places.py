"""Booleans of splines: a result that leaves out a place where they meet is found, and a right one is not refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.test_freecad.freecad_scripts import told_by

SCRIPT = """
import json, math, os, sys
sys.path[:0] = FOLDERS
try:
    from cadgate_freecad.app.preferences import prepare
    prepare()
    import FreeCAD, Part
    from cadgate.appserver import AppError
    from cadgate_freecad.app.verification import booleans, columns
    from cadgate_freecad.app.verification.judging import Judge, Outcome

    V = FreeCAD.Vector

    def ring(radii):
        turns = [2 * math.pi * i / len(radii) for i in range(len(radii))]
        points = [V(x * math.cos(t), y * math.sin(t), 0) for (x, y), t in zip(radii, turns)]
        curve = Part.BSplineCurve()
        curve.interpolate(points, PeriodicFlag=True)
        return Part.Wire(curve.toShape())

    def pipe(points, radii):
        curve = Part.BSplineCurve()
        curve.interpolate([V(*each) for each in points])
        first = curve.FirstParameter
        profile = ring(radii)
        profile.Placement = FreeCAD.Placement(
            curve.value(first), FreeCAD.Rotation(V(0, 0, 1), curve.tangent(first)[0])
        )
        made = Part.Wire(curve.toShape()).makePipeShell([profile], True, False)
        made = made if made.ShapeType == "Solid" else made.Solids[0]
        if made.Volume < 0:
            made.reverse()
        return made

    HOOK = [(0, 0, 0), (0, 0, 10), (3.5, 0, 14.5), (10, 0, 15), (13, 0, 10), (13, 0, 0)]
    hook = pipe(HOOK, [(3, 2.8), (3.1, 3), (2.9, 3.2), (3, 3)])
    bar = pipe([(-6, 0.5, 5), (6, 0, 6), (20, -0.5, 5)], [(2, 1.8), (2.1, 2), (1.9, 2), (2, 2)])
    shared = hook.common(bar)
    one = shared.Solids[0]
    cases = {
        "common": ("common", shared),
        "common without one": ("common", one),
        "cut": ("cut", hook.cut(bar)),
        "cut at one": ("cut", hook.cut(one)),
        "fuse": ("fuse", hook.fuse(bar)),
        "fuse with one": ("fuse", hook.fuse(one)),
    }
    told = {"places": len(shared.Solids)}
    for name, (operation, result) in cases.items():
        told[name] = columns.mismatch(operation, Judge(Outcome(operation, [hook, bar], result, ["A", "B"])))

    # OpenCASCADE 7.6 leaves out a part of what these share.
    one = pipe(HOOK, [(3.364, 2.825), (3.1, 3.54), (3.472, 3.555), (2.901, 3.333), (3.429, 3.338), (2.816, 3.105)])
    two = pipe(
        [(0, 0, 0), (4, 2, 6), (-3, -1, 12), (2, 0, 18)],
        [(2.521, 2.568), (3.087, 2.705), (3.221, 2.997), (2.991, 2.75), (3.137, 2.787), (2.666, 2.58)],
    )
    two.Placement = FreeCAD.Placement(
        V(10.162, 3.136, -2.463), FreeCAD.Rotation(V(-2.3074, 0.0869, 0.6411), 3.8733)
    )
    result, point = one.common(two), V(13.185, 3.328, 3.535)

    # The parameters of these are lengths, of more than 2π: they are no angles.
    rod = pipe(
        [(0, 0, 0), (0.544, 0, 10), (0, 0.247, 20)],
        [(3.398, 3.677), (3.266, 2.929), (3.098, 3.267), (3.627, 3.009), (3.558, 3.487), (3.43, 3.327)],
    )
    bow = pipe(HOOK, [(2.928, 2.532), (2.874, 2.897), (2.899, 3.122), (3.125, 2.821), (2.92, 3.012), (2.938, 3.141)])
    bow.Placement = FreeCAD.Placement(
        V(0.6458, -0.4318, 2.4689), FreeCAD.Rotation(V(-0.4244, -0.5662, -2.1302), 100.8918)
    )
    union = rod.fuse(bow)
    told["union"] = [union.Volume, rod.Volume + bow.Volume - rod.common(bow).Volume]
    try:
        booleans.check(Outcome("fuse", [rod, bow], union, ["A", "B"]))
        told["of the union"] = "held"
    except AppError as error:
        told["of the union"] = error.message
    told["point"] = [each.isInside(point, 1e-6, False) for each in (one, two, result)]
    try:
        booleans.check(Outcome("common", [one, two], result, ["A", "B"]))
        told["verdict"] = "held"
    except AppError as error:
        told["verdict"] = error.code
except BaseException as error:
    told = {"error": repr(error)}
with open(os.path.join(FOLDER, "told.json"), "w") as file:
    json.dump(told, file)
os._exit(0)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found = told_by(SCRIPT, tmp_path_factory.mktemp("missed"))
    assert "error" not in found, found
    return found


@pytest.mark.parametrize("operation", ["common", "cut", "fuse"])
def test_a_right_result_of_splines_that_meet_at_two_places_holds(told: dict[str, Any], operation: str) -> None:
    assert (told["places"], told[operation]) == (2, None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("common without one", "has no material at"),
        ("cut at one", "has material at"),
        ("fuse with one", "has no material at"),
    ],
)
def test_a_place_that_a_result_leaves_out_is_found(told: dict[str, Any], name: str, words: str) -> None:
    assert words in told[name]


def test_what_opencascade_leaves_out_of_two_splines_is_refused(told: dict[str, Any]) -> None:
    *operands, result = told["point"]
    assert operands == [True, True]
    assert told["verdict"] == ("held" if result else "degenerate_result")


def test_a_right_union_of_splines_with_long_parameters_is_not_refused(told: dict[str, Any]) -> None:
    union, sum_of_parts = told["union"]
    assert union == pytest.approx(sum_of_parts, rel=1e-3)
    assert told["of the union"] == "held"
