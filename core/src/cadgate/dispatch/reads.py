"""Large reads: the response is kept, and sent again until the document changes.

The application is asked each time whether it changed. Nothing is kept across restarts of it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json
from starlette.responses import Response

from cadgate.contract.context import RequestContext
from cadgate.contract.methods import Method
from cadgate.dispatch.calls import Calls, result_of
from cadgate.dispatch.off_loop import LARGE, off_loop
from cadgate.dispatch.permission import require_known_fields, require_no_if_match, require_permission, strongest_scope
from cadgate.dispatch.served import ServedAdapter
from cadgate.errors import InternalError
from cadgate.models.paging import ObjectPage

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)

MAX_KEPT = 32 * 1024 * 1024
"""How many bytes of responses are kept for one session."""
AT_ONCE = 50
"""How many objects are validated and written in one step, which no other thread can interrupt."""


@dataclass(frozen=True, slots=True)
class Written:
    """One response: what the application wrote, for which state, and what clients get."""

    raw: bytes
    state: str
    content: bytes
    etag: str

    @property
    def size(self) -> int:
        return len(self.raw) + len(self.content)


class Reads:
    """The kept responses of one session."""

    def __init__(self, served: ServedAdapter, calls: Calls) -> None:
        self._served = served
        self._calls = calls
        self._kept: OrderedDict[bytes, Written] = OrderedDict()
        self._size = 0

    async def answer(self, context: RequestContext, method: Method[P, R], params: P) -> Response:
        """Return a kept or new response; see `Application.answer`."""
        if not method.by_state or method.mutates or method.name in self._served.handlers:
            raise TypeError(f"{method.name} cannot be answered by kept responses: it must be by_state, and only read")
        require_permission(self._served, context, method, params)
        require_known_fields(context, method, params)
        require_no_if_match(context, method.name)
        wire = method.wire_params(params)
        which = to_json([method.name, wire, dict(context.values)])
        known = self._kept.get(which)
        calls = self._calls
        since = "" if known is None else known.state
        scope = strongest_scope(method, params)
        reply = await calls.exchange(context, method.name, wire, calls.seconds(context, method), method, scope, since)
        state: str = reply.get("meta", {}).get("state", "")
        if known is not None and state and state == known.state:
            written = known
        else:
            raw = reply["raw"] if "raw" in reply else to_json(result_of(reply))
            if known is not None and raw == known.raw:
                written = Written(known.raw, state, known.content, known.etag)
            elif len(raw) > LARGE:
                written = await off_loop(_written, method, raw, state)
            else:
                written = _written(method, raw, state)
            self._keep(which, written)
        headers = {"ETag": written.etag}
        if context.if_none_match is not None and _names(context.if_none_match, written.etag):
            return Response(status_code=304, headers=headers)
        return Response(written.content, media_type="application/json", headers=headers)

    def _keep(self, which: bytes, written: Written) -> None:
        before = self._kept.pop(which, None)
        if before is not None:
            self._size -= before.size
        if not written.state or written.size > MAX_KEPT // 2:
            return
        self._kept[which] = written
        self._size += written.size
        while self._size > MAX_KEPT:
            _, oldest = self._kept.popitem(last=False)
            self._size -= oldest.size


def _names(given: str, etag: str) -> bool:
    return given.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in given.split(","))


def _written(method: Method[Any, Any], raw: bytes, state: str) -> Written:
    """Return the envelope with the validated result. Raises InternalError if the halves of the adapter disagree."""
    try:
        content = b"".join((b'{"status":"success","result":', *_pieces(method.result, from_json(raw)), b"}"))
    except ValidationError as error:
        raise InternalError(f"{method.name} answered something that is not a {method.result.__name__}") from error
    return Written(raw, state, content, f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"')


def _pieces(model: type[BaseModel], result: Any) -> Iterator[bytes]:
    """Yield `model.model_validate(result).model_dump_json()` in pieces; a page, in short steps."""
    objects: Any = cast("dict[str, Any]", result).get("objects") if isinstance(result, dict) else None
    if ObjectPage not in model.__mro__ or not isinstance(objects, list):
        yield _dumped(model, result)
        return
    listed = cast("list[Any]", objects)
    whole = _dumped(model, {**cast("dict[str, Any]", result), "objects": []})
    before, empty, after = whole.partition(_NO_OBJECTS)
    if not empty:
        yield _dumped(model, result)
        return
    yield before + empty[:-1]
    for start in range(0, len(listed), AT_ONCE):
        some = listed[start : start + AT_ONCE]
        page = model.model_validate({"objects": some, "total": len(some)})
        text = model.__pydantic_serializer__.to_json(page, by_alias=True, include={"objects"})
        yield (b"," if start else b"") + text[len(b"{") + len(_NO_OBJECTS) - 1 : -len(b"]}")]
    yield b"]" + after


_NO_OBJECTS = b'"objects":[]'


def _dumped(model: type[BaseModel], value: Any) -> bytes:
    return model.__pydantic_serializer__.to_json(model.model_validate(value), by_alias=True)
