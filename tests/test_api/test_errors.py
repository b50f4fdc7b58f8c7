"""Bad input on the first route of each adapter: the error of the contract, in the envelope, and nothing is changed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

CASES = {"blender": ("/primitives/cube", "size"), "freecad": ("/primitives/box", "length")}


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> tuple[httpx.Client, str, str]:
    """A client at an adapter with an empty document, the path of its simplest creation, and a length in it."""
    return (request.getfixturevalue(request.param), *CASES[request.param])


def failure(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check the envelope; returns its error."""
    body = answer.json()
    assert (answer.status_code, body["status"], body["error"]["code"]) == (status, "error", code), answer.text
    assert set(body["error"]) == {"code", "message", "details", "retryable", "request_id"}
    assert body["error"]["request_id"] == answer.headers["X-Request-ID"]
    assert "Traceback" not in body["error"]["message"]
    return body["error"]


def total(client: httpx.Client) -> int:
    return client.get("/objects").json()["result"]["total"]


@pytest.mark.parametrize(
    "value", ["big", "2", None, True, [], {}, -1, 0, float("nan"), float("inf"), -float("inf"), 1e400, 1e39]
)
def test_a_length_that_is_none_is_422_and_makes_nothing(case: tuple[httpx.Client, str, str], value: Any) -> None:
    client, path, field = case
    if value == "2" and field == "length":
        value = "2 N"
    content = json.dumps({field: value})
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    failure(answer, 422, answer.json()["error"]["code"])
    assert answer.json()["error"]["code"] in ("validation_error", "limit_exceeded")
    assert total(client) == 0


def test_an_unknown_field_is_422_and_named(case: tuple[httpx.Client, str, str]) -> None:
    client, path, field = case
    error = failure(client.post(path, json={field: 2, "colour": "red"}), 422, "validation_error")
    assert "colour" in json.dumps(error["details"])
    assert total(client) == 0


@pytest.mark.parametrize("content", [b"{", b"", b"[1,", b'{"a":}', b"\xff\xfe", b"nope", b"[" * 100_000])
def test_broken_json_is_refused_and_never_a_500(case: tuple[httpx.Client, str, str], content: bytes) -> None:
    client, path, _ = case
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    if content:
        failure(answer, 400, "malformed_json")
    else:
        failure(answer, 422, "validation_error")
    assert total(client) == 0


@pytest.mark.parametrize("body", [[], "text", 5, None])
def test_json_that_is_no_object_is_422(case: tuple[httpx.Client, str, str], body: Any) -> None:
    client, path, _ = case
    content = json.dumps(body)
    failure(client.post(path, content=content, headers={"Content-Type": "application/json"}), 422, "validation_error")
    assert total(client) == 0


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_content_type_is_415(case: tuple[httpx.Client, str, str], media_type: str) -> None:
    client, path, _ = case
    failure(client.post(path, content=b"{}", headers={"Content-Type": media_type}), 415, "unsupported_media_type")
    assert total(client) == 0


def test_a_body_of_100_mb_is_413(case: tuple[httpx.Client, str, str]) -> None:
    client, path, _ = case
    content = b'{"name":"' + b"x" * 100_000_000 + b'"}'
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    failure(answer, 413, "payload_too_large")
    assert total(client) == 0


def test_a_taken_name_is_409_unless_renaming_or_replacing_is_asked_for(case: tuple[httpx.Client, str, str]) -> None:
    client, path, field = case
    first = client.post(path, json={"name": "Part", field: 4}).json()["result"]
    failure(client.post(path, json={"name": "Part"}), 409, "name_taken")
    assert client.get("/objects/Part").json()["result"]["revision"] == first["revision"]
    renamed = client.post(path, json={"name": "Part", "on_conflict": "rename"})
    assert renamed.status_code == 201
    assert renamed.json()["result"]["name"] != "Part"
    replaced = client.post(path, json={"name": "Part", "on_conflict": "replace", field: 8})
    assert replaced.json()["result"]["name"] == "Part"
    assert replaced.json()["result"]["revision"] != first["revision"]
    assert total(client) == 2


