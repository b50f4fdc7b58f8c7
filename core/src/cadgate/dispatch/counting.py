"""Counts the objects of a session, if its adapter has a method `objects.list` with a `total`, as those here have."""

from __future__ import annotations

import contextlib
from typing import Any

from pydantic import ValidationError

from cadgate.dispatch.kept_session import KeptSession
from cadgate.errors import CadgateError

LIST = "objects.list"
SECONDS = 0.5


async def count_objects(kept: KeptSession) -> None:
    """Count the objects of a session that is ready, if anything has been called since they were counted last."""
    method = kept.runtime.served.methods.get(LIST)
    if method is None or kept.counted == kept.calls or kept.idle_since is None:
        return
    calls = kept.calls
    with contextlib.suppress(CadgateError, ValidationError), kept.unnoticed():
        params = method.wire_params(method.params.model_validate({"limit": 1}))
        reply = await kept.runtime.session.calls.exchange(LIST, params, SECONDS)
        result: Any = reply.get("result")
        if isinstance(result, dict) and isinstance(total := result.get("total"), int):  # pyright: ignore
            kept.record.objects, kept.counted = total, calls
