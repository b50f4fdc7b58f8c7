"""Every failure has the one envelope, an honest status, a finite message, and nothing of the server's inside."""

from __future__ import annotations

import json
import math

import httpx
import pytest
from fastapi import FastAPI

from cadgate.errors import (
    CadgateError,
    ConnectionFailed,
    ObjectNotFound,
    from_wire,
)
from cadgate.web.json_body import MAX_DEPTH, parse
from tests.core.served import error_of, exchange

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/nobody/objects", 404, "not_found"),
        ("GET", "/api/v1", 404, "not_found"),
        ("GET", "/health/nobody", 404, "not_found"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("DELETE", "/probe/json", 405, "method_not_allowed"),
        ("TRACE", "/health", 405, "method_not_allowed"),
        ("GET", "/probe/query?size=abc", 422, "validation_error"),
        ("GET", "/probe/query?unknown=1", 422, "validation_error"),
        ("GET", "/api/v1/artifacts?limit=0", 422, "validation_error"),
        ("GET", "/api/v1/artifacts?limit=nan", 422, "validation_error"),
        ("GET", "/probe/crash", 500, "internal_error"),
        ("GET", "/probe/wrong-answer", 500, "internal_error"),
        ("GET", "/probe/starting", 503, "application_starting"),
        ("GET", "/probe/strange", 500, "strange"),
    ],
)
async def test_every_failure_has_the_envelope(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path, headers={"X-Request-ID": "req-7"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    error = error_of(answer.content)
    assert error["code"] == code
    assert error["request_id"] == answer.headers["x-request-id"] == "req-7"


async def test_405_says_what_is_allowed(client: httpx.AsyncClient) -> None:
    answer = await client.put("/api/v1/artifacts/abc")
    assert answer.headers["allow"] == "DELETE, GET, HEAD"
    assert error_of(answer.content)["details"] == {"allowed": ["DELETE", "GET", "HEAD"]}


async def test_unknown_paths_name_the_adapters_that_there_are(client: httpx.AsyncClient) -> None:
    assert "'nobody'" in error_of((await client.get("/api/v1/nobody/objects")).content)["message"]
    disabled = await client.get("/api/v1/blender/objects")
    assert disabled.status_code == 503
    assert error_of(disabled.content)["code"] == "application_unavailable"
    assert "disabled" in error_of(disabled.content)["message"]


# --- JSON ------------------------------------------------------------------------------------------------------------

DEEP = b'{"anything":' * 5000 + b"1" + b"}" * 5000

MALFORMED = [
    b"{",
    b"nonsense",
    b'{"size": 1',
    b'{"size": 1}}',
    b'{"size": 1,}',
    b"{'size': 1}",
    b'{"size": 01}',
    b'{"anything": "\xff"}',
    b'{"anything": "\xed\xa0\x80"}',
    b'{"anything": "\\ud800"}',
    b'{"anything": "\\ud800\\u0041"}',
    b'{"\\udfff": 1}',
    b'{"anything": "\x01"}',
    b"\xef\xbb\xbf\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b"\x00",
    b" ",
    DEEP,
    b"[" * 100_000,
    b'{"anything":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
    b'{"size": ' + b"1" * 5000 + b"}",
]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:24]))
async def test_malformed_json_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/probe/json", content=body, headers=JSON)
    assert (answer.status_code, error_of(answer.content)["code"]) == (400, "malformed_json")
    assert len(error_of(answer.content)["message"]) < 500


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:24]))
async def test_malformed_json_is_400_on_a_plain_fastapi_route_too(
    app: FastAPI, client: httpx.AsyncClient, body: bytes
) -> None:
    @app.post("/plain")
    def plain(body: dict[str, float | str | dict | list]) -> dict[str, int]:  # type: ignore[type-arg]
        return {"kept": len(body)}

    answer = await client.post("/plain", content=body, headers=JSON)
    # The standard library's reader is more lenient than the gateway's; what it lets pass must not break the answer.
    assert answer.status_code in (200, 400, 422)
    if answer.status_code != 200:
        assert error_of(answer.content)["code"] in ("malformed_json", "validation_error")