def test_an_unknown_object_is_404_and_the_nearest_name_is_offered(case: tuple[httpx.Client, str, str]) -> None:
    client, path, _ = case
    client.post(path, json={"name": "Bracket"})
    error = failure(client.get("/objects/Brackt"), 404, "object_not_found")
    assert error["details"]["did_you_mean"] == ["Bracket"]
    failure(client.delete("/objects/Brackt"), 404, "object_not_found")
    assert total(client) == 1


@pytest.mark.parametrize(
    "filepath",
    ["../../etc/passwd", "/etc/passwd", "a/../b", "..", ".", "a//b", "a\\b", "%2e%2e/x", "a\x00b", "x" * 300],
)
def test_a_file_outside_the_workspace_is_422_and_nothing_is_written(
    case: tuple[httpx.Client, str, str], filepath: str
) -> None:
    client, path, _ = case
    client.post(path, json={})
    before = client.get("/../artifacts").json()
    failure(client.post("/export", json={"filepath": filepath}), 422, "path_not_allowed")
    assert client.get("/../artifacts").json() == before


def test_an_unknown_path_and_a_wrong_verb_have_the_envelope_too(case: tuple[httpx.Client, str, str]) -> None:
    client, path, _ = case
    failure(client.get("/nowhere"), 404, "not_found")
    answer = client.delete(path)
    failure(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_dry_run_checks_everything_and_changes_nothing(case: tuple[httpx.Client, str, str]) -> None:
    client, path, field = case
    assert client.post(path, json={"name": "Real"}).status_code == 201
    assert client.post(path, json={"name": "Dry"}, params={"dry_run": "true"}).status_code == 200
    failure(client.post(path, json={"name": "Real"}, params={"dry_run": "true"}), 409, "name_taken")
    failure(client.post(path, json={field: -1}, params={"dry_run": "true"}), 422, "validation_error")
    assert total(client) == 1


def test_the_revision_of_an_object_guards_a_change(case: tuple[httpx.Client, str, str]) -> None:
    client, path, _ = case
    made = client.post(path, json={"name": "Guarded"}).json()["result"]
    changed = client.patch("/objects/Guarded", json={"location": [1, 0, 0]}, headers={"If-Match": made["revision"]})
    assert changed.status_code == 200
    late = client.patch("/objects/Guarded", json={"location": [2, 0, 0]}, headers={"If-Match": made["revision"]})
    failure(late, 412, "revision_mismatch")
    assert client.get("/objects/Guarded").json()["result"] == changed.json()["result"]


def test_an_atomic_batch_that_fails_leaves_nothing_and_says_which_call_it_was(
    case: tuple[httpx.Client, str, str],
) -> None:
    client, path, _ = case
    method = path.strip("/").replace("/", ".")
    assert client.post(path, json={"name": "Before"}).status_code == 201
    before = client.get("/objects").json()
    calls = [{"method": method, "params": {"name": name}} for name in ("A", "B", "Before")]
    error = failure(client.post("/batch", json={"calls": calls, "atomic": True}), 409, "name_taken")
    assert error["details"]["index"] == 2
    assert client.get("/objects").json() == before
    loose = client.post("/batch", json={"calls": calls}).json()["result"]["results"]
    assert [item["status"] for item in loose] == ["success", "success", "error"]
    assert total(client) == 3


def test_undo_takes_the_last_request_back_and_redo_does_it_again(case: tuple[httpx.Client, str, str]) -> None:
    client, path, _ = case
    client.post(path, json={"name": "First"})
    client.post(path, json={"name": "Second"})
    both = client.get("/objects").json()
    assert client.post("/undo").status_code == 200
    assert [each["name"] for each in client.get("/objects").json()["result"]["objects"]] == ["First"]
    assert client.post("/redo").status_code == 200
    assert client.get("/objects").json() == both
