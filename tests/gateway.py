"""The gateway of `cadgate.testing`, which adapters use too, started in a fraction of the time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from cadgate.testing import gateway as testing
from cadgate.testing.gateway import START_SECONDS, alive, eventually, free_port, innermost
from tests.nursery import nursery

COLD_WORKERS = {"CADGATE_BLENDER_WORKERS": "0", "CADGATE_FREECAD_WORKERS": "0"}
"""The environment of a gateway whose test has nothing for workers to do: else each application is started once more."""

NO_SPARES = {"CADGATE_BLENDER_RECOVERY_SPARES": "0", "CADGATE_FREECAD_RECOVERY_SPARES": "0"}
"""The environment of a gateway whose test ends no application, so that none stands by to take over from it."""

__all__ = ["COLD_WORKERS", "NO_SPARES", "START_SECONDS", "Gateway", "alive", "eventually", "free_port", "innermost"]


class Gateway(testing.Gateway):
    """Forked by `tests.nursery`; started by its command where it has another Python, or variables not its own.

    :param by_command: start it by its command in any case, for tests that look at its arguments or its environment.
    """

    def __init__(self, state_dir: Path, *, by_command: bool = False, **options: Any) -> None:
        super().__init__(state_dir, **options)
        own = all(name.startswith("CADGATE_") for name in self._environment)
        self._is_forked = own and self._python == sys.executable and not by_command

    def _launched(self, environment: dict[str, str]) -> testing.Running:
        if not self._is_forked:
            return super()._launched(environment)
        return nursery().start(environment, self.state_dir, self.log)
