"""Whose a session is: what belongs to another key answers exactly as what never was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.corpus.freecad import fcstd
from tests.gateway import Gateway, eventually
from tests.test_api.keyed import NEVER, Holder, new_key, own_sessions, without_own


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with own_sessions(tmp_path_factory.mktemp("owners") / "state") as running:
        yield running


@pytest.fixture(scope="module")
def ada(keyed: Gateway) -> Holder:
    return new_key(keyed)


@pytest.fixture(scope="module")
def ben(keyed: Gateway) -> Holder:
    return new_key(keyed)


@pytest.fixture(scope="module")
def session(ada: Holder) -> str:
    """A session of Ada's, with an object and an artifact."""
    with ada.client("/api/v1") as client:
        made = client.post("/sessions", json={"application": "freecad", "name": "Ada's", "labels": {"who": "ada"}})
        assert made.status_code == 201, made.text
        identifier: str = made.json()["result"]["id"]
        box = client.post(f"/freecad/primitives/box?session={identifier}", json={"name": "AdasBox"})
        assert box.status_code == 201, box.text
    return identifier


@pytest.fixture(scope="module")
def artifact(ada: Holder, session: str) -> str:
    with ada.client("/api/v1") as client:
        done = client.post(f"/freecad/export?session={session}", json={"format": "brep"})
        assert done.status_code == 200, done.text
        return done.json()["result"]["artifact"]["id"]


PROBES: list[tuple[str, str, Any]] = [
    ("GET", "/sessions/ID", None),
    ("PATCH", "/sessions/ID", {"name": "x"}),
    ("DELETE", "/sessions/ID", None),
    ("POST", "/sessions/ID/suspend", None),
    ("POST", "/sessions/ID/resume", None),
    ("POST", "/sessions/ID/fork", {}),
    ("POST", "/sessions", {"application": "freecad", "from": {"session": "ID"}}),
    ("GET", "/freecad/objects?session=ID", None),
    ("GET", "/freecad/objects/AdasBox?session=ID", None),
    ("POST", "/freecad/primitives/box?session=ID", {}),
    ("POST", "/freecad/batch?session=ID", {"calls": []}),
    ("GET", "/freecad/methods?session=ID", None),
    ("POST", "/freecad/undo?session=ID", None),
    ("POST", "/freecad/restart?session=ID", None),
    ("GET", "/freecad/documents?session=ID", None),
    ("GET", "/../../health/freecad?session=ID", None),
]


@pytest.mark.parametrize(("verb", "path", "body"), PROBES)
def test_anothers_session_is_answered_as_one_that_never_was(
    ben: Holder, session: str, verb: str, path: str, body: Any
) -> None:
    def ask(identifier: str) -> tuple[int, Any, dict[str, str]]:
        sent = None if body is None else json.loads(json.dumps(body).replace("ID", identifier))
        url = path.replace("ID", identifier)
        with ben.client("/api/v1" if not url.startswith("/..") else "") as client:
            return without_own(client.request(verb, url.removeprefix("/../.."), json=sent), identifier)

    theirs, never = ask(session), ask(NEVER)
    assert theirs == never
    assert (theirs[0], theirs[1]["error"]["code"]) == (404, "session_not_found")


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("GET", "/artifacts/ID", None),
        ("DELETE", "/artifacts/ID", None),
        ("POST", "/sessions", {"application": "freecad", "from": {"artifact": "ID"}}),
        ("POST", "/freecad/import?session=OWN", {"artifact": "ID"}),
    ],
)
def test_anothers_artifact_is_answered_as_one_that_never_was(
    ben: Holder, artifact: str, own: str, verb: str, path: str, body: Any
) -> None:
    def ask(identifier: str) -> tuple[int, Any, dict[str, str]]:
        sent = None if body is None else json.loads(json.dumps(body).replace("ID", identifier))
        with ben.client("/api/v1") as client:
            url = path.replace("ID", identifier).replace("OWN", own)
            return without_own(client.request(verb, url, json=sent), identifier)

    theirs, never = ask(artifact), ask(NEVER)
    assert theirs == never
    assert (theirs[0], theirs[1]["error"]["code"]) == (404, "artifact_not_found")


@pytest.fixture(scope="module")
def own(ben: Holder) -> str:
    """A session of Ben's."""
    with ben.client("/api/v1") as client:
        made = client.post("/sessions", json={"application": "freecad"})
        assert made.status_code == 201, made.text
        return made.json()["result"]["id"]


def test_lists_and_counts_have_only_what_is_ones_own(ben: Holder, own: str, session: str, artifact: str) -> None:
    with ben.client("/api/v1") as client:
        listed = client.get("/sessions").json()["result"]
        assert ([each["id"] for each in listed["sessions"]], listed["total"]) == ([own], 1)
        assert client.get("/sessions?label=who").json()["result"] == {"sessions": [], "total": 0}
        assert client.get("/artifacts").json()["result"] == {"artifacts": [], "total": 0}
        assert client.get(f"/freecad/objects?session={own}").json()["result"]["total"] == 0


def test_the_scope_admin_sees_all(keyed: Gateway, ada: Holder, own: str, session: str, artifact: str) -> None:
    with new_key(keyed, "read,admin").client("/api/v1") as client:
        listed = {each["id"]: each["owner"] for each in client.get("/sessions").json()["result"]["sessions"]}
        assert {own, session} <= set(listed)
        assert listed[session] == f"key:{ada.id}"
        assert client.get(f"/freecad/objects/AdasBox?session={session}").status_code == 200
        assert client.get(f"/artifacts/{artifact}").status_code == 200
        assert client.delete(f"/sessions/{session}").status_code == 403


