"""The hook by which a package provides an adapter, and the `Adapter` object that it returns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pluggy
from fastapi.routing import APIRouter

from cadgate.clients.base_client import BaseSocketClient
from cadgate.contract.methods import Method
from cadgate.contract.settings import AdapterSettings
from cadgate.errors import ConnectionFailed
from cadgate.plugins.guidance import Prompt, Resource
from cadgate.sessions.launcher import Launcher

API_VERSION = 1
"""The version of this interface, increased by 1 when adapters for the previous version may break.

Adapters give the number that they were written for, never this name, which is the version of the installed gateway.
"""

hookspec = pluggy.HookspecMarker("cadgate")
hookimpl = pluggy.HookimplMarker("cadgate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Formats:
    """The files that an application reads and writes: with that, the gateway converts one format to another.

    `reads` and `writes` have the suffixes of each format, the usual one first: `{"step": (".step", ".stp")}`. Adapters
    that mean the same format give it the same name. `importing` is the method that adds the `artifact` of its
    parameters to an empty document, `exporting` the one that writes everything to `filepath`, whose suffix names the
    format, and has the `artifact` in its result; both may have `warnings`. Without `importing`, `exporting` has the
    parameter `artifact`, and does both.

    `only_from` is for formats that are made of some others only: of a mesh, no exact shape can be made.
    `exchange` names the formats that are good for handing on to another application, the one that loses least first.
    `units` is for formats that do not say their unit of length: how many metres the application takes 1 for.
    `scale` names the parameter of `importing` by which it multiplies lengths. `lossy` names the formats of which
    others keep more (materials, curves, the unit): a path without it is preferred.
    """

    reads: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    writes: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    exporting: Method[Any, Any]
    importing: Method[Any, Any] | None = None
    only_from: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    exchange: Sequence[str] = ()
    units: Mapping[str, float] = field(default_factory=dict[str, float])
    scale: str | None = None
    lossy: Sequence[str] = ()

    def without(self, reads: Collection[str], writes: Collection[str]) -> Formats:
        """Return the same without some formats that cannot be read, or written."""
        return replace(
            self,
            reads={name: suffixes for name, suffixes in self.reads.items() if name not in reads},
            writes={name: suffixes for name, suffixes in self.writes.items() if name not in writes},
            exchange=tuple(name for name in self.exchange if name not in writes),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapter:
    """One application of a package. The gateway owns prefix, tag, operation ids, WebSocket and lifecycle.

    `api_version` is the version of this interface that the adapter was written for: a number, which does not change
    with the gateway. `package` is scanned for module-level `Method` and `Handler` objects. `context` names request
    values that are sent with every call (`?document=` in FreeCAD): in the query for REST, in `params` for batch and
    WebSocket. `topics` are the adapter's own, in addition to the gateway's: their events reach all subscribers.
    `pages` is a folder of the package, whose files are served below `/console/{name}/`. `formats` are those between
    which `/convert` converts. `prompts` and `resources` are for agents, who need neither to call the methods.
    """

    name: str
    title: str
    description: str
    package: str
    api_version: int
    routers: Sequence[APIRouter]
    launcher: type[Launcher[Any]]
    client: type[BaseSocketClient] = BaseSocketClient
    settings: type[AdapterSettings] = AdapterSettings
    connection_error: type[ConnectionFailed] = ConnectionFailed
    context: Sequence[str] = field(default=())
    topics: Sequence[str] = field(default=())
    pages: Path | None = None
    formats: Formats | None = None
    prompts: Sequence[Prompt] = field(default=())
    resources: Sequence[Resource] = field(default=())


class AdapterSpec:
    """The hook specification, for pluggy."""

    @hookspec
    def cadgate_adapter(self) -> Adapter:
        """Return the adapter of this package."""
        raise NotImplementedError
