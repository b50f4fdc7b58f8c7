"""Files of triangles, read by trimesh and plain XML with the points as they are in the file: nothing is merged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import trimesh

from tests.gateway import Gateway
from tests.test_api.file_readers import read_mesh
from tests.test_api.freecad_parts import Truth, content, document, export, make_parts, post

FORMATS = ("stl", "ply", "obj", "3mf", "amf")
KINDS = ("Placed", "Rotated", "Plate", "Ring", "Rod", "Loft", "Mirrored", "Pair", "Body")
Parts = tuple[httpx.Client, dict[str, Truth]]


@pytest.fixture(scope="module")
def parts(gateway: Gateway) -> Iterator[Parts]:
    with document(gateway, "Meshes") as client:
        yield client, make_parts(client)


def check(mesh: Any, truth: Truth, deflection: float) -> None:
    """Closed by index, outside out, in its place, and as large as the deflection allows."""
    within = 1.2 * deflection if truth.curved else 1e-4
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    # No triangle is further off than the deflection: neither is the volume, by more than the area times that.
    assert abs(mesh.volume - truth.volume) <= mesh.area * within
    assert list(mesh.bounds[0]) == pytest.approx(truth.low, abs=within)
    assert list(mesh.bounds[1]) == pytest.approx(truth.high, abs=within)
    assert list(mesh.center_mass) == pytest.approx(truth.center, abs=2 * within)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", KINDS)
def test_the_triangles_of_an_object_are_closed_and_in_place(parts: Parts, name: str, format: str) -> None:
    client, truth = parts
    result = export(client, objects=[name], format=format, linear_deflection=0.2, angular_deflection=0.6)
    [(label, mesh)] = read_mesh(content(client, result), format).items()
    if name == "Pair" and format == "stl":
        # Two cubes along one edge: points that a reader merges by their place close four triangles there.
        assert mesh.volume == pytest.approx(2000)
    else:
        check(mesh, truth[name], 0.2)
    assert len(mesh.faces) == result["facets"]
    assert result["warnings"] == []
    if format in ("3mf", "amf"):
        assert label == truth[name].label


@pytest.mark.parametrize("deflection", [1.0, 0.05])
def test_a_bracket_with_fillets_is_closed_coarse_or_fine_straight_or_turned(parts: Parts, deflection: float) -> None:
    client, _ = parts
    if client.get("/objects/Bracket").status_code == 404:
        post(client, "/primitives/box", name="Foot", length=40, width=40, height=10)
        post(client, "/primitives/box", name="Back", length=40, width=10, height=40)
        post(client, "/boolean/union", name="Angle", object1="Foot", object2="Back")
        for number, x in enumerate((10, 20, 30)):
            post(client, "/primitives/cylinder", name=f"Hole{number}", radius=2.5, height=20, location=[x, 25, -1])
        post(client, "/boolean/subtract", name="Drilled", objects=["Angle", "Hole0", "Hole1", "Hole2"])
        upright = {"parallel_to": [0, 0, 1], "type": "line", "min_length": 10}
        post(client, "/features/fillet", name="Bracket", object="Drilled", radius=2, edges=upright)
    for rotation in ([0, 0, 0], [10, 20, 30]):
        assert client.patch("/objects/Bracket", json={"rotation": rotation}).status_code == 200
        for format in ("ply", "3mf"):
            how = {"linear_deflection": deflection, "angular_deflection": 0.5}
            result = export(client, objects=["Bracket"], format=format, **how)
            [mesh] = read_mesh(content(client, result), format).values()
            assert mesh.is_watertight
            assert mesh.volume > 0
            assert result["warnings"] == []


@pytest.mark.parametrize("format", ["obj", "3mf", "amf"])
def test_two_objects_arrive_as_two_by_their_labels(parts: Parts, format: str) -> None:
    client, truth = parts
    data = content(client, export(client, objects=["Rotated", "Plate"], format=format, linear_deflection=0.2))
    found = read_mesh(data, format)
    assert list(found) == [truth["Rotated"].label, "Plate"]
    for name, mesh in zip(("Rotated", "Plate"), found.values(), strict=True):
        check(mesh, truth[name], 0.2)


def test_blender_finds_the_two_objects_of_an_obj(parts: Parts, gateway: Gateway) -> None:
    client, _ = parts
    artifact = export(client, objects=["Placed", "Body"], format="obj")["artifact"]
    with gateway.client("/api/v1/blender") as blender:
        assert blender.delete("/scene").status_code == 200
        response = blender.post("/import", json={"artifact": artifact["id"]})
        assert response.status_code == 200, response.text
        found = {each["name"]: each["vertices"] for each in response.json()["result"]["objects"]}
        assert found == {"Placed": 8, "Body": 8}
        assert blender.delete("/scene").status_code == 200


@pytest.mark.parametrize("format", ["stl", "ply"])
def test_two_objects_in_one_mesh_both_stand_in_place(parts: Parts, format: str) -> None:
    client, truth = parts
    data = content(client, export(client, objects=["Placed", "Plate"], format=format, linear_deflection=0.2))
    [mesh] = read_mesh(data, format).values()
    for name, faces in (("Placed", mesh.faces[:12]), ("Plate", mesh.faces[12:])):
        piece = trimesh.Trimesh(mesh.vertices, faces, process=False)
        piece.remove_unreferenced_vertices()
        check(piece, truth[name], 0.2)


def test_solids_that_touch_in_a_face_an_edge_or_a_point_stay_closed_each(parts: Parts) -> None:
    client, _ = parts
    places = {"Corner": [10, 10, 10], "Edge": [10, 10, 0], "Face": [10, 0, 0]}
    post(client, "/primitives/box", name="Middle", location=[0, 0, 900])
    for name, (x, y, z) in places.items():
        post(client, "/primitives/box", name=name, location=[x, y, z + 900])
    names = ["Middle", *places]
    [mesh] = read_mesh(content(client, export(client, objects=names, format="ply")), "ply").values()
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(4000)
    post(client, "/boolean/union", name="Touching", objects=["Middle", "Edge"])
    result = export(client, objects=["Touching"], format="ply")
    [mesh] = read_mesh(content(client, result), "ply").values()
    assert mesh.is_watertight
    assert result["warnings"] == []


def test_a_solid_that_touches_itself_is_the_only_one_with_a_warning(parts: Parts) -> None:
    client, _ = parts
    post(client, "/primitives/box", name="Frame", length=30, width=30, location=[0, 0, 1200])
    post(client, "/primitives/box", name="Window0", height=12, location=[5, 5, 1199])
    post(client, "/primitives/box", name="Window1", height=12, location=[15, 15, 1199])
    post(client, "/boolean/subtract", name="Windows", objects=["Frame", "Window0", "Window1"])
    [warning] = export(client, objects=["Windows", "Placed"], format="ply")["warnings"]
    assert warning["code"] == "not_watertight"
    assert "'Windows'" in warning["message"]
    assert "'Placed'" not in warning["message"]


def test_thin_walls_and_narrow_gaps_survive(parts: Parts) -> None:
    client, _ = parts
    post(client, "/primitives/box", name="Foil", length=50, width=50, height="1 um", location=[0, 0, 1500])
    post(client, "/primitives/box", name="Block", location=[100, 0, 1500])
    post(client, "/primitives/box", name="Slit", length=0.001, width=12, height=8, location=[105, -1, 1504])
    post(client, "/boolean/subtract", name="Slotted", object1="Block", object2="Slit")
    for name, volume in (("Foil", 2.5), ("Slotted", 1000 - 0.001 * 10 * 6)):
        [mesh] = read_mesh(content(client, export(client, objects=[name], format="3mf")), "3mf").values()
        assert mesh.is_watertight
        assert mesh.volume == pytest.approx(volume, abs=0.01)
        assert np.ptp(mesh.vertices, axis=0).min() > 0


def test_far_from_the_origin_the_points_keep_their_digits_or_a_warning_says_that_they_do_not(parts: Parts) -> None:
    client, _ = parts
    where = [123456.789, -234567.891, 345678.912]
    post(client, "/primitives/cylinder", name="Far", radius=3, height=10, location=where)
    for format in ("3mf", "amf"):
        result = export(client, objects=["Far"], format=format)
        [mesh] = read_mesh(content(client, result), format).values()
        assert mesh.is_watertight
        assert result["warnings"] == []
        low = [where[0] - 3, where[1] - 3, where[2]]
        assert list(mesh.bounds[0]) == pytest.approx(low, abs=0.11, rel=0)
        assert np.ptp(mesh.vertices[:, 2]) == pytest.approx(10, abs=1e-5)
    for format in ("stl", "ply"):
        [warning] = export(client, objects=["Far", "Placed"], format=format)["warnings"]
        assert warning["code"] == "precision_lost"
        assert "'Far'" in warning["message"]
