"""Parses and validates the JSON body of a request: directly if it is small, off the event loop if it is large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.types import Receive, Scope

from cadgate.dispatch.off_loop import HUGE, LARGE, off_loop
from cadgate.models.bounded import MAX_FIELDS, too_many_fields, without_most_unknown
from cadgate.refusals.schemas import contract_of
from cadgate.refusals.validation import validation_failed
from cadgate.web.json_body import parse
from cadgate.web.weighing import read, weigh

M = TypeVar("M", bound=BaseModel)
R = TypeVar("R")

STATE_LARGE = "large"
"""Set in a request's state when its body was large."""


class JsonRequest(Request):
    """A request whose `json()` is the value of its body; for a large body, an instance of the `model`."""

    def __init__(self, scope: Scope, receive: Receive, model: type[BaseModel] | None = None) -> None:
        super().__init__(scope, receive)
        self._model = model

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            body = await self.body()
            if len(body) > LARGE:
                self._json = await self._large(body)
            else:
                self._json = parse(body)
                if self._model is not None and body.count(b":") > MAX_FIELDS:
                    self._json = validate(self._model, self._json)
        return self._json

    async def _large(self, body: bytes) -> Any:
        self.scope.setdefault("state", {})[STATE_LARGE] = True
        most: int = self.app.state.settings.max_body_values
        if len(body) > HUGE:
            value = await self.app.state.helper.run(read, body, most)
        else:
            value = await off_loop(read, body, most)
        return value if self._model is None else await off_loop(validate, self._model, value)


async def run_on_body(request: Request, function: Callable[..., R], *args: Any) -> R:
    """Return `function(body, *args)` for the bytes of a body with bulk data, which may be large.

    A large one is sent to another process: `function` must be a module-level function, and its other arguments and its
    result small or bytes. Raises the CadgateError that it raises, PayloadTooLarge if it takes too much memory or time.
    """
    body = await request.body()
    if len(body) <= LARGE:
        return function(body, *args)
    request.scope.setdefault("state", {})[STATE_LARGE] = True
    if len(body) <= HUGE // 4:
        return await off_loop(function, body, *args)
    return await request.app.state.helper.run(function, body, *args)


def read_bulk_json(body: bytes, model: type[M]) -> M:
    """Return a whole body as `model`, however many values it has: for functions that `run_on_body` runs.

    Raises MalformedJson, ValidationFailed.
    """
    if not body:
        missing = {"type": "missing", "loc": ("body",), "msg": "the body is missing"}
        raise validation_failed([missing], contract=contract_of(model), skipped=1)
    weigh(body, None)
    return _validated(model, parse(body))


def validate(model: type[M], value: Any) -> M:
    """Return `value` as `model`. Raises ValidationFailed, at a bounded cost."""
    wrong = too_many_fields(value)
    if wrong is not None:
        raise validation_failed([wrong], skipped=1)
    return _validated(model, value)


def _validated(model: type[M], value: Any) -> M:
    unlisted = 0
    if isinstance(value, dict):
        value, unlisted = without_most_unknown(cast("dict[str, Any]", value), model)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        listed = error.errors(include_url=False)
    placed = [{**each, "loc": ("body", *each["loc"])} for each in listed]
    raise validation_failed(placed, unlisted, contract=contract_of(model), skipped=1)
