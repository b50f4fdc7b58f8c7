"""Undo and redo by the journal, one request at a time, for applications whose own undo is not transactional.

Both rewrite the log and leave a note in it: an entry with the key `note`, which is remembered and never applied.
What only a snapshot tells is undone by going back to before it. The snapshot is kept, under a name that stands in
place of the request's entries, and a redo loads it.
"""

from __future__ import annotations

import contextlib
from typing import Any, NamedTuple, Protocol

from cadgate.appserver.errors import AppError
from cadgate.appserver.generations import About, Entry, Generation
from cadgate.appserver.journal import Journal

UNDO, REDO = "session.undo", "session.redo"
MOVES = frozenset((f"after {UNDO}", f"after {REDO}"))
"""Why a snapshot is taken after what the application has undone or redone itself."""


class Request(NamedTuple):
    """The request for an undo or redo, by which its answer is found again when it is re-sent, also after a crash."""

    key: str | None
    digest: str | None


class State(Protocol):
    """What can bring the application to a given state."""

    @property
    def persistent_code(self) -> str | None:
        """Why code that ran in this process may act on what is replayed; None: nothing does."""
        ...

    def load_state(self, generation: Generation, entries: list[Entry]) -> bool:
        """Load a snapshot and apply entries; return whether all of that worked."""
        ...

    def replay_entries(self, entries: list[Entry]) -> list[Entry]:
        """Apply entries up to the first whose result differs, and return those."""
        ...

    def roll_back_to_journal(self) -> None:
        """Go back to the state in the journal."""
        ...

    def answers(self) -> list[list[Any]]:
        """Return the answers that a snapshot remembers."""
        ...


