"""The whole state of a real application, read from inside it without leaving a trace, and how two of them differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import httpx

from tests.gateway import Gateway, eventually

READ = {"blender": ("world.get", "/world"), "freecad": ("documents.list", "/documents")}
"""A method that only reads, whose function is wrapped: reading the state by executed code would take a snapshot, and
so never show what the log restores."""

DISTRUSTED_LINE = 1002
"""The line of the import below for which a session distrusts this code: its reason names it, and so this code."""

INSTALL = """
import os as _os
from cadgate.appserver import registry as _registry
if {method!r} not in globals().get("_wrapped", ()):
    _wrapped = {{{method!r}}}
    def _wrap(state, read=_registry.METHODS[{method!r}]):
        def wrapped(**params):
            if _os.path.exists({wanted!r}):
                _os.remove({wanted!r})
                with open({told!r}, "w") as file:
                    file.write(state())
            return read(**params)
        return wrapped
    _inside = {{"__name__": "whole_state"}}
    exec({source!r}, _inside)
    _registry.METHODS[{method!r}] = _wrap(_inside["whole_state"])
    # What is installed here acts on no change, which nobody but these tests knows: without this every change would be
    # kept by a snapshot, and what the log restores never be looked at. Distrust of other code stays.
    import sys as _sys
    _frame = _sys._getframe()
    while _frame is not None:
        _recovery = getattr(_frame.f_locals.get("self"), "recovery", None)
        if _recovery is not None:
            if (_recovery.persistent_code or "").endswith("(line {line})"):
                _recovery.persistent_code = None
            break
        _frame = _frame.f_back
"""


class WholeState:
    """Reads the state of one adapter's application. Where that is a new process, it is told how, by executed code."""

    def __init__(self, gateway: Gateway, adapter: str, client: httpx.Client) -> None:
        self._adapter = adapter
        self._client = client
        self._gateway = gateway
        folder = gateway.state_dir / "sessions" / adapter / "workspace"
        self._wanted, self._told = folder / "state.wanted", folder / "state.json"
        self._prepared: int | None = None

    def prepare(self) -> None:
        """Tell the application how to describe itself, if it does not know. That is executed code: a snapshot."""
        pid = self._gateway.application_pid(self._adapter)
        if pid == self._prepared:
            return
        source = Path(__file__).with_name(f"{self._adapter}_state.py").read_text()
        code = "\n" * (DISTRUSTED_LINE - 3) + INSTALL.format(
            method=READ[self._adapter][0],
            wanted=str(self._wanted),
            told=str(self._told),
            source=source,
            line=DISTRUSTED_LINE,
        )
        execute(self._client, code)
        self._prepared = pid

    def read(self) -> dict[str, Any]:
        """The whole state now; as soon as the application is there again, if it is not."""
        eventually(self._asked, seconds=120, what="an answer of the application")
        told: dict[str, Any] = json.loads(self._told.read_text())
        self._told.unlink()
        return told

    def _asked(self) -> bool:
        self.prepare()
        self._wanted.touch()
        answer = self._client.get(READ[self._adapter][1])
        if answer.status_code == 503:  # it is being restarted
            return False
        answer.raise_for_status()
        return True


def execute(client: httpx.Client, code: str, **headers: str) -> Any:
    """Run code in the application; the value of its last expression. Raises AssertionError where it failed."""
    body = {"calls": [{"method": "session.execute", "params": {"code": code}}]}
    answer = client.post("/batch", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]["results"][0]
    assert result["status"] == "success", result
    return result["result"].get("value")


def differences(before: Any, after: Any, where: str = "", most: int = 40) -> list[str]:
    """What is not the same in two states, each with its place. Empty: nothing differs."""
    found: list[str] = []
    if before != after:
        _compare(before, after, where, found)
    return found[:most]


def _compare(before: Any, after: Any, where: str, found: list[str]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        left, right = cast("dict[str, Any]", before), cast("dict[str, Any]", after)
        for key in sorted({*left, *right}):
            if key not in left or key not in right:
                found.append(f"{where}/{key}: {'appeared' if key in right else 'is gone'}")
            else:
                _compare(left[key], right[key], f"{where}/{key}", found)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(cast("list[Any]", before), cast("list[Any]", after), strict=True)):
            _compare(*pair, f"{where}[{number}]", found)
    elif before != after and not _close(before, after):
        found.append(f"{where}: {str(before)[:200]} became {str(after)[:200]}")


def _close(before: Any, after: Any) -> bool:
    if not isinstance(before, float) or not isinstance(after, float):
        return False
    return abs(before - after) <= 1e-5 * max(1e-3, abs(before), abs(after))


def assert_same(before: Any, after: Any, when: str) -> None:
    """Raise AssertionError with each difference on a line of its own."""
    found = differences(before, after)
    assert not found, "\n".join([f"{when} there are differences:", *found])
