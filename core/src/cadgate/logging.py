"""Sets up logging: structlog, also for libraries that use the standard library's. Lines for people, or JSON."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from typing import Any, Literal

import stamina
import stamina.instrumentation
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_QUIET = ("uvicorn.error", "uvicorn.access", "httpx", "httpcore", "asyncio", "websockets")


def configure(level: str, form: Literal["console", "json"]) -> None:
    """Set up logging to stderr. May be called again; the last call counts."""
    number = logging.getLevelNamesMapping()[level.upper()]
    # The gateway logs that it waits for an application; a line for every attempt would bury the rest.
    stamina.instrumentation.set_on_retry_hooks(())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = _line if form == "console" else structlog.processors.JSONRenderer(ensure_ascii=True)
    failures: list[Processor] = [structlog.processors.format_exc_info]
    structlog.configure(
        processors=[*shared, structlog.processors.StackInfoRenderer(), *failures, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_Stderr,
        cache_logger_on_first_use=False,
    )
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *failures, renderer],
        )
    )
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(number)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


class AccessLog:
    """Writes one line for each request, without structlog's machinery, which takes longer than the gate."""

    def __init__(self, level: str, form: Literal["console", "json"]) -> None:
        self._on = logging.getLevelNamesMapping()[level.upper()] <= logging.INFO
        self._json = form == "json"
        self._second = 0
        self._stamp = ""

    def write(self, method: str, path: str, status: int, seconds: float, request_id: str) -> None:
        """Write a line. `path` is the route's template, or the requested path if there is no route."""
        if not self._on:
            return
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        stamp, ms = f"{self._stamp}.{int(now % 1 * 1000):03d}Z", f"{seconds * 1000:.2f}"
        if self._json:
            line = (
                f'{{"timestamp":"{stamp}","level":"info","event":"request","method":"{method}","path":{json.dumps(path)},'
                f'"status":{status},"ms":{ms},"request_id":"{request_id}"}}\n'
            )
        else:
            shown = path if path.isprintable() else repr(path)
            line = f"{stamp} INFO request {method} {shown} {status} {ms} ms request_id={request_id}\n"
        _say(line)


def _say(text: str) -> None:
    """Write to the current `sys.stderr`. A full disk must not make the caller fail."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text)


class _Handler(logging.Handler):
    """Writes the standard library's records to the same place."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            _say(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - logging must not break the caller, as in the standard library's handlers
            self.handleError(record)


class _Stderr:
    """Writes whole lines to the current `sys.stderr`: a test's capture, or the log file."""

    def __init__(self, *_: Any) -> None:
        pass

    def _write(self, message: str) -> None:
        _say(message + "\n")  # line-buffered, whatever kind of file it is

    debug = info = warning = error = critical = exception = log = msg = fatal = _write


def _line(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    """Format `time LEVEL event key=value …`, followed by a traceback if there is one."""
    when, level, name = event.pop("timestamp", ""), event.pop("level", "info"), event.pop("event", "")
    trace = event.pop("exception", None)
    parts = [str(when), level.upper(), str(name)]
    parts += [f"{key}={value if isinstance(value, (str, int, float)) else repr(value)}" for key, value in event.items()]
    line = " ".join(parts).replace("\n", "\\n").replace("\r", "\\r")
    return f"{line}\n{trace}" if trace else line