class History:
    """The requests that were undone and can be redone."""

    def __init__(self, journal: Journal, state: State) -> None:
        self._journal = journal
        self._state = state
        self._undone: list[list[Entry]] = []
        self._unrepeatable: str | None = None
        """The method that the application undid last, if nothing in the journal can bring its effect back."""
        self.restored_seq = 0
        """The last entry that an earlier process made."""

    def forget_undone(self) -> None:
        """Forget what was undone, because something else has changed since."""
        if any(map(_kept, self._undone)):
            self._journal.drop_undone()
        self._undone.clear()
        self._unrepeatable = None

    def kept_snapshots(self) -> list[str]:
        """Return the names of the snapshots that can be redone."""
        return [name for name in map(_kept, self._undone) if name is not None]

    def remember_before(self, generation: Generation) -> None:
        """Read what can be redone from the logs before a generation, as far as they lead to its snapshot."""
        logs: list[list[Entry]] = []
        number, about = generation.number, generation.about
        while about.follows_from_log and (before := self._journal.log_before(number)) is not None:
            logs.append([entry for entry in before[1] if entry["seq"] <= about.seq])
            number, about = number - 1, before[0]
        for entries in reversed(logs):
            for entry in entries:
                self.apply_to_history(entry)

    def apply_to_history(self, entry: Entry) -> None:
        """Update this history by an entry of the log that is being restored."""
        note = entry.get("note")
        self._unrepeatable = entry.get("unrepeatable")
        if "undone" in entry:
            self._undone = list(entry["undone"])
        elif note == UNDO and entry["dropped"]:
            # A request after an earlier undo ends what could be redone, even if it was undone itself and left the log.
            del self._undone[: max(0, len(self._undone) - entry["depth"] + 1)]
            self._undone.append(entry["dropped"])
        elif note == REDO:
            # What it redid may have been undone before the snapshot, and is then not known here.
            place = len(self._undone) - entry.get("from_end", 1)
            del self._undone[max(0, place) : place + 1]
        elif not entry.get("redone"):
            self._undone.clear()

    def next_request(self, action: str) -> list[Entry]:
        """Return the entries of the request that an undo or redo would move, without looking before the log."""
        if action == "undo":
            last = _last_request(self._journal.entries)
            # A part of it may be in the snapshot.
            return last if last and last[0]["request"] != self._journal.about.request else []
        return self._undone[-1] if self._undone else []

    def undone_request(self, name: str | None) -> list[Entry]:
        """Return the entries of a request that was undone, by its name; none if it cannot be redone from here."""
        found = [each for each in self._undone if each[0]["request"] == name]
        return found[-1] if found else []

    def undone_after(self, action: str, name: str | None) -> list[list[Entry]]:
        """Return what can be redone once the application has undone or redone the request `name` itself."""
        if action == "redo":
            return [each for each in self._undone if each[0]["request"] != name]
        moved = self._find(name)
        return [*self._undone, moved] if moved else []

    def _find(self, name: str | None) -> list[Entry]:
        """Return the entries of a request in the current log and those before it; none unless that is all of it."""
        found: dict[int, Entry] = {}
        about, entries, number = self._journal.about, self._journal.entries, self._journal.number
        while True:
            if about.request == name:
                return []
            found.update((each["seq"], each) for each in entries if "note" not in each and each["request"] == name)
            before = self._journal.log_before(number)
            if before is None:
                return [found[seq] for seq in sorted(found)]
            number, (about, entries) = number - 1, before

    def keep_before_undo(self, label: str, name: str | None) -> list[list[Entry]]:
        """After the application has undone the request `name`, keep the journal's state, which has it, for a redo.

        Returns what can be redone then: nothing if the journal has changes since its snapshot. `label` is the method.
        """
        number = self._journal.number
        if number == 0 or any("note" not in entry for entry in self._journal.entries):
            return []
        kept = self._journal.name_for_undone(number)
        if not self._journal.link_undone(number, kept):
            return []
        return [*self._undone, [_of_snapshot(kept, label, name, self._journal.seq)]]

    def remember_undone(self, action: str, label: str, undone: list[list[Entry]]) -> None:
        """After the snapshot of an undo or redo of `label`, remember what can be redone, also for a later process."""
        self._undone = undone
        self._journal.drop_undone(self.kept_snapshots())
        self._unrepeatable = label if action == "undo" and not undone else None
        if undone or self._unrepeatable is not None:
            note = {**_note(f"session.{action}", Request(None, None), {}), "undone": undone}
            with contextlib.suppress(OSError):
                self._journal.append({**note, "unrepeatable": self._unrepeatable})

    def is_older_than_process(self, seq: int | None) -> bool:
        """Whether an entry was made by an earlier process; None: whatever is before the log."""
        return (self._journal.about.seq if seq is None else seq) <= self.restored_seq

    def moved(self) -> None:
        """Note that the log was rewritten by an undo or redo, which may have made it shorter."""
        self.restored_seq = min(self.restored_seq, self._journal.seq)

    def follow(self, action: str, moved: list[Entry], request: Request, result: dict[str, Any]) -> None:
        """Move `moved` in the log, because the application itself has undone or redone it. Raises OSError."""
        journal = self._journal
        if action == "undo":
            gone = {entry["seq"] for entry in moved}
            keep = [entry for entry in journal.entries if entry["seq"] not in gone]
            note = {**_note(UNDO, request, result), "dropped": moved, "depth": len(self._undone) + 1, "answers": []}
            journal.rewrite_entries([*keep, note])
            self._undone.append(moved)
        else:
            again = [{**entry, "redone": True} for entry in moved]
            place = self._undone.index(moved)
            journal.rewrite_entries([*journal.entries, *again, self._note_of_redo(place, request, result)])
            del self._undone[place]

    def undo(self, request: Request | None) -> dict[str, Any]:
        """Undo the last request; without `request` only check.

        Raises AppError `conflict` when there is nothing that can be undone.
        """
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
            if about.because in MOVES:
                raise AppError(
                    "conflict",
                    "There is nothing left to undo: what was before the last undo ended with "
                    "the process that did it, because it was kept by a snapshot (see keeps in GET /health). "
                    "Delete or change by a request what is not wanted",
                )
            if not about.follows_from_log:
                return self._go_back_before(number + 1, about, generation, request, answers)
        gone = {entry["seq"] for entry in dropped}
        keep = [entry for entry in entries if entry["seq"] not in gone]
        return self._go_back(generation, keep, dropped, request, answers)

    def _go_back_before(
        self, number: int, about: About, before: Generation, request: Request | None, answers: list[list[Any]]
    ) -> dict[str, Any]:
        """Go back to before the snapshot of generation `number`, which is kept for a redo."""
        name, label = self._journal.name_for_undone(number), about.because[len("after ") :]
        dropped = _of_snapshot(name, label, about.request, about.seq)
        return self._go_back(before, before.entries, [dropped], request, answers, keep_as=(number, name))

    def _read(self, number: int) -> Generation:
        generation = self._journal.read(number, [])
        if generation is None or not generation.whole:
            raise AppError("conflict", "There is nothing left to undo: the journal before this is damaged")
        return generation

    def _go_back(
        self,
        generation: Generation,
        keep: list[Entry],
        dropped: list[Entry],
        request: Request | None,
        answers: list[list[Any]],
        *,
        keep_as: tuple[int, str] | None = None,
    ) -> dict[str, Any]:
        """Load `generation` with the entries in `keep`, and rewrite the log accordingly.

        `answers` are those of the generations that are given up: a re-sent request is answered even if it was undone.
        `keep_as` is the one of these whose snapshot is kept, and its name.
        """
        self._require_replay([entry for entry in keep if "note" not in entry], "undo")
        if request is None:
            return {}
        known = {each[0] for each in [*generation.about.replies, *_answers(generation.entries)]}
        more = {each[0]: each for each in answers if each[0] not in known}
        left = [*self._undone, dropped]
        result: dict[str, Any] = {"undone": _label(dropped[0]), "can_redo": True}
        note = {**_note(UNDO, request, result), "dropped": dropped, "depth": len(left), "answers": list(more.values())}
        if generation.number != self._journal.number:
            note["undone"] = left  # the notes of earlier ones are in a log that ends here
        try:
            if not self._state.load_state(generation, keep):
                raise AppError("command_failed", "The state before the last request could not be restored")
            self._journal.rewrite(generation.number, generation.about, [*keep, note])
            if keep_as is not None:
                self._journal.keep_undone(*keep_as)
            self._journal.forget_after(generation.number)
        except BaseException:
            self._state.roll_back_to_journal()
            raise
        self._undone, self._unrepeatable = left, None
        return result

    def _require_replay(self, entries: list[Entry], action: str) -> None:
        """Raise AppError if entries would be replayed while the user's code may act on them."""
        if entries and self._state.persistent_code is not None:
            raise AppError(
                "conflict",
                f"To {action} this, earlier changes would have to be repeated, but {self._state.persistent_code}. "
                f"Restart the application (POST /restart), which ends that code, and then {action}",
                {"scripted": self._state.persistent_code},
            )

    def _note_of_redo(self, place: int, request: Request, result: dict[str, Any]) -> Entry:
        return {**_note(REDO, request, result), "from_end": len(self._undone) - place}

    def redo(self, request: Request | None, moved: list[Entry] | None = None) -> dict[str, Any]:
        """Redo what was undone last, or `moved`, which was undone before.

        Without `request` it only checks. Raises AppError `conflict` when there is nothing to redo.
        """
        if not self._undone:
            why = "" if self._unrepeatable is None else f": {_why_not_redone(self._unrepeatable)}"
            raise AppError("conflict", f"There is nothing to redo{why}")
        place = self._undone.index(moved or self._undone[-1])
        if _kept(self._undone[place]) is not None:
            return self._redo_snapshot(place, request)
        entries = [{**entry, "redone": True} for entry in self._undone[place]]
        self._require_replay(entries, "redo")
        if request is None:
            return {}
        result = {"redone": _label(entries[0]), "can_redo": len(self._undone) > 1}
        journal = self._journal
        try:
            if len(self._state.replay_entries(entries)) < len(entries):
                raise AppError("command_failed", "It could not be redone with the same result")
            lines = [*journal.entries, *entries, self._note_of_redo(place, request, result)]
            journal.rewrite_entries(lines)
        except BaseException:
            self._state.roll_back_to_journal()
            raise
        del self._undone[place]
        return result

    def _redo_snapshot(self, place: int, request: Request | None) -> dict[str, Any]:
        """Load a snapshot that an undo kept."""
        [entry] = self._undone[place]
        kept = self._journal.undone(entry["kept"])
        if kept is None or place != len(self._undone) - 1:
            why = "the snapshot that an undo kept is damaged" if kept is None else "something else was undone after it"
            raise AppError(
                "conflict", f"{_label(entry)} cannot be redone: {why}. Send the request again to have its effect back"
            )
        if request is None:
            return {}
        left = self._undone[:-1]
        result = {"redone": _label(entry), "can_redo": bool(left)}
        journal, note = self._journal, {**_note(REDO, request, {}), "undone": left}
        about = About(f"after {_label(entry)}", journal.seq, self._state.answers(), entry["request"])
        try:
            if not self._state.load_state(kept, []):
                raise AppError("command_failed", "The state after it could not be restored")
            journal.redo_snapshot(entry["kept"], about, [{**note, "result": result}])
        except BaseException:
            self._state.roll_back_to_journal()
            raise
        self._undone = left
        return result


