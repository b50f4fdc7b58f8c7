"""The adapter under test: its methods, and one that creates what others read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from pydantic import ValidationError

from cadgate.config.entry_points import announced_names
from cadgate.config.settings import Settings
from cadgate.contract.methods import Method
from cadgate.contract.settings import AdapterSettings
from cadgate.plugins.contents import Contents, contents_of
from cadgate.plugins.discovery import discover
from cadgate.plugins.hookspecs import Adapter
from cadgate.testing.gateway import Gateway

Json = dict[str, Any]


class Subject:
    """One adapter: its package, and a running gateway that serves it."""

    def __init__(self, name: str, settings: Mapping[str, Any], gateway: Gateway, client: httpx.Client) -> None:
        self.name = name
        self.gateway = gateway
        self.client = client
        self.base = f"/api/v1/{name}"
        off = {other: {"enabled": False} for other in announced_names() if other != name}
        own = Settings.model_validate({"adapters": {**off, name: dict(settings)}})
        (found,) = (one for one in discover(own) if one.name == name)
        if found.adapter is None or found.settings is None:
            pytest.fail(f"the adapter {name!r} is {found.status}: {found.error}", pytrace=False)
        self.adapter: Adapter = found.adapter
        self.settings: AdapterSettings = found.settings
        self.contents: Contents = contents_of(self.adapter.package)
        listed = client.get("/methods")
        self.methods: dict[str, Json] = {one["name"]: one for one in listed.json()["result"]["methods"]}

    def path(self, route: Json, **names: str) -> str:
        """Return the path of a listed route below the adapter's prefix, with its parameters filled in."""
        path: str = route["path"].removeprefix(self.base)
        for key, value in names.items():
            path = path.replace("{" + key + "}", quote(value, safe=""))
        return path

    def read(self, method: str, name: str) -> httpx.Response:
        """Read the thing named `name` by the route of `method`."""
        return self.client.get(self.path(self.methods[method]["route"], name=name))

    def batch(self, *calls: tuple[str, Json], atomic: bool = False, headers: Mapping[str, str] | None = None) -> Any:
        """Send a batch of (method, params), and return the response."""
        items = [{"method": method, "params": params} for method, params in calls]
        return self.client.post("/batch", json={"calls": items, "atomic": atomic}, headers=dict(headers or {}))


class Creation:
    """A method that creates something with a name, and the methods that read and delete it."""

    def __init__(self, subject: Subject, create: str | None, params: Mapping[str, Any]) -> None:
        self.subject = subject
        self.params = dict(params)
        self.create = create or self._find()
        if self.create not in subject.methods:
            pytest.fail(f"`creates` names {self.create!r}, which is not a method of {subject.name}", pytrace=False)
        self.get = self._related("get", "GET")
        self.delete = self._related("delete", "DELETE")

    def _find(self) -> str:
        for name, method in sorted(self.subject.contents.methods_by_name().items()):
            route = self.subject.methods[name]["route"]
            if method.mutates and method.atomic and route and route["verb"] == "POST" and _is_creation(method):
                try:
                    method.params.model_validate(self.params)
                except ValidationError:
                    continue
                return name
        raise pytest.fail.Exception(
            "no method creates something with a name without any parameters: set `creates` (and `creation_params`) "
            "in the test class, or exempt 'creation' with the reason",
            pytrace=False,
        )

    def _related(self, action: str, verb: str) -> str:
        """Return the method `get` or `delete` of the same resource, or of `objects`."""
        for resource in (self.create.partition(".")[0], "objects"):
            route = self.subject.methods.get(f"{resource}.{action}", {}).get("route")
            if route and route["verb"] == verb and "{name}" in route["path"]:
                return f"{resource}.{action}"
        resource = self.create.partition(".")[0]
        raise pytest.fail.Exception(
            f"what {self.create} creates cannot be found again: there is no method {resource}.{action} or "
            f"objects.{action} with a route {verb} …/{{name}}",
            pytrace=False,
        )

    @property
    def path(self) -> str:
        return self.subject.path(self.subject.methods[self.create]["route"])

    def post(self, *, headers: Mapping[str, str] | None = None, query: str = "", **params: Any) -> httpx.Response:
        """Create through REST."""
        body = {**self.params, **params}
        return self.subject.client.post(self.path + query, json=body, headers=dict(headers or {}))

    def make(self, **params: Any) -> Json:
        """Create, and return what was created."""
        answer = self.post(**params)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["result"]

    def read(self, name: str) -> httpx.Response:
        return self.subject.read(self.get, name)

    def exists(self, name: str) -> bool:
        answer = self.read(name)
        assert answer.status_code in (200, 404), answer.text
        return answer.status_code == 200

    def new_name(self) -> str:
        """Return an unused name, of characters that every application accepts."""
        return f"Conformance{uuid4().hex[:12]}"


def _is_creation(method: Method[Any, Any]) -> bool:
    return method.naming_parameter == "name" and {"name", "revision"} <= set(method.result.model_fields)


def error_of(answer: httpx.Response, status: int, code: str) -> Json:
    """Return the error of a response, which must have this status, this code and the envelope's shape."""
    envelope = answer.json()
    assert (answer.status_code, envelope.get("error", {}).get("code")) == (status, code), answer.text
    assert set(envelope) == {"status", "error"}
    assert envelope["status"] == "error"
    error: Json = envelope["error"]
    assert set(error) == {"code", "message", "details", "retryable", "request_id"}
    assert error["message"].strip()
    assert error["request_id"] == answer.headers["x-request-id"]
    return error
