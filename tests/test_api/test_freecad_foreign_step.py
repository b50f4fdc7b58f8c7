"""An assembly that another program wrote as STEP: to GLB and USDZ, and through a change back to STEP."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import httpx
import numpy
import pytest

from tests.freecad_calls import get, patch, post
from tests.gateway import Gateway
from tests.step_reader import step_tree
from tests.step_writer import write_step
from tests.test_api.test_freecad_scenes import shown, step_colors, step_names, tree_of

GLTF2 = cast("Any", import_module("pygltflib")).GLTF2
trimesh = cast("Any", import_module("trimesh"))
FRAME = {"Würfel ✓": None, "Шар": None}
TREE = {"Gerät 装置": {"Träger Ø": FRAME, "底板": None}}
COLORS = {"Würfel ✓": {"#d02010", "#2060c0"}, "Шар": {"#20a040"}, "底板": {"#ffff0080"}}


@pytest.fixture(scope="module")
def step(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("step") / "gerät.step"
    write_step(path)
    return path.read_bytes()


def colors_of(gltf: Any) -> dict[str, set[str]]:
    return {
        node.name: {shown(gltf.materials[p.material].pbrMetallicRoughness.baseColorFactor) for p in mesh.primitives}
        for node in gltf.nodes
        if node.mesh is not None
        for mesh in [gltf.meshes[node.mesh]]
    }


def furthest_from_the_ball(data: bytes, center: list[float]) -> float:
    """How far the middles of triangles and edges of the ball are from its surface, mm."""
    scene: Any = trimesh.load(io.BytesIO(data), file_type="glb")
    far = 0.0
    balls = 0
    for node in scene.graph.nodes_geometry:
        place, name = scene.graph[node]
        mesh = scene.geometry[name]
        points = trimesh.transformations.transform_points(mesh.vertices, place) * 1000
        if numpy.allclose((points.min(axis=0) + points.max(axis=0)) / 2, center, atol=0.2) and len(points) > 100:
            balls += 1
            corners = points[mesh.faces]
            middles = [corners.mean(axis=1), *((corners[:, n] + corners[:, n - 1]) / 2 for n in range(3))]
            far = max(far, *(float(abs(numpy.linalg.norm(each - center, axis=1) - 10).max()) for each in middles))
    assert balls == 1
    return far


@pytest.mark.parametrize("deflection", [0.5, 0.05])
def test_a_foreign_assembly_becomes_a_glb_with_its_tree_names_and_colours(
    gateway: Gateway, step: bytes, deflection: float
) -> None:
    with gateway.client("/api/v1") as api:
        options = f'{{"linear_deflection": {deflection}, "angular_deflection": 3}}'
        answer = api.post(
            "/convert",
            params={"to": "glb", "options": options},
            files={"file": ("gerät.step", step)},
            headers={"Accept": "model/gltf-binary"},
        )
        assert answer.status_code == 200, answer.text
        data = answer.content
    gltf = GLTF2.load_from_bytes(data)
    assert tree_of(gltf, gltf.scenes[0].nodes) == TREE
    assert len(gltf.nodes) == 8
    assert colors_of(gltf) == COLORS
    # Metres, Y up: [x, z, -y] of the file.
    assert furthest_from_the_ball(data, [15, 32, -15]) <= deflection
    assert furthest_from_the_ball(data, [75, 32, -15]) <= deflection


def test_a_change_between_two_step_files_keeps_colours_and_names(
    freecad: httpx.Client, step: bytes, tmp_path: Path
) -> None:
    answer = freecad.post("/import", files={"file": ("gerät.step", step)}).json()["result"]
    assert (answer["warnings"], len(answer["objects"])) == ([], 5)
    ball = next(each for each in answer["objects"] if each["label"] == "Шар")
    cube = next(each for each in answer["objects"] if each["label"] == "Würfel ✓")
    patch(freecad, ball["name"], location=[0, 0, 5], label="Шар выше", color="#102030")
    edges = {"type": "line", "at": "top"}
    rounded = post(freecad, "/features/chamfer", object=cube["name"], label="Würfel ✗", size=2, edges=edges)
    assert rounded["volume"] < 8000
    made = post(freecad, "/export", format="step")
    path = tmp_path / "changed.step"
    path.write_bytes(freecad.get(f"../artifacts/{made['artifact']['id']}").content)
    nodes = step_tree(path)
    [root, made_of_one] = nodes[0]["children"]
    assert (root["name"], made_of_one["name"]) == ("Gerät 装置", "Würfel ✗")
    assert [step_names([each]) for each in root["children"]] == [
        {"Träger Ø": {"Шар выше": None}},
        {"Träger Ø": FRAME},
        {"底板": None},
    ]
    assert step_colors(nodes) == {**COLORS, "Würfel ✗": COLORS["Würfel ✓"], "Шар выше": {"#102030"}}
    assert get(freecad, f"/objects/{ball['name']}")["bounding_box"]["min"][2] == pytest.approx(-5, abs=1e-6)