def _of_snapshot(name: str, label: str, request: str | None, seq: int) -> Entry:
    """Return what stands for the entries of a request whose effect only a snapshot has."""
    return {"kept": name, "method": label, "label": label, "request": request, "seq": seq}


def is_kept(moved: list[Entry]) -> bool:
    """Return whether a snapshot has the effect of a request, and no entries."""
    return bool(moved) and _kept(moved) is not None


def _kept(moved: list[Entry]) -> str | None:
    """Return the name of the snapshot that brings the effect of a request back, if its entries do not."""
    return moved[0].get("kept")


def _answers(entries: list[Entry]) -> list[list[Any]]:
    """Return the answers of entries, as a snapshot remembers them, with those that notes carry."""
    found: list[list[Any]] = []
    for entry in entries:
        found += [*entry.get("answers", ()), *_answers(entry.get("dropped", []))]
        if entry.get("key"):
            found.append([entry["key"], entry.get("hash"), {"result": entry["result"]}])
    return found


def _why_not_redone(method: str) -> str:
    return f"{method} was undone, and is never repeated by itself. Send the request again to have its effect back"


def _label(entry: Entry) -> str:
    return str(entry.get("label", entry["method"]))


def _note(method: str, request: Request, result: dict[str, Any]) -> Entry:
    return {"note": method, "method": method, "key": request.key, "hash": request.digest, "result": result}


def _last_request(entries: list[Entry]) -> list[Entry]:
    """Return the entries of the last request that is not undone."""
    applied = [entry for entry in entries if "note" not in entry]
    return [entry for entry in applied if entry["request"] == applied[-1]["request"]]
