"""The gateway of `cadgate.testing`, which adapters use too, under the name that the tests here import."""

from __future__ import annotations

from cadgate.testing.gateway import START_SECONDS, Gateway, alive, eventually, free_port, innermost

COLD_WORKERS = {"CADGATE_BLENDER_WORKERS": "0", "CADGATE_FREECAD_WORKERS": "0"}
"""The environment of a gateway whose test has nothing for workers to do: else each application is started once more."""

NO_SPARES = {"CADGATE_BLENDER_RECOVERY_SPARES": "0", "CADGATE_FREECAD_RECOVERY_SPARES": "0"}
"""The environment of a gateway whose test ends no application, so that none stands by to take over from it."""

__all__ = ["COLD_WORKERS", "NO_SPARES", "START_SECONDS", "Gateway", "alive", "eventually", "free_port", "innermost"]
