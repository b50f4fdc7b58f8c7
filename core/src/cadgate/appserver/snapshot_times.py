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
LONG_SECONDS = 0.25
"""If an undo repeated changes for longer than this, it may leave a snapshot behind."""


class SnapshotTimes:
    """The times of one session, in seconds."""

    def __init__(self) -> None:
        self.replaying = 0.0
        """What the entries of the log took, or took when they were replayed."""
        self.writing = 0.0
        self.loading = 0.0
        self.going_back = 0.0
        """What the last undo took to load and to repeat."""
        self.last_was_undo = False
        """Whether nothing has changed since the last undo. The next one leads to before any snapshot taken since."""
        self._postponed = 0
        self._in_vain = 0.0

    @property
    def of_a_copy(self) -> float:
        """How long a forked copy may take."""
        return max(COPY_SECONDS, 4 * self.writing)

    def written(self, seconds: float) -> None:
        """Note that a snapshot was written."""
        self.writing, self.loading, self._postponed, self._in_vain = seconds, 0.0, 0, 0.0

    def failed(self, entries: int) -> None:
        """Note that none could be written: the log, which has so many entries now, continues."""
        self.replaying, self._postponed = 0.0, entries

    def is_due(self) -> bool:
        """Whether replaying would take clearly longer than a snapshot. For when there is nothing else to do."""
        return self.replaying > max(0.5, 4 * self.writing)

    def waited_in_vain(self) -> None:
        """Note that no snapshot was written in the time that the last undo took: repeating as much is faster."""
        self._in_vain = 2 * self.going_back

    def reason_to_shorten(self, call: Call, entries: int, *, pending: bool) -> str | None:
        """Return why the log, of so many entries, should be shortened after this call; None: it should not be.

        `pending` says that a snapshot is being written already.
        """
        repeated = self.last_was_undo
        self.last_was_undo = call.method == UNDO or (repeated and not call.mutates)
        if call.cleared and (pending or self._is_long_behind()):
            return "a cleared document"
        if pending:
            return None
        if call.method == UNDO and not repeated and self._is_long_to_repeat():
            return LONG_UNDO
        return "a long log" if self._is_overdue(entries) else None

    def _is_long_behind(self) -> bool:
        """Whether going back to before a document was cleared would take longer than starting a new log."""
        return self.replaying > PAYS_SECONDS or max(self.loading, self.writing) > HEAVY_SECONDS

    def _is_long_to_repeat(self) -> bool:
        """Whether the next undo would be clearly faster from a new snapshot."""
        # How long it takes to write one is unknown: the session may have held far more when the last was written.
        return self.replaying > max(LONG_SECONDS, self.loading, self._in_vain)

    def _is_overdue(self, entries: int) -> bool:
        """Whether the log, of so many entries, must be shortened even while there is work to do."""
        if entries >= MAX_ENTRIES + self._postponed:
            return True
        return self.replaying > max(MAX_REPLAY_SECONDS, 4 * self.writing)
