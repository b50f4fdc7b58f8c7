"""Unions of solids that are apart: what proves them right, and wrong results that it must not accept."""

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
    from cadgate.appserver import AppError
    from cadgate_freecad.app.verification import apart, booleans
    from cadgate_freecad.app.verification.sides import facts

    V = FreeCAD.Vector

    def rod(x, radius=2.0):
        return Part.makeCylinder(radius, 10, V(x, 0, 0))

    one, two, three = rod(0), rod(10), Part.makeBox(3, 3, 3, V(0, 20, 0))
    moved = one.copy(False)
    moved.Placement = FreeCAD.Placement(V(0, -20, 0), FreeCAD.Rotation())
    apart_operands = [one, two, Part.makeCompound([three, moved])]
    right = one.multiFuse(apart_operands[1:])
    larger, beside = rod(10, 2.5), Part.makeBox(3, 3, 3, V(2, 0, 0))
    around = Part.makeBox(30, 30, 30, V(-15, -15, -15))
    cases = {
        "right": (apart_operands, right),
        "one missing": (apart_operands, Part.makeCompound(right.Solids[:-1])),
        "one twice": (apart_operands, Part.makeCompound([*right.Solids[:-1], right.Solids[0]])),
        "one moved": (
            apart_operands, Part.makeCompound([*right.Solids[:-1], right.Solids[-1].translated(V(0, -1, 0))])
        ),
        "one larger": ([one, two], Part.makeCompound([one, larger])),
        "one replaced by a box": (
            [one, three], Part.makeCompound([one, Part.makeBox(27, 1, 1, V(0, 20, 0))])
        ),
        "a face left over": ([one, two], Part.makeCompound([one, two, three.Faces[0]])),
        "a shell": ([one, two], Part.makeCompound([one, two.Shells[0]])),
        "inside out": ([one, three], Part.makeCompound([one, three.reversed()])),
        "overlapping": ([one, rod(1)], Part.makeCompound([one, rod(1)])),
        "touching": ([one, beside], Part.makeCompound([one, beside])),
        "one within another": ([around, one], Part.makeCompound([around, one])),
    }
    told = {}
    for name, (operands, result) in cases.items():
        made = booleans.Outcome("fuse", operands, result, ["A", "B", "C"])
        known = [facts(each) for each in operands]
        proved = apart.is_proved("fuse", known, facts(result, known))
        try:
            booleans.check(made, level="fast")
            told[name] = [proved, "held"]
        except AppError as error:
            told[name] = [proved, error.code]
    for operation in ("cut", "common"):
        known = [facts(each) for each in apart_operands]
        told[operation] = [apart.is_proved(operation, known, facts(right, known)), "-"]
    broken = Part.Solid(Part.Shell(three.Faces[:-1]))
    told["valid"] = [booleans.is_valid(booleans.Outcome("fuse", [one, two], Part.makeCompound([one, two]), [])), "-"]
    told["invalid"] = [
        booleans.is_valid(booleans.Outcome("fuse", [one, broken], Part.makeCompound([one, broken]), [])), "-"
    ]
    with open(os.path.join(FOLDER, "told.json"), "w") as file:
        json.dump(told, file)
except BaseException:
    import traceback
    traceback.print_exc()
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bool, str]]:
    """For each result, whether it is proved at once, and what the whole check says of it."""
    return {name: (proved, said) for name, (proved, said) in told_by(SCRIPT, tmp_path_factory.mktemp("apart")).items()}


def test_solids_that_are_apart_and_all_there_are_a_union(told: dict[str, tuple[bool, str]]) -> None:
    assert told["right"] == (True, "held")
    assert told["valid"][0]


@pytest.mark.parametrize(
    "name", ["one missing", "one twice", "one moved", "one larger", "inside out", "overlapping", "one within another"]
)
def test_a_wrong_union_is_refused(told: dict[str, tuple[bool, str]], name: str) -> None:
    assert told[name] == (False, "degenerate_result")


@pytest.mark.parametrize("name", ["one replaced by a box", "a face left over", "a shell", "touching", "cut", "common"])
def test_nothing_else_is_proved_at_once(told: dict[str, tuple[bool, str]], name: str) -> None:
    assert told[name][0] is False


def test_a_solid_with_an_open_shell_is_not_valid(told: dict[str, tuple[bool, str]]) -> None:
    assert told["invalid"][0] is False
