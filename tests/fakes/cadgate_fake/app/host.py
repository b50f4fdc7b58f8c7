"""The fake application as a `Host`: a dictionary of items, and a control file that says what goes wrong.

Keys of the control file: `plan` (see the launcher), `epoll` (False: the system has none),
`start` ("refuse", "raise", "hang", "die_at_ping", "hang_at_ping"),
`save` ("fail"), `die_after_import` (a name), `load` ("fail", "crash"), `replay` ({name: "differ" | "fail" | "crash"}).
"""

from __future__ import annotations

import copy
import json
import os
import threading
from contextlib import contextmanager
from typing import Any, Iterator

from cadgate.appserver import Host, calls, connection, current, idle_reader, io_thread, snapshot_times

ITEMS: dict[str, dict[str, Any]] = {}
STATE: dict[str, Any] = {"serial": 0, "changed": False, "control": ""}


def control() -> dict[str, Any]:
    """The control file as it is now."""
    path = STATE["control"]
    if not path or not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        told: dict[str, Any] = json.load(file)
    return told


def wait_for_ever() -> None:
    """Block until killed."""
    threading.Event().wait()


class FakeHost(Host):
    """A dictionary."""

    name = "fake"
    package = "cadgate_fake.app"
    snapshot_suffix = ".items"

    def __init__(self) -> None:
        super().__init__()
        self._undo: list[tuple[str, str]] = []
        self._redo: list[tuple[str, str]] = []

    def start(self) -> None:
        STATE["control"] = self.settings.get("control", "")
        STATE["host"] = self
        self.transactional = bool(self.settings.get("transactional"))
        connection.SEND_TIMEOUT = self.settings["send_timeout_seconds"]
        io_thread.HELLO_TIMEOUT = self.settings["hello_timeout_seconds"]
        snapshot_times.MAX_ENTRIES = self.settings["max_entries"]
        idle_reader.SUPPORTED = idle_reader.SUPPORTED and control().get("epoll", True)
        print("the fake application starts", flush=True)
        how = control().get("start")
        if how == "refuse":
            print("the fake application refuses", flush=True)
            os._exit(3)
        if how == "raise":
            raise RuntimeError("the fake application cannot start")
        if how == "hang":
            wait_for_ever()
        if how == "die_at_ping":
            setattr(calls.CallRunner, "answer_call", lambda *_: os._exit(5))  # noqa: B010
        if how == "hang_at_ping":
            setattr(calls.CallRunner, "answer_call", lambda *_: wait_for_ever())  # noqa: B010

    def version(self) -> str:
        return "Fake 1.0"

    def namespace(self) -> dict[str, Any]:
        return {"ITEMS": ITEMS}

    def save_snapshot(self, path: str) -> None:
        if control().get("save") == "fail":
            raise OSError("no space is left for snapshots")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"items": ITEMS, "serial": STATE["serial"]}, file)

    def load_snapshot(self, path: str | None) -> None:
        how = control().get("load")
        if how == "fail" and path is not None:
            raise RuntimeError("the snapshot cannot be read")
        if how == "crash":
            os._exit(4)
        told: dict[str, Any] = {"items": {}, "serial": 0}
        if path is not None:
            with open(path, encoding="utf-8") as file:
                told = json.load(file)
        self._put(json.dumps(told))

    def _put(self, state: str) -> None:
        told = json.loads(state)
        ITEMS.clear()
        ITEMS.update(told["items"])
        STATE["serial"] = told["serial"]

    def _state(self) -> str:
        return json.dumps({"items": ITEMS, "serial": STATE["serial"]})

    @contextmanager
    def transaction(self, label: str) -> Iterator[None]:
        if not self.transactional:
            yield
            return
        before, items = self._state(), copy.deepcopy(ITEMS)
        try:
            yield
        except BaseException:
            self._put(before)
            raise
        if items != ITEMS:
            self._undo.append((label, before))
            self._redo.clear()

    def undo(self) -> str | None:
        if not self._undo:
            return None
        label, before = self._undo.pop()
        self._redo.append((label, self._state()))
        self._put(before)
        return label

    def redo(self) -> str | None:
        if not self._redo:
            return None
        label, after = self._redo.pop()
        self._undo.append((label, self._state()))
        self._put(after)
        return label

    def next_label(self, action: str) -> str | None:
        steps = self._undo if action == "undo" else self._redo
        return steps[-1][0] if steps else None

    def unchanged(self) -> bool:
        return current().method == "session.execute" and not (STATE["changed"] or "ITEMS[" in current().params["code"])

    def observe(self) -> None:
        if current().method == "internal.import" and current().params["name"] == control().get("die_after_import"):
            # The answer is on its way; the next part finds nobody.
            os._exit(10)
        STATE["changed"] = False
