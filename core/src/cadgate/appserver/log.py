"""The application's log, which is its standard error. Writing to it never fails: it may be its disk that is full."""

from __future__ import annotations

import contextlib
import sys
import traceback


def failure(error: BaseException) -> None:
    """The error with its traceback."""
    with contextlib.suppress(Exception):
        traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)
        sys.stderr.flush()


def say(text: str) -> None:
    """A line."""
    with contextlib.suppress(Exception):
        print(f"cadgate: {text}", file=sys.stderr, flush=True)
