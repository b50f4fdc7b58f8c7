"""A client as careful ones are: every change has a key, and is sent again with it until there is an answer."""

from __future__ import annotations

import json
import random
import select
import time
from contextlib import ExitStack
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.gateway import Gateway

PATIENCE = 90.0
"""Seconds after which a change without an answer is a failure of the run."""
AGAIN = ("application_starting", "application_restarted", "application_unavailable", "overloaded", "deadline_exceeded")


class SetAside(Exception):
    """The change was at work at two deaths of the application, and was refused after that: it was not made."""


class Refused(Exception):
    """The gateway answered an error that no client of this run should see."""


class Client:
    """One of several at the same session. `calls` and `resent` count what was sent first and again."""

    def __init__(self, gateway: Gateway, adapter: str, number: int, random: random.Random) -> None:
        self.number = number
        self.random = random
        self.calls = 0
        self.resent = 0
        self._adapter = adapter
        self._gateway = gateway
        self._http = gateway.client(f"/api/v1/{adapter}")
        self._http.timeout = httpx.Timeout(20)
        self._socket: ClientConnection | None = None
        self._open = ExitStack()
        self._count = 0

    def close(self) -> None:
        self._http.close()
        self._drop()

    def new_key(self) -> str:
        self._count += 1
        return f"client-{self.number}-{self._count}-{self.random.randrange(10**9)}"

    def change(self, verb: str, path: str, body: Any = None, *, expect: int | None = None) -> Any:
        """Make one change over HTTP: the result, or the error where status `expect` is what should come."""
        key, until = self.new_key(), time.monotonic() + PATIENCE
        self.calls += 1
        while True:
            answer = self._once(verb, path, body, key)
            if answer is not None:
                told = answer.json()
                if answer.is_success and expect is None:
                    return told["result"]
                if answer.status_code == expect:
                    return told["error"]
                if "deaths" in told.get("error", {}).get("details", {}):
                    raise SetAside(key)
                raise Refused(f"{verb} {path} {body} with {key}: {answer.status_code} {answer.text[:600]}")
            self._pause(until, f"{verb} {path}")

    def _once(self, verb: str, path: str, body: Any, key: str) -> httpx.Response | None:
        """One answer; None where it has to be sent again."""
        try:
            answer = self._http.request(verb, path, json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            return None
        if answer.status_code in (429, 503, 504):
            return None
        if path == "/batch" and answer.status_code == 200:
            results = answer.json()["result"]["results"]
            if any(each["status"] == "error" and each["error"]["code"] in AGAIN for each in results):
                return None
        return answer

    def read(self, path: str) -> Any:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._http.get(path)
                if answer.status_code == 200:
                    return answer.json()["result"]
                if answer.status_code not in (429, 503, 504):
                    raise Refused(f"GET {path}: {answer.status_code} {answer.text[:600]}")
            except httpx.TransportError:
                pass
            self._pause(until, path)

    def call(self, method: str, params: dict[str, Any]) -> Any:
        """Make one change by a WebSocket `call`."""
        key, until = self.new_key(), time.monotonic() + PATIENCE
        self.calls += 1
        while True:
            told = self._ask(method, params, key)
            if told is not None and told["status"] == "success":
                return told["result"]
            if told is not None and "deaths" in told["error"]["details"]:
                raise SetAside(key)
            if told is not None and told["error"]["code"] not in AGAIN:
                raise Refused(f"{method} {params} with {key}: {told['error']}")
            self._pause(until, method)

    def _ask(self, method: str, params: dict[str, Any], key: str) -> dict[str, Any] | None:
        try:
            if self._socket is None:
                url = self._gateway.url.replace("http", "ws", 1) + f"/ws/{self._adapter}"
                self._socket = self._open.enter_context(connect(url, proxy=None, open_timeout=5))
            message = {"type": "call", "id": key, "method": method, "params": params, "idempotency_key": key}
            self._socket.send(json.dumps(message))
            while True:
                told: dict[str, Any] = json.loads(self._socket.recv(timeout=20))
                if told.get("id") == key and told["type"] in ("result", "error"):
                    return told
        except (OSError, TimeoutError, WebSocketException):
            self._drop()
            return None

    def _drop(self) -> None:
        self._socket = None
        self._open.close()

    def _pause(self, until: float, what: str) -> None:
        if time.monotonic() > until:
            raise Refused(f"{what} had no answer within {PATIENCE:g} s")
        self.resent += 1
        select.select([], [], [], self.random.uniform(0.005, 0.05))
