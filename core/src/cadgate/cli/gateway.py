"""A running gateway as the command line sees it: HTTP on loopback, one `Service` for itself and each adapter."""

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
    """What else is worth knowing of it, though it works."""

    @property
    def answers(self) -> bool:
        return self.state in ANSWERING

    def line(self) -> str:
        """The service in one line: the first of its text, where the cause stands, and what mends it."""
        mend = f"; to mend it: {self.remedy}" if self.remedy and self.remedy not in self.cause else ""
        return f"{self.name:<12} {self.state:<12} {self.cause}{mend}".rstrip()

    @property
    def cause(self) -> str:
        """The first line of `text`."""
        return (self.text.splitlines() or [""])[0]


class NotReachable(Exception):
    """Nothing that speaks HTTP as the gateway does answers at its address."""


class Gateway:
    """Asks the gateway at `url`, with `token` if it wants keys. Proxies of the environment are not for this machine."""

    def __init__(self, url: str, token: str | None = None, timeout_seconds: float = 5) -> None:
        self.url = url
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(base_url=url, timeout=timeout_seconds, trust_env=False, headers=headers)

    def _get(self, path: str) -> dict[str, Any]:
        """The envelope that a path answers, success or failure. Raises NotReachable."""
        try:
            content: Any = self._client.get(path).json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotReachable(f"{self.url} does not answer as a gateway: {error}") from error
        if not isinstance(content, dict) or "status" not in content:
            raise NotReachable(f"{self.url} is not a cadgate gateway")
        return cast("dict[str, Any]", content)

    def known(self) -> list[Service]:
        """The gateway and its enabled adapters, as it knows them: no application is asked. Raises NotReachable."""
        envelope = self._get("/health")
        if envelope["status"] != "success":
            raise NotReachable(f"{self.url}/health answers: {envelope['error']['message']}")
        health = envelope["result"]
        lines = [Service("gateway", "up", f"cadgate {health['version']} at {self.url}", kind="gateway")]
        for name, state in health["adapters"].items():
            if state["status"] != "disabled":
                text = state.get("reason") or state.get("application") or ""
                lines.append(Service(name, state["status"], text, state.get("remedy")))
        return lines

    def services(self) -> list[Service]:
        """The same with an answer of each application that should give one."""
        return [self._asked(service) if service.kind == "adapter" else service for service in self.known()]

    def _asked(self, known: Service) -> Service:
        if known.state == "failed":
            return known
        envelope = self._get(f"/health/{known.name}")
        if envelope["status"] == "success":
            result = envelope["result"]
            sandbox = cast("dict[str, Any]", result.get("sandbox") or {})
            note: str | None = sandbox.get("message")
            return Service(known.name, result["status"], _application(result), note=note)
        error = envelope["error"]
        # It was up a moment ago, and does not answer now.
        state = "down" if known.answers else known.state
        return Service(known.name, state, error["message"], known.remedy or error["details"].get("remedy"))


def _application(result: dict[str, Any]) -> str:
    """What an application said of itself: `Blender 4.5 (process 12, 0.3 ms)`."""
    parts: list[str] = []
    if result.get("pid"):
        parts.append(f"process {result['pid']}")
    if result.get("latency_ms") is not None:
        parts.append(f"{result['latency_ms']:.1f} ms")
    if result.get("busy_ms") is not None:
        parts.append(f"{result.get('method') or 'a call'} for {result['busy_ms'] / 1000:.1f} s")
    name = result.get("application") or ""
    return f"{name} ({', '.join(parts)})" if parts else name
