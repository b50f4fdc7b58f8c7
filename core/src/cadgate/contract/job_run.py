"""`JobRun`: how work reports to its job: progress, and the steps that need not be done again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from cadgate.models.responses import Artifact


class JobRun(Protocol):
    """One attempt at a job. Handlers use it through `Application`: `report`, `run_steps`, `work_folder`."""

    @property
    def id(self) -> str:
        """The id of the job."""
        ...

    def look(self) -> None:
        """Say that the work has seen the document: what is changed from now on makes no difference to it."""
        ...

    def begin(self) -> None:
        """Say that the work has what it waited for: the job is no longer queued, but running."""
        ...

    def report(
        self, fraction: float | None, message: str | None, preview: Artifact | None, step: str | None = None
    ) -> None:
        """Say how far the work is, or that of a `step`. What is None stays as it was."""
        ...

    async def finished_steps(self) -> dict[str, Any]:
        """Return the results of the steps that are finished, by their names."""
        ...

    async def forget_steps(self, names: Sequence[str]) -> None:
        """Have steps done again."""
        ...

    def expect_steps(self, done: int, steps: int) -> None:
        """Say how many steps there are, and how many of them are finished already."""
        ...

    async def finish_step(self, name: str, result: Any, artifacts: Sequence[Artifact], *, counts: bool = True) -> None:
        """Record a finished step, which `counts` as one of those that are expected. It is on disk when this returns."""
        ...
