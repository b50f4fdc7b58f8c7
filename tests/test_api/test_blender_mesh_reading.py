"""Meshes read back: what was sent comes back the same, and can be sent again; and objects say their children."""

from __future__ import annotations

import struct
from typing import Any

import httpx
import pytest

from tests.rest_calls import post


def read(client: httpx.Client, name: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/objects/{name}/mesh", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


TENT: dict[str, Any] = {
    "vertices": [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0], [1, 1, 1]],
    "faces": [[3, 2, 1, 0], [0, 1, 4], [2, 3, 4]],
    "uvs": [[n / 10, 1 - n / 10] for n in range(10)],
    "colors": [[n / 10, 0.5, 0, 1] for n in range(10)],
    "materials": ["Red", "Blue"],
    "face_materials": [0, 1, 1],
}


@pytest.fixture
def tent(blender: httpx.Client) -> httpx.Client:
    """A mesh of three faces with two materials, that is called Tent."""
    for name in ("Red", "Blue"):
        post(blender, "/materials", name=name)
    post(blender, "/meshes", name="Tent", **TENT)
    return blender


def test_a_mesh_is_read_as_it_was_sent_and_can_be_sent_again(tent: httpx.Client) -> None:
    found = read(tent, "Tent")
    for field, value in TENT.items():
        if field in ("uvs", "colors"):
            assert all(one == pytest.approx(two) for one, two in zip(found[field], value, strict=True)), field
        else:
            assert found[field] == value, field
    assert (found["smooth"], found["edges"]) == ([False] * 3, [])
    assert found["normals"][0] == pytest.approx([0, 0, -1])
    again = {field: found[field] for field in (*TENT, "normals")}
    post(tent, "/meshes", name="Again", **again)
    second = read(tent, "Again")
    assert second["faces"] == found["faces"]
    assert second["face_materials"] == [0, 1, 1]
    assert all(
        one == pytest.approx(two, abs=2e-3) for one, two in zip(second["normals"], found["normals"], strict=True)
    )
    assert tent.get("/objects/Again").json()["result"]["materials"] == ["Red", "Blue"]


def test_a_mesh_is_read_with_its_modifiers_and_as_raw_arrays(tent: httpx.Client) -> None:
    post(tent, "/objects/Tent/modifiers", type="array", count=3)
    assert len(read(tent, "Tent")["faces"]) == 3
    assert len(read(tent, "Tent", evaluated=True)["faces"]) == 9
    raw = tent.get("/objects/Tent/mesh", headers={"Accept": "application/octet-stream"})
    assert raw.headers["content-type"] == "application/octet-stream"
    assert struct.unpack_from("<4sIII", raw.content) == (b"CGM1", 5, 3, 10)
    headers = {"Content-Type": "application/octet-stream"}
    made = tent.post("/meshes", params={"name": "Raw"}, content=raw.content, headers=headers)
    assert made.status_code == 201, made.text
    assert read(tent, "Raw")["faces"] == TENT["faces"]
    post(tent, "/primitives/text", name="Word", text="I")
    assert len(read(tent, "Word", evaluated=True)["faces"]) > 0


def test_slots_that_do_not_exist_are_refused(tent: httpx.Client) -> None:
    def refused(status: int, **changes: Any) -> str:
        answer = tent.post("/meshes", json={**TENT, **changes})
        assert answer.status_code == status, answer.text
        return answer.json()["error"]["message"]

    assert "slot 2" in refused(422, face_materials=[0, 1, 2])
    assert "3 faces" in refused(422, face_materials=[0, 1])
    assert "exclude each other" in refused(422, material="Red")
    assert "'Red'" in refused(404, materials=["Rad", "Blue"])
    assert tent.get("/objects/Word/mesh").status_code == 404
    post(tent, "/primitives/empty", name="Nothing")
    assert tent.get("/objects/Nothing/mesh").status_code == 422
    assert tent.get("/objects/Nothing/mesh", params={"evaluated": True}).status_code == 422


def test_objects_say_their_children_whatever_happens_to_them(blender: httpx.Client) -> None:
    def children(name: str) -> list[str]:
        return blender.get(f"/objects/{name}").json()["result"]["children"]

    def patch(name: str, /, **body: Any) -> None:
        assert blender.patch(f"/objects/{name}", json=body).status_code == 200

    for name in ("Top", "Other", "A", "B"):
        assert post(blender, "/primitives/cube", name=name)["children"] == []
    patch("B", parent="Top")
    patch("A", parent="Top")
    assert children("Top") == ["A", "B"]
    patch("A", name="C")
    assert children("Top") == ["B", "C"]
    patch("B", parent="Other")
    assert (children("Top"), children("Other")) == (["C"], ["B"])
    post(blender, "/objects/C/duplicate", name="D")
    assert children("Top") == ["C", "D"]
    blender.delete("/objects/C")
    assert children("Top") == ["D"]
    post(blender, "/undo")
    assert children("Top") == ["C", "D"]
    patch("D", parent=None)
    listed = blender.get("/objects").json()["result"]["objects"]
    assert {each["name"]: each["children"] for each in listed if each["children"]} == {"Top": ["C"], "Other": ["B"]}
    blender.delete("/objects/Top")
    assert blender.get("/objects/C").json()["result"]["parent"] is None
