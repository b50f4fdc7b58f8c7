"""Runs a client's Python on the main thread, in a namespace that persists, and reports how it ended.

What it prints is streamed (see `output`). Text printed by native code is not captured: it goes to the application's
log.
"""

from __future__ import annotations

import ast
import builtins
import io
import linecache
import math
import sys
import time
import traceback
from types import TracebackType
from typing import Any, Callable, Dict, List, cast

from cadgate.appserver import context
from cadgate.appserver.code_reading import CodeReading
from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError
from cadgate.appserver.host import Host
from cadgate.appserver.interrupts import Interrupts
from cadgate.appserver.output import Output, Stream
from cadgate.appserver.pure_code import is_pure_code
from cadgate.appserver.scripting import why_it_may_stay

REMEMBERED_SOURCES = 200
MAX_REPR = 64 * 1024
MAX_MESSAGE = 2_000
MAX_TRACEBACK = 64 * 1024
MAX_VALUE_DEPTH = 60
"""How deeply lists and objects of a value may be nested for it to be sent as JSON."""

Answer = Dict[str, Any]


class Executor:
    """Runs code for a session. `run` returns an answer whatever the code raises, and what the code changed stays."""

    def __init__(self, host: Host, interrupts: Interrupts) -> None:
        self._host = host
        self._interrupts = interrupts
        self._names: dict[str, Any] = {"__name__": "__main__", "__doc__": None, "__builtins__": builtins}
        self._streams: tuple[Stream, Stream] | None = None
        self._sources: list[str] = []
        self._number = 0
        self._reading: CodeReading | None = None
        self._classes = False
        """Whether any code so far has defined a class."""
        self._trusting = False

    def run(self, call: Call, stays: Callable[[str], None] = lambda why: None, *, trusting: bool = False) -> Answer:
        """Answer `session.execute`: run the parameter `code`.

        The result has `value`, `repr` and `duration_ms`; the error is `execution_failed`, `interrupted` or
        `deadline_exceeded`. `call.changed` is false afterwards if the code cannot have changed anything. Before code
        runs that may act on later calls, `stays` is called with the reason. Pass `trusting` if no earlier code does.

        Output is sent as notifications `output`, with the request's id, to the connection that asked.
        """
        self._trusting = trusting
        code: str = call.params["code"]
        filename = self._remember(code)
        if call.dry_run:
            return self._checked(call, code, filename)
        context.enter_call(call)
        try:
            for name, value in self._host.namespace().items():
                self._names.setdefault(name, value)
            with self._host.transaction(call.method):
                return self._run(call, code, filename, stays)
        finally:
            context.leave_call()

    def _run(self, call: Call, code: str, filename: str, stays: Callable[[str], None]) -> Answer:
        output = Output(lambda params: _tell(call, params), self._interrupts)
        self._interrupts.deferred = True
        before = self._redirect(output)

        def aside(why: str) -> None:
            # What the application prints while it saves is not the code's output.
            self._restore(before)
            try:
                stays(why)
            finally:
                self._redirect(output)

        began = time.perf_counter()
        try:
            self._interrupts.deliver()
            value, text = self._evaluate(call, code, filename, aside)
            self._interrupts.running = None
        except BaseException as error:  # noqa: BLE001 - SystemExit must not end the application
            self._interrupts.running = None
            if call.changed and isinstance(error, Exception) and self._changed_nothing(error, filename):
                call.changed = False
            return _failure(call, error, filename)
        else:
            milliseconds = round((time.perf_counter() - began) * 1000, 3)
            return {"result": {"value": value, "repr": text, "duration_ms": milliseconds}}
        finally:
            self._restore(before)
            output.close()

    def _checked(self, call: Call, code: str, filename: str) -> Answer:
        """Answer a dry run: compile the code without running it."""
        try:
            compile(code, filename, "exec", dont_inherit=True)
        except Exception as error:  # noqa: BLE001 - the compiler has several ways to refuse
            return _failure(call, error, filename)
        return {"result": {"dry_run": True}}

    def _evaluate(self, call: Call, code: str, filename: str, stays: Callable[[str], None]) -> tuple[Any, str | None]:
        """Run `code`; return the value of its last expression if that is JSON (else None), and its repr."""
        tree = ast.parse(code, filename)
        # A user's class can give any meaning to operators and attributes, so nothing can be proved once there is one.
        self._classes = self._classes or any(isinstance(node, ast.ClassDef) for node in ast.walk(tree))
        self._reading = CodeReading(tree, self._names) if self._trusting and not self._classes else None
        looks = self._reading is not None and self._reading.only_reads(tree)
        call.changed = not (looks or is_pure_code(tree, self._names))
        why = why_it_may_stay(tree, self._names, self._host.code_modules, self._host.code_words)
        if call.changed and why is not None:
            stays(why)
        last = tree.body[-1] if tree.body else None
        if not isinstance(last, ast.Expr):
            exec(compile(tree, filename, "exec", dont_inherit=True), self._names)  # noqa: S102 - what this is for
            return None, None
        # Compile both parts first: code with a syntax error in its last line must do nothing at all.
        tree.body.pop()
        expression = compile(ast.Expression(last.value), filename, "eval", dont_inherit=True)
        exec(compile(tree, filename, "exec", dont_inherit=True), self._names)  # noqa: S102
        value = eval(expression, self._names)
        return (value if is_json(value) else None), _repr(value)

    def _changed_nothing(self, error: Exception, filename: str) -> bool:
        """Whether code that raised had only read up to that point."""
        line, reading, trace = None, self._reading, error.__traceback__
        while trace is not None and line is None:
            if trace.tb_frame.f_code.co_filename == filename:
                line = trace.tb_lineno
            trace = trace.tb_next
        return line is not None and reading is not None and reading.changed_nothing_until(line)

    def _redirect(self, output: Output) -> tuple[Any, Any, Any]:
        before = (sys.stdin, sys.stdout, sys.stderr)
        if self._streams is None:
            self._streams = (Stream("stdout", sys.stdout), Stream("stderr", sys.stderr))
        for stream in self._streams:
            stream.output = output
        # There is nobody to type input, and `quit()` closes standard input, which must not be the application's.
        sys.stdin = io.StringIO()
        sys.stdout, sys.stderr = self._streams  # type: ignore[assignment]
        return before

    def _restore(self, before: tuple[Any, Any, Any]) -> None:
        sys.stdin, sys.stdout, sys.stderr = before
        for stream in self._streams or ():
            stream.output = None

    def _remember(self, code: str) -> str:
        """Return a file name for the code, by which tracebacks find its lines, also when a later execution calls it."""
        self._number += 1
        filename = f"<execute {self._number}>"
        linecache.cache[filename] = (len(code), None, [line + "\n" for line in code.splitlines()], filename)
        self._sources.append(filename)
        if len(self._sources) > REMEMBERED_SOURCES:
            linecache.cache.pop(self._sources.pop(0), None)
        return filename


