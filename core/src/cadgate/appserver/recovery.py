"""Brings a session to a state in its journal: after a crash, after a failed mutation, and for undo."""

from __future__ import annotations

import os
import time
from typing import Any, Callable

from cadgate.appserver import log
from cadgate.appserver.attempts import Attempts
from cadgate.appserver.comparison import first_difference
from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError
from cadgate.appserver.forked_copy import SUPPORTED as COPIES
from cadgate.appserver.generations import About, Damage, Entry, Generation, text_of
from cadgate.appserver.history import MOVES, History
from cadgate.appserver.host import Host
from cadgate.appserver.journal import Journal
from cadgate.appserver.journal_copy import copy_journal
from cadgate.appserver.outcomes import unwritten_error, why_unsaved
from cadgate.appserver.replay import apply_all
from cadgate.appserver.replies import Replies
from cadgate.appserver.snapshot_times import LONG_LOAD, SnapshotTimes

REMEDY = (
    "Undo goes back to the last state that was saved (POST /undo); or delete or change what cannot be saved, by code "
    "if need be"
)
MAX_TORN = 10
"""How many entries may fail half-way in a restoration, each of which makes it start again."""


class Recovery:
    """Keeps a host, its journal and the remembered answers in step. `apply(entry)` returns the result of an entry."""

    def __init__(self, host: Host, journal: Journal, replies: Replies, apply: Callable[[Entry], Any]) -> None:
        self._host = host
        self._journal = journal
        self._replies = replies
        self._apply_entry = apply
        self._times = SnapshotTimes()
        self._copies = COPIES
        self._pending_reason = ""
        self.history = History(journal, self)
        self._attempts = Attempts(os.path.join(journal.folder, "restoring"))
        self.damages: list[Damage] = []
        self._problems: dict[str, str] = {}
        self.broken: str | None = None
        self.persistent_code: str | None = None
        """Why code that ran in this process may act on later calls, for as long as the process lives."""
        self._acting_reason: str | None = None
        self.unsaved: str | None = None
        """The method whose effect could not be saved, if any; changes are refused until it is saved."""

    # --- start ---------------------------------------------------------------------------------------------------

    def restore(self, *, crashed: bool = False) -> int:
        """Load the newest state that can be trusted, or start a new journal. Returns how many entries were replayed.

        `crashed` says that the application died by itself in the previous restoration: what it died of twice is not
        tried again.
        """
        self._attempts.begin(crashed=crashed)
        began = time.monotonic()
        self._journal.missing(self.damages)
        numbers = self._journal.numbers()
        for number in reversed(numbers):
            generation = self._journal.read(number, self.damages)
            if generation is None:
                continue
            later = [each for each in numbers if each > number]
            entries = self._journal.entries_with_later_logs(later, generation, self.damages)
            applied = self._load_generation(generation, entries)
            if applied is None:
                continue
            self._adopt(generation, applied, numbers)
            self._times.replaying = time.monotonic() - began
            break
        else:
            self._start_new_journal(numbers)
        self._attempts.end()
        self.history.restored_seq = self._journal.seq
        self.refresh_scripted()
        return len([entry for entry in self._journal.entries if "note" not in entry])

    def _load_generation(self, generation: Generation, entries: list[Entry]) -> list[Entry] | None:
        """Load a generation, apply `entries`, and return those applied; None if the snapshot cannot be loaded.

        An entry that fails, or whose result differs from the acknowledged one, is reported; those after it are applied
        all the same, and reported if they differ too.
        """
        damages: list[Damage] = []
        torn: int | None = None
        for _ in range(MAX_TORN):
            if not self._load_snapshot(generation):
                return None
            passing: list[Damage] = []
            applied, torn = apply_all(entries, self._apply_entry, self._may_try, passing)
            if torn is None:
                self.damages += [*damages, *passing]
                return applied
            # It failed after changing something: start again without it.
            damages.append(passing[-1])
            entries = [*entries[:torn], *entries[torn + 1 :]]
        damages.append(Damage("the entries after that", f"they were left out: {MAX_TORN} entries failed"))
        applied = None
        if self._load_snapshot(generation):
            applied, _ = apply_all(entries[:torn], self._apply_entry, self._may_try, damages)
        self.damages += damages
        return applied

    def _may_try(self, entry: Entry) -> bool:
        return self._attempts.may_try(self._journal.number, entry["seq"])

    def _load_snapshot(self, generation: Generation) -> bool:
        where = f"generation {generation.number}"
        if not self._attempts.may_try(generation.number, 0):
            self.damages.append(Damage(where, "the application died twice while loading the snapshot"))
            return False
        began = time.monotonic()
        try:
            self._host.load_snapshot(generation.snapshot)
        except Exception as error:  # noqa: BLE001 - an older one may be readable
            log.error(error)
            self.damages.append(Damage(where, f"the snapshot cannot be loaded: {error}"))
            return False
        self._times.loading = time.monotonic() - began
        return True

    def replay_entries(self, entries: list[Entry]) -> list[Entry]:
        """Apply entries up to the first whose result differs, and return those."""
        for count, entry in enumerate(entries):
            try:
                same = "note" in entry or first_difference(entry["result"], self._apply_entry(entry)) is None
            except Exception as error:  # noqa: BLE001 - nothing after it can be trusted
                log.error(error)
                same = False
            if not same:
                return entries[:count]
        return entries

    def _adopt(self, generation: Generation, applied: list[Entry], numbers: list[int]) -> None:
        """Continue the journal from the restored state; what could not be used is set aside."""
        number = generation.number
        if generation.whole and applied == generation.entries:
            self._journal.continue_generation(number, generation.about, applied)
        else:
            self._journal.set_log_aside(number)
            self._journal.rewrite(number, generation.about, applied)
        for later in numbers:
            if later > number:
                self._journal.set_aside(later)
        self.history.remember_before(generation)
        for key, digest, answer in generation.about.replies:
            self._replies.store(key, digest, answer)
        for entry in applied:
            # A request that was undone and is re-sent is answered, not run again.
            for key, digest, answer in entry.get("answers", ()):
                self._replies.store(key, digest, answer)
            for each in (*entry.get("dropped", ()), entry):
                if each.get("key"):
                    self._replies.store(each["key"], each.get("hash"), {"result": each["result"]})
            self.history.apply_to_history(entry)
        self._journal.drop_undone(self.history.kept_snapshots())

    def _start_new_journal(self, numbers: list[int]) -> None:
        if not numbers:
            self._journal.create()
            return
        self._host.load_snapshot(None)
        for number in numbers:
            self._journal.set_aside(number)
        self._journal.drop_undone()
        self._journal.number = numbers[-1]
        self._journal.snapshot(self._host.save_snapshot, About("nothing could be trusted", 0, []))

    def copy_journal(self, name: str) -> str:
        """Copy the journal into a new folder beside its generations, and return the name of that. Raises OSError."""
        copy_journal(self._journal.folder, os.path.join(self._journal.folder, name))
        return name

    # --- what replay cannot repeat -------------------------------------------------------------------------------

    @property
    def scripted(self) -> str | None:
        """Why a replay may differ from what was done here, so that each change needs a snapshot; None if it cannot."""
        return self.persistent_code or self._acting_reason

    def distrust_code(self, why: str) -> None:
        """Remember that code runs which may act on later calls: `why`, as the end of a sentence."""
        if self.persistent_code is None:
            self.persistent_code = f"executed code may act on later calls: {why}"
            self._emit_status()

    def refresh_scripted(self) -> None:
        """Ask the host anew whether something in the session acts by itself."""
        before = self._acting_reason
        self._acting_reason = self._host.acting()
        if self._acting_reason != before:
            self._emit_status()

    # --- while it runs -------------------------------------------------------------------------------------------

    def append_entry(self, entry: Entry, seconds: float) -> str:
        """Journal one mutation that succeeded; return its result as ASCII JSON.

        If that fails, it rolls the mutation back and raises AppError.
        """
        try:
            result = text_of(entry["result"])
            self._journal.append(entry, result)
        except (OSError, ValueError, TypeError, RecursionError) as error:
            if isinstance(error, OSError):
                self._report_problem("log", f"changes cannot be written: {error}")
            else:
                log.error(error)
            self.roll_back_to_journal()
            raise unwritten_error(str(entry["method"]), error) from error
        self._report_problem("log", None)
        self.history.forget_undone()
        self._times.replaying += seconds
        return result

    def persist_by_snapshot(self, because: str, request: str | None = None) -> None:
        """Persist one mutation whose effect cannot be replayed. Raises AppError, after it was rolled back."""
        try:
            self.snapshot(f"after {because}", request)
        except Exception as error:
            log.error(error)
            self.roll_back_to_journal()
            why = why_unsaved(error, self._host)
            raise AppError(
                "command_failed",
                f"The change by {because} was rolled back, because the session could not be saved after it ({why}). "
                "Delete or change what cannot be saved, by code if need be, and try again",
                {"method": because, "snapshot": why},
            ) from error

    def snapshot(self, because: str, request: str | None = None) -> None:
        """Write the whole state, and start a new log. Raises what the host raises, and OSError."""
        began = time.monotonic()
        about = About(because, self._journal.seq, self._replies.export(), request)
        try:
            self._journal.snapshot(self._host.save_snapshot, about)
        except Exception as error:
            self._report_problem("snapshot", f"no snapshot can be written: {error}")
            raise
        self._snapshot_taken(time.monotonic() - began)
        self._times.replaying = 0.0
        self.unsaved = None
        if not about.follows_from_log and because not in MOVES:
            self.history.forget_undone()

    def _snapshot_taken(self, seconds: float) -> None:
        self._report_problem("snapshot", None)
        self._times.written(seconds)

    def _report_problem(self, kind: str, problem: str | None) -> None:
        """Report to the gateway what prevents changes or snapshots from being written, if that is new."""
        if self._problems.get(kind) == problem:
            return
        if problem is None:
            del self._problems[kind]
        else:
            self._problems[kind] = problem
        self._emit_status()

    def _emit_status(self) -> None:
        self._host.scripted = self.scripted
        self._host.emit("journal", {"problems": list(self._problems.values()), "scripted": self.scripted})

    def shorten_log(self, because: str, on_ended: Callable[[], None]) -> None:
        """Take a snapshot that only shortens the log, while changes go on.

        A forked copy writes it, which costs this process a few milliseconds; after `on_ended`, call
        `adopt_pending_snapshot`. Where there is no fork, or a copy failed, this process writes the snapshot now.
        """
        if not self._copies or self.unsaved is not None:
            self.snapshot_if_possible(because)
            return
        about = About(because, self._journal.seq, self._replies.export())
        try:
            self._journal.snapshot_in_copy(self._save_in_copy, about, self._times.of_a_copy, on_ended)
        except OSError as error:
            log.error(error)
            self.snapshot_if_possible(because)
        else:
            self._pending_reason = because
            self._times.begun(because)

    def _save_in_copy(self, path: str) -> None:
        # A copy has no connections.
        self._host.emit = lambda topic, data: None
        self._host.save_snapshot(path)

    def adopt_pending_snapshot(self) -> None:
        """Start the new log if a forked copy has written its snapshot."""
        try:
            seconds = self._journal.adopt_copied_snapshot(if_smaller=self._pending_reason == LONG_LOAD)
        except OSError as error:
            log.error(error)
            # Perhaps this application cannot save in a copy at all.
            self._copies = False
            self.snapshot_if_possible(self._pending_reason)
        else:
            if seconds is not None:
                self._snapshot_taken(seconds)

    def snapshot_if_possible(self, because: str) -> None:
        """Take a snapshot in this process. If that fails, the log continues."""
        try:
            self.snapshot(because)
        except Exception as error:  # noqa: BLE001 - the log still has every entry
            log.error(error)
            self._times.failed(self._journal.count)

    def require_saved(self, *, even_unsaved: bool = False) -> None:
        """Raise AppError if a change could not survive, because the state before it cannot be saved.

        `even_unsaved` allows a change that may make it savable.
        """
        if self.broken:
            raise AppError("command_failed", f"The session refuses changes: {self.broken}; restart it (POST /restart)")
        if self.unsaved is None:
            return
        try:
            self.snapshot(f"after {self.unsaved}")
        except Exception as error:
            if even_unsaved:
                return
            log.error(error)
            why = why_unsaved(error, self._host)
            raise AppError(
                "command_failed",
                f"The session refuses changes until the effect of {self.unsaved} can be saved: {why}. {REMEDY}",
                {"method": self.unsaved, "snapshot": why},
            ) from error

    def has_entries(self) -> bool:
        """Whether the log has entries after the snapshot."""
        return self._journal.count > 0

    def snapshot_is_due(self) -> bool:
        """See `SnapshotTimes.is_due`."""
        return not self._journal.has_pending_snapshot and self._times.is_due()

    def maintain(self, call: Call, on_ended: Callable[[], None]) -> None:
        """Record where the log ends, so that a cut one is noticed; shorten it if that is worth its time."""
        self._journal.record_end()
        pending = self._journal.has_pending_snapshot
        reason = self._times.reason_to_shorten(call, self._journal.count, pending=pending)
        if reason is not None:
            self.shorten_log(reason, on_ended)

    def prepare_undo(self) -> None:
        """Wait for a snapshot that is being written, unless the undo leads to before it.

        At most for as long as it takes to go back without it.
        """
        if not self._journal.has_changes_since_copy():
            return
        if self._journal.wait_for_copy(self._times.without_copy):
            self.adopt_pending_snapshot()
        else:
            self._times.waited_in_vain()

    def roll_back_to_journal(self) -> None:
        """Undo what a failed mutation did: load the snapshot and replay the log. Sets `broken` if that fails."""
        generation = self._journal.read(self._journal.number, [])
        if generation is None:
            self.broken = "the snapshot is damaged"
        elif self.persistent_code is not None and any("note" not in entry for entry in self._journal.entries):
            # The next process replays them without that code.
            self.broken = f"changes would have to be replayed, but {self.persistent_code}"
        elif not self.load_state(generation, self._journal.entries):
            self.broken = "the journal could not be replayed"
        # Of what was done before, the application itself knows no more than a new process would.
        self.history.restored_seq = self._journal.seq
        if self.broken:
            log.info(f"rollback failed: {self.broken}")
        elif self.unsaved is not None:
            self.unsaved = None
            self._report_problem("snapshot", None)

    def answers(self) -> list[list[Any]]:
        """Return the answers that a snapshot remembers."""
        return self._replies.export()

    def load_state(self, generation: Generation, entries: list[Entry]) -> bool:
        """Load a snapshot and apply all `entries`; return whether that worked."""
        if not self._load_snapshot(generation):
            return False
        began = time.monotonic()
        applied = self.replay_entries(entries)
        changed = self.scripted is None and any("note" not in entry for entry in entries)
        self._times.went_back(time.monotonic() - began, has_changes=changed)
        return len(applied) == len(entries)
