"""The methods that every application has, because the in-application server brings them: ping, history, batch."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from cadgate.contract.methods import Method
from cadgate.models.common import Empty, Params
from cadgate.models.responses import ErrorBody, Result, Warned


class History(Result):
    """What undo or redo did: the method whose effect was taken back or done again."""

    undone: str | None = None
    redone: str | None = None
    can_redo: bool | None = Field(None, description="Where the application knows: whether redo has something to do.")


class Code(Params):
    """Python to run inside the application, on its main thread, in names that persist while it runs."""

    code: str = Field(description="The value of a last expression is returned, as in a notebook.")


class Execution(Result):
    """How code ended. Without a last expression both `value` and `repr` are null."""

    value: Any = Field(description="The last expression's value where it is JSON, else null.")
    repr: str | None = Field(description="Its `repr`, cut in the middle above 64 KiB.")
    duration_ms: float
    warnings: list[Warned] = Field(default_factory=list[Warned])


EXECUTE = Method("session.execute", Code, Execution, mutates=True, scope="execute", replay="snapshot", atomic=False)
UNDO = Method("session.undo", Empty, History, mutates=True, replay="snapshot", atomic=False)
REDO = Method("session.redo", Empty, History, mutates=True, replay="snapshot", atomic=False)

BUILTIN = (EXECUTE, UNDO, REDO)


class BatchCall(Params):
    """One call of a batch, in the form of `/methods`."""

    model_config = ConfigDict(json_schema_extra={"example": {"method": "objects.list", "params": {"limit": 10}}})

    method: str = Field(description="`resource.action`, as `/methods` lists them.")
    params: dict[str, Any] = Field(default_factory=dict[str, Any])


class Batch(Params):
    """Many calls in one round trip; each sees what the ones before it did."""

    calls: Annotated[list[BatchCall], Field(min_length=1, max_length=10_000)]
    atomic: bool = Field(False, strict=True, description="All or nothing: a call that fails takes back everything.")


class BatchSuccess(Result):
    """One call that worked: `result` is what the method answers by itself."""

    status: str = "success"
    result: Any


class BatchFailure(Result):
    """One call that failed; the others are not concerned."""

    status: str = "error"
    error: ErrorBody


class BatchResults(Result):
    """An entry for each call, in their order."""

    results: list[BatchSuccess | BatchFailure]
