"""`CallMeta`: what travels with a call besides method and parameters. The gateway writes it, the server reads it."""

from __future__ import annotations

from typing import Any, TypedDict


class CallMeta(TypedDict, total=False):
    """The `meta` of a request on the wire; docs/PROTOCOL.md says what each field means."""

    request_id: str
    deadline_ms: float
    """How long the peer waits, from when the call is received."""
    mutates: bool
    replay: str
    """`call` or `snapshot`: how the effect of a mutation survives a crash."""
    names: str | None
    """The parameter that says what the result is to be called, if the method has one."""
    key: str | None
    """The id of a mutation, by which it is done at most once."""
    hash: str | None
    """What distinguishes the request from another with the same key."""
    label: str
    """The method's name for clients, where a handler sent the call."""
    dry_run: bool
    if_match: str
    context: dict[str, Any]
    """Values that go with every call, such as `document`."""
    since: str
    """The name of the state for which the peer has the answer; empty when it only wants to know the name."""
    set_aside: int
    """How often the application died while it ran, if that was too often."""
