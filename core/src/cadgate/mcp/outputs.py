"""Collects what code prints while it runs."""

from __future__ import annotations

from typing import Any

from cadgate.dispatch.session import SessionRuntime

MAX_CHARACTERS = 64 * 1024
"""Of longer output, the middle is left out."""


class Outputs:
    """Collects the output of one execution: `with Outputs(session, request_id) as outputs`."""

    def __init__(self, session: SessionRuntime, request_id: str) -> None:
        self._listeners = session.session.listeners
        self._request_id = request_id
        self._first = ""
        self._last = ""
        self._left_out = 0

    def __enter__(self) -> Outputs:
        self._listeners.append(self._notified)
        return self

    def __exit__(self, *_: object) -> None:
        self._listeners.remove(self._notified)

    def _notified(self, method: str, params: dict[str, Any]) -> None:
        if method != "output" or params.get("id") != self._request_id:
            return
        text = str(params.get("text", ""))
        half = MAX_CHARACTERS // 2
        room = half - len(self._first)
        self._first += text[:room]
        self._last += text[room:] if room > 0 else text
        if len(self._last) > half:
            self._left_out += len(self._last) - half
            self._last = self._last[-half:]
        if params.get("truncated"):
            self._last += "… (more was printed than is kept)"

    def text(self) -> str:
        """Return what was printed so far, on both streams."""
        if self._left_out:
            return f"{self._first}\n… {self._left_out} characters were left out …\n{self._last}"
        return self._first + self._last
