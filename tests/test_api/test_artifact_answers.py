"""A remembered answer never speaks of a file that is gone, and what comes in by any name goes out and in again."""

from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_a_repeated_export_whose_file_was_removed_is_made_again(
    http: httpx.Client, request: pytest.FixtureRequest, adapter: str
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    made = client.post("/primitives/" + {"blender": "cube", "freecad": "box"}[adapter], json={"name": "Kept"})
    assert made.status_code == 201
    key = {"Idempotency-Key": f"export-{adapter}"}

    def export() -> dict[str, str]:
        answer = client.post("/export", json={"format": "stl", "objects": ["Kept"]}, headers=key)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]["artifact"]

    first = export()
    assert export() == first
    assert http.delete(first["url"]).status_code == 200
    again = export()
    assert again["id"] != first["id"]
    assert http.get(again["url"]).status_code == 200
    assert export() == again


@pytest.mark.parametrize("name", ["100% done.stl", '5" pipe.stl', "部品 %41.stl"])
@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_a_file_of_any_name_can_be_imported(
    http: httpx.Client, request: pytest.FixtureRequest, adapter: str, name: str
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    client.post("/primitives/" + {"blender": "cube", "freecad": "box"}[adapter], json={"name": "Kept"})
    written = client.post("/export", json={"format": "stl", "objects": ["Kept"]}).json()["result"]["artifact"]
    data = http.get(written["url"]).content
    sent = client.post("/import", files={"file": (name, data)})
    assert sent.status_code == 200, sent.text
    assert len(sent.json()["result"]["objects"]) == 1
    stored = http.post("/api/v1/artifacts", files={"file": (name, data)}).json()["result"]
    assert (stored["name"], http.get(stored["url"]).content) == (name, data)
    assert client.post("/import", json={"artifact": stored["id"]}).status_code == 200
