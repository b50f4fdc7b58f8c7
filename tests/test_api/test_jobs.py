"""Long work as jobs: accepted on disk, looked at, waited for, cancelled, done again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, alive, eventually
from tests.worker_processes import workers_of

ASYNC = {"Prefer": "respond-async"}
SMALL = {"resolution": [32, 32], "samples": 1}
LONG = {"resolution": [512, 512], "samples": 2048}


def submitted(client: httpx.Client, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Send a request as a job, and return the job."""
    answer = client.post(path, json=body, headers={**ASYNC, **headers})
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()["result"]
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    assert answer.headers["preference-applied"] == "respond-async"
    return job


def ended(client: httpx.Client, job: dict[str, Any], seconds: int = 60) -> dict[str, Any]:
    """Return the job when it has ended."""
    answer = client.get(f"/api/v1/jobs/{job['id']}", params={"wait": seconds})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["result"]
    assert found["finished"], found
    return found


@pytest.fixture
def at(gateway: Gateway, blender: httpx.Client, freecad: httpx.Client) -> Iterator[httpx.Client]:
    """A client at the root of the gateway, with an empty scene and an empty document."""
    with gateway.client() as client:
        yield client


def test_a_render_is_answered_with_a_job_whose_result_is_the_synchronous_one(at: httpx.Client) -> None:
    at.post("/api/v1/blender/primitives/cube", json={})
    job = submitted(at, "/api/v1/blender/render", SMALL)
    assert (job["application"], job["method"], job["session"]) == ("blender", "render.still", "default")
    assert job["state"] in ("queued", "running")
    done = ended(at, job)
    assert done["state"] == "succeeded"
    assert done["progress"]["fraction"] == 1
    assert done["attempts"] == 1
    assert done["created"] <= done["started"] <= done["finished"]
    now = at.post("/api/v1/blender/render", json=SMALL).json()["result"]
    as_job = done["result"]
    assert as_job.keys() == now.keys()
    same = ("width", "height", "engine", "samples", "warnings")
    assert [as_job[key] for key in same] == [now[key] for key in same]
    assert as_job["artifact"]["sha256"] == now["artifact"]["sha256"]
    assert done["artifacts"] == [as_job["artifact"]]
    assert at.get(as_job["artifact"]["url"]).content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("path", "body", "method"),
    [
        ("/api/v1/blender/export", {"format": "glb"}, "exchange.export"),
        ("/api/v1/blender/scene/save", {}, "scene.save"),
        ("/api/v1/freecad/export", {"format": "step"}, "exchange.export"),
    ],
)
def test_every_method_that_works_with_files_can_be_a_job(
    at: httpx.Client, path: str, body: dict[str, Any], method: str
) -> None:
    at.post("/api/v1/blender/primitives/cube", json={})
    at.post("/api/v1/freecad/primitives/box", json={})
    done = ended(at, submitted(at, path, body))
    assert (done["state"], done["method"]) == ("succeeded", method)
    assert done["artifacts"][0]["size"] > 0


def test_an_import_as_a_job_changes_the_document_once(at: httpx.Client) -> None:
    at.post("/api/v1/freecad/primitives/box", json={"name": "Part"})
    written = at.post("/api/v1/freecad/export", json={"format": "step"}).json()["result"]["artifact"]
    job = submitted(at, "/api/v1/freecad/import", {"artifact": written["id"]}, **{"Idempotency-Key": "import-1"})
    again = submitted(at, "/api/v1/freecad/import", {"artifact": written["id"]}, **{"Idempotency-Key": "import-1"})
    assert again["id"] == job["id"]
    assert ended(at, job)["state"] == "succeeded"
    assert at.get("/api/v1/freecad/objects").json()["result"]["total"] == 2


def test_the_key_of_a_job_is_not_for_another_request(at: httpx.Client) -> None:
    headers = {"Idempotency-Key": "one-render"}
    job = submitted(at, "/api/v1/blender/render", SMALL, **headers)
    other = at.post("/api/v1/blender/render", json={**SMALL, "samples": 2}, headers={**ASYNC, **headers})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_conflict")
    assert ended(at, job)["state"] == "succeeded"


def test_a_batch_is_a_job_with_the_results_of_its_calls(at: httpx.Client) -> None:
    calls = [
        {"method": "primitives.cube", "params": {"name": "One"}},
        {"method": "objects.get", "params": {"name": "Nothing"}},
        {"method": "render.still", "params": SMALL},
    ]
    done = ended(at, submitted(at, "/api/v1/blender/batch", {"calls": calls}))
    assert (done["state"], done["method"]) == ("succeeded", "session.batch")
    results = done["result"]["results"]
    assert [each["status"] for each in results] == ["success", "error", "success"]
    assert results[1]["error"]["code"] == "object_not_found"
    assert done["artifacts"] == [results[2]["result"]["artifact"]]


def test_a_failure_is_the_error_of_the_synchronous_call(at: httpx.Client) -> None:
    done = ended(at, submitted(at, "/api/v1/blender/render", {**SMALL, "camera": "Nothing"}))
    now = at.post("/api/v1/blender/render", json={**SMALL, "camera": "Nothing"}).json()["error"]
    assert done["state"] == "failed"
    assert done["result"] is None
    assert {**done["error"], "request_id": ""} == {**now, "request_id": ""}


def test_what_is_not_valid_is_refused_before_it_is_a_job(at: httpx.Client) -> None:
    before = at.get("/api/v1/jobs").json()["result"]["total"]
    refused = at.post("/api/v1/blender/render", json={"samples": 0}, headers=ASYNC)
    assert refused.status_code == 422
    assert at.get("/api/v1/jobs").json()["result"]["total"] == before


