"""Counts the calls of a session, and its objects, if its adapter has a method `objects.list` with a `total`."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import CadgateError
from cadgate.sessions.records import SessionRecord

LIST = "objects.list"
SECONDS = 0.5


class Counts:
    """How often a session has been called, and how many objects it had when it was last counted after a call."""

    def __init__(self, record: SessionRecord, runtime: SessionRuntime) -> None:
        self.calls = 0
        """How many calls there were since the gateway started."""
        self._record, self._runtime = record, runtime
        self._counted_at: int | None = None
        """After how many calls the objects were counted last."""
        self._unnoticed = False

    def notice_call(self) -> bool:
        """Count a call as use, unless the gateway itself makes it. Returns whether it is use."""
        if not self._unnoticed:
            self.calls += 1
        return not self._unnoticed

    async def count_objects(self) -> None:
        """Write into the record how many objects there are, if they can be called and have been since the last time.

        If the application does not answer in time, the record stays as it is.
        """
        method, session = self._runtime.served.methods.get(LIST), self._runtime.session
        if method is None or self._counted_at == self.calls or not session.ready.is_set() or session.calls.held:
            return
        calls = self.calls
        with contextlib.suppress(CadgateError, ValidationError), self._own_call():
            params = method.wire_params(method.params.model_validate({"limit": 1}))
            reply = await session.calls.exchange(LIST, params, SECONDS)
            result: Any = reply.get("result")
            if isinstance(result, dict) and isinstance(total := result.get("total"), int):  # pyright: ignore
                self._record.objects, self._counted_at = total, calls

    @contextmanager
    def _own_call(self) -> Generator[None]:
        """Do not count a call that begins in this block, before it awaits, as use."""
        self._unnoticed = True
        try:
            yield
        finally:
            self._unnoticed = False