def _tell(call: Call, params: dict[str, Any]) -> None:
    if call.connection is not None:
        call.connection.send({"jsonrpc": "2.0", "method": "output", "params": {"id": call.request_id, **params}})


def _failure(call: Call, error: BaseException, filename: str) -> Answer:
    text = _traceback(error)
    kind = type(error).__name__
    details: dict[str, Any] = {"type": kind, "traceback": text}
    line = _line(error, filename)
    if line is not None:
        details["line"] = line
    code, message = "execution_failed", f"{kind}: {_text(error)}".rstrip(": ")
    if isinstance(error, KeyboardInterrupt) and call.cancelled:
        code, message = "interrupted", "The code was interrupted; what it had changed until then remains"
        if call.expired:
            text = "The code was stopped at its deadline; what it had changed until then remains"
            code, message = "deadline_exceeded", text
    if isinstance(error, SystemExit):
        details["exit_code"] = error.code if isinstance(error.code, int) else int(error.code is not None)
    error.__traceback__ = None
    return {"error": AppError(code, _clean(message, MAX_MESSAGE), details).wire()}


def _line(error: BaseException, filename: str) -> int | None:
    """Return the line of the code in `filename` where the error happened."""
    if isinstance(error, SyntaxError) and error.filename == filename:
        return error.lineno
    found = None
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _traceback(error: BaseException) -> str:
    """Return the traceback as Python prints it, with frames of executed code only, none of the server or a library."""
    try:
        report = traceback.TracebackException(type(error), error, error.__traceback__)
        _keep_own(report, set())
        text = "".join(report.format())
    except BaseException as failure:  # noqa: BLE001 - the error's own __str__ may raise what it likes
        text = f"{type(error).__name__} (its traceback cannot be shown: {type(failure).__name__})\n"
    return _clean(text, MAX_TRACEBACK)


def _keep_own(report: Any, seen: set[int]) -> None:
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    own = [frame for frame in report.stack if frame.filename.startswith("<execute ")]
    report.stack[:] = own
    for linked in (report.__cause__, report.__context__, *(getattr(report, "exceptions", None) or ())):
        _keep_own(linked, seen)


def _text(value: BaseException) -> str:
    try:
        return str(value)
    except BaseException:  # noqa: BLE001 - see _traceback
        return "(its text cannot be shown)"


def _repr(value: Any) -> str:
    """Return `repr(value)`, of bounded length; a failing repr is reported in its place, not as an error of the code."""
    try:
        return _clean(repr(value), MAX_REPR)
    except Exception as error:  # noqa: BLE001 - the repr is the user's own code, or that of a dead reference
        return f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"


def _clean(text: str, limit: int) -> str:
    """Return valid UTF-8 text, shortened in its middle where it is too long."""
    text = text.encode("utf-8", "backslashreplace").decode()
    if len(text) <= limit:
        return text
    return f"{text[: limit // 2]}\n… {len(text) - limit} characters left out …\n{text[-limit // 2 :]}"


def is_json(value: Any, depth: int = 0) -> bool:
    """Whether `value` can be sent as JSON unchanged: finite numbers, text, lists, tuples, objects with text as keys."""
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, int):
        return value.bit_length() < 4096
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return value.isascii() or _is_utf8(value)
    if depth >= MAX_VALUE_DEPTH:
        return False
    if isinstance(value, (list, tuple)):
        return all(is_json(item, depth + 1) for item in cast(List[Any], value))
    if isinstance(value, dict):
        items = cast(Dict[Any, Any], value).items()
        return all(isinstance(key, str) and _is_utf8(key) and is_json(item, depth + 1) for key, item in items)
    return False


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