@pytest.mark.parametrize(
    ("number", "where"),
    [
        (b'{"size": NaN}', ["body", "size"]),
        (b'{"size": Infinity}', ["body", "size"]),
        (b'{"size": -Infinity}', ["body", "size"]),
        (b'{"size": 1e999}', ["body", "size"]),
        (b'{"anything": {"deep": [1, NaN]}}', ["body", "anything", "deep", 1]),
        (b'{"anything": -1e400}', ["body", "anything"]),
        (b'{"anything": ' + b"9" * 400 + b".0}", ["body", "anything"]),
    ],
)
async def test_numbers_that_are_not_finite_are_422_and_name_the_place(
    client: httpx.AsyncClient, number: bytes, where: list[str | int]
) -> None:
    answer = await client.post("/probe/json", content=number, headers=JSON)
    error = error_of(answer.content)
    assert (answer.status_code, error["code"]) == (422, "validation_error")
    assert "finite" in error["message"]
    assert error["details"]["errors"][0]["loc"] == where


async def test_text_that_only_looks_like_numbers_passes(client: httpx.AsyncClient) -> None:
    for text in ("NaN", "1e999", "Infinity", "[" * 200, "\\" * 99 + '"' + "{" * 200):
        answer = await client.post("/probe/json", json={"anything": text})
        assert answer.json()["result"]["value"]["anything"] == text


def test_nesting_is_counted_outside_of_strings() -> None:
    fits = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert parse(fits.encode()) == json.loads(fits)
    wide = [[{"a": [i]}] for i in range(500)]
    assert parse(json.dumps(wide).encode()) == wide
    with pytest.raises(CadgateError, match="nested"):
        parse(b"[" + fits.encode() + b"]")


async def test_one_byte_order_mark_is_ignored(client: httpx.AsyncClient) -> None:
    answer = await client.post("/probe/json", content=b'\xef\xbb\xbf{"size": 3}', headers=JSON)
    assert answer.json()["result"]["value"]["size"] == 3


@pytest.mark.parametrize(
    "body", ["[]", "null", '"text"', "1", '{"size": "2"}', '{"size": true}', '{"size": null}', '{"unknown": 1}']
)
async def test_wrong_values_are_422_with_pydantics_list(client: httpx.AsyncClient, body: str) -> None:
    answer = await client.post("/probe/json", content=body, headers=JSON)
    error = error_of(answer.content)
    assert (answer.status_code, error["code"]) == (422, "validation_error")
    first = error["details"]["errors"][0]
    assert {"type", "loc", "msg"} <= set(first)
    assert first["loc"][0] == "body"
    assert ".".join(map(str, first["loc"])) in error["message"]


async def test_a_huge_wrong_value_is_not_sent_back(client: httpx.AsyncClient) -> None:
    answer = await client.post("/probe/json", json={"size": "x" * 1_000_000})
    assert answer.status_code == 422
    assert len(answer.content) < 5000


async def test_many_wrong_values_are_counted_not_all_listed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/probe/json", json={f"unknown{i}": 1 for i in range(5000)})
    assert len(error_of(answer.content)["details"]["errors"]) == 100
    assert "and 4997 more" in error_of(answer.content)["message"]


# --- what must not be told -------------------------------------------------------------------------------------------