def test_a_preference_for_what_is_not_long_changes_nothing(at: httpx.Client) -> None:
    made = at.post("/api/v1/blender/primitives/cube", json={}, headers=ASYNC)
    assert made.status_code == 201
    assert "preference-applied" not in made.headers
    dry = at.post("/api/v1/blender/export", params={"dry_run": True}, json={"format": "glb"}, headers=ASYNC)
    assert dry.json()["result"] == {"dry_run": True}


def test_a_client_that_waits_gets_the_result_itself(at: httpx.Client) -> None:
    answer = at.post("/api/v1/blender/render", json=SMALL, headers={"Prefer": "respond-async, wait=60"})
    assert answer.status_code == 200
    assert answer.json()["result"]["width"] == 32


def test_cancelling_ends_the_worker_within_a_second_and_leaves_no_file(at: httpx.Client, gateway: Gateway) -> None:
    at.post("/api/v1/blender/primitives/cube", json={})
    before = at.get("/api/v1/artifacts").json()["result"]["total"]
    job = submitted(at, "/api/v1/blender/render", LONG)
    eventually(lambda: _job(at, job)["progress"]["message"] == "rendering", what="progress")
    workers = workers_of(gateway)
    assert workers
    cancelled = at.delete(f"/api/v1/jobs/{job['id']}").json()["result"]
    assert cancelled["state"] == "cancelled"
    eventually(lambda: not all(alive(pid) for pid in workers), seconds=1, what="the worker's end")
    assert at.get("/api/v1/artifacts").json()["result"]["total"] == before
    assert at.delete(f"/api/v1/jobs/{job['id']}").json()["result"]["state"] == "cancelled"


def _job(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/jobs/{job['id']}").json()["result"]
    return found


def test_a_cancelled_job_is_done_when_it_is_tried_again(at: httpx.Client) -> None:
    job = submitted(at, "/api/v1/blender/render", {**LONG, "samples": 64, "resolution": [64, 64]})
    assert at.delete(f"/api/v1/jobs/{job['id']}").json()["result"]["state"] == "cancelled"
    again = at.post(f"/api/v1/jobs/{job['id']}/retry")
    assert again.status_code == 202
    done = ended(at, job)
    assert (done["id"], done["state"]) == (job["id"], "succeeded")
    for request in (at.delete(f"/api/v1/jobs/{job['id']}"), at.post(f"/api/v1/jobs/{job['id']}/retry")):
        assert (request.status_code, request.json()["error"]["code"]) == (409, "conflict")


def test_jobs_that_wait_have_a_position(at: httpx.Client) -> None:
    at.post("/api/v1/blender/primitives/cube", json={})
    jobs = [submitted(at, "/api/v1/blender/render", LONG) for _ in range(4)]

    def places() -> list[int]:
        found = [_job(at, job) for job in jobs]
        running = [one for one in found if one["state"] == "running"]
        return [one["position"] for one in found if one["state"] == "queued"] if len(running) == 2 else []

    assert eventually(places, what="two that run, and two that wait") == [1, 2]
    for job in jobs:
        assert at.delete(f"/api/v1/jobs/{job['id']}").json()["result"]["state"] == "cancelled"


def test_the_list_is_newest_first_with_filters_and_pages(at: httpx.Client) -> None:
    at.post("/api/v1/freecad/primitives/box", json={})
    made = [submitted(at, "/api/v1/freecad/export", {"format": "step"})["id"] for _ in range(3)]
    for each in made:
        ended(at, {"id": each})
    listed = at.get("/api/v1/jobs", params={"application": "freecad", "state": "succeeded", "limit": 2}).json()[
        "result"
    ]
    assert [each["id"] for each in listed["jobs"]] == made[:0:-1]
    assert listed["total"] >= 3
    rest = at.get("/api/v1/jobs", params={"application": "freecad", "state": "succeeded", "limit": 1, "offset": 2})
    assert [each["id"] for each in rest.json()["result"]["jobs"]] == made[:1]
    assert at.get("/api/v1/jobs", params={"application": "none"}).json()["result"] == {"jobs": [], "total": 0}
    assert at.get("/api/v1/jobs", params={"state": "lost"}).status_code == 422


def test_an_unknown_job_is_404(at: httpx.Client) -> None:
    for request in (at.get, at.delete):
        answer = request("/api/v1/jobs/0123456789abcdef0123456789abcdef")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "job_not_found")


def test_waiting_returns_when_the_job_ends(at: httpx.Client) -> None:
    job = submitted(at, "/api/v1/blender/render", LONG)
    found: list[str] = []
    waiting = threading.Thread(target=lambda: found.append(ended(at, job)["state"]))
    waiting.start()
    eventually(lambda: _job(at, job)["state"] == "running", what="running")
    at.delete(f"/api/v1/jobs/{job['id']}")
    waiting.join(20)
    assert found == ["cancelled"]


def test_the_document_describes_the_answer_with_a_job(shipped: dict[str, Any]) -> None:
    render = shipped["paths"]["/api/v1/blender/render"]["post"]
    accepted = render["responses"]["202"]
    assert accepted["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/JobAnswer"}
    assert {"Location", "Preference-Applied"} <= accepted["headers"].keys()
    assert "Prefer" in [each["name"] for each in render["parameters"]]
    assert "202" not in shipped["paths"]["/api/v1/blender/primitives/cube"]["post"]["responses"]
    assert "202" in shipped["paths"]["/api/v1/freecad/batch"]["post"]["responses"]
