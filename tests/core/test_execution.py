"""The half of live code that runs inside an application: the executor, its output, its interrupts."""

from __future__ import annotations

import ast
import math
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cadgate.appserver.context import Call
from cadgate.appserver.execution import Executor, is_json
from cadgate.appserver.host import Host
from cadgate.appserver.interrupts import Interrupts, uninterruptible
from cadgate.appserver.output import BUFFER_CHARACTERS, Output
from cadgate.appserver.pure_code import is_pure_code


class Peer:
    """Stands where a connection does, and keeps what is sent to it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)

    @property
    def text(self) -> str:
        return "".join(message["params"]["text"] for message in self.messages)


class App(Host):
    """An application that knows one name, and whether a transaction is open."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = self.closed = 0

    def namespace(self) -> dict[str, Any]:
        return {"thing": 7}

    @contextmanager
    def transaction(self, label: str) -> Iterator[None]:
        self.opened += 1
        yield
        self.closed += 1


class Bench:
    """An executor with its interrupts, and calls for it."""

    def __init__(self) -> None:
        self.app = App()
        self.interrupts = Interrupts()
        self.executor = Executor(self.app, self.interrupts)
        self.peer = Peer()

    def call(self, code: str, **meta: Any) -> Call:
        about: Any = {"request_id": "r-1", **meta}
        return Call(self.peer, 1, "session.execute", {"code": code}, about)

    def run(self, code: str, **meta: Any) -> dict[str, Any]:
        call = self.call(code, **meta)
        return self.interrupts.run(call, lambda: self.executor.run(call))


@pytest.fixture
def bench() -> Iterator[Bench]:
    before = signal.getsignal(signal.SIGINT)
    yield Bench()
    signal.signal(signal.SIGINT, before)


def code_of(answer: dict[str, Any]) -> str:
    return answer["error"]["data"]["code"]


def test_output_goes_to_the_peer_with_the_requests_id_and_streams_are_as_before_afterwards(bench: Bench) -> None:
    before = (sys.stdin, sys.stdout, sys.stderr)
    answer = bench.run("import sys\nprint('a'); print('b', file=sys.stderr)\nthing")
    assert (sys.stdin, sys.stdout, sys.stderr) == before
    assert answer["result"]["value"] == 7
    sent = [(one["method"], one["params"]["id"], one["params"]["name"]) for one in bench.peer.messages]
    assert sent == [("output", "r-1", "stdout"), ("output", "r-1", "stderr")]


def test_names_of_the_host_are_given_once_and_code_may_change_them(bench: Bench) -> None:
    bench.run("thing = 8")
    assert bench.run("thing")["result"]["value"] == 8


def test_code_that_fails_is_inside_a_transaction_that_is_not_taken_back(bench: Bench) -> None:
    assert code_of(bench.run("1/0")) == "execution_failed"
    assert (bench.app.opened, bench.app.closed) == (1, 1)


def test_a_dry_run_compiles_and_does_not_run(bench: Bench) -> None:
    assert bench.run("print('ran')", dry_run=True) == {"result": {"dry_run": True}}
    assert code_of(bench.run("print(", dry_run=True)) == "execution_failed"
    assert bench.peer.messages == []


def test_a_traceback_shows_lines_of_earlier_executions_too(bench: Bench) -> None:
    bench.run("def broken():\n    return 1 / 0  # here")
    data = bench.run("broken()")["error"]["data"]
    assert "# here" in data["details"]["traceback"]
    assert data["details"]["line"] == 1


def test_a_chain_of_exceptions_holds_own_lines_only(bench: Bench) -> None:
    code = "import json\ntry:\n    json.loads('{')\nexcept ValueError as e:\n    raise RuntimeError('no') from e"
    text = bench.run(code)["error"]["data"]["details"]["traceback"]
    assert "direct cause" in text
    assert "json/" not in text
    assert "appserver" not in text


