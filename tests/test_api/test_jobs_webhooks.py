"""Webhooks to a real receiver, and the command line of jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.gateway import NO_SPARES, Gateway, eventually
from tests.test_api.keyed import cadgate
from tests.webhook_receiver import Receiver

SMALL = {"resolution": [32, 32], "samples": 1, "engine": "workbench"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    made = Receiver(refuse=3)
    yield made
    made.close()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Gateway]:
    made = Gateway(
        tmp_path_factory.mktemp("hooks") / "state",
        plugins="[adapters.freecad]\nenabled = false\n",
        environment={"CADGATE_WEBHOOK_ALLOW": f"{receiver.url}/*", **NO_SPARES},
    ).start()
    yield made
    made.stop()


def rendered(client: httpx.Client, hook: dict[str, Any] | None) -> httpx.Response:
    headers = {"Prefer": "respond-async"} | ({} if hook is None else {"Cadgate-Webhook": json.dumps(hook)})
    return client.post("/api/v1/blender/render", json=SMALL, headers=headers)


def test_the_end_of_a_job_is_told_once_with_one_id_although_the_receiver_fails(
    own: Gateway, receiver: Receiver
) -> None:
    with own.client() as client:
        answer = rendered(client, {"url": f"{receiver.url}/in", "events": ["finished"]})
        assert answer.status_code == 202, answer.text
        job = answer.json()["result"]["id"]
        eventually(lambda: len(receiver.got) == 4, seconds=60, what="the fourth attempt")
        whole = client.get(f"/api/v1/jobs/{job}").json()["result"]
    secret = cadgate(own.state_dir, "webhooks").stdout.strip()
    assert secret.startswith("whsec_")
    for headers, body in receiver.got:
        told = Webhook(secret).verify(body, headers)
        assert (told["type"], told["data"]) == ("job.finished", whole)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("http://169.254.169.254/latest", 403, "forbidden"),
        ("http://localhost:1/", 403, "forbidden"),
        ("https://hooks.example.org/", 403, "forbidden"),
        ("ftp://127.0.0.1/", 422, "validation_error"),
    ],
)
def test_a_webhook_to_elsewhere_is_refused_and_no_job_is_made(own: Gateway, url: str, status: int, code: str) -> None:
    with own.client() as client:
        before = client.get("/api/v1/jobs").json()["result"]["total"]
        answer = rendered(client, {"url": url})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert client.get("/api/v1/jobs").json()["result"]["total"] == before


def test_a_webhook_without_a_job_is_refused(own: Gateway, receiver: Receiver) -> None:
    with own.client() as client:
        headers = {"Cadgate-Webhook": json.dumps({"url": receiver.url})}
        answer = client.post("/api/v1/blender/render", json=SMALL, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
        assert "respond-async" in answer.json()["error"]["message"]


def test_the_command_line_lists_shows_watches_and_cancels_jobs(own: Gateway, tmp_path: Path) -> None:
    with own.client() as client:
        job = rendered(client, None).json()["result"]["id"]
        watched = cadgate(own.state_dir, "jobs", "watch", job)
        assert "render.png" in watched.stdout
        assert "succeeded 100%" in watched.stderr
        assert json.loads(cadgate(own.state_dir, "jobs", "show", job).stdout)["state"] == "succeeded"
        listed = cadgate(own.state_dir, "jobs", "list").stdout.splitlines()
        assert listed[0].split()[:5] == [job, "succeeded", "100%", "blender", "render.still"]
        long = {**SMALL, "engine": "cycles", "resolution": [512, 512], "samples": 2048}
        answer = client.post("/api/v1/blender/render", json=long, headers={"Prefer": "respond-async"})
        other = answer.json()["result"]["id"]
        assert cadgate(own.state_dir, "jobs", "cancel", other).stdout.split() == [other, "cancelled"]
