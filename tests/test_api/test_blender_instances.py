"""Collections that are shown again, here and in files, and custom properties that files carry both ways."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, cast

import httpx
import numpy
import pytest
import trimesh

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.ogawa_reader import Abc

COUNT = """
graph = bpy.context.evaluated_depsgraph_get()
sorted(round(each.matrix_world.translation.x, 3) for each in graph.object_instances if each.object.type == "MESH")
"""


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


@pytest.fixture
def parts(blender: httpx.Client) -> httpx.Client:
    """A collection with two cubes."""
    post(blender, "/collections", name="Parts")
    for name, place in (("One", 0), ("Two", 3)):
        post(blender, "/primitives/cube", name=name, size=1, location=[place, 0, 0], collection="Parts")
    return blender


def test_a_collection_is_shown_again_and_follows_its_changes(
    parts: httpx.Client, http: httpx.Client, gateway: Gateway
) -> None:
    made = post(parts, "/collections/Parts/instances", name="Again", location=[10, 0, 0])
    assert (made["name"], made["type"], made["location"]) == ("Again", "EMPTY", [10, 0, 0])
    assert evaluate(gateway, COUNT) == [0, 3, 10, 13]
    assert parts.patch("/objects/Two", json={"location": [4, 0, 0]}).status_code == 200
    assert evaluate(gateway, COUNT) == [0, 4, 10, 14]
    exported = post(parts, "/export", format="glb")
    loaded: Any = cast("Any", trimesh).load(
        BytesIO(http.get(exported["artifact"]["url"]).content), file_type="glb", force="mesh"
    )
    assert loaded.bounds[:, 0] == pytest.approx([-0.5, 14.5], abs=1e-5)


def test_an_instance_is_undone_and_rolled_back(parts: httpx.Client) -> None:
    post(parts, "/collections/Parts/instances", name="Again")
    assert post(parts, "/undo")["undone"] == "collections.instance"
    assert parts.get("/objects").json()["result"]["total"] == 2
    calls = [
        {"method": "collections.instance", "params": {"source": "Parts", "name": "Again"}},
        {"method": "objects.delete", "params": {"name": "Nobody"}},
    ]
    assert parts.post("/batch", json={"calls": calls, "atomic": True}).status_code == 404
    assert parts.get("/objects").json()["result"]["total"] == 2


def test_a_collection_that_would_show_itself_is_refused(parts: httpx.Client) -> None:
    post(parts, "/collections", name="Inner", parent="Parts")
    for body in ({"collection": "Parts"}, {"collection": "Inner"}):
        answer = parts.post("/collections/Parts/instances", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
        assert "show itself" in answer.json()["error"]["message"]
    assert parts.post("/collections/Scene Collection/instances", json={}).status_code == 422
    assert parts.post("/collections/Nothing/instances", json={}).status_code == 404


def test_a_collection_that_goes_names_what_showed_it(parts: httpx.Client) -> None:
    post(parts, "/collections/Parts/instances", name="Again")
    warnings = parts.delete("/collections/Parts").json()["result"]["warnings"]
    assert [each["code"] for each in warnings] == ["instances_empty"]
    assert "'Again'" in warnings[0]["message"]


@pytest.fixture
def shown_twice(parts: httpx.Client) -> httpx.Client:
    """The two cubes, shown again twice as large and turned by a quarter, and mirrored."""
    post(parts, "/collections/Parts/instances", name="Again", location=[10, 0, 0], rotation=[0, 0, 90], scale=[2, 2, 2])
    post(parts, "/collections/Parts/instances", name="Back", location=[0, -10, 0], scale=[-1, 1, 1])
    return parts


PLACES = [(-3, -10, 0, 1), (0, -10, 0, 1), (0, 0, 0, 1), (3, 0, 0, 1), (10, 0, 0, 2), (10, 6, 0, 2)]
"""The middle of each cube of `shown_twice`, and the length of its edges."""


def cubes(content: bytes, format: str) -> list[tuple[float, ...]]:
    """The middle of each cube of a file, and the length of its edges, which its volume confirms."""
    whole: Any = cast("Any", trimesh).load(BytesIO(content), file_type=format, force="mesh", process=False)
    found: list[tuple[float, ...]] = []
    pending = [numpy.round(each, 4) for each in numpy.array(whole.triangles)]
    while pending:
        # Two cubes share no corner.
        corners, cube = {tuple(each) for each in pending[0]}, list[Any]()
        while touching := [each for each in pending if corners & {tuple(corner) for corner in each}]:
            corners |= {tuple(corner) for each in touching for corner in each}
            cube += touching
            pending = [each for each in pending if not any(each is other for other in touching)]
        part = numpy.array(cube)
        low, high = part.min(axis=(0, 1)), part.max(axis=(0, 1))
        x, y, z = (low + high) / 2
        edge = (high - low)[0]
        assert numpy.linalg.det(part - (low + high) / 2).sum() / 6 == pytest.approx(edge**3, rel=1e-5)
        found.append((x, -z, y, edge) if format in ("obj", "glb") else (x, y, z, edge))
    return sorted(tuple(round(float(value), 4) + 0 for value in row) for row in found)


@pytest.mark.parametrize("format", ["obj", "ply", "stl", "glb"])
def test_each_instance_is_at_its_place_in_a_file(shown_twice: httpx.Client, http: httpx.Client, format: str) -> None:
    exported = post(shown_twice, "/export", format=format)
    assert exported["objects"] == ["Again", "Back", "One", "Two"]
    assert cubes(http.get(exported["artifact"]["url"]).content, format) == PLACES
    exported = post(shown_twice, "/export", format=format, objects=["Two", "Again"])
    assert cubes(http.get(exported["artifact"]["url"]).content, format) == PLACES[3:]


def test_each_instance_is_at_its_place_in_alembic_files_every_time(
    shown_twice: httpx.Client, http: httpx.Client, tmp_path: Path
) -> None:
    path, written = tmp_path / "scene.abc", set[bytes]()
    for _ in range(6):
        exported = post(shown_twice, "/export", format="abc")
        written.add(http.get(exported["artifact"]["url"]).content)
    path.write_bytes(written.pop())
    assert not written
    found: list[tuple[float, ...]] = []
    # Those with the same name are one after another.
    for corners in [each for same in Abc(path).seen([1]).values() for each in same]:
        low, high = corners[:, :3].min(axis=0), corners[:, :3].max(axis=0)
        found.append(tuple(round(float(each), 4) + 0 for each in (*(low + high) / 2, (high - low)[0])))
    assert sorted(found) == PLACES


def materials_in(http: httpx.Client, exported: dict[str, Any]) -> dict[tuple[int, int], set[str]]:
    """The materials of the faces of an .obj file at each place: x and y, rounded, Z up. "" is none."""
    points: list[tuple[float, ...]] = []
    found: dict[tuple[int, int], set[str]] = {}
    material = ""
    for line in http.get(exported["artifact"]["url"]).text.splitlines():
        word, *rest = line.split()
        if word == "v":
            points.append(tuple(float(each) for each in rest[:3]))
        elif word == "usemtl":
            (material,) = rest
        elif word == "f":
            corners = [points[int(each.partition("/")[0]) - 1] for each in rest]
            # Cubes with edges of 1 whose middles are at whole numbers: no corner is nearer to another one.
            x, z = (sorted(corner[axis] for corner in corners) for axis in (0, 2))
            place = round((x[0] + x[-1]) / 2 + 0.01), round(-(z[0] + z[-1]) / 2 + 0.01)
            found.setdefault(place, set()).add(material)
    return found


def test_a_material_does_not_spread_to_other_instances_in_an_obj_file(parts: httpx.Client, http: httpx.Client) -> None:
    post(parts, "/materials", name="Red")
    post(parts, "/materials/apply", object="Two", material="Red")
    post(parts, "/collections/Parts/instances", name="Again", location=[0, 50, 0])
    post(parts, "/collections/Parts/instances", name="More", location=[0, 90, 0])
    found = materials_in(http, post(parts, "/export", format="obj"))
    assert {each for (x, _), each in ((place, *names) for place, names in found.items()) if x > 1} == {"Red"}
    assert {each for (x, _), each in ((place, *names) for place, names in found.items()) if x <= 1} == {""}
    assert {round(y, -1) for _, y in found} == {0, 50, 90}


def test_a_material_does_not_spread_from_a_parent_in_an_obj_file(blender: httpx.Client, http: httpx.Client) -> None:
    post(blender, "/materials", name="Red")
    for name, place in (("Child", 0), ("Other", 10), ("Parent", 20)):
        post(blender, "/primitives/cube", name=name, size=0.5, location=[place, 0, 0])
    post(blender, "/materials/apply", object="Parent", material="Red")
    assert blender.patch("/objects/Child", json={"parent": "Parent"}).status_code == 200
    found = materials_in(http, post(blender, "/export", format="obj"))
    assert found == {(0, 0): {""}, (10, 0): {""}, (20, 0): {"Red"}}


def test_what_a_collection_cuts_is_cut_in_an_obj_file(
    parts: httpx.Client, http: httpx.Client, gateway: Gateway
) -> None:
    post(parts, "/primitives/cube", name="Body", size=4)
    evaluate(
        gateway,
        """