def test_a_log_handler_that_keeps_stderr_works_in_the_next_execution(bench: Bench) -> None:
    bench.run(
        "import logging, sys\nlog = logging.getLogger('kept'); log.propagate = False\n"
        "log.addHandler(logging.StreamHandler(sys.stderr))"
    )
    bench.run("log.warning('heard')")
    assert bench.peer.text == "heard\n"


def test_future_features_of_the_server_are_not_those_of_the_code(bench: Bench) -> None:
    assert bench.run("def f(x: int): pass\nf.__annotations__['x'] is int")["result"]["value"] is True


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(600)", "while True: print('x' * 5000)"])
def test_a_cancel_ends_the_code_in_moments(bench: Bench, code: str) -> None:
    call = bench.call(code)
    timer = threading.Timer(0.1, bench.interrupts.cancel, [call])
    began = time.monotonic()
    timer.start()
    answer = bench.interrupts.run(call, lambda: bench.executor.run(call))
    assert time.monotonic() - began < 1
    assert code_of(answer) == "interrupted"
    timer.join()


def test_a_cancel_at_the_deadline_is_told_as_that(bench: Bench) -> None:
    call = bench.call("while True: pass", deadline_ms=50)
    timer = threading.Timer(0.1, bench.interrupts.cancel, [call])
    timer.start()
    assert code_of(bench.interrupts.run(call, lambda: bench.executor.run(call))) == "deadline_exceeded"
    timer.join()


def test_cancels_that_come_at_any_moment_hit_their_own_call_only(bench: Bench) -> None:
    """Two thousand short executions, cancelled by another thread about when they end: no stray exception."""
    calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()

    def cancel_all() -> None:
        while (call := calls.get()) is not None:
            bench.interrupts.cancel(call)

    thread = threading.Thread(target=cancel_all)
    thread.start()
    codes: set[str] = set()
    try:
        for number in range(2000):
            call = bench.call(f"print('x')\nfor _ in range({number % 50}): pass\n{number}")
            calls.put(call)
            try:
                answer = bench.interrupts.run(call, lambda call=call: bench.executor.run(call))
            except KeyboardInterrupt:
                codes.add("not started")
                continue
            codes.add(code_of(answer) if "error" in answer else "done")
            assert "error" in answer or answer["result"]["value"] == number
    finally:
        calls.put(None)
        thread.join()
    assert codes <= {"done", "interrupted", "not started"}
    assert "interrupted" in codes or "not started" in codes


