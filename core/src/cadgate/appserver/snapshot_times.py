"""How long replaying, writing and loading take: it decides when a snapshot is worth its time."""

from __future__ import annotations

from cadgate.appserver.context import Call
from cadgate.appserver.history import UNDO

MAX_ENTRIES = 20_000
"""After this many mutations without a snapshot, one is taken at once, without waiting for a pause."""
MAX_REPLAY_SECONDS = 2.0
"""The same if the mutations took this long together, which is about how long a restoration would take."""
COPY_SECONDS = 20.0
"""How long a forked copy may take to write a snapshot, unless snapshots are known to take longer."""
PAYS_SECONDS = 0.05
"""If mutations took longer than this together, clearing the document starts a new log."""
HEAVY_SECONDS = 0.25
"""The same if the last snapshot took longer than this to write or to load: each undo would load it again."""

LONG_UNDO = "a long undo"
LONG_LOAD = "a long load"
LONG_SECONDS = 0.25
"""If an undo repeated changes, or loaded a snapshot, for longer than this, it may leave a snapshot behind."""
MAX_PATIENCE = 32
"""While the session turns out to be as large as its snapshot, a smaller one is tried after about so many undos."""


class SnapshotTimes:
    """The times of one session, in seconds."""

    def __init__(self) -> None:
        self.replaying = 0.0
        """What the entries of the log took, or took when they were replayed."""
        self.writing = 0.0
        self.loading = 0.0
        self.without_copy = 0.0
        """What an undo takes without the snapshot that a copy is writing: it is not worth a longer wait."""
        self._last_was_undo = False
        """Whether nothing has changed since the last undo. The next one leads to before any snapshot taken since."""
        self._postponed = 0
        self._in_vain = 0.0
        self._has_changes = False
        """Whether the last restored state was more than a snapshot."""
        self._reloading = 0.0
        """What loading the last snapshot took for states that had changes after it."""
        self._patience = 1
        """A smaller snapshot is tried once `_reloading` is so many times what one costs. Doubled each time."""
        self._tried = 0.0
        """What loading took when that was tried last."""

    @property
    def of_a_copy(self) -> float:
        """How long a forked copy may take."""
        return max(COPY_SECONDS, 4 * self.writing)

    def written(self, seconds: float) -> None:
        """Note that a snapshot was written."""
        self.writing, self.loading, self._postponed, self._in_vain, self._reloading = seconds, 0.0, 0, 0.0, 0.0

    def begun(self, because: str) -> None:
        """Note that a copy has begun to write one."""
        self.without_copy = (self.loading or self.writing) + self.replaying
        self._reloading = 0.0
        if because != LONG_LOAD:  # which may turn out to be useless
            self.replaying = 0.0

    def failed(self, entries: int) -> None:
        """Note that none could be written: the log, which has so many entries now, continues."""
        self.replaying, self._reloading, self._postponed = 0.0, 0.0, entries

    def went_back(self, replaying: float, *, has_changes: bool) -> None:
        """Note what it took to repeat what followed a snapshot, which has just been loaded; and whether changes did."""
        # The next time it takes as long: a snapshot is due if that is long.
        self.replaying = replaying
        self._has_changes = has_changes
        if has_changes:
            self._reloading += self.loading
        if self.loading < self._tried / 2:
            # The session has become small.
            self._patience, self._tried = 1, 0.0

    def is_due(self) -> bool:
        """Whether replaying would take clearly longer than a snapshot. For when there is nothing else to do."""
        return self.replaying > max(0.5, 4 * self.writing)

    def waited_in_vain(self) -> None:
        """Note that no snapshot was written in the time that an undo takes without it: repeating as much is faster."""
        self._in_vain = max(self._in_vain, 2 * self.without_copy)
        self.without_copy = 0.0

    def reason_to_shorten(self, call: Call, entries: int, *, pending: bool) -> str | None:
        """Return why the log, of so many entries, should be shortened after this call; None: it should not be.

        `pending` says that a snapshot is being written already.
        """
        repeated = self._last_was_undo
        self._last_was_undo = call.method == UNDO or (repeated and not call.mutates)
        if call.cleared and (pending or self._is_long_behind()):
            return "a cleared document"
        if pending:
            return None
        if call.method == UNDO and not repeated:
            if self._is_long_to_repeat():
                return LONG_UNDO
            if self._is_long_to_load():
                self._patience, self._tried = min(2 * self._patience, MAX_PATIENCE), self.loading
                return LONG_LOAD
        return "a long log" if self._is_overdue(entries) else None

    def _is_long_behind(self) -> bool:
        """Whether going back to before a document was cleared would take longer than starting a new log."""
        return self.replaying > PAYS_SECONDS or max(self.loading, self.writing) > HEAVY_SECONDS

    def _is_long_to_repeat(self) -> bool:
        """Whether the next undo would be clearly faster from a new snapshot."""
        # How long it takes to write one is unknown: the session may have held far more when the last was written.
        return self.replaying > max(LONG_SECONDS, self.loading, self._in_vain)

    def _is_long_to_load(self) -> bool:
        """Whether undos have loaded the last snapshot for so long that another one should be tried."""
        # What has changed since may have made the session small, which only a new snapshot shows.
        cost = max(self.loading, self.writing)
        return self._has_changes and self.loading > LONG_SECONDS and self._reloading > self._patience * cost

    def _is_overdue(self, entries: int) -> bool:
        """Whether the log, of so many entries, must be shortened even while there is work to do."""
        if entries >= MAX_ENTRIES + self._postponed:
            return True
        return self.replaying > max(MAX_REPLAY_SECONDS, 4 * self.writing)
