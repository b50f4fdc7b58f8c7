"""A running gateway as the command line sees it: HTTP on loopback, one `Service` for itself and each adapter."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Literal, cast

import httpx

TOKEN_VARIABLE = "CADGATE_TOKEN"
"""The key that commands send to a gateway with `auth = "token"`."""

ANSWERING = frozenset(("up", "busy"))


@dataclass(frozen=True, slots=True)
class Service:
    """One line of `cadgate status`. `enabled` is False for adapters that are switched off."""

    name: str
    state: str
    text: str = ""
    remedy: str | None = None
    kind: Literal["gateway", "adapter"] = "adapter"

    @property
    def answers(self) -> bool:
        return self.state in ANSWERING

    def line(self) -> str:
        return f"{self.name:<12} {self.state:<12} {self.text}".rstrip()


class NotReachable(Exception):
    """Nothing that speaks HTTP as the gateway does answers at its address."""


class Gateway:
    """Asks the gateway at `url`. Proxies of the environment are not for this machine's own address."""

    def __init__(self, url: str, timeout_seconds: float = 5) -> None:
        self.url = url
        token = os.environ.get(TOKEN_VARIABLE)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(base_url=url, timeout=timeout_seconds, trust_env=False, headers=headers)

    def get(self, path: str) -> dict[str, Any]:
        """The envelope that a path answers, success or failure. Raises NotReachable."""
        try:
            content: Any = self._client.get(path).json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotReachable(f"{self.url} does not answer as a gateway: {error!r}") from error
        if not isinstance(content, dict) or "status" not in content:
            raise NotReachable(f"{self.url} is not a cadgate gateway")
        return cast("dict[str, Any]", content)

    def health(self) -> dict[str, Any]:
        """The result of `GET /health`. Raises NotReachable."""
        envelope = self.get("/health")
        if envelope["status"] != "success":
            raise NotReachable(f"{self.url}/health: {_error(envelope)['message']}")
        return envelope["result"]

    def adapter(self, name: str) -> Service:
        """How one adapter answers now."""
        envelope = self.get(f"/health/{name}")
        if envelope["status"] == "success":
            result = envelope["result"]
            return Service(name, str(result.get("status", "up")), _application(result))
        error = _error(envelope)
        details: dict[str, Any] = error.get("details") or {}
        state = str(details.get("status") or details.get("state") or _STATES.get(str(error.get("code")), "down"))
        return Service(name, state, str(error.get("message", "")), details.get("remedy"))

    def services(self) -> list[Service]:
        """The gateway and every enabled adapter, asked one by one."""
        health = self.health()
        lines = [Service("gateway", "up", f"cadgate {health.get('version', '')} at {self.url}", kind="gateway")]
        for plugin in self.plugins():
            if plugin["status"] == "active":
                lines.append(self.adapter(plugin["name"]))
            elif plugin["status"] == "failed":
                lines.append(Service(plugin["name"], "failed", str(plugin.get("error") or "")))
        return lines

    def plugins(self) -> list[dict[str, Any]]:
        """The entries of `GET /plugins`."""
        envelope = self.get("/plugins")
        if envelope["status"] != "success":
            raise NotReachable(f"{self.url}/plugins: {_error(envelope)['message']}")
        return envelope["result"]["plugins"]


_STATES = {"application_starting": "starting", "application_restarted": "starting"}


def _error(envelope: dict[str, Any]) -> dict[str, Any]:
    return envelope.get("error") or {}


def _application(result: dict[str, Any]) -> str:
    parts: list[str] = []
    if result.get("pid"):
        parts.append(f"process {result['pid']}")
    if isinstance(result.get("latency_ms"), int | float):
        parts.append(f"{result['latency_ms']:.1f} ms")
    if result.get("busy_ms"):
        parts.append(f"{result.get('method') or 'a call'} for {result['busy_ms'] / 1000:.1f} s")
    return f"{result.get('application') or ''} ({', '.join(parts)})" if parts else str(result.get("application") or "")
