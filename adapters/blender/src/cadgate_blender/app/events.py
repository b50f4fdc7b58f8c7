"""Where events go: the server's `emit`, once the host has started."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import Host

_hosts: list[Host] = []


def connect(host: Host) -> None:
    _hosts[:] = [host]


def emit(topic: str, data: dict[str, Any]) -> None:
    """Tell every peer of an event. Any thread."""
    for host in _hosts:
        host.emit(topic, data)
