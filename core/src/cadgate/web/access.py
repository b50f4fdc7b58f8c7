"""The scopes that a route requires: declared with the route, checked before anything of a request is read.

A route that declares nothing is closed: it requires `write` for verbs that may change something, with a line in the
audit log, and `read` for the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from fastapi import Depends, params
from starlette.requests import Request
from starlette.routing import Route

from cadgate.contract.methods import Scope
from cadgate.security.caller import authority_of

ACCESS = "cadgate_access"
"""The attribute of a route that holds its `Access` by verb."""
Open = Literal["pages", "probes"]
"""Kinds of routes that need no key: those of the log-in page; the probes, if a setting says so."""
SAFE_VERBS = frozenset(("GET", "HEAD", "OPTIONS"))


@dataclass(frozen=True, slots=True)
class Access:
    """What one verb of one route requires of the caller."""

    scopes: tuple[Scope, ...] = ()
    """The caller needs all of them; empty: any caller that the gate knows."""
    declared: bool = False
    """False: the route declares nothing, so the default for the verb applies."""
    audited_as: str | None = None
    """What the audit log calls the request."""
    audited_here: bool = False
    """Whether the gate writes its audit line, because no method does."""
    adapter: str | None = None
    open: Open | None = None
    """Which kind of open route it is; None if it needs a key."""


@dataclass(frozen=True, slots=True)
class Requires:
    """A dependency that declares and checks the scopes a caller needs. Create it by `requires`."""

    scopes: tuple[Scope, ...]
    audited_as: str | None = None
    by_method: bool = False
    """Whether the route calls a method, which writes its own audit lines."""
    open: Open | None = None

    async def __call__(self, request: Request) -> None:
        """Check the scopes. Runs only as a dependency of a function's parameter; otherwise the gate reads the route."""
        authority_of(request.scope).require(*self.scopes)


def requires(
    *scopes: Scope, audited_as: str | None = None, by_method: bool = False, open_to: Open | None = None
) -> Any:
    """Declare the scopes that a route needs which calls no method: `dependencies=[requires("read")]`.

    It applies to a route, or to all routes of a router. A caller without them gets 403 before anything of the request
    is read. Without any scope, every caller that the gate knows is admitted. A route that needs more than `read` gets a
    line in the audit log for each request. `open_to` is for routes of the gateway itself that may need no key.
    """
    unknown = set(scopes) - {"read", "write", "execute"}
    if unknown:
        raise ValueError(f"there is no scope {sorted(unknown)[0]!r}: scopes are read, write and execute")
    return Depends(Requires(scopes, audited_as, by_method, open_to))


def split(dependencies: Iterable[params.Depends]) -> tuple[list[Requires], list[params.Depends]]:
    """Split a route's dependencies into declarations of scopes and those that must run."""
    declared: list[Requires] = []
    rest: list[params.Depends] = []
    for one in dependencies:
        if isinstance(one.dependency, Requires):
            declared.append(one.dependency)
        else:
            rest.append(one)
    return declared, rest


def accesses(
    declared: Sequence[Requires], verbs: Iterable[str], path: str, *, adapter: str | None
) -> dict[str, Access]:
    """Return what each verb of a route requires."""
    return {verb: _access(declared, verb, path, adapter) for verb in verbs}


def _access(declared: Sequence[Requires], verb: str, path: str, adapter: str | None) -> Access:
    scopes: tuple[Scope, ...]
    if declared:
        scopes = tuple(dict.fromkeys(scope for one in declared for scope in one.scopes))
    else:
        scopes = ("read",) if verb in SAFE_VERBS else ("write",)
    own = next((one.audited_as for one in declared if one.audited_as), None)
    keeps_own_lines = own is not None or any(one.by_method for one in declared)
    here = not keeps_own_lines and bool(set(scopes) - {"read"})
    return Access(
        scopes=scopes,
        declared=bool(declared),
        audited_as=f"{verb} {path}" if here else own,
        audited_here=here,
        adapter=adapter,
        open=next((one.open for one in declared if one.open), None),
    )


def access_to(route: Route, verb: str) -> Access:
    """Return what a request requires: the default for its verb if its route declares nothing."""
    known = cast("dict[str, Access] | None", getattr(route, ACCESS, None))
    found = None if known is None else known.get(verb)
    return found or _access((), verb, route.path_format, None)
