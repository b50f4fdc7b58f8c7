"""The methods that the in-application server gives to every application: code, history, batch."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from cadgate.contract.methods import Method
from cadgate.models.common import Empty, Params
from cadgate.models.responses import ErrorBody, Result, Warned


class History(Result):
    """The result of undo or redo: the method whose effect was undone or redone."""

    undone: str | None = None
    redone: str | None = None
    can_redo: bool | None = Field(None, description="Whether redo is possible, if the application knows.")
    warnings: list[Warned] = Field(default_factory=list[Warned])


class Code(Params):
    """Python to run inside the application, on its main thread, in a namespace that persists while it runs."""

    code: str = Field(description="The value of the last expression is returned, as in a notebook.")


class Execution(Result):
    """The result of code. If it does not end with an expression, `value` and `repr` are null."""

    value: Any = Field(description="The last expression's value if that is JSON, otherwise null.")
    repr: str | None = Field(description="Its `repr`, shortened in the middle above 64 KiB.")
    duration_ms: float
    warnings: list[Warned] = Field(default_factory=list[Warned])


EXECUTE = Method(
    "session.execute",
    Code,
    Execution,
    mutates=True,
    scope="execute",
    replay="snapshot",
    atomic=False,
    revised=False,
)
UNDO = Method("session.undo", Empty, History, mutates=True, replay="snapshot", atomic=False, revised=False)
REDO = Method("session.redo", Empty, History, mutates=True, replay="snapshot", atomic=False, revised=False)

BUILTIN = (EXECUTE, UNDO, REDO)


class BatchCall(Params):
    """One call of a batch, in the form of `/methods`."""

    model_config = ConfigDict(json_schema_extra={"example": {"method": "objects.list", "params": {"limit": 10}}})

    method: str = Field(description="`resource.action`, as `/methods` lists them.")
    params: dict[str, Any] = Field(default_factory=dict[str, Any])


class Batch(Params):
    """Many calls in one round trip; each sees the effects of those before it."""

    calls: Annotated[list[BatchCall], Field(min_length=1, max_length=10_000)]
    atomic: bool = Field(False, strict=True, description="All or nothing: if a call fails, everything is rolled back.")


class BatchSuccess(Result):
    """A call that succeeded: `result` is the method's result."""

    status: str = "success"
    result: Any


class BatchFailure(Result):
    """A call that failed; the others are not affected."""

    status: str = "error"
    error: ErrorBody


class BatchResults(Result):
    """One entry for each call, in the same order."""

    results: list[BatchSuccess | BatchFailure]
