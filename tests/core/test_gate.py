"""The door: Host, Origin, content types, sizes, names in paths, request ids; on real sockets where it matters."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.core.served import begun, error_of, exchange, get, post, probed_app, quiet_settings, read_answer, served

pytestmark = [pytest.mark.anyio, pytest.mark.security]


# --- Host ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:99", "cad.example:443"]
)
def test_known_hosts_are_answered_on_any_port(port: int, host: str) -> None:
    assert get(port, host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil-localhost",
        "xcad.example",
        "",
        "localhost:x",
        "[::1",
        "a@localhost",
        "0",
        "2130706433",
        "0x7f.1",
        "127.1",
        "127.0.0.2",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "[::]",
        "169.254.169.254",
        "localhost.",
        "localhost:80:80",
        "localhost, evil.example",
        "evil.example:80@localhost",
        "localhost\\@evil.example",
        "cad.example.",
        "null",
    ],
)
def test_a_foreign_host_is_421(port: int, host: str) -> None:
    status, _, body = get(port, host=host)
    assert status == 421
    assert error_of(body)["code"] == "misdirected_host"


def test_a_request_without_a_host_is_421(port: int) -> None:
    status, _, body = exchange(port, b"GET /health HTTP/1.1\r\n\r\n")
    assert (status, error_of(body)["code"]) == (421, "misdirected_host")


def test_two_hosts_are_400(port: int) -> None:
    status, _, body = get(port, "/health", "Host: evil.example")
    assert (status, error_of(body)["code"]) == (400, "bad_request")


# --- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: text/plain",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Type: application/octet-stream",
        "Content-Type: application/json; charset=latin-1",
        "X-None: 1",
    ],
)
def test_a_body_that_is_not_json_is_415(port: int, header: str) -> None:
    status, _, body = post(port, "/probe/json", b'{"size": 1}', header)
    assert status == 415
    assert error_of(body)["code"] == "unsupported_media_type"


def test_json_says_so_in_several_ways(port: int) -> None:
    for kind in (
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
    ):
        assert post(port, "/probe/json", b'{"size": 1}', f"Content-Type: {kind}")[0] == 200


def test_a_compressed_body_is_415(port: int) -> None:
    status, _, body = post(port, "/probe/json", b"\x1f\x8b", "Content-Type: application/json", "Content-Encoding: gzip")
    assert (status, error_of(body)["code"]) == (415, "unsupported_media_type")


def test_no_body_is_fine_where_none_is_taken_and_422_where_one_is(port: int) -> None:
    assert post(port, "/probe/nothing", b"")[0] == 200
    assert exchange(port, b"POST /probe/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")[0] == 200
    status, _, body = post(port, "/probe/json", b"", "Content-Type: application/json")
    assert (status, error_of(body)["code"]) == (422, "validation_error")
    assert "no body" in error_of(body)["message"]
    assert exchange(port, b"POST /probe/json HTTP/1.1\r\nHost: localhost\r\n\r\n")[0] == 422


def test_a_length_above_the_limit_is_413_before_any_of_it_is_read(port: int) -> None:
    head = "POST /probe/json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    began = time.monotonic()
    status, headers, body = exchange(port, f"{head}Content-Length: 104857600\r\n\r\n".encode())
    assert (status, error_of(body)["code"]) == (413, "payload_too_large")
    assert error_of(body)["details"] == {"maximum": 100_000}
    assert headers["connection"] == "close"
    assert time.monotonic() - began < 1


def test_a_client_that_sends_100_mb_first_still_reads_the_413(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/probe/json", b" " * 104_857_600, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 413
        assert error_of(answer.read())["code"] == "payload_too_large"
    finally:
        connection.close()


def test_a_streamed_body_is_counted(port: int) -> None:
    def chunks():
        for _ in range(200):
            yield b" " * 1000

    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        answer = client.post("/probe/json", content=chunks(), headers={"Content-Type": "application/json"})
        assert (answer.status_code, error_of(answer.content)["code"]) == (413, "payload_too_large")
        fits = client.post(
            "/probe/json", content=iter([b'{"size"', b": 3}"]), headers={"Content-Type": "application/json"}
        )
        assert fits.json()["result"]["value"]["size"] == 3


def test_a_refused_small_body_leaves_the_connection_usable(port: int) -> None:
    refused = (
        b"POST /probe/json HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(refused)
        assert read_answer(connection)[0] == 415
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_answer(connection)[0] == 200


def test_a_large_body_for_nobody_is_404_and_ends_the_connection(port: int) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
    status, headers, body = exchange(port, head + b"x" * 100_000)
    assert (status, error_of(body)["code"]) == (404, "not_found")
    assert headers["content-length"] == str(len(body))


# --- paths -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("segment", "name"),
    [
        ("Cube.001", "Cube.001"),
        ("a%2Fb", "a/b"),
        ("a%2fb%2Fc", "a/b/c"),
        ("%2F", "/"),
        ("a%20b", "a b"),
        ("%C3%BC", "ü"),
        ("a%252Fb", "a%2Fb"),
        ("100%25", "100%"),
        ("%3F%23", "?#"),
        ("..", ".."),
        ("%2E%2E%2Fx", "../x"),
        ("a;b=c", "a;b=c"),
        ("%F0%9F%A7%8A", "🧊"),
        ("a+b", "a+b"),
    ],
)
def test_a_name_in_a_path_keeps_every_character(port: int, segment: str, name: str) -> None:
    status, _, body = get(port, f"/probe/names/{segment}")
    assert (status, json.loads(body)["result"]["value"]) == (200, name)


def test_an_encoded_slash_does_not_reach_another_route(port: int) -> None:
    assert json.loads(get(port, "/probe/names/a%2Fduplicate")[2])["result"]["value"] == "a/duplicate"
    status, _, body = post(port, "/probe/names/a%2Fb/duplicate", b"")
    assert (status, json.loads(body)["result"]["value"]) == (200, ["duplicate", "a/b"])
    assert get(port, "/probe%2Fnames/a")[0] == 404


@pytest.mark.parametrize("path", ["/probe/names/", "/probe/names", "/probe/names/a/b", "/health/", "//health"])
def test_other_paths_are_404_and_never_redirected(port: int, path: str) -> None:
    status, _, body = get(port, path)
    assert (status, error_of(body)["code"]) == (404, "not_found")


@pytest.mark.parametrize("segment", ["%00", "a%00b", "%FF", "%ED%A0%80", "%EF%B7%90", "a%2Fb%EF%B7%90"])
def test_a_path_that_is_no_text_is_400(port: int, segment: str) -> None:
    status, _, body = get(port, f"/probe/names/{segment}")
    assert (status, error_of(body)["code"]) == (400, "bad_request")


# --- heads -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["abc", "A.b_c-9", "x" * 128])
def test_a_sane_request_id_is_kept(port: int, given: str) -> None:
    assert get(port, "/health", f"X-Request-ID: {given}")[1]["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "<script>", "é"])
def test_another_request_id_is_replaced(port: int, given: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", get(port, "/health", f"X-Request-ID: {given}")[1]["x-request-id"])


def test_every_answer_says_its_timing(port: int) -> None:
    for path in ("/health", "/nowhere"):
        assert re.fullmatch(r"queue;dur=[\d.]+, app;dur=[\d.]+, total;dur=[\d.]+", get(port, path)[1]["server-timing"])
    assert get(port, "/probe/context")[1]["server-timing"].startswith("queue;dur=1.50, app;dur=2.50, ")


def test_head_is_answered_like_get_without_a_body(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"\r\n\r\n")
    assert get(port, "/probe/json", method="HEAD")[0] == 405


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"BREW /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_not_http_is_400_in_the_envelope(port: int, request_bytes: bytes) -> None:
    status, _, body = exchange(port, request_bytes)
    assert (status, error_of(body)["code"]) == (400, "bad_request")


def test_an_endless_head_is_refused(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        answer = b""
        try:
            for _ in range(1000):
                connection.sendall(b"X-Padding: " + b"x" * 8000 + b"\r\n")
            answer = connection.recv(65536)
        except OSError:
            pass  # the server closed the connection while more was being sent
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert get(port)[0] == 200


# --- the end ---------------------------------------------------------------------------------------------------------


def test_a_request_that_the_gateways_end_cuts_off_is_503_in_the_envelope(tmp_path: Path) -> None:
    with served(probed_app(quiet_settings(tmp_path))) as port:
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        connection.sendall(b"GET /probe/endless HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: cut-off\r\n\r\n")
        assert begun.wait(10)
    with connection:
        status, headers, body = read_answer(connection)
    error = error_of(body)
    assert (status, error["code"], error["retryable"]) == (503, "application_unavailable", True)
    assert "stopping" in error["message"]
    assert error["request_id"] == headers["x-request-id"] == "cut-off"
    assert int(headers["retry-after"]) >= 1


# --- counting and logging --------------------------------------------------------------------------------------------


async def test_requests_are_counted_by_route_and_status(client: httpx.AsyncClient) -> None:
    await client.get("/probe/names/one")
    await client.get("/probe/names/two")
    await client.get("/somewhere/else")
    text = (await client.get("/metrics")).text
    assert 'cadgate_http_requests_total{method="GET",route="/probe/names/{name}",status="200"} 2.0' in text
    assert 'cadgate_http_requests_total{method="GET",route="(none)",status="404"} 1.0' in text
    assert "cadgate_http_requests_in_flight 1.0" in text
    assert "somewhere" not in text


async def test_one_line_is_logged_per_request(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    secret = {"Authorization": "Bearer secret-token", "X-Request-ID": "log-1"}
    await client.post("/probe/json?note=secret-query", json={"anything": "secret-body"}, headers=secret)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert re.search(r" INFO request POST /probe/json 200 [\d.]+ ms request_id=log-1$", lines[0])
    assert "secret" not in lines[0]


async def test_a_path_cannot_forge_a_line(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    await client.get("/x%0A2026-01-01 INFO request GET /forged 200")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_gateways_routes_are_found_whatever_was_added_after(app: FastAPI) -> None:
    table = app.router.routes[0]

    @app.get("/late")
    def late() -> None: ...

    scope = {"type": "http", "method": "GET", "path": "/late"}
    assert table.find(scope)[0].endpoint is late  # type: ignore[attr-defined]
