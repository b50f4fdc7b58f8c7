"""Sends events through the server's `emit`, once the host has started."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import Host

_hosts: list[Host] = []


def connect(host: Host) -> None:
    _hosts[:] = [host]


def emit(topic: str, data: dict[str, Any]) -> None:
    """Send an event to every peer. May be called on any thread."""
    for host in _hosts:
        host.emit(topic, data)
