"""A boolean's volume is the one that formulas and another kernel give, or the answer says what is wrong."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import httpx
import manifold3d
import numpy
import pytest

from tests.blender_code import evaluate
from tests.blender_solids import exported
from tests.gateway import Gateway

OPERATIONS = ("difference", "union", "intersect")
SOLVERS = ("exact", "fast")


def add(blender: httpx.Client, primitive: str, /, **params: Any) -> dict[str, Any]:
    answer = blender.post(f"/primitives/{primitive}", json=params)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def boolean(blender: httpx.Client, operation: str, solver: str = "exact", **more: Any) -> httpx.Response:
    return blender.post("/objects/A/boolean", json={"object": "B", "operation": operation, "solver": solver, **more})


def warnings(answer: httpx.Response) -> list[str]:
    return [each["code"] for each in answer.json()["result"]["warnings"]]


def by_manifold(first: Any, second: Any, operation: str) -> float:
    """The volume that another kernel gives."""
    one, other = (
        manifold3d.Manifold(manifold3d.Mesh(numpy.asarray(each.vertices, "f4"), numpy.asarray(each.faces, "u4")))
        for each in (first, second)
    )
    made = {"difference": lambda: one - other, "union": lambda: one + other, "intersect": lambda: one ^ other}
    return float(made[operation]().volume())


def overlap(place: tuple[float, float, float], size: float) -> float:
    """What a cube of `size` at `place` has in common with one of edge 2 at the origin."""
    return prod(max(0.0, min(1, at + size / 2) - max(-1, at - size / 2)) for at in place)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("place", "size"),
    [((1, 0, 0), 2), ((1, 1, 0), 2), ((0.5, 0.5, 0.5), 2), ((0.5, 0, 0), 1), ((0, 0, 1.5), 1), ((0, 0, 0), 1)],
)
def test_cubes_with_faces_in_one_plane_have_the_volume_of_the_formula(
    blender: httpx.Client, place: tuple[float, float, float], size: float, operation: str, solver: str
) -> None:
    add(blender, "cube", name="A")
    add(blender, "cube", name="B", location=place, size=size)
    common = overlap(place, size)
    right = {"difference": 8 - common, "union": 8 + size**3 - common, "intersect": common}[operation]

    answer = boolean(blender, operation, solver)

    if right == 0:
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "degenerate_result")
        return
    assert answer.status_code == 200, answer.text
    assert exported(blender, "A").volume == pytest.approx(right, rel=1e-5)
    assert set(warnings(answer)) <= {"other_solver", "no_effect"}


def test_a_wrong_result_of_the_fast_solver_is_replaced_and_told(blender: httpx.Client) -> None:
    add(blender, "cube", name="A")
    add(blender, "cube", name="B", location=[1, 0, 0])

    answer = boolean(blender, "union", "fast")

    assert warnings(answer) == ["other_solver"]
    assert exported(blender, "A").volume == pytest.approx(12)


TOUCHING = {
    "a sphere inside that touches six faces": ("sphere", {"segments": 16, "rings": 8}),
    "an ico sphere inside that touches": ("sphere", {"kind": "ico", "subdivisions": 3}),
    "a cone that touches an edge": ("cone", {"vertices": 4, "location": [2, 1, 0]}),
    "a cylinder of the same height": ("cylinder", {"vertices": 32}),
    "a turned cube": ("cube", {"rotation": [45, 0, 0]}),
    "a torus through the faces": ("torus", {"major_segments": 24, "minor_segments": 8}),
    "a thin rod": ("cylinder", {"radius": 0.002, "depth": 5, "vertices": 16}),
    "a mirrored wedge": ("cone", {"vertices": 3, "scale": [-1, 1, 1], "location": [0.3, 0.2, 0.1]}),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("case", TOUCHING)
def test_volumes_are_those_of_another_kernel(blender: httpx.Client, case: str, operation: str) -> None:
    kind, params = TOUCHING[case]
    add(blender, "cube", name="A")
    add(blender, kind, name="B", **params)
    right = by_manifold(exported(blender, "A"), exported(blender, "B"), operation)

    answer = boolean(blender, operation)

    if right < 1e-9:
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "degenerate_result")
    else:
        assert answer.status_code == 200, answer.text
        assert exported(blender, "A").volume == pytest.approx(right, rel=2e-5)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("operation", ["difference", "union"])
def test_what_overlaps_itself_counts_once(blender: httpx.Client, operation: str, solver: str) -> None:
    """Five cubes of edge 1 in a row, each over half of the next one, are a bar of 3."""
    add(blender, "cube", name="A", size=1)
    blender.post("/objects/A/modifiers", json={"type": "array", "count": 5, "constant_offset": [0.5, 0, 0]})
    blender.patch("/objects/A/modifiers/Array", json={"relative_offset": [0, 0, 0]})
    add(blender, "cube", name="B", size=0.5, location=[1, 0, 0.5])

    answer = boolean(blender, operation, solver)

    assert answer.status_code == 200, answer.text
    part = 0.5 * 0.5 * 0.25
    assert exported(blender, "A").volume == pytest.approx(3 - part if operation == "difference" else 3 + part, rel=1e-5)


@pytest.mark.parametrize("inside_out", ["A", "B"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_mesh_whose_faces_look_inwards_is_turned_and_told(
    blender: httpx.Client, operation: str, inside_out: str
) -> None:
    corners = [list(each) for each in product((-1, 1), repeat=3)]
    faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    for name, shift in (("A", 0.0), ("B", 0.5)):
        points = [[x + shift, y + shift, z + shift] for x, y, z in corners]
        turned = [face[::-1] for face in faces] if name == inside_out else faces
        assert blender.post("/meshes", json={"name": name, "vertices": points, "faces": turned}).status_code == 201
    common = 1.5**3

    answer = boolean(blender, operation)

    assert answer.status_code == 200, answer.text
    assert warnings(answer) == ["inverted_normals"]
    right = {"difference": 8 - common, "union": 16 - common, "intersect": common}[operation]
    assert exported(blender, "A").volume == pytest.approx(right, rel=1e-5)


def test_an_open_mesh_is_combined_with_the_warning_that_nothing_was_checked(blender: httpx.Client) -> None:
    add(blender, "grid", name="A", x_subdivisions=2, y_subdivisions=2)
    add(blender, "cylinder", name="B", radius=0.5, vertices=64)

    answer = boolean(blender, "difference")

    assert answer.status_code == 200, answer.text
    assert warnings(answer) == ["open_mesh"]
    hole = 32 * 0.25 * numpy.sin(2 * numpy.pi / 64)
    assert exported(blender, "A").area == pytest.approx(4 - hole, rel=1e-4)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_shear_and_mirror_of_parents_are_heeded(blender: httpx.Client, operation: str) -> None:
    blender.post("/primitives/empty", json={"name": "P"})
    add(blender, "cube", name="A", size=3)
    add(blender, "cube", name="B", size=1, rotation=[45, 0, 0])
    blender.patch("/objects/B", json={"parent": "P"})
    blender.patch("/objects/P", json={"scale": [-1, 1, 3]})

    answer = boolean(blender, operation)

    # Below the parent a cube of edge 1 that was turned by 45 degrees is as wide as before and three times as high:
    # in YZ a rhombus with the diagonals sqrt(2) and 3 sqrt(2), of which the square of 3 cuts off both tips.
    half, high = 2**0.5 / 2, 3 * 2**0.5 / 2
    tip = (high - 1.5) ** 2 * half / high
    volume, common = 3.0, 3.0 - 2 * tip
    right = {"difference": 27 - common, "union": 27 + volume - common, "intersect": common}[operation]
    assert answer.status_code == 200, answer.text
    assert exported(blender, "A").volume == pytest.approx(right, rel=1e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_identical_meshes(blender: httpx.Client, solver: str) -> None:
    for name in ("A", "B"):
        add(blender, "sphere", name=name, segments=12, rings=6)
    before = exported(blender, "A").volume

    empty = boolean(blender, "difference", solver)
    same = boolean(blender, "union", solver)

    assert (empty.status_code, empty.json()["error"]["code"]) == (422, "degenerate_result")
    assert "empty" in empty.json()["error"]["message"]
    assert "no_effect" in warnings(same)
    assert exported(blender, "A").volume == pytest.approx(before, rel=1e-5)


def test_an_object_without_thickness_is_refused_and_nothing_changes(blender: httpx.Client) -> None:
    add(blender, "cube", name="A")
    add(blender, "cube", name="B", scale=[1, 1, 0])
    before = blender.get("/objects").json()["result"]

    answer = boolean(blender, "difference", delete_other=True)

    assert answer.status_code == 422
    assert "scale of 0" in answer.json()["error"]["message"]
    assert blender.get("/objects").json()["result"] == before


@pytest.mark.parametrize("verify", ["fast", "full"])
def test_many_holes_are_all_there(blender: httpx.Client, gateway: Gateway, verify: str) -> None:
    add(blender, "cube", name="A", size=2, scale=[10, 10, 0.5])
    add(blender, "cylinder", name="B", radius=0.2, depth=4, vertices=12, location=[-8, -8, 0])
    for offset in ([1.9, 0, 0], [0, 1.9, 0]):
        blender.post("/objects/B/modifiers", json={"type": "array", "count": 9, "constant_offset": offset})
    hole = 12 / 2 * 0.2**2 * numpy.sin(2 * numpy.pi / 12)

    answer = boolean(blender, "difference", verify=verify)

    assert answer.status_code == 200, answer.text
    assert exported(blender, "A").volume == pytest.approx(400 - 81 * hole, rel=1e-5)
    left = "[len(bpy.data.meshes), len(bpy.data.scenes), len(bpy.data.objects)]"
    assert evaluate(gateway, left) == [2, 1, 2]


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_boolean_modifier_is_checked_when_it_is_applied(blender: httpx.Client, solver: str) -> None:
    add(blender, "cube", name="A")
    add(blender, "cube", name="B", location=[1, 0, 0])
    modifier = {"type": "boolean", "object": "B", "operation": "union", "solver": solver}
    added = blender.post("/objects/A/modifiers", json=modifier)
    assert added.status_code == 201
    assert warnings(added) == (["wrong_result"] if solver == "fast" else [])

    answer = blender.post("/objects/A/modifiers/Boolean/apply")

    assert answer.status_code == 200, answer.text
    assert warnings(answer) == (["other_solver"] if solver == "fast" else [])
    assert exported(blender, "A").volume == pytest.approx(12)


def test_a_modifier_that_leaves_nothing_is_not_applied(blender: httpx.Client, gateway: Gateway) -> None:
    add(blender, "cube", name="A")
    evaluate(
        gateway,
        "o = bpy.data.objects['A']; o.vertex_groups.new(name='G'); m = o.modifiers.new('Mask', 'MASK')\n"
        "m.vertex_group = 'G'; 1",
    )

    answer = blender.post("/objects/A/modifiers/Mask/apply")

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "degenerate_result")
    assert blender.get("/objects/A").json()["result"]["faces"] == 6


def test_a_live_boolean_is_checked_anew_when_its_settings_change(blender: httpx.Client) -> None:
    add(blender, "cube", name="A")
    add(blender, "cube", name="B", location=[1, 0, 0])
    added = blender.post("/objects/A/modifiers", json={"type": "boolean", "object": "B", "operation": "union"})
    assert warnings(added) == []

    changed = blender.patch("/objects/A/modifiers/Boolean", json={"solver": "fast"})

    assert warnings(changed) == ["wrong_result"]
    assert warnings(blender.patch("/objects/A/modifiers/Boolean", json={"solver": "exact"})) == []
    assert exported(blender, "A").volume == pytest.approx(12)