def test_a_full_buffer_blocks_whoever_prints() -> None:
    may_send, sent = threading.Event(), []

    def send(params: dict[str, Any]) -> None:
        may_send.wait(10)
        sent.append(params["text"])

    output = Output(send, Interrupts())
    written: list[int] = []

    def fill() -> None:
        for number in range(20):
            output.write("stdout", "x" * (BUFFER_CHARACTERS // 4))
            written.append(number)

    writer = threading.Thread(target=fill)
    writer.start()
    writer.join(0.3)
    assert writer.is_alive()
    assert len(written) < 10
    may_send.set()
    writer.join(10)
    output.close()
    assert sum(map(len, sent)) == 20 * (BUFFER_CHARACTERS // 4)


def test_output_above_the_limit_is_cut_at_a_character_and_told_once() -> None:
    sent: list[dict[str, Any]] = []
    output = Output(sent.append, Interrupts(), max_bytes=5)
    for _ in range(4):
        output.write("stdout", "éé")
    output.close()
    assert "".join(one["text"] for one in sent) == "éé"
    assert [one for one in sent if one.get("truncated")] == [{"name": "stdout", "text": "", "truncated": True}]


def test_output_that_cannot_be_sent_does_not_block() -> None:
    def refuse(params: dict[str, Any]) -> None:
        raise ValueError("no")

    output = Output(refuse, Interrupts())
    output.write("stdout", "lost\n")
    output.close()
    output.write("stdout", "later")


def test_many_prints_are_few_messages() -> None:
    sent: list[dict[str, Any]] = []
    output = Output(sent.append, Interrupts())
    for number in range(10_000):
        output.write("stdout", f"line {number}\n")
    output.close()
    assert "".join(one["text"] for one in sent) == "".join(f"line {number}\n" for number in range(10_000))
    assert len(sent) < 200


@pytest.mark.parametrize("value", [None, True, 1, 2**300, 1.5, "é", [1, [2]], (1,), {"a": {"b": None}}, ""])
def test_what_json_can_say(value: object) -> None:
    assert is_json(value)


@pytest.mark.parametrize(
    "value",
    [float("inf"), float("nan"), {1: 2}, {(): 1}, {1}, b"x", "\ud800", {"\ud800": 1}, object(), 10**5000, 1j],
    ids=lambda value: type(value).__name__,
)
def test_what_json_cannot_say(value: object) -> None:
    assert not is_json(value)


def test_a_value_that_holds_itself_is_not_json() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert not is_json(endless)


NAMES: dict[str, Any] = {
    "__name__": "__main__",
    "app": ast,
    "thing": object(),
    "number": 3,
    "items": [object()],
    "math": math,
    "statistics": ast,
    "len": print,
}


@pytest.mark.parametrize(
    "code",
    [
        "",
        "1 + 1",
        "print('x', number)",
        "for i in range(3): print(i)",
        "import time\ntime.sleep(number)",
        "math.sqrt(2)",
        "while True: pass",
        "x = [i * 2 for i in range(5)]\nx[0]",
        "total = 0\nfor i in range(9): total += i",
        "f'{number:>5}'",
        "1/0",
    ],
)
def test_code_that_cannot_change_anything_is_known(code: str) -> None:
    assert is_pure_code(ast.parse(code), NAMES)


@pytest.mark.parametrize(
    "code",
    [
        "app",
        "app.data",
        "thing.x = 1",
        "thing += 1",
        "thing = 1",
        "items[0]",
        "number.real",
        "print(thing)",
        "import os",
        "import time as t",
        "from time import sleep",
        "time.sleep(1)",
        "statistics.mean([1])",
        "import statistics\nstatistics.mean([1])",
        "import math\nmath = 1",
        "len([1])",
        "getattr(1, 'x')",
        "__builtins__",
        "def f(): pass",
        "lambda: 1",
        "x = 1\nx.y",
        "x = [1]\nx[0] = 2",
        "del number",
        "unknown",
        "unknown()",
        "print = 1\nprint(2)",
        "sorted([1], key=thing)",
        "math.sqrt.x",
        "(lambda: 1)()",
        "[y := 1]",
        "with thing: pass",
        "try:\n    pass\nexcept thing: pass",
        "assert thing",
        "exec('1')",
        "datetime.datetime.now()",
    ],
)
def test_code_that_may_change_something_is_not_called_harmless(code: str) -> None:
    assert not is_pure_code(ast.parse(code), NAMES)


def test_an_execution_says_whether_it_may_have_changed_something(bench: Bench) -> None:
    for code, changed in (("1 + 1", False), ("1 +", False), ("thing", False), ("thing.real", True), ("open", True)):
        call = bench.call(code)
        bench.interrupts.run(call, lambda call=call: bench.executor.run(call))
        assert call.changed is changed, code


def test_an_interrupt_does_not_tear_what_the_application_calls_and_is_sent_again(bench: Bench) -> None:
    call = bench.call("")
    seen: list[object] = []

    @uninterruptible
    def observer() -> None:
        bench.interrupts.cancel(call)
        seen.append("whole")

    def work() -> None:
        observer()
        seen.append(bench.interrupts.missed)
        bench.interrupts.cancel(call)
        seen.append("not reached")

    with pytest.raises(KeyboardInterrupt):
        bench.interrupts.run(call, work)
    assert seen == ["whole", True]
