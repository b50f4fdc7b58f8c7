"""Renders an animation while the gateway, the session and workers are killed, and compares it with one left alone."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks import Webhook

from tests.gateway import Gateway, eventually
from tests.job_events import JobEvent, events_of
from tests.test_api.keyed import cadgate
from tests.webhook_receiver import Receiver

PLUGINS = "[adapters.freecad]\nenabled = false\n"


@dataclass(frozen=True)
class Plan:
    """What is rendered, and how often what is killed."""

    frames: int = 100
    size: int = 64
    gateways: int = 2
    workers: int = 5
    sessions: int = 2
    failing: int = 3
    """How often the receiver of the webhook fails."""
    seed: int = 0


@dataclass
class Outcome:
    """What a run has shown."""

    job: dict[str, Any]
    pictures: dict[int, bytes]
    events: list[JobEvent]
    recorded: list[set[str]]
    """The artifacts that were recorded at each kill of the gateway."""
    messages: list[tuple[dict[str, str], bytes]]
    secret: str
    killed: list[str]
    seconds: float


@dataclass
class Follower:
    """Follows the events of a job over every death of the gateway, as a browser does."""

    gateway: Gateway
    job: str
    events: list[JobEvent] = field(default_factory=list[JobEvent])

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self.events or self.events[-1].kind != "finished":
            try:
                with self.gateway.client() as client:
                    after = self.events[-1].id if self.events else None
                    self.events.extend(events_of(client, self.job, after))
            except (httpx.TransportError, AssertionError):
                eventually(self._answers, seconds=60, what="the gateway")

    def _answers(self) -> bool:
        try:
            with self.gateway.client() as client:
                return client.get("/health").is_success
        except httpx.TransportError:
            return False

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"the stream did not end; its last event is {self.events[-1:]}"


def run(folder: Path, plan: Plan, *, undisturbed: bool = False) -> Outcome:
    """Render the animation of `plan`, `undisturbed` or with its kills."""
    began = time.monotonic()
    dice = random.Random(plan.seed)
    receiver = Receiver(0 if undisturbed else plan.failing)
    gateway = Gateway(folder, plugins=PLUGINS, environment={"CADGATE_WEBHOOK_ALLOW": f"{receiver.url}/*"}).start()
    recorded: list[set[str]] = []
    killed: list[str] = []
    try:
        with gateway.client() as client:
            job = _begun(client, plan, receiver.url)
        follower = Follower(gateway, job)
        for what, step in [] if undisturbed else _kills(plan, dice):
            _until(gateway, job, step)
            if what == "gateway":
                gateway.signal(signal.SIGKILL)
                gateway.wait()
                recorded.append({each["id"] for event in follower.events for each in event.data["artifacts"]})
                gateway.start(ready=False)
            elif what == "session":
                _kill([_session(gateway)])
            else:
                _kill(_workers(gateway)[:1])
            killed.append(f"{what} at {step}")
        with gateway.client() as client:
            done = _ended(client, job)
            follower.join(30)
            pictures = {
                each["frame"]: client.get(each["artifact"]["url"]).content
                for each in (done["result"] or {"frames": []})["frames"]
            }
        eventually(lambda: len(receiver.got) > (0 if undisturbed else plan.failing), seconds=60, what="the webhook")
        secret = cadgate(folder, "webhooks").stdout.strip()
    finally:
        gateway.stop()
        receiver.close()
    seconds = time.monotonic() - began
    return Outcome(done, pictures, follower.events, recorded, receiver.got, secret, killed, seconds)


def _begun(client: httpx.Client, plan: Plan, hook: str) -> str:
    """Make a scene that moves, and begin to render it."""
    for path, body in (
        ("/primitives/cube", {"name": "Mover"}),
        ("/camera", {"location": [0, -20, 6], "look_at": [0, 0, 0]}),
        (
            "/objects/Mover/animation",
            {
                "path": "rotation",
                "keys": [{"frame": 1, "value": [0, 0, 0]}, {"frame": plan.frames, "value": [0, 90, 360]}],
                "interpolation": "linear",
            },
        ),
    ):
        answer = client.post(f"/api/v1/blender{path}", json=body)
        assert answer.is_success, answer.text
    answer = client.post(
        "/api/v1/blender/render/animation",
        json={
            "frame_start": 1,
            "frame_end": plan.frames,
            "resolution": [plan.size, plan.size],
            "samples": 4,
            "engine": "cycles",
            "denoise": False,
        },
        headers={"Cadgate-Webhook": f'{{"url": "{hook}/in"}}'},
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["result"]["id"])


def _kills(plan: Plan, dice: random.Random) -> list[tuple[str, int]]:
    """Return what is killed after how many frames, in order."""
    whats = ["gateway"] * plan.gateways + ["worker"] * plan.workers + ["session"] * plan.sessions
    dice.shuffle(whats)
    steps = sorted(dice.randint(0, plan.frames - 2) for _ in whats)
    return list(zip(whats, steps, strict=True))


def _job(gateway: Gateway, job: str) -> dict[str, Any]:
    with gateway.client() as client:
        found: dict[str, Any] = client.get(f"/api/v1/jobs/{job}").json()["result"]
        return found


def _until(gateway: Gateway, job: str, step: int) -> None:
    def reached() -> bool:
        now = _job(gateway, job)
        return bool(now["finished"]) or now["progress"]["step"] >= step

    eventually(reached, seconds=240, what=f"{step} frames")


def _ended(client: httpx.Client, job: str) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = client.get(f"/api/v1/jobs/{job}", params={"wait": 60}).json()["result"]
        if found["finished"]:
            return found


def _session(gateway: Gateway) -> int:
    return gateway.application_pid("blender")


def _workers(gateway: Gateway) -> list[int]:
    """Return the processes of workers, once there are some."""
    folder = f"{gateway.state_dir}/sessions/blender/workers/".encode()

    def found() -> list[int]:
        pids: list[int] = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if folder in path.read_bytes():
                    pids.append(int(path.parent.name))
            except OSError:
                continue
        return sorted(pids)

    return eventually(found, seconds=60, what="a worker")


def _kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def check(plan: Plan, disturbed: Outcome, alone: Outcome) -> list[str]:
    """Return what is wrong; nothing if the kills made no difference."""
    wrong: list[str] = []

    def expect(holds: bool, text: str) -> None:
        if not holds:
            wrong.append(text)

    expect(disturbed.job["state"] == "succeeded", f"the job is {disturbed.job['state']}: {disturbed.job['error']}")
    expect(sorted(disturbed.pictures) == list(range(1, plan.frames + 1)), "frames are missing")
    different = [each for each, picture in alone.pictures.items() if disturbed.pictures.get(each) != picture]
    expect(not different, f"frames {different} are not those of the undisturbed run")
    final = {each["artifact"]["id"] for each in (disturbed.job["result"] or {"frames": []})["frames"]}
    for number, before in enumerate(disturbed.recorded, 1):
        expect(before <= final, f"frames recorded before death {number} of the gateway were rendered again")
    numbers = [each.id for each in disturbed.events]
    expect(numbers == list(range(1, len(numbers) + 1)), "the events have gaps or doubles")
    expect([each.kind for each in disturbed.events].count("finished") == 1, "there is not one `finished` event")
    told = [each["id"] for event in disturbed.events[:-1] for each in event.data["artifacts"]]
    expect(len(told) == len(set(told)) and set(told) == final, "the events do not name every frame once")
    expect(disturbed.events[-1].data == disturbed.job, "the last event is not the job")
    ids = {headers["webhook-id"] for headers, _ in disturbed.messages}
    expect(len(ids) == 1, f"the webhook has the ids {ids}")
    expect(len(disturbed.messages) == plan.failing + 1, f"the webhook was sent {len(disturbed.messages)} times")
    for headers, body in disturbed.messages:
        expect(Webhook(disturbed.secret).verify(body, headers)["data"] == disturbed.job, "the webhook is not the job")
    return wrong
