"""An interrupt that a running call did not notice is sent again; one that it noticed is not."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from cadgate.appserver import interrupts
from cadgate.appserver.context import Call
from cadgate.appserver.interrupts import Interrupts


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals, of which the first is lost as if it had come just before the call began to wait."""
    signals: list[int] = []
    real: Callable[[int, int], None] = signal.pthread_kill

    def lossy(thread: int, number: int) -> None:
        signals.append(number)
        if len(signals) > 1:
            real(thread, number)

    monkeypatch.setattr(signal, "pthread_kill", lossy)
    return signals


def cancelled_while(work: Callable[[threading.Event], Any]) -> float:
    """Run `work`, cancel it as soon as it sets the event, and return how many seconds that took to arrive."""
    control, call, began = Interrupts(), Call(None, 1, "test", {}, {}), threading.Event()

    def cancel() -> None:
        began.wait()
        control.cancel(call)

    other = threading.Thread(target=cancel)
    other.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        control.run(call, lambda: work(began))
    other.join()
    return time.monotonic() - start


def test_a_signal_that_is_lost_is_sent_again(sent: list[int]) -> None:
    def work(began: threading.Event) -> None:
        began.set()
        time.sleep(30)

    assert cancelled_while(work) < 5
    assert len(sent) == 2


def test_a_call_that_clears_up_is_not_interrupted_again() -> None:
    cleared: list[bool] = []

    def work(began: threading.Event) -> None:
        began.set()
        try:
            time.sleep(30)
        except KeyboardInterrupt:
            # Longer than the time after which a lost signal is sent again.
            threading.Event().wait(4 * interrupts.AGAIN_SECONDS)
            cleared.append(True)
            raise

    assert cancelled_while(work) < 5
    assert cleared == [True]
