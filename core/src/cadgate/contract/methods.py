"""`Method`, the contract of an operation, and `Handler`, for operations that need the gateway too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from cadgate.models.common import Creation, Trustable

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)

Scope = Literal["read", "write", "execute", "admin"]
ALL_SCOPES: frozenset[Scope] = frozenset(("read", "write", "execute"))
"""The scopes that a key gets if nothing else is said."""
KNOWN_SCOPES: frozenset[Scope] = frozenset((*ALL_SCOPES, "admin"))
"""`admin` permits no method; it shows what belongs to others."""


@dataclass(frozen=True, slots=True, eq=False)
class Method(Generic[P, R]):
    """One operation of an application: the same object serves REST, batch and WebSocket `call`.

    `name` is `resource.action`. `mutates` makes it at-most-once and journaled. `partial` sends only the fields that the
    client set (PATCH). `replay="snapshot"` is for effects that calling again does not repeat (imports, code).
    `names` is the parameter that says what the result is to be called: the name that the application chose is stored in
    it, so that a replay chooses no other. Of parameters that are a `Creation` it is `name`.
    `atomic=False` keeps it out of atomic batches. `deadline` names the setting with its default deadline.
    `scope` is the scope a key needs, by default "write" for what mutates or writes files (`deadline="file"`), and
    "read" for the rest.
    `scope_of` returns a further scope that given parameters need, or None; see `execute_if_trusted`.
    `by_state` is for reads that depend only on their parameters and the document, and whose results may be large: the
    response is kept, and sent again until something changes; see `Application.answer`.
    `job` is for work that its route always does as a job, because it takes minutes: the response is 202.
    `revised=False` is for changes of what has no `revision`: the gateway refuses `If-Match` for them.
    """

    name: str
    params: type[P]
    result: type[R]
    mutates: bool = False
    partial: bool = False
    replay: Literal["call", "snapshot"] = "call"
    names: str | None = None
    atomic: bool = True
    deadline: Literal["call", "file"] = "call"
    scope: Scope | None = None
    scope_of: Callable[[P], Scope | None] | None = None
    by_state: bool = False
    job: bool = False
    revised: bool = True
    required_scope: Scope = field(init=False)
    """The scope a caller needs: `scope`, or the one that follows from `mutates` and `deadline`."""
    naming_parameter: str | None = field(init=False)
    """The parameter that says what the result is to be called, if there is one."""

    def __post_init__(self) -> None:
        scope: Scope = self.scope or ("write" if self.mutates or self.deadline == "file" else "read")
        names = "name" if self.names is None and issubclass(self.params, Creation) else self.names
        object.__setattr__(self, "required_scope", scope)
        object.__setattr__(self, "naming_parameter", names)

    @property
    def accepts_if_match(self) -> bool:
        """Whether it changes something that has a revision, with which `If-Match` is compared."""
        return self.mutates and self.revised

    def further_scope(self, params: P) -> Scope | None:
        """Return the scope a caller needs in addition to `required_scope`, for these parameters."""
        return None if self.scope_of is None else self.scope_of(params)

    def wire_params(self, params: P) -> dict[str, Any]:
        """Return the parameters as they are sent: complete, or only what was set for a partial method."""
        return params.model_dump(mode="json", exclude_unset=self.partial)


class HandlerApplication(Protocol):
    """The first argument of a handler: `Application` in `cadgate.plugin`, which can do much more."""

    async def call(self, method: Method[P, R], params: Any) -> R:
        """Run `method` and return its validated result."""
        ...


A = TypeVar("A", bound=HandlerApplication)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Handler(Generic[P, R]):
    """The gateway's part of a method that needs more than the application: files, workers, other sessions.

    `works_aside` says that the work itself runs in a worker: until it has one, its job is queued.
    """

    method: Method[P, R]
    run: Callable[[Any, P], Awaitable[R]]
    works_aside: bool

    def __init__(self, method: Method[P, R], run: Callable[[A, P], Awaitable[R]], *, works_aside: bool = False) -> None:
        object.__setattr__(self, "method", method)
        object.__setattr__(self, "run", run)
        object.__setattr__(self, "works_aside", works_aside)


def execute_if_trusted(params: Trustable) -> Scope | None:
    """The `scope_of` for methods that open files: code in a trusted file may run, which needs `execute`."""
    return "execute" if params.trusted else None
