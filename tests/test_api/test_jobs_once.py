"""The key of a job: the same work is done once, whichever way it is asked for, and in each session apart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.test_api.test_jobs import SMALL, ended, submitted
from tests.test_api.test_sessions import Made, make

STOPPING_ONCE = """
from pathlib import Path
if not Path("reached").exists():
    Path("reached").touch()
    while True: pass
"""
"""Code that does not end the first time."""
ENDING_LATE = """
from pathlib import Path
Path("reached").touch()
while True:
    try:
        while not Path("go").exists(): pass
        break
    except KeyboardInterrupt: pass
"""
"""Code that goes on although it is interrupted, until there is a file."""


@pytest.fixture
def two_sessions(gateway: Gateway) -> Iterator[tuple[Made, Made]]:
    """Two sessions of FreeCAD, with a box of another name in each."""
    made = make(gateway, "freecad"), make(gateway, "freecad")
    for session, name in zip(made, ("InOne", "InTwo"), strict=True):
        assert session.create(name).status_code == 201
    yield made
    with gateway.client() as client:
        for session in made:
            client.delete(session.path)


def results_in(sessions: tuple[Made, ...], http: httpx.Client, path: str, body: dict[str, Any], key: str) -> list[Any]:
    """Ask for the same work with one key in each session; return the results of the jobs, which are not the same."""
    jobs: list[dict[str, Any]] = []
    for session in sessions:
        with session.client() as client:
            answer = client.post(path, json=body, headers={"Prefer": "respond-async", "Idempotency-Key": key})
        assert answer.status_code == 202, answer.text
        jobs.append(answer.json()["result"])
    assert [each["session"] for each in jobs] == [each.id for each in sessions]
    assert len({each["id"] for each in jobs}) == len(sessions)
    done = [ended(http, each) for each in jobs]
    assert [each["state"] for each in done] == ["succeeded"] * len(sessions), done
    return [each["result"] for each in done]


def test_the_same_key_in_another_session_is_another_job(two_sessions: tuple[Made, Made], http: httpx.Client) -> None:
    exported = results_in(two_sessions, http, "/export", {"format": "step"}, "export-of-each")
    assert [each["objects"] for each in exported] == [["InOne"], ["InTwo"]]
    calls = {"calls": [{"method": "primitives.sphere", "params": {"name": "Added"}}]}
    results_in(two_sessions, http, "/batch", calls, "batch-of-each")
    assert [each.names() for each in two_sessions] == [{"InOne", "Added"}, {"InTwo", "Added"}]


def test_the_same_key_at_another_application_is_another_job(
    blender: httpx.Client, freecad: httpx.Client, http: httpx.Client
) -> None:
    blender.post("/primitives/cube", json={"name": "Cube"})
    freecad.post("/primitives/box", json={"name": "Box"})
    key = {"Idempotency-Key": "stl-of-both"}
    jobs = [submitted(http, f"/api/v1/{each}/export", {"format": "stl"}, **key) for each in ("blender", "freecad")]
    assert [ended(http, each)["result"]["objects"] for each in jobs] == [["Cube"], ["Box"]]


def test_a_cancelled_batch_that_is_tried_again_makes_what_was_missing(
    two_sessions: tuple[Made, Made], http: httpx.Client
) -> None:
    session = two_sessions[0]
    boxes = [{"method": "primitives.box", "params": {"name": name}} for name in ("A", "B", "C", "D")]
    calls = [
        *boxes[:2],
        {"method": "exchange.export", "params": {"format": "step"}},
        {"method": "session.execute", "params": {"code": STOPPING_ONCE}},
        *boxes[2:],
    ]
    with session.client() as client:
        job = submitted(client, "/batch", {"calls": calls})
    reached = session.gateway.state_dir / "sessions" / session.id / "workspace" / "reached"
    eventually(reached.exists, seconds=60, what="the call that does not end")
    assert http.delete(f"/api/v1/jobs/{job['id']}").status_code == 200
    cancelled = ended(http, job)
    assert (cancelled["state"], cancelled["error"]) == ("cancelled", None)
    outcomes = [each.get("error", {}).get("code", "done") for each in cancelled["result"]["results"]]
    assert outcomes == ["done"] * 3 + ["interrupted"] * 3
    assert session.names() == {"InOne", "A", "B"}
    assert http.post(f"/api/v1/jobs/{job['id']}/retry").json()["result"]["result"] is None
    done = ended(http, job)
    assert (done["state"], session.names()) == ("succeeded", {"InOne", "A", "B", "C", "D"}), done
    assert {each["status"] for each in done["result"]["results"]} == {"success"}, done["result"]
    results = done["result"]["results"]
    assert [each["result"].get("name") for each in results] == ["A", "B", None, None, "C", "D"]
    assert results[2] == cancelled["result"]["results"][2], "the file was written a second time"


def test_a_batch_that_was_complete_when_it_was_cancelled_has_succeeded(
    two_sessions: tuple[Made, Made], http: httpx.Client
) -> None:
    session = two_sessions[1]
    calls = [
        {"method": "primitives.box", "params": {"name": "Last"}},
        {"method": "objects.get", "params": {"name": "Nothing"}},
        {"method": "session.execute", "params": {"code": ENDING_LATE}},
    ]
    with session.client() as client:
        job = submitted(client, "/batch", {"calls": calls})
    workspace = session.gateway.state_dir / "sessions" / session.id / "workspace"
    eventually((workspace / "reached").exists, seconds=60, what="the last call")
    http.delete(f"/api/v1/jobs/{job['id']}")
    (workspace / "go").touch()
    done = ended(http, job)
    assert done["state"] == "succeeded", done
    assert [each["status"] for each in done["result"]["results"]] == ["success", "error", "success"]


@pytest.mark.parametrize("job_first", [True, False])
@pytest.mark.parametrize(
    ("application", "path", "body"),
    [
        ("blender", "/render", SMALL),
        ("blender", "/export", {"format": "obj"}),
        ("freecad", "/export", {"format": "step"}),
    ],
)
def test_a_key_does_the_work_once_with_and_without_a_job(
    application: str, path: str, body: dict[str, Any], job_first: bool, gateway: Gateway, http: httpx.Client
) -> None:
    session = make(gateway, application)
    session.create("Part")
    files = http.get("/api/v1/artifacts").json()["result"]["total"]
    results: list[Any] = []
    with session.client() as client:
        for as_job in (job_first, not job_first):
            if as_job:
                results.append(ended(http, submitted(client, path, body, **{"Idempotency-Key": "one"}))["result"])
            else:
                answer = client.post(path, json=body, headers={"Idempotency-Key": "one"})
                assert answer.status_code == 200, answer.text
                results.append(answer.json()["result"])
    assert results[0] == results[1]
    written = 1 + len(results[0].get("related", []))
    assert http.get("/api/v1/artifacts").json()["result"]["total"] == files + written
    http.delete(session.path)


def test_who_waits_for_the_work_of_a_job_has_a_deadline_and_does_it_when_the_job_is_cancelled(
    gateway: Gateway, blender: httpx.Client, http: httpx.Client
) -> None:
    blender.post("/primitives/cube", json={})
    body = {"resolution": [256, 256], "samples": 512}
    key = {"Idempotency-Key": "shared-work"}
    job = submitted(http, "/api/v1/blender/render", body, **key)
    eventually(lambda: http.get(f"/api/v1/jobs/{job['id']}").json()["result"]["state"] == "running", what="running")
    late = blender.post("/render", json=body, headers={**key, "X-Deadline-Ms": "50"})
    assert (late.status_code, late.json()["error"]["code"]) == (504, "deadline_exceeded")
    found: list[httpx.Response] = []

    def wait() -> None:
        with gateway.client() as client:
            found.append(client.post("/api/v1/blender/render", json=body, headers=key))

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert http.delete(f"/api/v1/jobs/{job['id']}").json()["result"]["state"] == "cancelled"
    waiting.join(120)
    assert [each.status_code for each in found] == [200], found
    assert http.get(f"/api/v1/jobs/{job['id']}").json()["result"]["state"] == "cancelled"
