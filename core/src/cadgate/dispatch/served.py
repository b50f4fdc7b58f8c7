"""`ServedAdapter`: an active adapter for dispatch, shared by all of its sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cadgate.artifacts.store import ArtifactStore
from cadgate.contract.methods import Handler, Method
from cadgate.contract.settings import AdapterSettings
from cadgate.plugins.hookspecs import Adapter
from cadgate.security.audit import AuditLog


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

    @property
    def name(self) -> str:
        """The adapter's name."""
        return self.adapter.name
