"""What this adapter is for, on the real build123d: solids, booleans, fillets, files both ways, events."""

from __future__ import annotations

import json
import math

import httpx
import pytest
from websockets.sync.client import connect


class Scene:
    """The adapter's routes, without the envelope."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def made(self, path: str, body: dict | None = None, **more: object) -> dict:
        answer = self.client.post(path, json=body, **more) if body is not None else self.client.post(path, **more)
        assert answer.is_success, answer.text
        return answer.json()["result"]

    def refused(self, path: str, body: dict, status: int) -> dict:
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()["error"]


@pytest.fixture
def scene(cadgate_client: httpx.Client) -> Scene:
    """Without solids."""
    for one in cadgate_client.get("/objects").json()["result"]["objects"]:
        cadgate_client.delete(f"/objects/{one['name']}")
    return Scene(cadgate_client)


def test_primitives_have_the_volume_of_their_formula(scene: Scene) -> None:
    box = scene.made("/primitives/box", {"size": [40, 30, 5], "center": [0, 0, 2.5]})
    assert (box["name"], box["volume"], box["faces"]) == ("Box", 6000, 6)
    assert box["bounds"] == [[-20, -15, 0], [20, 15, 5]]
    assert scene.made("/primitives/cylinder", {"radius": 3, "height": 20})["volume"] == pytest.approx(180 * math.pi)
    assert scene.made("/primitives/sphere", {"radius": 3})["volume"] == pytest.approx(36 * math.pi)


@pytest.mark.parametrize(
    ("operation", "volume"),
    [("cut", 6000 - 45 * math.pi), ("common", 45 * math.pi), ("fuse", 6000 + 135 * math.pi)],
)
def test_booleans_keep_their_operands_and_have_the_volume_of_the_formula(
    scene: Scene, operation: str, volume: float
) -> None:
    scene.made("/primitives/box", {"name": "Plate", "size": [40, 30, 5]})
    scene.made("/primitives/cylinder", {"name": "Pin", "radius": 3, "height": 20})
    made = scene.made("/booleans", {"operation": operation, "objects": ["Plate", "Pin"], "name": "Part"})
    assert (made["volume"], made["solids"]) == (pytest.approx(volume), 1)
    names = [one["name"] for one in scene.client.get("/objects").json()["result"]["objects"]]
    assert names == ["Plate", "Pin", "Part"]


def test_what_leaves_nothing_or_cannot_be_made_is_refused_and_changes_nothing(scene: Scene) -> None:
    box = scene.made("/primitives/box", {"name": "Box"})
    scene.made("/primitives/sphere", {"name": "Far", "center": [100, 0, 0]})
    nothing = scene.refused("/booleans", {"operation": "common", "objects": ["Box", "Far"]}, 422)
    assert (nothing["code"], "leaves no solid" in nothing["message"]) == ("degenerate_result", True)
    too_large = scene.refused("/objects/Box/fillet", {"radius": 50}, 422)
    assert (too_large["code"], "smaller radius" in too_large["message"]) == ("degenerate_result", True)
    assert scene.refused("/booleans", {"operation": "cut", "objects": ["Box", "Bix"]}, 404)["code"] == (
        "object_not_found"
    )
    assert scene.client.get("/objects/Box").json()["result"] == box


def test_a_fillet_along_an_axis_rounds_these_edges(scene: Scene) -> None:
    scene.made("/primitives/box", {"name": "Box", "size": [10, 10, 10]})
    made = scene.made("/objects/Box/fillet", {"radius": 2, "along": "z"})
    assert made["volume"] == pytest.approx(10 * (100 - 4 * 4 + math.pi * 4))
    assert scene.client.post("/undo").json()["result"]["undone"] == "operations.fillet"
    assert scene.client.get("/objects/Box").json()["result"]["volume"] == 1000


def test_numbers_of_a_query_say_how_fine_a_mesh_is(scene: Scene) -> None:
    scene.made("/primitives/sphere", {"name": "Ball", "radius": 10})
    counts = [
        scene.client.get("/objects/Ball/mesh", params={"tolerance": tolerance, "angle": 45}).json()["result"][
            "triangles"
        ]
        for tolerance in ("1", "0.01")
    ]
    assert counts[0] < counts[1]
    assert scene.client.get("/objects/Ball/mesh", params={"tolerance": "fine"}).status_code == 422


@pytest.mark.parametrize("suffix", ["step", "brep"])
def test_what_is_exported_comes_back_as_it_was(scene: Scene, suffix: str) -> None:
    scene.made("/primitives/box", {"name": "Box", "size": [10, 20, 30], "center": [5, 0, 0]})
    made = scene.made("/export", {"filepath": f"part.{suffix}"})
    assert (made["artifact"]["name"], made["solids"]) == (f"part.{suffix}", 1)
    (back,) = scene.made("/import", {"artifact": made["artifact"]["id"]}, params={"name": "Back"})["objects"]
    assert (back["name"], back["volume"], back["bounds"]) == ("Back", 6000, [[0, -10, -15], [10, 10, 15]])


def test_a_mesh_holds_the_volume(scene: Scene) -> None:
    scene.made("/primitives/box", {"size": [10, 20, 30]})
    answer = scene.client.post("/export", json={"format": "stl"}, headers={"Accept": "model/stl"})
    assert answer.status_code == 200
    trimesh = pytest.importorskip("trimesh")
    import io

    assert trimesh.load(io.BytesIO(answer.content), file_type="stl").volume == pytest.approx(6000)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("part.step", b"ISO-10303-21;\nnothing", "unsupported_format"),
        ("part.brep", b"", "unsupported_format"),
        ("page.html", b"<html><body>", "unsupported_format"),
        ("pointer.step", b"version https://git-lfs.github.com/spec/v1\n", "unsupported_format"),
    ],
)
def test_what_is_no_part_is_refused(scene: Scene, name: str, content: bytes, code: str) -> None:
    answer = scene.client.post("/import", files={"file": (name, content or b" ")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), answer.text
    assert scene.client.get("/objects").json()["result"]["total"] == 0


def test_its_own_topic_tells_of_booleans_fillets_and_the_progress_of_exports(scene: Scene, cadgate_gateway) -> None:
    with connect(cadgate_gateway.url.replace("http", "ws") + "/ws/build123d", proxy=None) as socket:
        assert "build" in json.loads(socket.recv(10))["topics"]
        socket.send(json.dumps({"type": "subscribe", "id": 1, "topics": ["build", "objects"]}))
        assert json.loads(socket.recv(10))["status"] == "success"
        scene.made("/primitives/box", {"name": "Box"})
        scene.made("/objects/Box/fillet", {"radius": 1})
        scene.made("/export", {"filepath": "part.step"})
        told: list[dict] = []
        while not told or told[-1]["data"].get("state") != "done":
            message = json.loads(socket.recv(30))
            if message["type"] == "event":
                told.append(message)
        build = [one["data"] for one in told if one["topic"] == "build"]
        assert (build[0]["step"], build[0]["name"], build[0]["faces"]) == ("fillet", "Box", 26)
        assert [one["percent"] for one in build[1:]] == [0, 30, 70, 100]
        objects = [one["data"]["action"] for one in told if one["topic"] == "objects"]
        assert objects == ["created", "changed"]
        socket.send(json.dumps({"type": "subscribe", "id": 2, "topics": ["biuld"]}))
        refused = json.loads(socket.recv(10))
        assert (refused["error"]["code"], "build" in refused["error"]["message"]) == ("validation_error", True)


def test_executed_code_uses_build123d_and_is_kept(scene: Scene, cadgate_gateway) -> None:
    with connect(cadgate_gateway.url.replace("http", "ws") + "/ws/build123d", proxy=None) as socket:
        json.loads(socket.recv(10))
        code = "put('Coded', build123d.Box(1, 2, 3) - build123d.Box(1, 1, 1))['volume']"
        socket.send(json.dumps({"type": "execute", "id": 1, "code": code}))
        answer = json.loads(socket.recv(60))
        assert (answer["status"], answer["result"]["value"]) == ("success", 5), answer
    assert scene.client.get("/objects/Coded").json()["result"]["volume"] == 5
