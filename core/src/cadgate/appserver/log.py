"""The application's log, its standard error. Writing to it never raises, because its disk may be the full one."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import traceback

from cadgate.appserver import context
from cadgate.appserver.context import Call


def error(error: BaseException, call: Call | None = None) -> None:
    """Log an error with its traceback, the time, and the call and request in which it was raised."""
    with contextlib.suppress(Exception):
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        print(f"{_now()} cadgate: {_where(call)}{''.join(lines)}", end="", file=sys.stderr, flush=True)


def _now() -> str:
    seconds = time.time()
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds * 1000) % 1000:03d}Z"


def _where(call: Call | None) -> str:
    outer = call
    # Calls run on the main thread, so an error on another thread belongs to none of them.
    if threading.current_thread() is threading.main_thread():
        call, outer = call or context.innermost(), context.outermost() or call
    if call is None or outer is None:
        return "error\n"
    request = call.request_id or outer.request_id or outer.key or "(none)"
    return f"error in {call.method}, request {request}\n"


def info(text: str) -> None:
    """Log a line."""
    with contextlib.suppress(Exception):
        print(f"cadgate: {text}", file=sys.stderr, flush=True)
