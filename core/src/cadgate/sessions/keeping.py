"""What is known to be wrong with how a session is kept: damage that a restoration found, a disk that takes nothing."""

from __future__ import annotations

from collections import deque
from typing import Any

TOPIC = "journal"
"""Of the event by which an application says what keeps it from keeping its session."""
MOST = 50


class Keeping:
    """Damages stay for as long as the gateway runs, the newest last; problems for as long as they are there."""

    def __init__(self) -> None:
        self._damages: deque[dict[str, str]] = deque(maxlen=MOST)
        self._problems: list[str] = []
        self._scripted: str | None = None

    def restored(self, report: dict[str, Any]) -> list[dict[str, str]]:
        """An application started and restored; the damages that it found."""
        found: list[dict[str, str]] = list(report.get("damages", ()))
        self._damages.extend(found)
        self._problems = []
        self._scripted = report.get("scripted")
        return found

    def noticed(self, data: dict[str, Any]) -> None:
        """The application said which problems it has now."""
        self._problems = [str(each) for each in data.get("problems", ())]
        self._scripted = data.get("scripted")

    def told(self) -> dict[str, Any]:
        """For health: nothing where nothing is wrong."""
        told: dict[str, Any] = {"damages": list(self._damages), "problems": list(self._problems)}
        if self._scripted is not None:
            told |= {"keeps": "snapshots", "keeps_because": self._scripted}
        return {key: value for key, value in told.items() if value}
