"""Searches the applications' own API, by the methods of adapters that list what their application has.

Such a method is called `*.list` and takes `search` and `limit`; the method `*.get` beside it describes one entry, which
an entry of the list names as the first parameter of that method does, or as its `id` or `name`.
"""

from __future__ import annotations

from typing import Any, cast

import anyio

from cadgate.contract.methods import Method
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import CadgateError
from cadgate.mcp.agent_call import AgentCall

MOST = 5
"""How many entries of one list are shown."""
SECONDS = 3.0
"""How long a search of one list may take."""


async def search_api(use: AgentCall, query: str, application: str | None, session_id: str | None) -> dict[str, Any]:
    """Return `api`, the best entries, and `not_searched`, the applications that could not be asked, if any."""
    found: list[dict[str, Any]] = []
    missed: list[dict[str, str]] = []
    if query.strip():
        for name in sorted(use.runtimes) if application is None else [application]:
            try:
                session = use.session(name, session_id if application else None)
                for lists, gets in _pairs(session):
                    found += await _entries(use, session, lists, gets, query)
            except CadgateError as error:
                missed.append({"application": name, "reason": error.message})
    return {"api": found, **({"not_searched": missed} if missed else {})}


def _pairs(session: SessionRuntime) -> list[tuple[Method[Any, Any], Method[Any, Any]]]:
    """Return the methods that list and those that describe."""
    methods = session.served.methods
    return [
        (method, methods[beside])
        for name, method in sorted(methods.items())
        if name.endswith(".list")
        and {"search", "limit"} <= method.params.model_fields.keys()
        and (beside := name.removesuffix("list") + "get") in methods
    ]


async def _entries(
    use: AgentCall, session: SessionRuntime, lists: Method[Any, Any], gets: Method[Any, Any], query: str
) -> list[dict[str, Any]]:
    params = lists.params.model_validate({"search": query[:400], "limit": MOST})
    result: Any = None
    with anyio.move_on_after(SECONDS):
        result = await session.calls.dispatch_call(use.context, lists, params)
    if result is None:
        raise CadgateError(f"{lists.name} had no answer within {SECONDS:g} s")
    listed: dict[str, Any] = result.model_dump(mode="json")
    lists_found = [cast("list[dict[str, Any]]", value) for value in listed.values() if isinstance(value, list)]
    entries = lists_found[0] if lists_found else []
    key = next(iter(gets.params.model_fields))
    return [
        {
            "application": session.served.name,
            "name": own,
            **{name: entry[name] for name in ("documentation", "reason", "method") if entry.get(name)},
            "call": {"method": gets.name, "params": {key: own}},
        }
        for entry in entries
        if (own := next((entry[name] for name in (key, "id", "name") if name in entry), None)) is not None
    ]
