"""Brings a session to the state that its journal tells: after a crash, after a failed mutation, and for undo."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Callable, Dict, cast

from cadgate.appserver.errors import AppError
from cadgate.appserver.host import Host
from cadgate.appserver.journal import Damage, Entry, Generation, Journal
from cadgate.appserver.replies import Replies

MAX_ENTRIES = 20_000
"""After that many mutations without one, a snapshot is taken at once."""


class Recovery:
    """A host, its journal and the memory of answers, kept in step. `apply(entry)` runs an entry, gives its result."""

    def __init__(self, host: Host, journal: Journal, replies: Replies, apply: Callable[[Entry], Any]) -> None:
        self._host = host
        self._journal = journal
        self._replies = replies
        self._apply = apply
        self._redo: list[list[Entry]] = []
        self._replay_seconds = 0.0
        self._snapshot_seconds = 0.0
        self.damages: list[Damage] = []
        self.broken: str | None = None

    # --- start ---------------------------------------------------------------------------------------------------

    def restore(self) -> int:
        """Load the newest state that can be trusted, or begin a new journal. Returns how many entries were replayed."""
        for number in reversed(self._journal.numbers()):
            generation = self._journal.read(number, self.damages)
            if generation is None:
                continue
            applied = self._load(generation)
            self._journal.forget_after(number)
            last = applied[-1]["seq"] if applied else generation.seq
            self._journal.begin(number, last, keep=applied)
            self._remember(generation, applied)
            return len(applied)
        start = (self._journal.numbers() or [-1])[-1] + 1
        self._journal.begin(start, 0, keep=[])
        if start > 0:
            self.snapshot("nothing could be trusted")
        return 0

    def _load(self, generation: Generation) -> list[Entry]:
        """Load the snapshot and replay; stops at the first entry whose result differs."""
        self._host.load_snapshot(generation.snapshot)
        applied: list[Entry] = []
        for entry in generation.entries:
            try:
                result = self._apply(entry)
            except Exception as error:  # noqa: BLE001 - whatever it is, the rest cannot be trusted
                self.damages.append(Damage(f"entry {entry['seq']} ({entry['method']})", f"replay failed: {error}"))
                break
            if not same_result(result, entry["result"]):
                self.damages.append(Damage(f"entry {entry['seq']} ({entry['method']})", "the result differs"))
                break
            applied.append(entry)
        return applied

    def _remember(self, generation: Generation, applied: list[Entry]) -> None:
        for key, digest, answer in generation.replies:
            self._replies.store(key, digest, answer)
        for entry in applied:
            if entry.get("key"):
                self._replies.store(entry["key"], entry.get("hash"), {"result": entry["result"]})

    # --- while it runs -------------------------------------------------------------------------------------------

    def note(self, entry: Entry, seconds: float) -> None:
        """Journal one mutation that succeeded. Raises AppError when that fails, and takes the mutation back."""
        try:
            self._journal.append(entry)
        except (OSError, ValueError) as error:
            self.rollback()
            raise AppError(
                "command_failed",
                f"The change could not be journaled ({error}) and was taken back",
                {"journal": str(error)},
            ) from error
        self._redo.clear()
        self._replay_seconds += seconds
        if len(self._journal.entries) >= MAX_ENTRIES:
            self.snapshot("many entries")

    def snapshot(self, because: str) -> None:
        """Write the whole state, and start a new log."""
        began = time.monotonic()
        self._journal.snapshot(self._host.save_snapshot, because, self._replies.export())
        self._snapshot_seconds = time.monotonic() - began
        self._replay_seconds = 0.0

    def has_entries(self) -> bool:
        """Whether anything happened since the last snapshot."""
        return bool(self._journal.entries)

    def postpone(self) -> None:
        """Do not try the snapshot that just failed again at once."""
        self._replay_seconds = 0.0

    def snapshot_is_due(self) -> bool:
        """Whether replaying would take clearly longer than a snapshot does: asked when there is nothing else to do."""
        return self._replay_seconds > max(0.5, 4 * self._snapshot_seconds)

    def rollback(self) -> None:
        """Undo what a failed mutation did: load the snapshot and replay the log."""
        generation = self._journal.read(self._journal.number, [])
        if generation is None:
            self.broken = "the snapshot is damaged"
        elif len(self._load(generation)) != len(generation.entries):
            self.broken = "the journal could not be replayed"
        if self.broken:
            print(f"cadgate: rollback failed: {self.broken}", file=sys.stderr, flush=True)

    # --- undo ----------------------------------------------------------------------------------------------------

    def undo(self) -> dict[str, Any]:
        """Take the last mutation back. Raises AppError `conflict` when there is nothing that can be undone."""
        undone = self._undo_entry() if self._journal.entries else self._undo_snapshot()
        return {"undone": undone, "can_redo": bool(self._redo)}

    def _undo_entry(self) -> str:
        dropped = self._journal.drop_last()
        self._redo.append(dropped)
        self.rollback()
        return str(dropped[0]["method"])

    def _undo_snapshot(self) -> str:
        number = self._journal.number
        current = self._journal.read(number, [])
        older = self._journal.read(number - 1, []) if number - 1 in self._journal.numbers() else None
        if current is None or older is None:
            raise AppError("conflict", "There is nothing left to undo")
        applied = self._load(older)
        self._journal.forget_after(number - 1)
        self._journal.begin(number - 1, applied[-1]["seq"] if applied else older.seq, keep=applied)
        if not current.because.startswith("after "):
            return self._undo_entry() if applied else self._undo_snapshot()
        self._redo.clear()
        return current.because[len("after ") :]

    def redo(self) -> dict[str, Any]:
        """Do again what was undone last. Raises AppError `conflict` when there is nothing."""
        if not self._redo:
            raise AppError("conflict", "There is nothing to redo")
        entries = self._redo[-1]
        for entry in entries:
            self._apply(entry)
            self._journal.append({key: value for key, value in entry.items() if key != "seq"})
        self._redo.pop()
        return {"redone": str(entries[0]["method"]), "can_redo": bool(self._redo)}


def same_result(left: Any, right: Any) -> bool:
    """Whether two results tell the same; warnings do not count."""
    return _plain(left) == _plain(right)


def _plain(result: Any) -> Any:
    as_json: Any = json.loads(json.dumps(result))
    if isinstance(as_json, dict):
        cast(Dict[str, Any], as_json).pop("warnings", None)
    return cast(Any, as_json)
