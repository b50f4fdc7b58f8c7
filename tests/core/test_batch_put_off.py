"""What calls of an atomic batch put off: done before any other call and at the end, and blamed on the right call."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from cadgate.appserver import AppError, Host
from cadgate.appserver.batch import Batches
from cadgate.appserver.calls import CallRunner
from cadgate.appserver.context import Call, enter_call, leave_call, warn


class Chain(Host):
    """A number, and its double, which is made again later where that may be."""

    def __init__(self) -> None:
        super().__init__()
        self.number, self.double, self.made = 0, 0, 0
        self.undone = 0
        self.warns = False

    @contextmanager
    def transaction(self, label: str) -> Generator[None, None, None]:
        before = self.number, self.double
        try:
            yield
        except BaseException:
            self.number, self.double = before
            self.undone += 1
            raise

    def may_put_off(self, method: str) -> bool:
        return method == "set"

    def catch_up(self) -> None:
        if self.number < 0:
            raise AppError("degenerate_result", "the double would be below 0")
        if self.warns:
            warn("odd", "The double is even")
        self.made += 1
        self.double = 2 * self.number


class Runner:
    """The caller that a batch asks to run its calls."""

    def __init__(self, host: Chain) -> None:
        self.host = host
        self.recovery = None
        self.put_off: list[bool] = []

    def invoke_method(self, part: Call, *, in_transaction: bool) -> dict[str, Any]:
        assert in_transaction
        self.put_off.append(self.host.putting_off)
        if part.method == "get":
            return {"double": self.host.double}
        part.changed = True
        self.host.number = part.params["number"]
        if not self.host.putting_off:
            self.host.catch_up()
        return {"number": self.host.number}

    def run_interruptibly(self, call: Call, work: Callable[[], Any]) -> Any:
        return work()

    def roll_back_call(self, call: Call) -> None: ...

    def keep(self, call: Call, result: Any) -> None: ...


def run(host: Chain, *calls: tuple[str, int]) -> tuple[Any, Runner]:
    runner = Runner(host)
    items = [{"method": method, "params": {"number": number}, "mutates": method == "set"} for method, number in calls]
    batch = Call(None, None, "session.batch", {"calls": items, "atomic": True}, {"mutates": True})
    enter_call(batch)
    try:
        return Batches(cast(CallRunner, runner), host).run(batch), runner
    finally:
        leave_call()


def test_it_is_done_once_at_the_end() -> None:
    host = Chain()
    run(host, ("set", 1), ("set", 2), ("set", 3))
    assert (host.double, host.made, host.putting_off) == (6, 1, False)


def test_it_is_done_before_a_call_that_may_see_it() -> None:
    host = Chain()
    answer, runner = run(host, ("set", 1), ("set", 2), ("get", 0), ("set", 3))
    assert answer["results"][2]["result"] == {"double": 4}
    assert (host.double, host.made, runner.put_off) == (6, 2, [True, True, False, True])


@pytest.mark.parametrize(
    ("calls", "index"),
    [
        ([("set", 1), ("set", -1), ("set", -2)], 1),
        ([("set", -1), ("get", 0)], 0),
        ([("set", 1), ("get", 0), ("set", 2), ("set", -1)], 3),
    ],
)
def test_the_call_that_is_to_blame_is_named_and_nothing_is_changed(calls: list[tuple[str, int]], index: int) -> None:
    host = Chain()
    with pytest.raises(AppError, match="below 0") as raised:
        run(host, *calls)
    assert (raised.value.code, raised.value.details) == ("degenerate_result", {"index": index})
    assert (host.number, host.double, host.undone, host.putting_off) == (0, 0, 2, False)


def test_what_is_impossible_only_in_between_is_done() -> None:
    host = Chain()
    run(host, ("set", -1), ("set", 4))
    assert (host.double, host.undone) == (8, 0)


def test_a_warning_of_what_was_put_off_is_in_the_last_answer() -> None:
    host = Chain()
    host.warns = True
    answer, _ = run(host, ("set", 1), ("set", 2))
    assert answer["results"][-1]["result"]["warnings"] == [{"code": "odd", "message": "The double is even"}]
    assert "warnings" not in answer["results"][0]["result"]
