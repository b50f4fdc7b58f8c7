"""Known problems with persisting a session: damage that a restoration found, a journal that cannot be written."""

from __future__ import annotations

from collections import deque
from typing import Any

TOPIC = "journal"
"""The topic of the event by which an application reports what prevents it from persisting its session."""
MOST = 50


class PersistenceProblems:
    """Damages are kept while the gateway runs, newest last; problems as long as they exist."""

    def __init__(self) -> None:
        self._damages: deque[dict[str, str]] = deque(maxlen=MOST)
        self._problems: list[str] = []
        self._scripted: str | None = None

    def restored(self, report: dict[str, Any]) -> list[dict[str, str]]:
        """Take the report of a restored application; return the damages that it found."""
        found: list[dict[str, str]] = list(report.get("damages", ()))
        self._damages.extend(found)
        self._problems = []
        self._scripted = report.get("scripted")
        return found

    def update(self, data: dict[str, Any]) -> None:
        """Take the problems that the application reports now."""
        self._problems = [str(each) for each in data.get("problems", ())]
        self._scripted = data.get("scripted")

    def for_health(self) -> dict[str, Any]:
        """Return the fields for health; empty if there are no problems."""
        fields: dict[str, Any] = {"damages": list(self._damages), "problems": list(self._problems)}
        if self._scripted is not None:
            fields |= {"keeps": "snapshots", "keeps_because": self._scripted}
        return {key: value for key, value in fields.items() if value}
