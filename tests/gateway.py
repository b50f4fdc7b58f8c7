"""The gateway of `cadgate.testing`, which adapters use too, under the name that the tests here import."""

from __future__ import annotations

from cadgate.testing.gateway import START_SECONDS, Gateway, alive, eventually, free_port, innermost

__all__ = ["START_SECONDS", "Gateway", "alive", "eventually", "free_port", "innermost"]
