"""The door and the pages of others: which origins may call, by HTTP and by WebSocket."""

from __future__ import annotations

import socket

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.core.served import error_of, get

pytestmark = [pytest.mark.anyio, pytest.mark.security]


# --- Origin ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("localhost", "http://localhost:80"),
        ("LocalHost:8000", "http://localhost:8000"),
    ],
)
def test_pages_of_the_gateway_itself_may_call(port: int, host: str, origin: str) -> None:
    status, headers, _ = get(port, "/health", f"Origin: {origin}", host=host)
    assert status == 200
    assert "access-control-allow-origin" not in headers


FOREIGN_ORIGINS = [
    "null", "https://evil.example", "http://localhost:3000", "https://localhost:8000", "http://localhost",
    "http://localhost:8000.evil.example", "http://localhost.evil.example:8000", "http://evil-localhost:8000",
    "http://127.0.0.1:8000", "http://[::1]:8000", "http://2130706433:8000", "http://localhost.:8000",
    "https://app.example.evil.example", "https://evil-app.example", "https://evilapp.example", "http://app.example",
    "https://app.example:444", "https://app.example@evil.example", "https://app.example, https://evil.example",
    "https://app.example/", "file://", "chrome-extension://app.example", "", " ",
]  # fmt: skip
"""To pages at `localhost:8000`, of a gateway that `https://app.example` may call."""


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_pages_of_other_origins_may_not(port: int, origin: str) -> None:
    status, headers, body = get(port, "/health", f"Origin: {origin}", host="localhost:8000")
    assert status == 403
    assert error_of(body)["code"] == "forbidden_origin"
    assert "access-control-allow-origin" not in headers


def test_a_configured_origin_may_call_and_read(port: int) -> None:
    status, headers, _ = get(port, "/health", "Origin: https://app.example")
    assert status == 200
    assert headers["access-control-allow-origin"] == "https://app.example"
    assert headers["vary"] == "Origin"
    assert "X-Request-ID" in headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in headers


def test_a_configured_origin_may_read_errors_too(port: int) -> None:
    status, headers, _ = get(port, "/nowhere", "Origin: https://app.example")
    assert (status, headers["access-control-allow-origin"]) == (404, "https://app.example")


def test_a_preflight_of_a_configured_origin_is_answered(port: int) -> None:
    status, headers, body = get(
        port,
        "/probe/json",
        "Origin: https://app.example",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: content-type,idempotency-key",
        method="OPTIONS",
    )
    assert (status, body) == (204, b"")
    assert headers["access-control-allow-origin"] == "https://app.example"
    assert "POST" in headers["access-control-allow-methods"]
    assert headers["access-control-allow-headers"] == "content-type,idempotency-key"


def test_a_preflight_of_another_origin_is_403(port: int) -> None:
    status, headers, _ = get(
        port, "/probe/json", "Origin: https://evil.example", "Access-Control-Request-Method: POST", method="OPTIONS"
    )
    assert status == 403
    assert "access-control-allow-origin" not in headers


def test_what_a_foreign_page_embeds_is_refused_and_a_link_is_not(port: int) -> None:
    embedded = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")
    assert get(port, "/health", *embedded)[0] == 403
    assert get(port, "/health", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors")[0] == 403
    assert get(port, "/health", *embedded, "Referer: https://app.example/page")[0] == 200
    link = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    assert get(port, "/docs", *link)[0] == 200
    frame = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe")
    assert get(port, "/docs", *frame)[0] == 403
    assert get(port, "/health", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors")[0] == 200
    assert get(port, "/health", "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate")[0] == 200


# --- WebSocket -------------------------------------------------------------------------------------------------------


def test_a_websocket_of_no_page_or_of_the_own_origin_opens(port: int) -> None:
    for origin in (None, Origin(f"http://localhost:{port}"), Origin("https://app.example")):
        with connect(f"ws://localhost:{port}/probe/ws", origin=origin) as websocket:
            websocket.send("hello")
            assert websocket.recv(timeout=10) == "hello"


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_websocket_of_a_foreign_page_is_refused_before_its_upgrade(port: int, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, socket.create_connection(("127.0.0.1", port)) as connection:
        connect("ws://localhost:8000/probe/ws", sock=connection, additional_headers={"Origin": origin})
    assert refused.value.response.status_code == 403
    assert error_of(refused.value.response.body)["code"] == "forbidden_origin"


def test_a_websocket_for_a_foreign_host_is_421(port: int) -> None:
    with pytest.raises(InvalidStatus) as refused, socket.create_connection(("127.0.0.1", port)) as connection:
        connect("ws://evil.example/probe/ws", sock=connection)
    assert refused.value.response.status_code == 421
    assert error_of(refused.value.response.body)["code"] == "misdirected_host"


def test_a_websocket_to_nowhere_is_404_in_the_envelope(port: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://localhost:{port}/probe/nowhere")
    assert refused.value.response.status_code == 404
    assert error_of(refused.value.response.body)["code"] == "not_found"
