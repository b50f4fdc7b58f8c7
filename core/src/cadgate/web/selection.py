"""Reads which session a request names: by the header `Cadgate-Session`, or the query parameter `session`.

Which session that is, and whether the caller may have it, is up to `dispatch.sessions.Sessions.select`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from starlette.types import Scope

from cadgate.errors import BadRequest

HEADER, QUERY = b"cadgate-session", "session"
NAMED = "sessions_in_query"
"""The key of the sessions that the query named, in the state of a request."""
_SHOWN = 100


def take_session(scope: Scope, state: dict[str, Any]) -> None:
    """Take the parameter `session` out of the query of an adapter's route, whose own parameters do not include it."""
    own: list[bytes] = []
    named: list[str] = []
    for part in scope["query_string"].split(b"&"):
        name, _, value = part.decode("latin-1").partition("=")
        if unquote_plus(name) == QUERY:
            named.append(unquote_plus(value))
        else:
            own.append(part)
    if named:
        scope["query_string"] = b"&".join(own)
        state[NAMED] = named


def session_of_query(scope: Scope, session: str | None) -> str | None:
    """Return the session that the query named, or else `session`. Raises BadRequest if they differ."""
    for value in scope["state"].get(NAMED, ()):
        session = one_session(session, value)
    return session


def session_named_by(scope: Scope) -> str | None:
    """Return the id of the session that an HTTP request or WebSocket names; None for none. Raises BadRequest."""
    session: str | None = None
    for name, value in scope["headers"]:
        if name == HEADER:
            session = one_session(session, value.decode("latin-1"))
    if b"session" in scope["query_string"]:
        take_session(scope, scope.setdefault("state", {}))
    return session_of_query(scope, session)


def one_session(known: str | None, given: str) -> str:
    """Return `given`, after `known` was found. Raises BadRequest for two different ones, and for an empty one."""
    given = given.strip()
    if not given:
        raise BadRequest("The session is empty: send the id of a session in Cadgate-Session or ?session=, or neither")
    if known is not None and known != given:
        raise BadRequest(
            f"The request names two sessions, {known[:_SHOWN]!r} and {given[:_SHOWN]!r}: send one, in the header "
            "Cadgate-Session or in the query parameter session"
        )
    return given
