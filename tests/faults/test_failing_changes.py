"""A change that fails after it began leaves nothing behind: the whole state is the one before, in both applications."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.conftest import Session
from tests.faults.documents import change_by_requests, fill_by_code
from tests.faults.whole_state import assert_same, execute

FORCED = "forced by the test, after all of it was done"
INSTALL = """
import os
from cadgate.appserver import current, registry
def failing(function):
    def wrapped(**params):
        result = function(**params)
        call = current()
        if call.connection is not None and call.mutates and os.path.exists({wanted!r}):
            raise RuntimeError({forced!r})
        return result
    return wrapped
for name, function in list(registry.METHODS.items()):
    registry.METHODS[name] = failing(function)
"""


class FirstFails:
    """A session whose requests are sent twice: the first time they are made to fail when all of them was done.

    :param every: whether that is done to every request, and not to the first one of each method.
    """

    def __init__(self, session: Session, *, every: bool) -> None:
        self.adapter = session.adapter
        self.client = session.client
        self.failed: list[str] = []
        self._every = every
        self._routes = routes_of(session)
        self._session = session
        self._wanted: Path = session.gateway.state_dir / "sessions" / session.adapter / "workspace" / "fail.wanted"
        execute(session.client, INSTALL.format(wanted=str(self._wanted), forced=FORCED))
        self._before: Any = None
        self.state()

    def state(self) -> Any:
        """The whole state after the last request, read where that is not done yet."""
        if self._before is None:
            self._before = self._session.state.read()
        return self._before

    def post(self, path: str, body: Any) -> httpx.Response:
        return self._twice("POST", path, body)

    def patch(self, path: str, body: Any) -> httpx.Response:
        return self._twice("PATCH", path, body)

    def put(self, path: str, body: Any) -> httpx.Response:
        return self._twice("PUT", path, body)

    def delete(self, path: str) -> httpx.Response:
        return self._twice("DELETE", path, None)

    def _twice(self, verb: str, path: str, body: Any) -> httpx.Response:
        method = self._method(verb, path)
        if path.endswith("/recompute") or (method in self.failed and not self._every):
            return self._done(verb, path, body)
        before = self.state()
        self._wanted.touch()
        failed = self.client.request(verb, path, json=body)
        self._wanted.unlink()
        assert FORCED in failed.text, (path, failed.text)
        assert failed.status_code == 422 or path == "/batch"
        assert_same(before, self._session.state.read(), f"after {verb} {path} {body} failed")
        self.failed.append(method)
        return self._done(verb, path, body)

    def _done(self, verb: str, path: str, body: Any) -> httpx.Response:
        done = self.client.request(verb, path, json=body)
        assert done.is_success, (path, done.text)
        self._before = None
        return done

    def _method(self, verb: str, path: str) -> str:
        """The method of a request; where its path names none, the verb and the first word of the path."""
        found = (method for known, pattern, method in self._routes if known == verb and pattern.fullmatch(path))
        return next(found, f"{verb} {path.split('/')[1]}")


def routes_of(session: Session) -> list[tuple[str, re.Pattern[str], str]]:
    """Verb, path and name of the methods of an adapter, those with fewer parameters in their paths first."""
    methods = [each for each in session.client.get("/methods").json()["result"]["methods"] if each.get("route")]
    methods.sort(key=lambda each: each["route"]["path"].count("{"))
    base = f"/api/v1/{session.adapter}"
    return [
        (
            each["route"]["verb"],
            re.compile(re.sub(r"\{\w+\}", "[^/?]+", each["route"]["path"].removeprefix(base)) + r"(\?.*)?"),
            each["name"],
        )
        for each in methods
    ]


@pytest.mark.timeout(240)
def test_every_kind_of_change_that_fails_at_its_end_leaves_nothing(session: Session, long_form: bool) -> None:
    if session.adapter == "freecad":
        session.post("/documents", {"name": "Second"})
    else:
        fill_by_code(session)
    first_fails = FirstFails(session, every=long_form)
    change_by_requests(first_fails)  # type: ignore[arg-type] - it has what is used of a session
    assert len(set(first_fails.failed)) > 50
    before = first_fails.state()
    session.kill()
    assert_same(before, session.state.read(), "after a death")


BAD: dict[str, list[tuple[str, str, Any]]] = {
    "blender": [
        # Nothing is left of it.
        ("POST", "/objects/Small/boolean", {"object": "Large", "operation": "difference"}),
        ("POST", "/objects/Small/boolean", {"object": "Far", "operation": "intersect"}),
        ("PATCH", "/objects/Small", {"location": [9, 9, 9], "name": "Large"}),
        ("PATCH", "/objects/Small", {"location": [9, 9, 9], "parent": "Small"}),
        ("POST", "/primitives/cube", {"material": "None such", "name": "New"}),
        ("POST", "/primitives/grid", {"x_subdivisions": 100_000, "y_subdivisions": 100_000}),
        ("POST", "/objects/Small/modifiers", {"type": "subdivision", "levels": 11}),
        ("POST", "/objects/Small/modifiers", {"type": "boolean", "object": "Small"}),
        ("POST", "/meshes", {"vertices": [[0, 0, 0]], "faces": [[0, 1, 2]]}),
    ],
    "freecad": [
        ("POST", "/boolean/subtract", {"object1": "Small", "object2": "Large"}),
        ("POST", "/boolean/intersect", {"object1": "Small", "object2": "Far"}),
        ("POST", "/features/fillet", {"object": "Small", "radius": 1000}),
        ("POST", "/features/chamfer", {"object": "Small", "size": 1000}),
        ("POST", "/features/fillet", {"object": "Small", "radius": 0.1, "edges": ["Edge99"]}),
        ("PATCH", "/objects/Small", {"label": "Changed", "properties": {"Length": 5, "Nothing": 1}}),
        ("PATCH", "/objects/Small", {"location": [9, 9, 9], "properties": {"Length": "no length"}}),
        ("POST", "/sketches", {"geometry": [{"type": "circle", "radius": 1}], "constraints": [
            {"type": "radius", "first": {"geometry": 0}, "value": 3},
            {"type": "radius", "first": {"geometry": 0}, "value": 4}]}),
        ("DELETE", "/objects/Base", None),
    ],
}  # fmt: skip


def test_what_the_application_itself_fails_at_leaves_nothing(session: Session) -> None:
    if session.adapter == "blender":
        for name, size, x in (("Small", 1, 0), ("Large", 10, 0), ("Far", 1, 100)):
            session.post("/primitives/cube", {"name": name, "size": size, "location": [x, 0, 0]})
    else:
        for name, size, x in (("Small", 1, 3), ("Large", 10, 0), ("Far", 1, 100), ("Base", 4, 50), ("Tool", 2, 49)):
            body = {"length": size, "width": size, "height": size}
            session.post("/primitives/box", {"name": name, **body, "location": [x, x and 3, x and 3]})
        session.post("/boolean/union", {"object1": "Base", "object2": "Tool", "name": "Both"})
    session.state.prepare()
    before = session.state.read()
    kind = "cube" if session.adapter == "blender" else "box"
    for verb, path, body in BAD[session.adapter]:
        answer = session.client.request(verb, path, json=body)
        assert answer.status_code in (404, 409, 422), (path, body, answer.status_code, answer.text)
        assert_same(before, session.state.read(), f"after {verb} {path} {body} failed with {answer.text}")
        if verb == "DELETE":
            continue
        method = _method(session, verb, path)
        params = _params(path, body)
        calls = [
            {"method": f"primitives.{kind}", "params": {"name": "First"}},
            {"method": f"primitives.{kind}", "params": {}},
            {"method": method, "params": params},
        ]
        answer = session.client.post("/batch", json={"calls": calls, "atomic": True})
        assert answer.status_code in (404, 409, 422), (path, body, answer.text)
        assert answer.json()["error"]["details"]["index"] == 2
        assert_same(before, session.state.read(), f"after a batch with {method} {params} failed")


def _method(session: Session, verb: str, path: str) -> str:
    """The method of a route."""
    wanted = f"/api/v1/{session.adapter}" + path.replace("/Small", "/{name}")
    for each in session.client.get("/methods").json()["result"]["methods"]:
        route = each.get("route") or {}
        if route.get("verb") == verb and route.get("path") == wanted:
            return str(each["name"])
    raise LookupError(f"no method has the route {verb} {wanted}")


def _params(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a request says with its path and its body, as the parameters of the method."""
    if path.endswith("/modifiers"):
        return {"object": "Small", "modifier": body}
    if "/Small" not in path:
        return body
    renamed = {"new_name": body["name"]} if "name" in body else {}
    return {**body, "name": "Small", **renamed}
