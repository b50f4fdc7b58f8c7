"""A dry run with an `Idempotency-Key` answers as a dry run, whatever that key has done before."""

from __future__ import annotations

import secrets

import httpx
import pytest

DRY = {"dry_run": True}


@pytest.mark.parametrize(("adapter", "path"), [("blender", "/primitives/cube"), ("freecad", "/primitives/box")])
def test_a_dry_run_of_what_was_done_already_is_a_dry_run(
    request: pytest.FixtureRequest, adapter: str, path: str
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    key = {"Idempotency-Key": secrets.token_hex(8)}
    made = client.post(path, json={"name": "Once"}, headers=key)
    assert made.status_code == 201
    for _ in range(2):
        dry = client.post(path, params=DRY, json={"name": "Once"}, headers=key)
        assert (dry.status_code, dry.json()["result"]) == (200, DRY)
        client.delete("/objects/Once")
    again = client.post(path, json={"name": "Once"}, headers=key)
    assert (again.status_code, again.json()) == (201, made.json())
    other = client.post(path, params=DRY, json={"name": "Other"}, headers=key)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_conflict")


@pytest.mark.parametrize("atomic", [False, True])
def test_a_dry_run_of_a_batch_that_was_done_already_is_a_dry_run(blender: httpx.Client, atomic: bool) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}
    batch = {"calls": [{"method": "primitives.cube", "params": {"name": "Once"}}], "atomic": atomic}
    made = blender.post("/batch", json=batch, headers=key)
    assert made.json()["result"]["results"][0]["result"]["name"] == "Once"
    dry = blender.post("/batch", params=DRY, json=batch, headers=key)
    assert (dry.status_code, dry.json()["result"]["results"][0]["result"]) == (200, DRY)
    assert blender.post("/batch", json=batch, headers=key).json() == made.json()


@pytest.mark.parametrize(
    ("adapter", "path", "creation"),
    [
        ("blender", "/objects", "/light"),
        ("blender", "/materials", "/materials"),
        ("freecad", "/objects", "/primitives/box"),
    ],
)
def test_an_unknown_field_of_a_list_is_refused_however_long_the_list_is(
    request: pytest.FixtureRequest, adapter: str, path: str, creation: str
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    for _ in range(2):
        wrong = client.get(path, params={"fields": "name,Revisions"})
        assert wrong.status_code == 422, wrong.text
        details = wrong.json()["error"]["details"]
        assert details["errors"][0]["loc"] == ["query", "fields"]
        assert details["did_you_mean"][0] == "revision"
        assert client.get(path, params={"fields": "name, revision"}).status_code == 200
        client.post(creation, json={"name": "One"})
    called = {"calls": [{"method": f"{path[1:]}.list", "params": {"fields": "bogus"}}]}
    failed = client.post("/batch", json=called).json()["result"]["results"][0]["error"]
    assert (failed["code"], failed["details"]["errors"][0]["loc"]) == ("validation_error", ["fields"])


def test_a_field_that_only_some_objects_have_is_accepted(blender: httpx.Client) -> None:
    blender.post("/light", json={"name": "L"})
    listed = blender.get("/objects", params={"fields": "name,vertices"})
    assert (listed.status_code, listed.json()["result"]["objects"]) == (200, [{"name": "L", "vertices": None}])


@pytest.mark.parametrize(("adapter", "path"), [("blender", "/primitives/cube"), ("freecad", "/primitives/box")])
def test_a_name_that_differs_in_case_only_is_what_was_meant(
    request: pytest.FixtureRequest, adapter: str, path: str
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    for name in ("Cube", "a"):
        assert client.post(path, json={"name": name}).status_code == 201
        missing = client.get(f"/objects/{name.swapcase()}")
        assert missing.status_code == 404
        assert missing.json()["error"]["details"]["did_you_mean"] == [name]


def test_a_colour_that_is_too_bright_is_not_taken_for_bytes(blender: httpx.Client) -> None:
    bright = blender.post("/materials", json={"color": [0.1, 0.2, 1.3]})
    assert bright.status_code == 422
    assert "255" not in bright.json()["error"]["message"]
    assert bright.json()["error"]["details"]["errors"][0]["loc"][:2] == ["body", "color"]
    as_bytes = blender.post("/materials", json={"color": [255, 128, 0]})
    assert "not to 255: send [1.0, 0.502, 0.0]" in as_bytes.json()["error"]["message"]