def test_default_is_not_shared_if_a_setting_says_so(keyed: Gateway, ben: Holder) -> None:
    with ben.client("/api/v1") as client:
        for path in ("/freecad/objects", "/freecad/objects?session=default"):
            refused = client.get(path)
            assert (refused.status_code, refused.json()["error"]["code"]) == (404, "session_not_found")
        fork = client.post("/sessions", json={"application": "freecad", "from": {"session": "default"}})
        assert fork.json()["error"]["code"] == "session_not_found"
    with new_key(keyed, "read,admin").client("/api/v1") as client:
        assert client.get("/freecad/objects").status_code == 200


def test_a_websocket_reaches_only_ones_own_sessions(ada: Holder, ben: Holder, own: str, session: str) -> None:
    async def refused(identifier: str) -> tuple[int, str]:
        url = f"{ben.gateway.url.replace('http', 'ws', 1)}/ws/freecad?session={identifier}"
        with pytest.raises(InvalidStatus) as caught:
            await connect(url, additional_headers=ben.headers, proxy=None)
        body = json.loads(caught.value.response.body or b"{}")
        body["error"].pop("request_id")
        return caught.value.response.status_code, json.dumps(body).replace(identifier, "ID")

    async def events() -> list[dict[str, Any]]:
        """What Ben hears while Ada and then Ben make an object."""
        url = f"{ben.gateway.url.replace('http', 'ws', 1)}/ws/freecad?session={own}"
        heard: list[dict[str, Any]] = []
        async with connect(url, additional_headers=ben.headers, proxy=None) as socket:
            assert json.loads(await socket.recv())["session"] == own
            await socket.send(json.dumps({"type": "subscribe", "id": 1, "topics": ["objects", "clients"]}))
            await socket.recv()
            with ada.client("/api/v1") as client:
                client.post(f"/freecad/primitives/box?session={session}", json={"name": "Secret"})
                assert client.get("/../ws").status_code in (200, 404)
            with ben.client() as client:
                listed = client.get("/ws").json()["result"]
                assert {each["identity"] for each in listed["connections"]} == {f"key:{ben.id}"}
            with ada.client() as client:
                assert client.get("/ws").json()["result"] == {"connections": [], "total": 0}
            call = {"type": "call", "id": 2, "method": "primitives.box", "params": {"name": "Mine"}}
            await socket.send(json.dumps(call))
            while True:
                message = json.loads(await socket.recv())
                heard.append(message)
                if message["type"] == "event" and message["data"].get("name") == "Mine":
                    return heard

    assert asyncio.run(refused(session)) == asyncio.run(refused(NEVER))
    assert asyncio.run(refused(session))[0] == 404
    assert "Secret" not in json.dumps(asyncio.run(events()))


def test_the_files_of_a_session_are_in_its_own_folder(keyed: Gateway, own: str) -> None:
    folder = Path(keyed.state_dir) / "sessions" / own
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "journal").is_dir()


def _ended(client: httpx.Client, job: str) -> dict[str, Any] | None:
    found: dict[str, Any] = client.get(f"/jobs/{job}?wait=20").json()["result"]
    return found if found["finished"] else None


def test_the_scope_admin_sees_the_jobs_of_all(keyed: Gateway, ada: Holder, ben: Holder, session: str) -> None:
    with ada.client("/api/v1") as client:
        later = {"Prefer": "respond-async"}
        made = client.post(f"/freecad/export?session={session}", json={"format": "brep"}, headers=later)
        assert made.status_code == 202, made.text
        job = made.json()["result"]["id"]
        ended = eventually(lambda: _ended(client, job), seconds=110, what="the end of the job")
        assert ended["state"] == "succeeded"
    with new_key(keyed, "read,admin").client("/api/v1") as client:
        assert client.get(f"/jobs/{job}").status_code == 200
        assert job in [each["id"] for each in client.get("/jobs").json()["result"]["jobs"]]
        assert "event: finished" in client.get(f"/jobs/{job}/events").text
        assert client.delete(f"/jobs/{job}").status_code == 403
    with ben.client("/api/v1") as client:
        assert client.get(f"/jobs/{job}").status_code == 404


def test_a_session_that_begins_with_a_file_says_what_is_missing_of_it(ben: Holder) -> None:
    data = fcstd.fcstd([fcstd.box(), fcstd.other("Core::Unheard", "Sizes")], "1.0R39109 (Git)")
    with ben.client("/api/v1") as client:
        stored = client.post("/artifacts", files={"file": ("newer.FCStd", data)}).json()["result"]["id"]
        made = client.post("/sessions", json={"application": "freecad", "from": {"artifact": stored}})
        assert made.status_code == 201, made.text
        session = made.json()["result"]
        assert "objects_missing" in [each["code"] for each in session["warnings"]]
        assert client.get(f"/sessions/{session['id']}").json()["result"]["warnings"] == session["warnings"]
        plain = client.post("/sessions", json={"application": "freecad"}).json()["result"]
        assert "warnings" not in plain
        for each in (session, plain):
            assert client.delete(f"/sessions/{each['id']}").status_code == 200


@pytest.mark.parametrize("name", ["\0", "../../keys.json", "..", "a" * 300, "/etc/passwd", "é"])
def test_ids_of_artifacts_that_are_no_ids_are_answered_as_ones_that_never_were(
    ben: Holder, own: str, name: str
) -> None:
    with ben.client("/api/v1") as client:
        for path, body in (
            (f"/freecad/import?session={own}", {"artifact": name}),
            ("/convert", {"artifact": name, "to": "stl"}),
            ("/sessions", {"application": "freecad", "from": {"artifact": name}}),
        ):
            answer = client.post(path, json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) in (
                (404, "artifact_not_found"),
                (422, "validation_error"),
            ), answer.text
