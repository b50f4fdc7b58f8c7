"""Tests of what an adapter declares: its methods, their documentation, and whom it admits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psutil
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from cadgate.appserver.framing import MAX_HELLO, PROTOCOL
from cadgate.plugins.contents import METHOD_NAME
from cadgate.routers.mount import routes_of
from cadgate.testing.conformance.application import answer_to, hello, request, with_application
from cadgate.testing.conformance.halves import disagreements, functions_inside
from cadgate.testing.conformance.subject import Json, Subject
from cadgate.testing.conformance.suite import Suite
from cadgate.web.access import ACCESS, Access


class Contract(Suite):
    """Tests that change nothing in the application."""

    def test_the_adapter_is_active(self, subject: Subject) -> None:
        with subject.gateway.client() as client:
            plugins = client.get("/plugins").json()["result"]["plugins"]
        (plugin,) = (one for one in plugins if one["name"] == subject.name)
        assert (plugin["status"], plugin["error"]) == ("active", None)
        assert plugin["version"], "the package has no version"
        assert plugin["websocket"] == f"/ws/{subject.name}"
        assert plugin["routes"]

    def test_health_is_up_and_names_the_application(self, subject: Subject) -> None:
        envelope = subject.gateway.health(subject.name)
        assert envelope["status"] == "success", envelope
        health = envelope["result"]
        assert (health["status"], health["mode"]) == ("up", "managed")
        assert any(character.isdigit() for character in health["application"]), "Host.version() should return a version"
        assert health["latency_ms"] < 2000
        assert psutil.pid_exists(health["pid"])

    def test_both_halves_know_the_same_methods(self, subject: Subject, alone: Alone) -> None:
        inside = alone.methods
        published = set(subject.contents.methods_by_name())
        handled = set(subject.contents.handlers_by_name())
        missing = published - handled - inside
        assert not missing, f"no function inside the application is decorated @method(…) for {sorted(missing)}"
        unknown = {name for name in inside - published if not name.startswith("internal.")}
        assert not unknown, f"methods inside without a Method must be named internal.*: {sorted(unknown)}"

    def test_both_halves_agree_on_the_parameters(self, subject: Subject) -> None:
        """A function accepts its model's fields. The file is parsed, because it cannot be imported here."""
        wrong = [
            problem
            for name, function in functions_inside(subject.adapter.package)
            if (method := subject.contents.methods_by_name().get(name)) is not None
            for problem in disagreements(method, function)
        ]
        assert not wrong, "; ".join(wrong)

    def test_every_method_is_listed_with_its_schemas_and_a_route(self, subject: Subject) -> None:
        for name in subject.contents.methods_by_name():
            listed = subject.methods[name]
            assert METHOD_NAME.fullmatch(name)
            for schema in (listed["params"], listed["result"]):
                assert schema["type"] == "object", name
                _check_references(schema, schema, name)
            assert listed["params"].get("additionalProperties") is False, f"{name} accepts unknown fields"
            assert listed["route"] or name in self.exempt, f"no route calls {name}"

    def test_every_operation_is_documented(self, subject: Subject) -> None:
        with subject.gateway.client() as client:
            document = client.get("/openapi.json").json()
        (tag,) = (one for one in document["tags"] if one["name"] == subject.name)
        assert tag["description"].strip()
        prefix = subject.base + "/"
        operations = {
            f"{verb.upper()} {path}": operation
            for path, verbs in document["paths"].items()
            if path.startswith(prefix)
            for verb, operation in verbs.items()
        }
        assert operations
        for where, operation in operations.items():
            assert operation["tags"] == [subject.name], where
            assert operation["operationId"].startswith(f"{subject.name}_"), where
            assert operation["summary"].strip(), where
            assert operation["description"].strip(), where
            _check_contents(where, operation)
        identifiers = [operation["operationId"] for operation in operations.values()]
        assert len(identifiers) == len(set(identifiers))

    def test_every_route_has_a_docstring(self, subject: Subject) -> None:
        silent = [
            f"{function.__module__}.{function.__name__}"
            for router in subject.adapter.routers
            for route in iter_route_contexts(router.routes)
            if isinstance(route.original_route, APIRoute)
            and not ((function := route.original_route.endpoint).__doc__ or "").strip()
        ]
        assert not silent, f"without a docstring, which is their documentation: {silent}"

    def test_every_route_asks_for_a_scope(self, subject: Subject) -> None:
        """A route without a scope would be open to every key; `/batch` requires the scopes of its calls."""
        open_to_all = [
            f"{verb} {access.audited_as or getattr(route, 'path', '')}"
            for route in routes_of(subject.adapter)
            for verb, access in cast("dict[str, Access]", getattr(route, ACCESS)).items()
            if not access.scopes and getattr(route, "path", "") != f"{subject.base}/batch"
        ]
        assert not open_to_all, f'declare the scopes of a key, dependencies=[requires("read")]: {open_to_all}'

    def test_the_application_listens_on_the_loopback_only(self, alone: Alone) -> None:
        assert alone.listening
        assert alone.listening <= {"127.0.0.1", "::1"}

    def test_the_application_serves_nobody_without_its_secret(self, alone: Alone) -> None:
        received = dict(alone.answers)
        mismatch = received.pop("another protocol")
        assert [one["error"]["data"]["code"] for one in mismatch] == ["protocol_mismatch"]
        assert {who: answers for who, answers in received.items() if answers} == {}

    @pytest.fixture
    def alone(self, subject: Subject, tmp_path: Path) -> Alone:
        """Return what an application without a gateway shows. It is started once for the tests of an adapter."""
        key = f"{subject.adapter.package} {subject.settings!r}"
        if key not in _ALONE:
            reader = next(iter(subject.contents.methods_by_name()))

            async def look(process: Any) -> Alone:
                port = process.about["port"]
                # Not in a sandbox, which would have no network to listen on.
                connections = psutil.Process(process.pid).net_connections("tcp")
                return Alone(
                    methods=frozenset(process.client.about["methods"]),
                    listening={one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN},
                    answers={
                        "a wrong secret": answer_to(port, hello() + request(reader, {})),
                        "a call before the hello": answer_to(port, request(reader, {})),
                        "an HTTP request": answer_to(port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
                        "a frame above the limit": answer_to(port, (MAX_HELLO + 1).to_bytes(4, "big")),
                        "another protocol": answer_to(port, hello(process.client._secret, PROTOCOL + 1)),
                    },
                )

            _ALONE[key] = with_application(subject, tmp_path, look)
        return _ALONE[key]


@dataclass(frozen=True)
class Alone:
    """What an application without a gateway shows."""

    methods: frozenset[str]
    listening: set[str]
    answers: dict[str, list[Json]]
    """What it sends to those whom it must not serve."""


_ALONE: dict[str, Alone] = {}


def _check_references(node: Any, root: Json, name: str) -> None:
    """Assert that every `$ref` resolves within the schema."""
    if isinstance(node, dict):
        schema = cast("Json", node)
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target: Any = root
            for part in reference.removeprefix("#/").split("/"):
                assert part in target, f"{name}: {reference} does not resolve"
                target = target[part]
        for value in schema.values():
            _check_references(value, root, name)
    elif isinstance(node, list):
        for value in cast("list[Any]", node):
            _check_references(value, root, name)


def _check_contents(where: str, operation: Json) -> None:
    responses: dict[str, Json] = operation["responses"]
    assert any(status.startswith("2") for status in responses), where
    expected = {"401", "403", "429", "500", "503", "504"}
    if "requestBody" in operation:
        expected.update(("400", "415", "422"))
    assert expected <= set(responses), f"{where} does not document {sorted(expected - set(responses))}"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            shown = content.get("example") or content.get("examples")
            assert shown, f"{where} has no example body: add one in json_schema_extra of its model's model_config"
    for status, response in responses.items():
        if status >= "4":
            schema = response["content"]["application/json"]["schema"]
            assert schema["$ref"].endswith("/Failure"), f"{where}: {status} is not the envelope of failures"