async def test_a_defect_tells_nothing_and_is_logged_under_the_request_id(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in ("/probe/crash", "/probe/wrong-answer"):
        capsys.readouterr()
        answer = await client.get(path, headers={"X-Request-ID": "find-me"})
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        logged = capsys.readouterr().err
        assert "find-me" in logged
        assert "Traceback" in logged


async def test_details_that_are_no_json_become_json(client: httpx.AsyncClient) -> None:
    error = error_of((await client.get("/probe/strange")).content)
    assert error["message"] == "strange \\ud800"
    details = error["details"]
    assert (details["nan"], details["surrogate"], details["bytes"]) == ("nan", "\\ud800", "\\xff")
    assert all(math.isfinite(value) for value in details.values() if isinstance(value, float))


async def test_retry_after_is_whole_seconds(client: httpx.AsyncClient) -> None:
    answer = await client.get("/probe/starting")
    assert answer.headers["retry-after"] == "1"
    assert error_of(answer.content)["retryable"] is True


async def test_a_dry_run_is_answered_with_success(client: httpx.AsyncClient) -> None:
    answer = await client.post("/probe/dry")
    assert (answer.status_code, answer.json()) == (200, {"status": "success", "result": {"dry_run": True}})


# --- what a request asks for -----------------------------------------------------------------------------------------


async def test_headers_and_query_become_the_context(client: httpx.AsyncClient) -> None:
    headers = {"X-Request-ID": "r1", "X-Deadline-Ms": "1500", "Idempotency-Key": "k-1", "If-Match": '"abc123"'}
    told = (await client.get("/probe/context?dry_run=true", headers=headers)).json()["result"]["value"]
    assert told == {
        "request_id": "r1",
        "deadline": 1.5,
        "key": "k-1",
        "if_match": "abc123",
        "dry_run": True,
        "scopes": ["execute", "read", "write"],
        "identity": "in-process",
    }
    plain = (await client.get("/probe/context?dry_run=false", headers={"If-Match": "abc"})).json()["result"]["value"]
    assert (plain["dry_run"], plain["if_match"], plain["deadline"], plain["key"]) == (False, "abc", None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Deadline-Ms", "0"),
        ("X-Deadline-Ms", "-5"),
        ("X-Deadline-Ms", "1.5"),
        ("X-Deadline-Ms", "soon"),
        ("X-Deadline-Ms", "9" * 12),
        ("X-Deadline-Ms", ""),
        ("Idempotency-Key", ""),
        ("Idempotency-Key", "k" * 256),
        ("Idempotency-Key", "a b"),
        ("If-Match", ""),
        ("If-Match", '"a", "b"'),
        ("If-Match", "x" * 129),
    ],
)
async def test_headers_that_cannot_be_understood_are_422(client: httpx.AsyncClient, name: str, value: str) -> None:
    answer = await client.get("/probe/context", headers={name: value})
    error = error_of(answer.content)
    assert (answer.status_code, error["code"]) == (422, "validation_error")
    assert error["details"]["errors"][0]["loc"] == ["header", name]


@pytest.mark.parametrize("value", ["maybe", "2", "", "truee"])
async def test_a_dry_run_that_cannot_be_understood_is_422(client: httpx.AsyncClient, value: str) -> None:
    answer = await client.get(f"/probe/context?dry_run={value}")
    assert (answer.status_code, error_of(answer.content)["code"]) == (422, "validation_error")


def test_a_repeated_idempotency_key_is_400(port: int) -> None:
    head = b"GET /probe/context HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n"
    status, _, body = exchange(port, head)
    assert (status, error_of(body)["code"]) == (400, "bad_request")


# --- the tree --------------------------------------------------------------------------------------------------------


def _classes(kind: type[CadgateError]) -> list[type[CadgateError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in _classes(child))]


def test_every_class_has_a_code_and_an_error_status() -> None:
    for kind in _classes(CadgateError):
        assert kind.code.replace("_", "").isalpha()
        assert kind.code.islower()
        assert 400 <= kind.status < 600
        if kind.status in (429, 503):
            assert kind.retryable
            assert kind.retry_after


def test_an_errors_code_on_the_wire_finds_its_class() -> None:
    found = from_wire({"message": "gone", "data": {"code": "object_not_found", "details": {"name": "x"}}})
    assert isinstance(found, ObjectNotFound)
    assert found.details == {"name": "x"}
    assert from_wire({"message": "?", "data": {"code": "layer_not_found"}}).status == 404
    assert from_wire({"message": "?"}).status == 422
    assert issubclass(type(from_wire({"message": "?", "data": {"code": "application_unavailable"}})), ConnectionFailed)