cut = bpy.data.objects["Body"].modifiers.new("Cut", "BOOLEAN")
cut.operand_type, cut.collection, cut.solver = "COLLECTION", bpy.data.collections["Parts"], "EXACT"
None
""",
    )
    exported = post(parts, "/export", format="obj", objects=["Body", "One"])
    whole: Any = cast("Any", trimesh).load(
        BytesIO(http.get(exported["artifact"]["url"]).content), file_type="obj", force="mesh"
    )
    # The body without the cube in its middle (the other one is outside), and that cube.
    assert whole.volume == pytest.approx(4**3 - 1 + 1, rel=1e-5)


def test_custom_properties_come_back_from_gltf_files(blender: httpx.Client, http: httpx.Client) -> None:
    post(blender, "/primitives/cube", name="Part")
    properties = {"part": "A-12", "mass": 2.5, "count": 3, "sizes": [1, 2, 3], "words": ["a", "b"], "spare": True}
    assert blender.patch("/objects/Part", json={"properties": properties}).status_code == 200
    for format in ("glb", "gltf"):
        exported = post(blender, "/export", format=format)
        content = http.get(exported["artifact"]["url"]).content
        blender.delete("/scene")
        answer = blender.post("/import", files={"file": (f"part.{format}", content)})
        assert answer.status_code == 200, answer.text
        (made,) = answer.json()["result"]["objects"]
        assert made["properties"] == properties
