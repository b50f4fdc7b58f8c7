"""The direct path of a request to its route, without FastAPI's machinery: read, validate, call, write.

It serves valid requests for routes of the usual shape. Invalid ones are left to FastAPI, so that its errors, in its
order, are the only ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from fastapi import params
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.routing import APIRoute, serialize_response
from fastapi.utils import is_body_allowed_for_status_code
from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaSerializer
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope

from cadgate.dispatch.off_loop import LARGE
from cadgate.models.bounded import MAX_FIELDS
from cadgate.models.responses import Success
from cadgate.web.bodies import CYCLE
from cadgate.web.error_handlers import answer_to
from cadgate.web.json_body import parse
from cadgate.web.query_names import require_known

DIRECT = "cadgate_direct"
"""The attribute of a route with its `Direct`, None if it has none."""

_IMMUTABLE = (str, int, float, bool, type(None))
_JSON = b"application/json"
_BEGIN = b'{"status":"success","result":'


class _WrongError(Exception):
    """The request is invalid; FastAPI reports how."""


class Answers(Protocol):
    """Writes the response to a request."""

    async def answer(self, status: int, content: bytes, cycle: Any) -> None:
        """Send a whole JSON response."""
        ...

    async def respond(self, message: Message) -> None:
        """Send an ASGI message."""
        ...


class _Call:
    """A function and the sources of its parameters: the endpoint, or one of its dependencies."""

    __slots__ = ("constants", "function", "needs", "path", "query", "request")

    def __init__(self, dependant: Dependant) -> None:
        """Analyse a dependant. Raises _WrongError if it is not of the usual shape."""
        function = dependant.call
        unusual = (
            dependant.header_params,
            dependant.cookie_params,
            dependant.websocket_param_name,
            dependant.http_connection_param_name,
            dependant.response_param_name,
            dependant.background_tasks_param_name,
            dependant.security_scopes_param_name,
        )
        if any(unusual) or function is None or not inspect.iscoroutinefunction(function):
            raise _WrongError
        self.function: Callable[..., Awaitable[Any]] = function
        self.request = dependant.request_param_name
        self.path = [(field.name, field.alias) for field in dependant.path_params]
        if any(field.field_info.annotation is not str or field.field_info.metadata for field in dependant.path_params):
            raise _WrongError
        self.query = dependant.query_params
        self.constants = self._without_query()
        self.needs = [(one.name, _Call(one)) for one in dependant.dependencies]

    def _without_query(self) -> dict[str, Any] | None:
        """Return the values of its query parameters if none is sent; None if that is an error, or may change."""
        values, errors = request_params_to_args(self.query, QueryParams(""))
        fixed = all(
            isinstance(each, _IMMUTABLE) or (isinstance(each, BaseModel) and each.model_config.get("frozen"))
            for each in values.values()
        )
        return values if fixed and not errors else None

    def values(self, scope: Scope, request: Request) -> dict[str, Any]:
        """Return the arguments that are known before anything is called. Raises _WrongError."""
        if self.constants is not None and not scope["query_string"]:
            values = dict(self.constants)
        else:
            values, errors = request_params_to_args(self.query, request.query_params)
            if errors:
                raise _WrongError
        if self.path:
            found = scope["path_params"]
            for name, alias in self.path:
                values[name] = found[alias]
        if self.request is not None:
            values[self.request] = request
        return values

    def check(self, scope: Scope, request: Request) -> None:
        """Raise _WrongError if the query parameters of a dependency are invalid."""
        if self.query and (self.constants is None or scope["query_string"]):
            self.values(scope, request)
        for _, need in self.needs:
            need.check(scope, request)

    async def satisfy(self, scope: Scope, request: Request, values: dict[str, Any], known: dict[Any, Any]) -> None:
        """Add the results of its dependencies to `values`; each is called once in a request."""
        for name, need in self.needs:
            if need.function in known:
                result = known[need.function]
            else:
                own = need.values(scope, request)
                if need.needs:
                    await need.satisfy(scope, request, own, known)
                result = known[need.function] = await need.function(**own)
            if name is not None:
                values[name] = result


class Direct:
    """Serves one route. Create it by `of`."""

    def __init__(self, route: APIRoute, body: type[BaseModel] | None) -> None:
        self._route = route
        self._call = _Call(route.dependant)
        self._body = body
        self._body_name = "" if route.body_field is None else route.body_field.name
        self._status = route.status_code or 200
        self._result, self._serializer = _result_of(route)
        self._exclude_none = route.response_model_exclude_none

    @classmethod
    def of(cls, route: APIRoute, body: type[BaseModel] | None) -> Direct | None:
        """Return the direct path of a route; None if only FastAPI can serve it. `body`: the model of its whole body."""
        if (
            route.body_field is not None and (body is None or type(route.body_field.field_info) is not params.Body)
        ) or (
            not isinstance(route.response_class, DefaultPlaceholder)
            or not is_body_allowed_for_status_code(route.status_code)
            or getattr(route, "max_body_size", None) is not None
        ):
            return None
        try:
            return cls(route, body)
        except _WrongError:
            return None

    async def answer(
        self, scope: Scope, receive: Receive, exchange: Answers, child: Scope, headers: dict[bytes, bytes], known: Any
    ) -> bool:
        """Answer a request; return False, with nothing read or done, if FastAPI must do it.

        `child` is the scope from matching the route, `known` the query parameters that it accepts (None: any).
        """
        cycle: Any = None
        if self._body is not None:
            cycle = scope.get("extensions", {}).get(CYCLE)
            if cycle is None or cycle.more_body or cycle.disconnected or not 0 < len(cycle.body) <= LARGE:
                return False
            if headers.get(b"content-type") != _JSON:
                return False
        scope.update(child)
        request = Request(scope, receive)
        try:
            query: bytes = scope["query_string"]
            if query and known is not None:
                require_known(query, known)
            values = self._values(scope, request, cycle)
            if self._call.needs:
                await self._call.satisfy(scope, request, values, {})
            result = await self._call.function(**values)
            if isinstance(result, Response):
                response = result
            else:
                content = self._written(result)
                if content is not None:
                    await exchange.answer(self._status, content, scope.get("extensions", {}).get(CYCLE))
                    return True
                response = await self._response(result)
        except _WrongError:
            return False
        except Exception as error:
            found = await answer_to(error, request)
            if found is None:
                raise
            response = found
        await response(scope, receive, exchange.respond)
        return True

    def _values(self, scope: Scope, request: Request, cycle: Any) -> dict[str, Any]:
        """Return the arguments of the endpoint other than its dependencies.

        Raises _WrongError, MalformedJson, ValidationFailed.
        """
        body: BaseModel | None = None
        if self._body is not None:
            data = bytes(cycle.body)
            if data.count(b":") > MAX_FIELDS:
                raise _WrongError
            value = parse(data)
            try:
                body = self._body.model_validate(value)
            except ValidationError as error:
                raise _WrongError from error
        self._call.check(scope, request)
        values = self._call.values(scope, request)
        if body is not None:
            values[self._body_name] = body
            cycle.body = bytearray()  # it was read
        return values

    def _written(self, content: Any) -> bytes | None:
        """Write the envelope of a result that has the declared type, and so needs no second validation."""
        if self._serializer is not None and type(content) is Success:
            result: Any = cast("Success[Any]", content).result
            if type(result) is self._result:
                return _BEGIN + self._serializer.to_json(result, by_alias=True, exclude_none=self._exclude_none) + b"}"
        return None

    async def _response(self, content: Any) -> Response:
        """Write a result as FastAPI does."""
        field = self._route.response_field
        route = self._route
        written = await serialize_response(
            field=field,
            response_content=content,
            include=route.response_model_include,
            exclude=route.response_model_exclude,
            by_alias=route.response_model_by_alias,
            exclude_unset=route.response_model_exclude_unset,
            exclude_defaults=route.response_model_exclude_defaults,
            exclude_none=route.response_model_exclude_none,
            dump_json=field is not None,
        )
        if field is None:
            return JSONResponse(written, self._status)
        return Response(written, self._status, media_type="application/json")


def _result_of(route: APIRoute) -> tuple[type[BaseModel] | None, SchemaSerializer | None]:
    """Return the model in the envelope, if an instance of it can be written as it is."""
    changed = (
        route.response_model_include,
        route.response_model_exclude,
        route.response_model_exclude_unset,
        route.response_model_exclude_defaults,
        not route.response_model_by_alias,
    )
    model = route.response_model
    arguments: Any = getattr(model, "__pydantic_generic_metadata__", {})
    if any(changed) or arguments.get("origin") is not Success:
        return None, None
    (result,) = arguments["args"]
    if not isinstance(result, type) or not issubclass(result, BaseModel):
        return None, None
    return result, result.__pydantic_serializer__
