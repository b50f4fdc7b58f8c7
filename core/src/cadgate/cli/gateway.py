"""A client of the running gateway for the command line: one `Service` for the gateway and each adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import httpx

ANSWERING = frozenset(("up", "busy"))


@dataclass(frozen=True, slots=True)
class Service:
    """One line of `cadgate status`."""

    name: str
    state: str
    text: str = ""
    remedy: str | None = None
    kind: Literal["gateway", "adapter"] = "adapter"
    note: str | None = None
    """Something worth knowing about it, although it works."""

    @property
    def answers(self) -> bool:
        return self.state in ANSWERING

    def line(self) -> str:
        """Return the service as one line: name, state, the first line of its text, and what fixes it."""
        fix = f"; to fix it: {self.remedy}" if self.remedy and self.remedy not in self.cause else ""
        return f"{self.name:<12} {self.state:<12} {self.cause}{fix}".rstrip()

    @property
    def cause(self) -> str:
        """The first line of `text`, which has the cause."""
        return (self.text.splitlines() or [""])[0]


class NotReachable(Exception):
    """No gateway answers at the address."""


class Gateway:
    """Queries the gateway at `url`, with `token` if it requires keys. Proxies of the environment are not used."""

    def __init__(self, url: str, token: str | None = None, timeout_seconds: float = 5) -> None:
        self.url = url
        self.token = token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(base_url=url, timeout=timeout_seconds, trust_env=False, headers=headers)

    def _get(self, path: str) -> dict[str, Any]:
        """Return the envelope from a path, success or failure. Raises NotReachable."""
        try:
            content: Any = self._client.get(path).json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotReachable(f"{self.url} does not answer as a gateway: {error}") from error
        if not isinstance(content, dict) or "status" not in content:
            raise NotReachable(f"{self.url} is not a cadgate gateway")
        return cast("dict[str, Any]", content)

    def known(self) -> list[Service]:
        """Return the gateway and its enabled adapters, without querying the applications. Raises NotReachable."""
        envelope = self._get("/health")
        if envelope["status"] != "success":
            raise NotReachable(f"{self.url}/health answered: {envelope['error']['message']}")
        health = envelope["result"]
        lines = [Service("gateway", "up", f"cadgate {health['version']} at {self.url}", kind="gateway")]
        for name, state in health["adapters"].items():
            if state["status"] != "disabled":
                text = state.get("reason") or state.get("application") or ""
                lines.append(Service(name, state["status"], text, state.get("remedy")))
        return lines

    def services(self) -> list[Service]:
        """Return the same after querying each application that should answer."""
        return [self._queried(service) if service.kind == "adapter" else service for service in self.known()]

    def _queried(self, known: Service) -> Service:
        if known.state == "failed":
            return known
        envelope = self._get(f"/health/{known.name}")
        if envelope["status"] == "success":
            result = envelope["result"]
            sandbox = cast("dict[str, Any]", result.get("sandbox") or {})
            note: str | None = sandbox.get("message")
            return Service(known.name, result["status"], _application(result), note=note)
        error = envelope["error"]
        # It was up a moment ago, but does not answer now.
        state = "down" if known.answers else known.state
        return Service(known.name, state, error["message"], known.remedy or error["details"].get("remedy"))


def _application(result: dict[str, Any]) -> str:
    """Return an application's description of itself: `Blender 4.5 (process 12, 0.3 ms)`."""
    parts: list[str] = []
    if result.get("pid"):
        parts.append(f"process {result['pid']}")
    if result.get("latency_ms") is not None:
        parts.append(f"{result['latency_ms']:.1f} ms")
    if result.get("busy_ms") is not None:
        parts.append(f"{result.get('method') or 'a call'} for {result['busy_ms'] / 1000:.1f} s")
    name = result.get("application") or ""
    return f"{name} ({', '.join(parts)})" if parts else name
