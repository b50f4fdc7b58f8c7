"""What checks of booleans are made of: which points a solid holds, and which flat faces are sound."""

from __future__ import annotations

import httpx
import pytest

from tests.freecad_calls import run
from tests.gateway import Gateway

SOLIDS = {
    "a plate with holes and a slot": """
solid = Part.makeBox(40, 20, 5)
for n in range(5):
    solid = solid.cut(Part.makeCylinder(1.5, 9, V(4 + 7 * n, 6 + n, -2)))
slot = Part.makeBox(12, 3, 9, V(10, 15, -2)).fuse(Part.makeCylinder(1.5, 9, V(10, 16.5, -2)))
solid = solid.cut(slot.fuse(Part.makeCylinder(1.5, 9, V(22, 16.5, -2))))
""",
    "a turned block with a hole across a hole": """
solid = Part.makeBox(20, 20, 20).cut(Part.makeCylinder(5, 40, V(10, 10, -10)))
solid = solid.cut(Part.makeCylinder(3, 40, V(-10, 10, 10), V(1, 0, 0)))
solid.rotate(V(1, 2, 3), V(1, 1, 0.3), 37)
""",
    "a block with a ball's and a cone's hollow": """
solid = Part.makeBox(20, 20, 20).cut(Part.makeSphere(6, V(10, 10, 20)))
solid = solid.cut(Part.makeCone(1, 5, 10, V(4, 4, -1)))
""",
    "a shell round a void": """
solid = Part.makeBox(20, 20, 20).cut(Part.makeBox(10, 10, 10, V(5, 5, 5)))
""",
    "a part of a cylinder": """
solid = Part.makeCylinder(10, 10, V(0, 0, 0), V(0, 0, 1), 250).cut(Part.makeBox(3, 30, 30, V(2, -15, 5)))
""",
}
POINTS = """
import Part, random
from FreeCAD import Vector as V
from cadgate_freecad.app.verification import rays
from cadgate_freecad.app.verification.sides import facts
{solid}
[(one, sides)] = facts(solid).solids
box, chance = one.BoundBox, random.Random(5)
wrong, told, held = [], 0, 0
for _ in range(300):
    point = V(*(chance.uniform(low - 1, high + 1) for low, high in (
        (box.XMin, box.XMax), (box.YMin, box.YMax), (box.ZMin, box.ZMax))))
    answer = rays.holds(sides, point)
    if answer is not None:
        told, held = told + 1, held + answer
        if answer != one.isInside(point, 1e-7, False):
            wrong.append(list(point))
[wrong, told, held]
"""


@pytest.mark.parametrize("solid", SOLIDS.values(), ids=SOLIDS)
def test_rays_tell_what_the_kernels_classifier_tells(freecad: httpx.Client, gateway: Gateway, solid: str) -> None:
    wrong, told, held = run(gateway, POINTS.format(solid=solid))
    assert wrong == []
    assert told > 290
    assert 30 < held < 270


FACES: dict[str, tuple[str, list[tuple[float, float, float]], bool]] = {
    "holes within": ("[(0, 0), (9, 0), (9, 9), (0, 9)]", [(3, 3, 1), (6, 6, 1)], True),
    "a hole over the rim": ("[(0, 0), (9, 0), (9, 9), (0, 9)]", [(0, 3, 1)], False),
    "a hole outside": ("[(0, 0), (9, 0), (9, 9), (0, 9)]", [(12, 3, 1)], False),
    "a hole in a hole": ("[(0, 0), (9, 0), (9, 9), (0, 9)]", [(4, 4, 3), (4, 4, 1)], False),
    "holes that cross": ("[(0, 0), (9, 0), (9, 9), (0, 9)]", [(4, 4, 1), (5, 4, 1)], False),
    "a bow tie": ("[(0, 0), (9, 9), (9, 0), (0, 9)]", [], False),
    "there and back": ("[(0, 0), (9, 0), (4, 0), (4, 9)]", [], False),
}
OUTLINES = """
import Part
from FreeCAD import Vector as V
from cadgate_freecad.app.verification import validity
from cadgate_freecad.app.verification.outlines import Outline
points = [V(x, y, 0) for x, y in {corners}]
wires = [Part.Wire(Part.makePolygon([*points, points[0]]).Edges)]
wires += [Part.Wire(Part.makeCircle(r, V(x, y, 0))) for x, y, r in {holes}]

class Face:
    def childShapes(self):
        return wires

validity._is_clear(Outline(Face(), Part.Plane()), {{}})
"""


@pytest.mark.parametrize(("corners", "holes", "sound"), FACES.values(), ids=FACES)
def test_an_outline_that_crosses_itself_is_not_sound(
    freecad: httpx.Client, gateway: Gateway, corners: str, holes: list[tuple[float, float, float]], sound: bool
) -> None:
    assert run(gateway, OUTLINES.format(corners=corners, holes=holes)) is sound


TURNED = """
import re
import Part
from cadgate_freecad.app.verification import validity
from cadgate_freecad.app.verification.sides import Facts
text = Part.makeBox(1, 2, 3).exportBrepToString()
before, shell, after = text.partition("\\nSh\\n")
faces, star, after = after.partition("*")
def valid(faces):
    shape = Part.Shape()
    shape.importBrepFromString(before + shell + faces + star + after)
    return [validity.is_valid(Facts(shape), []), shape.isValid()]
[valid(faces), valid(re.sub(r"([+-])(\\d+ 0)", lambda found: "+-"[found[1] == "+"] + found[2], faces, count=1))]
"""


def test_a_face_that_is_turned_round_is_not_valid(freecad: httpx.Client, gateway: Gateway) -> None:
    assert run(gateway, TURNED) == [[True, True], [False, False]]
