"""`ServedAdapter`: an active adapter for dispatch, shared by all of its sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cadgate.artifacts.store import ArtifactStore
from cadgate.contract.methods import Handler, Method
from cadgate.contract.settings import AdapterSettings
from cadgate.errors import LimitExceeded
from cadgate.helper.process import Helper
from cadgate.plugins.hookspecs import Adapter
from cadgate.security.audit import AuditLog

_TOO_MUCH = "The work takes too much memory or time: ask for fewer or simpler objects at once"


@dataclass(slots=True, eq=False)
class ServedAdapter:
    """An adapter's contributions and settings, and the stores for the files and audit lines of its calls."""

    adapter: Adapter
    settings: AdapterSettings
    methods: dict[str, Method[Any, Any]]
    """By name, including those that every application has."""
    handlers: dict[str, Handler[Any, Any]]
    """By the name of their method."""
    artifacts: ArtifactStore
    audit: AuditLog
    core: dict[str, Method[Any, Any]] = field(default_factory=dict[str, Method[Any, Any]])
    """The gateway's own methods that are done by its applications, by name: no client calls them by it."""
    helper: Helper = field(default_factory=lambda: Helper(LimitExceeded(_TOO_MUCH), niceness=2))
    """The process in which the handlers' own work runs that takes long; see `Application.run_aside`."""

    @property
    def name(self) -> str:
        """The adapter's name."""
        return self.adapter.name
