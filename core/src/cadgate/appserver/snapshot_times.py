"""How long replaying, writing and loading take: it decides when a snapshot is worth its time."""

from __future__ import annotations

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

LONG_SECONDS = 0.25
"""If an undo repeated changes for longer than this, it may leave a snapshot behind."""


class SnapshotTimes:
    """The times of one session, in seconds."""

    def __init__(self) -> None:
        self.replaying = 0.0
        """What the entries of the log took, or took when they were replayed."""
        self.writing = 0.0
        self.loading = 0.0
        self._postponed = 0

    @property
    def of_a_copy(self) -> float:
        """How long a forked copy may take."""
        return max(COPY_SECONDS, 4 * self.writing)

    def written(self, seconds: float) -> None:
        """Note that a snapshot was written."""
        self.writing, self.loading, self._postponed = seconds, 0.0, 0

    def failed(self, entries: int) -> None:
        """Note that none could be written: the log, which has so many entries now, continues."""
        self.replaying, self._postponed = 0.0, entries

    def is_due(self) -> bool:
        """Whether replaying would take clearly longer than a snapshot. For when there is nothing else to do."""
        return self.replaying > max(0.5, 4 * self.writing)

    def is_worthwhile(self) -> bool:
        """Whether going back would take longer than starting a new log. For when the document was cleared."""
        return self.replaying > PAYS_SECONDS or max(self.loading, self.writing) > HEAVY_SECONDS

    def is_long_to_go_back(self) -> bool:
        """Whether going back again would be clearly faster from a new snapshot. For after an undo."""
        return self.replaying > max(LONG_SECONDS, 2 * (self.writing + self.loading))

    def is_overdue(self, entries: int) -> bool:
        """Whether the log, of so many entries, must be shortened even while there is work to do."""
        if entries >= MAX_ENTRIES + self._postponed:
            return True
        return self.replaying > max(MAX_REPLAY_SECONDS, 4 * self.writing)
