"""Attacks on sessions and artifacts of other keys, by every door, and by names of sessions that are paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.authority import Guest
from tests.attack.field import Field
from tests.attack.mcp_client import ask, tool

READS = {"blender": "objects.list", "freecad": "objects.list"}
MAKES = {"blender": ("/primitives/cube", "primitives.cube"), "freecad": ("/primitives/box", "primitives.box")}
MADE = "OfSomebodyElse"
THEIRS = b"name,width\nONLY-FOR-ANOTHER-KEY-88d1,30\n"
"""The content of a file of another key: a table that variants could read."""
REFUSED = (401, 403, 404, 410)


class Victim:
    """Another key, with a session in which there is an object, and an artifact."""

    def __init__(self, field: Field, adapter: str) -> None:
        self.guest = Guest(field, "read,write")
        path, _ = MAKES[adapter]
        with self.guest.client() as client:
            made = client.post("/sessions", json={"application": adapter})
            if made.status_code not in (201, 202):
                raise RuntimeError(f"the preparation failed: {made.text[:200]}")
            self.session = str(made.json()["result"]["id"])
            self.query = {"session": self.session}
            _done(client.post(f"/{adapter}{path}", params=self.query, json={"name": MADE}))
            stored = _done(client.post("/artifacts", files={"file": ("theirs.csv", THEIRS)}))
            self.artifact = str(stored["id"])
            exported = client.post(f"/{adapter}/export", params=self.query, json={"format": "stl"})
            self.file = str(_done(exported)["artifact"]["id"])

    def names(self, adapter: str) -> list[str]:
        """The objects of the session."""
        with self.guest.client() as client:
            found = _done(client.get(f"/{adapter}/objects", params=self.query))
        return [str(each["name"]) for each in found["objects"]]

    def end(self) -> None:
        with self.guest.client() as client:
            client.delete(f"/sessions/{self.session}")
            for each in client.get("/artifacts").json()["result"]["artifacts"]:
                client.delete(f"/artifacts/{each['id']}")


def _done(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise RuntimeError(f"the preparation failed: {answer.request.url.path}: {answer.text[:200]}")
    return answer.json()["result"]


def _rest(adapter: str, victim: Victim) -> Iterator[tuple[str, str, Any]]:
    """Requests that would use the session."""
    path, method = MAKES[adapter]
    yield "GET", f"/api/v1/{adapter}/objects", None
    yield "GET", f"/api/v1/{adapter}/objects/{MADE}", None
    yield "POST", f"/api/v1/{adapter}{path}", {"name": "Planted"}
    yield "DELETE", f"/api/v1/{adapter}/objects/{MADE}", None
    yield "POST", f"/api/v1/{adapter}/batch", {"calls": [{"method": method, "params": {"name": "Planted"}}]}
    yield "POST", f"/api/v1/{adapter}/look", {}
    yield "GET", f"/api/v1/{adapter}/look.png", None
    yield "GET", f"/api/v1/{adapter}/methods", None
    yield "POST", f"/api/v1/{adapter}/export", {"format": "stl"}
    yield "POST", f"/api/v1/{adapter}/undo", None
    yield "POST", f"/api/v1/{adapter}/restart", None
    yield "GET", f"/health/{adapter}", None


def _by_id(adapter: str, session: str) -> Iterator[tuple[str, str, Any]]:
    """Requests to the routes of sessions."""
    yield "GET", f"/api/v1/sessions/{session}", None
    yield "PATCH", f"/api/v1/sessions/{session}", {"name": "taken"}
    for action in ("fork", "suspend", "resume"):
        yield "POST", f"/api/v1/sessions/{session}/{action}", {} if action == "fork" else None
    yield "POST", "/api/v1/sessions", {"application": adapter, "from": {"session": session}}
    yield "DELETE", f"/api/v1/sessions/{session}", None


def _by_artifact(adapter: str, victim: Victim) -> Iterator[tuple[str, str, Any]]:
    """Requests that would read the artifacts of somebody else."""
    for artifact in (victim.artifact, victim.file):
        yield "GET", f"/api/v1/artifacts/{artifact}", None
        yield "POST", "/api/v1/sessions", {"application": adapter, "from": {"artifact": artifact}}
        yield "POST", f"/api/v1/{adapter}/import", {"artifact": artifact}
        yield "POST", f"/api/v1/{adapter}/import/artifact", {"artifact": artifact}
        yield "POST", "/api/v1/convert", {"artifact": artifact, "to": "obj"}
        yield "POST", "/api/v1/convert/artifact", {"artifact": artifact, "to": "thumbnail"}
        yield "POST", f"/api/v1/{adapter}/look", {"since": artifact}
    if adapter == "freecad":
        yield "POST", "/api/v1/freecad/documents/open", {"artifact": victim.artifact}
        table = {"table": victim.artifact, "objects": ["Box"], "exports": ["stl"]}
        yield "POST", "/api/v1/freecad/variants", table
    else:
        for path in ("scene/open", "world/image", "node-groups", "node-groups/artifact", "materials/nothing/texture"):
            yield "POST", f"/api/v1/blender/{path}", {"artifact": victim.file}
    yield "DELETE", f"/api/v1/artifacts/{victim.artifact}", None


def uses_anothers(field: Field, *, adapter: str) -> Outcome:
    """The session and the artifacts of another key, whose ids the attacker knows."""
    victim = Victim(field, adapter)
    try:
        tried = 0
        named: list[dict[str, Any]] = [{"params": victim.query}, {"headers": {"Cadgate-Session": victim.session}}]
        with field.client("") as client:
            for how in named:
                for verb, path, body in _rest(adapter, victim):
                    tried += 1
                    answer = client.request(verb, path, json=body, **how)
                    if answer.status_code not in REFUSED:
                        return broke(f"{verb} {path} in the session of another key: {answer.status_code}")
            for path in ("/api/v1/sessions", "/api/v1/artifacts", "/api/v1/jobs", "/ws", "/metrics", "/plugins"):
                tried += 1
                text = client.get(path).text
                if victim.session in text or victim.artifact in text:
                    return broke(f"{path} shows what belongs to another key")
            for verb, path, body in (*_by_id(adapter, victim.session), *_by_artifact(adapter, victim)):
                tried += 1
                answer = client.request(verb, path, json=body)
                if answer.status_code == 202:  # a job, which must fail
                    answer = _end_of_job(client, answer)
                if answer.is_success:
                    return broke(f"{verb} {path} with what belongs to another key: {answer.status_code}")
        if found := _by_other_doors(field, adapter, victim):
            return broke(found)
        if victim.names(adapter) != [MADE]:
            return broke("the session of another key was changed")
        if any(b"ONLY-FOR-ANOTHER-KEY" in each.content for each in field.answers):
            return broke("an answer shows a file of another key")
        return field.assert_quiet(f"404 as for what never was, {tried} times", adapter)
    finally:
        victim.end()


def _end_of_job(client: httpx.Client, accepted: httpx.Response) -> httpx.Response:
    """The answer that a job stands for."""
    job = client.get(f"{accepted.headers['location']}?wait=60").json().get("result", {})
    status = 200 if job.get("state") == "succeeded" else 404
    return httpx.Response(status, request=accepted.request, json=job)


def _by_other_doors(field: Field, adapter: str, victim: Victim) -> str | None:
    url = f"{field.gateway.url.replace('http', 'ws', 1)}/ws/{adapter}?session={victim.session}"
    try:
        with connect(url, additional_headers=field.headers(), proxy=None):
            return "a WebSocket to the session of another key opened"
    except InvalidStatus as refused:
        if refused.response.status_code not in REFUSED:
            return f"a WebSocket to the session of another key: {refused.response.status_code}"
    _, method = MAKES[adapter]
    where = {"application": adapter, "session": victim.session}
    for name, arguments in (
        ("call", {**where, "method": READS[adapter]}),
        ("call", {**where, "method": method, "params": {"name": "Planted"}}),
        ("batch", {**where, "calls": [{"method": method, "params": {"name": "Planted"}}]}),
        ("look", where),
        ("measure", {**where, "object": MADE}),
        ("export", {**where, "format": "stl"}),
        ("execute", {**where, "code": "1"}),
        ("import", {"application": adapter, "artifact": victim.file}),
        *(
            ("sessions", {"action": action, "session": victim.session})
            for action in ("get", "fork", "update", "delete")
        ),
        ("sessions", {"action": "suspend", "session": victim.session}),
    ):
        answer = tool(field, name, arguments)
        if not answer.get("isError"):
            return f"the tool {name} used what belongs to another key: {json.dumps(answer)[:200]}"
    for uri in (f"cadgate://artifacts/{victim.artifact}", f"cadgate://artifacts/{victim.file}"):
        if "error" not in ask(field, "resources/read", {"uri": uri}):
            return "a resource of another key was read"
    if victim.artifact in json.dumps(ask(field, "resources/list")):
        return "the resources of another key are listed"
    return None


HOSTILE = (
    *("../default", "..", ".", "default/..", "%2e%2e%2fdefault", "..\\default", "/etc", "~", "$HOME", "a" * 5000),
    *(
        "DEFAULT",
        "default.",
        " default ",
        "*",
        "x; touch x",
        "0" * 32,
        "\N{FULLWIDTH FULL STOP}" * 2,
        "default/workspace",
    ),
)
"""Ids of sessions that are paths, or nearly others."""


def names_paths(field: Field, *, adapter: str) -> Outcome:
    """Sessions whose ids are paths, and names and labels that are."""
    folder = field.gateway.state_dir / "sessions"
    before = {path.name for path in folder.iterdir()}
    with field.client("") as client:
        for name in HOSTILE:
            if name.strip() == "default":
                continue
            headers = {b"Cadgate-Session": name.encode()}
            answers = [
                client.get(f"/api/v1/{adapter}/objects", params={"session": name}),
                client.get(f"/api/v1/{adapter}/objects", headers=headers),
                client.post("/api/v1/sessions", json={"application": adapter, "from": {"session": name}}),
                client.post("/api/v1/sessions", json={"application": adapter, "from": {"artifact": name}}),
                client.get(f"/api/v1/sessions/{name.replace('/', '%2F')}x"),
                client.post("/api/v1/sessions", json={"application": name}),
            ]
            if any(each.is_success for each in answers):
                return broke(f"a session was found by {name!r}: {[each.status_code for each in answers]}")
        made: list[str] = []
        for name in ("../../evil", str(field.canary.folder / "evil"), "a\nb", "<script>"):
            body = {"application": adapter, "name": name, "labels": {name: name}}
            answer = client.post("/api/v1/sessions", json=body)
            if answer.is_success:
                made.append(str(answer.json()["result"]["id"]))
        two = {"Cadgate-Session": made[0] if made else "0" * 32}
        twice = client.get(f"/api/v1/{adapter}/objects?session=default", headers=two)
        if twice.is_success:
            return broke("a request that names two sessions was answered")
        after = {path.name for path in folder.iterdir()}
        for each in made:
            client.delete(f"/api/v1/sessions/{each}")
    strange = [name for name in after - before if len(name) != 32 or not name.isalnum()]
    if strange:
        return broke(f"folders were made: {strange}")
    return field.assert_quiet(f"404, {len(HOSTILE)} names; names and labels are no paths", adapter)


ATTACKS = [
    *(
        Attack(f"session-of-another-key-{adapter}", "sessions", adapter, partial(uses_anothers, adapter=adapter))
        for adapter in MAKES
    ),
    *(
        Attack(f"session-names-that-are-paths-{adapter}", "sessions", adapter, partial(names_paths, adapter=adapter))
        for adapter in MAKES
    ),
]
