"""Undo and redo for applications whose own are no transactions: by the journal, one request at a time.

Both rewrite the log and leave a note in it: an entry with `note`, which is remembered and never applied.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from cadgate.appserver.errors import AppError
from cadgate.appserver.generations import Entry, Generation
from cadgate.appserver.journal import Journal

UNDO, REDO = "session.undo", "session.redo"


class Request(NamedTuple):
    """Whose answer an undo or redo is: so that the same request gets it again, also after a crash."""

    key: str | None
    digest: str | None


class State(Protocol):
    """What brings the application to a state."""

    @property
    def persistent_code(self) -> str | None:
        """Why code that ran in this process may act on what is replayed; None: nothing does."""
        ...

    def load_state(self, generation: Generation, entries: list[Entry]) -> bool:
        """Load a snapshot and apply entries; whether all of that worked."""
        ...

    def replay_entries(self, entries: list[Entry]) -> list[Entry]:
        """Apply entries up to the first that does not do the same again."""
        ...

    def roll_back_to_journal(self) -> None:
        """Go back to what the journal says."""
        ...


class History:
    """What was undone and can be done again."""

    def __init__(self, journal: Journal, state: State) -> None:
        self._journal = journal
        self._state = state
        self._undone: list[list[Entry]] = []

    def forget_undone(self) -> None:
        """Something else was changed: nothing can be done again."""
        self._undone.clear()

    def apply_to_history(self, entry: Entry) -> None:
        """What an entry of the log did to this memory."""
        note = entry.get("note")
        if note == UNDO and entry["dropped"]:
            # A request after an earlier undo made that final, also where it was itself undone and left the log.
            del self._undone[: max(0, len(self._undone) - entry["depth"] + 1)]
            self._undone.append(entry["dropped"])
        elif note == REDO:
            # What it did again may have been undone before the snapshot: then it is not known here.
            del self._undone[-1:]
        elif not entry.get("redone"):
            self._undone.clear()

    def undo(self, request: Request) -> dict[str, Any]:
        """Take the last request back. Raises AppError `conflict` when there is nothing that can be undone."""
        number, entries = self._journal.number, self._journal.entries
        generation = self._read(number)
        answers: list[list[Any]] = []
        while not (dropped := _last_request(entries)):
            about = generation.about
            answers += [*about.replies, *_answers(entries)]
            number -= 1
            if number not in self._journal.numbers():
                raise AppError("conflict", "There is nothing left to undo")
            generation = self._read(number).until(about.seq)
            entries = generation.entries
            if not about.follows_from_log:
                return self._go_back(generation, entries, [], about.because[len("after ") :], request, answers)
        gone = {entry["seq"] for entry in dropped}
        keep = [entry for entry in entries if entry["seq"] not in gone]
        return self._go_back(generation, keep, dropped, _label(dropped[0]), request, answers)

    def _read(self, number: int) -> Generation:
        generation = self._journal.read(number, [])
        if generation is None or not generation.whole:
            raise AppError("conflict", "There is nothing left to undo: what was before is damaged")
        return generation

    def _go_back(
        self,
        generation: Generation,
        keep: list[Entry],
        dropped: list[Entry],
        undone: str,
        request: Request,
        answers: list[list[Any]],
    ) -> dict[str, Any]:
        """`answers` are those of the generations that are left: what was undone was done, and is not done again."""
        self._require_replay([entry for entry in keep if "note" not in entry], "undo")
        known = {each[0] for each in [*generation.about.replies, *_answers(generation.entries)]}
        more = {each[0]: each for each in answers if each[0] not in known}
        left = [*self._undone, dropped] if dropped else []
        result = {"undone": undone, "can_redo": bool(left)}
        note = {
            **_note(UNDO, request, result),
            "dropped": dropped,
            "depth": len(left),
            "answers": list(more.values()),
        }
        try:
            if not self._state.load_state(generation, keep):
                raise AppError("command_failed", "The state before the last request could not be brought back")
            self._journal.rewrite(generation.number, generation.about, [*keep, note])
            self._journal.forget_after(generation.number)
        except BaseException:
            self._state.roll_back_to_journal()
            raise
        self._undone = left
        return result

    def _require_replay(self, entries: list[Entry], action: str) -> None:
        """Raise AppError where changes have to be made again while somebody's code may take part in them."""
        if entries and self._state.persistent_code is not None:
            raise AppError(
                "conflict",
                f"To {action} this, earlier changes would have to be repeated, but {self._state.persistent_code}. "
                f"Restart the application (POST /restart), which ends that code, and then {action}",
                {"scripted": self._state.persistent_code},
            )

    def redo(self, request: Request) -> dict[str, Any]:
        """Do again what was undone last. Raises AppError `conflict` when there is nothing."""
        if not self._undone:
            raise AppError("conflict", "There is nothing to redo")
        entries = [{**entry, "redone": True} for entry in self._undone[-1]]
        self._require_replay(entries, "redo")
        result = {"redone": _label(entries[0]), "can_redo": len(self._undone) > 1}
        journal = self._journal
        try:
            if len(self._state.replay_entries(entries)) < len(entries):
                raise AppError("command_failed", "It could not be done again with the same result")
            lines = [*journal.entries, *entries, _note(REDO, request, result)]
            journal.rewrite_entries(lines)
        except BaseException:
            self._state.roll_back_to_journal()
            raise
        self._undone.pop()
        return result


def _answers(entries: list[Entry]) -> list[list[Any]]:
    """The answers that entries stand for, as a snapshot remembers them; notes bring others too."""
    found: list[list[Any]] = []
    for entry in entries:
        found += [*entry.get("answers", ()), *_answers(entry.get("dropped", []))]
        if entry.get("key"):
            found.append([entry["key"], entry.get("hash"), {"result": entry["result"]}])
    return found


def _label(entry: Entry) -> str:
    return str(entry.get("label", entry["method"]))


def _note(method: str, request: Request, result: dict[str, Any]) -> Entry:
    return {"note": method, "method": method, "key": request.key, "hash": request.digest, "result": result}


def _last_request(entries: list[Entry]) -> list[Entry]:
    """The entries of the last request that is not undone."""
    applied = [entry for entry in entries if "note" not in entry]
    return [entry for entry in applied if entry["request"] == applied[-1]["request"]]
