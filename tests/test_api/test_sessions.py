"""Sessions: each an application of its own, chosen by header or query, that sleeps and wakes with what it had."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, alive, eventually

NEW = {"freecad": ("/primitives/box", {"name": "Part"}), "blender": ("/primitives/cube", {"name": "Part"})}
APPLICATIONS = tuple(NEW)


@dataclass(frozen=True)
class Made:
    """A session of one application, and clients in it and beside it."""

    gateway: Gateway
    application: str
    id: str

    @property
    def path(self) -> str:
        return f"/api/v1/sessions/{self.id}"

    def client(self) -> httpx.Client:
        """A client whose every request is in this session."""
        return self.gateway.client(f"/api/v1/{self.application}", headers={"Cadgate-Session": self.id})

    def create(self, name: str, **headers: str) -> httpx.Response:
        """Make an object."""
        path, body = NEW[self.application]
        with self.client() as client:
            return client.post(path, json={**body, "name": name}, headers=headers)

    def names(self) -> set[str]:
        """The names of its objects."""
        with self.client() as client:
            answer = client.get("/objects?fields=name")
            assert answer.status_code == 200, answer.text
            return {each["name"] for each in answer.json()["result"]["objects"]}

    def shown(self) -> dict[str, Any]:
        """The session as its route shows it."""
        with self.gateway.client() as client:
            answer = client.get(self.path)
            assert answer.status_code == 200, answer.text
            return answer.json()["result"]

    def post(self, action: str, **options: Any) -> httpx.Response:
        """Suspend, resume or fork it."""
        with self.gateway.client() as client:
            return client.post(f"{self.path}/{action}", **options)


def make(gateway: Gateway, application: str, **body: Any) -> Made:
    """Make a session, which is ready."""
    with gateway.client() as client:
        answer = client.post("/api/v1/sessions", json={"application": application, **body})
    assert answer.status_code == 201, answer.text
    return Made(gateway, application, answer.json()["result"]["id"])


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture(scope="module", params=APPLICATIONS)
def made(gateway: Gateway, request: pytest.FixtureRequest) -> Iterator[Made]:
    """A session of each application; it is deleted after the tests of this module."""
    session = make(gateway, request.param, name="One", labels={"shop": "a"})
    yield session
    with gateway.client() as client:
        client.delete(session.path)


def test_a_new_session_is_ready_and_shows_all_of_its_fields(made: Made) -> None:
    shown = made.shown()
    assert set(shown) == {
        *("id", "application", "name", "owner", "state", "reason", "position", "created", "last_used", "expires"),
        *("pid", "objects", "damages", "labels"),
    }
    assert len(bytes.fromhex(shown["id"])) == 16
    assert (shown["application"], shown["name"], shown["owner"]) == (made.application, "One", "local")
    assert (shown["state"], shown["position"], shown["expires"], shown["damages"]) == ("ready", None, None, [])
    assert shown["labels"] == {"shop": "a"}
    assert alive(shown["pid"])


def test_an_object_in_a_session_is_not_in_default_and_comes_by_header_and_query(made: Made, http: httpx.Client) -> None:
    assert made.create("Mine").status_code == 201
    assert "Mine" in made.names()
    base = f"/api/v1/{made.application}"
    by_query = http.get(f"{base}/objects/Mine?session={made.id}")
    assert by_query.status_code == 200, by_query.text
    assert http.get(f"{base}/objects/Mine").status_code == 404
    assert http.get(f"{base}/objects/Mine", headers={"Cadgate-Session": "default"}).status_code == 404
    batch = {"calls": [{"method": "objects.get", "params": {"name": "Mine"}}]}
    answer = http.post(f"{base}/batch?session={made.id}", json=batch)
    assert answer.json()["result"]["results"][0]["status"] == "success"
    assert http.post(f"{base}/batch", json=batch).json()["result"]["results"][0]["status"] == "error"
    assert made.shown()["objects"] == len(made.names())


def test_health_and_methods_take_a_session(made: Made, http: httpx.Client) -> None:
    told = http.get(f"/health/{made.application}?session={made.id}").json()["result"]
    assert (told["status"], told["pid"]) == ("up", made.shown()["pid"])
    assert http.get(f"/api/v1/{made.application}/methods?session={made.id}").status_code == 200
    assert http.get(f"/api/v1/{made.application}/methods?session=unknown").status_code == 404


def test_sessions_that_cannot_be_used_are_refused_by_code(made: Made, http: httpx.Client) -> None:
    other = next(each for each in APPLICATIONS if each != made.application)
    objects = f"/api/v1/{made.application}/objects"
    both = http.get(f"{objects}?session={'0' * 32}", headers={"Cadgate-Session": made.id})
    assert code_of(both) == (400, "bad_request")
    assert http.get(f"{objects}?session={made.id}", headers={"Cadgate-Session": made.id}).status_code == 200
    assert code_of(http.get(f"/api/v1/{other}/objects?session={made.id}")) == (422, "wrong_application")
    assert code_of(http.get(f"/health/{other}?session={made.id}")) == (422, "wrong_application")
    for unknown in ("0" * 32, "x", "../default", made.id.upper() + "0"):
        assert code_of(http.get(objects, headers={"Cadgate-Session": unknown})) == (404, "session_not_found")
    assert code_of(http.get(f"/api/v1/sessions/{'0' * 32}")) == (404, "session_not_found")
    assert code_of(http.get(f"{objects}?session=")) == (400, "bad_request")


def test_the_default_session_has_no_record_and_the_answer_says_what_to_do(http: httpx.Client) -> None:
    for answer in (http.get("/api/v1/sessions/default"), http.post("/api/v1/sessions/default/suspend")):
        assert code_of(answer) == (404, "session_not_found")
        assert "POST /api/v1/sessions makes one" in answer.json()["error"]["message"]


def test_lists_are_filtered_and_paged(made: Made, http: httpx.Client) -> None:
    def found(**query: Any) -> list[str]:
        listed = http.get("/api/v1/sessions", params=query).json()["result"]
        assert listed["total"] >= len(listed["sessions"])
        return [each["id"] for each in listed["sessions"]]

    assert made.id in found()
    assert made.id in found(application=made.application, label="shop=a")
    assert made.id in found(label="shop")
    assert made.id not in found(label="shop=b")
    assert made.id not in found(application="other")
    assert made.id not in found(state="suspended")
    assert len(found(limit=1)) == 1
    assert found(offset=10_000) == []


def test_patch_changes_what_is_given_and_nothing_else(made: Made, http: httpx.Client) -> None:
    changed = http.patch(made.path, json={"name": "Other", "ttl_seconds": 3600}).json()["result"]
    assert (changed["name"], changed["labels"]) == ("Other", {"shop": "a"})
    assert changed["expires"] > changed["created"]
    changed = http.patch(made.path, json={"name": None, "ttl_seconds": None}).json()["result"]
    assert (changed["name"], changed["expires"]) == (None, None)
    assert http.patch(made.path, json={"state": "ready"}).status_code == 422
    assert http.patch(made.path, json={"idle_seconds": -1}).status_code == 422


def test_a_suspended_session_has_no_process_and_wakes_with_keys_and_undo(made: Made) -> None:
    first = made.create("Kept", **{"Idempotency-Key": "kept-1"})
    assert first.status_code == 201
    before, pid = made.names(), made.shown()["pid"]
    suspended = made.post("suspend")
    assert suspended.status_code == 200, suspended.text
    assert (suspended.json()["result"]["state"], suspended.json()["result"]["pid"]) == ("suspended", None)
    assert made.shown()["objects"] == len(before)
    eventually(lambda: not alive(pid), what="the end of the application")
    assert made.gateway.health(made.application)["result"]["status"] == "up"
    again = made.create("Kept", **{"Idempotency-Key": "kept-1"})
    assert again.json()["result"] == first.json()["result"]
    assert made.names() == before
    assert made.shown()["state"] == "ready"
    assert made.post("suspend").status_code == made.post("suspend").status_code == 200
    assert made.post("resume").json()["result"]["state"] == "ready"


def open_in(folder: Path) -> list[str]:
    """What any process has open below a folder, or works in."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        for link in (*process.glob("fd/*"), process / "cwd"):
            with suppress(OSError):
                target = os.readlink(link)
                if Path(target).is_relative_to(folder):
                    found.append(f"{link}: {target}")
    return found


def test_a_suspended_session_holds_no_descriptor(made: Made) -> None:
    folder, descriptors = made.gateway.state_dir / "sessions" / made.id, Path(f"/proc/{made.gateway.pid}/fd")

    def count() -> int:
        return len(list(descriptors.iterdir()))

    assert made.post("resume").status_code == 200
    assert open_in(folder)
    counts: list[int] = []
    for _ in range(3):
        assert made.post("suspend").status_code == 200
        eventually(lambda: not open_in(folder), what="the end of everything that was open in the session's folder")
        eventually(lambda: not counts or count() <= counts[0], what="as many descriptors as at the first sleep")
        counts.append(count())
        assert made.post("resume").status_code == 200


def test_undo_and_redo_are_as_before_after_each_sleep(made: Made, http: httpx.Client) -> None:
    session = make(made.gateway, made.application)
    for name in ("A", "B", "C"):
        assert session.create(name).status_code == 201
    with session.client() as client:

        def move(action: str, left: set[str]) -> None:
            answer = client.post(f"/{action}")
            assert answer.status_code == 200, answer.text
            assert session.names() == left

        move("undo", {"A", "B"})
        assert session.post("suspend").status_code == 200
        move("redo", {"A", "B", "C"})
        move("undo", {"A", "B"})
        move("undo", {"A"})
        assert session.post("suspend").status_code == 200
        move("redo", {"A", "B"})
        move("redo", {"A", "B", "C"})
        assert session.post("suspend").status_code == 200
        move("undo", {"A", "B"})
        assert session.create("D").status_code == 201
        assert client.post("/redo").status_code == 409
        move("undo", {"A", "B"})
        move("undo", {"A"})
        move("undo", set())
    http.delete(session.path)


def test_a_session_that_has_ended_is_410_with_its_reason(made: Made, http: httpx.Client, gateway: Gateway) -> None:
    short = make(gateway, made.application)
    pid, folder = short.shown()["pid"], Path(gateway.state_dir) / "sessions" / short.id
    assert folder.is_dir()
    key = {"Idempotency-Key": f"end-{short.id}"}
    deleted = http.delete(short.path, headers=key)
    assert deleted.json()["result"] == {"deleted": short.id}
    assert http.delete(short.path, headers=key).json() == deleted.json()
    for answer in (http.delete(short.path), http.get(short.path), short.create("New"), short.post("resume")):
        assert code_of(answer) == (410, "session_ended")
        assert answer.json()["error"]["details"]["reason"] == "deleted"
    assert not alive(pid)
    assert not folder.exists()
    assert short.id not in http.get("/api/v1/sessions").text


def test_the_same_key_makes_one_session(http: httpx.Client) -> None:
    body, headers = {"application": "freecad"}, {"Idempotency-Key": "make-once"}
    first, second = (http.post("/api/v1/sessions", json=body, headers=headers) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json()["result"]["id"] == second.json()["result"]["id"]
    other = http.post("/api/v1/sessions", json={**body, "name": "x"}, headers=headers)
    assert code_of(other) == (422, "idempotency_conflict")
    http.delete(f"/api/v1/sessions/{first.json()['result']['id']}")


def test_a_session_of_no_application_is_not_made(http: httpx.Client) -> None:
    assert code_of(http.post("/api/v1/sessions", json={"application": "nothing"})) == (404, "not_found")
    assert http.post("/api/v1/sessions", json={}).status_code == 422
    assert http.post("/api/v1/sessions", json={"application": "freecad", "ttl_seconds": 0}).status_code == 422


def forked(answer: httpx.Response, of: Made) -> Made:
    assert answer.status_code == 201, answer.text
    return Made(of.gateway, of.application, answer.json()["result"]["id"])


@pytest.mark.parametrize("asleep", [False, True])
def test_a_fork_has_the_whole_state_and_goes_its_own_way(made: Made, http: httpx.Client, asleep: bool) -> None:
    first = made.create(f"Forked{asleep}", **{"Idempotency-Key": f"forked-{asleep}"})
    assert first.status_code == 201
    if asleep:
        assert made.post("suspend").status_code == 200
    other = forked(made.post("fork", json={"name": "Fork"}), made)
    assert made.shown()["state"] == ("suspended" if asleep else "ready")
    shown = other.shown()
    assert (shown["name"], shown["state"], shown["labels"]) == ("Fork", "ready", {"shop": "a"})
    assert other.names() == made.names()
    again = other.create(f"Forked{asleep}", **{"Idempotency-Key": f"forked-{asleep}"})
    assert again.json()["result"] == first.json()["result"]
    with other.client() as client:
        assert client.delete(f"/objects/Forked{asleep}").status_code == 200
    assert made.names() - other.names() == {f"Forked{asleep}"}
    assert other.create("Only").status_code == 201
    assert "Only" not in made.names()
    http.delete(other.path)
    assert "Only" not in made.names()


def test_a_session_begins_with_another_one_or_with_default(made: Made, http: httpx.Client) -> None:
    base = {"application": made.application}
    answer = http.post("/api/v1/sessions", json={**base, "from": {"session": made.id}})
    other = forked(answer, made)
    assert other.names() == made.names()
    http.delete(other.path)
    unknown = http.post("/api/v1/sessions", json={**base, "from": {"session": "0" * 32}})
    assert code_of(unknown) == (404, "session_not_found")
    wrong = next(each for each in APPLICATIONS if each != made.application)
    answer = http.post("/api/v1/sessions", json={"application": wrong, "from": {"session": made.id}})
    assert code_of(answer) == (422, "wrong_application")
    default = forked(http.post("/api/v1/sessions", json={**base, "from": {"session": "default"}}), made)
    listed = http.get(f"/api/v1/{made.application}/objects?fields=name").json()["result"]["objects"]
    assert default.names() == {each["name"] for each in listed}
    http.delete(default.path)


def test_a_session_begins_with_a_file(made: Made, http: httpx.Client) -> None:
    assert made.create("Saved").status_code == 201
    with made.client() as client:
        format = "blend" if made.application == "blender" else "fcstd"
        saved = client.post("/export", json={"format": format})
        assert saved.status_code == 200, saved.text
    artifact = saved.json()["result"]["artifact"]["id"]
    body = {"application": made.application, "from": {"artifact": artifact}}
    other = forked(http.post("/api/v1/sessions", json=body), made)
    assert other.names() == made.names()
    http.delete(other.path)
    before = http.get("/api/v1/sessions").json()["result"]["total"]
    body["from"] = {"artifact": "0" * 32}
    assert code_of(http.post("/api/v1/sessions", json=body)) == (404, "artifact_not_found")
    stored = http.post("/api/v1/artifacts", files={"file": ("bad.blend", b"nonsense")}).json()["result"]["id"]
    refused = http.post("/api/v1/sessions", json={**body, "from": {"artifact": stored}})
    assert refused.status_code == 422, refused.text
    assert http.get("/api/v1/sessions").json()["result"]["total"] == before
