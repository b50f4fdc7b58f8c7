"""Streams what executed code prints: captured, batched, bounded, in order, sent by a thread of its own."""

from __future__ import annotations

import codecs
import io
import os
import sys
import threading
import time
import traceback
from typing import Any, Callable, Dict

from cadgate.appserver.interrupts import Interrupts

BATCH_SECONDS = 0.02
BATCH_CHARACTERS = 32 * 1024
BUFFER_CHARACTERS = 256 * 1024
"""Printing blocks while this much waits to be sent."""
MAX_BYTES = 16 * 1024 * 1024
"""The limit of one execution's output, in UTF-8; the rest is dropped, with one notice."""
PROMPT_LINES = 20
PROMPT_PER_SECOND = 50.0
"""A line is sent before `print` returns, up to 20 in a row and 50 a second: native code that follows may hold the
interpreter's lock, and so block the sending thread, for minutes."""

Send = Callable[[Dict[str, Any]], None]


class Output:
    """The output of one execution. `send` gets `{"name", "text"}`; the last one may have `"truncated": True`.

    `write` may be called on any thread; on the main thread an interrupt waits until the lock is released.
    """

    def __init__(self, send: Send, interrupts: Interrupts, *, max_bytes: int = MAX_BYTES) -> None:
        self._send = send
        self._interrupts = interrupts
        self._left = max_bytes
        self._main = threading.main_thread().ident
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._pieces: list[tuple[str, str]] = []
        self._size = 0
        self._written = 0
        self._sent = 0
        self._urgent = False
        self._closing = False
        self._truncated = False
        self._thread: threading.Thread | None = None
        self._prompt = float(PROMPT_LINES)
        self._prompt_at = time.monotonic()

    def write(self, name: str, text: str) -> None:
        """Queue `text` of the stream `name`. Blocks while the buffer is full. Raises KeyboardInterrupt."""
        if self._truncated or not text:
            return
        if threading.get_ident() != self._main:
            self._write(name, text)
            return
        self._interrupts.deferred = True
        try:
            self._write(name, text)
        finally:
            self._interrupts.deliver()

    def _write(self, name: str, text: str) -> None:
        with self._lock:
            while self._size >= BUFFER_CHARACTERS and not self._closing and not self._interrupts.pending:
                self._changed.wait(0.05)
            if self._closing:
                return
            self._pieces.append((name, text))
            self._size += len(text)
            self._written += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._pump, name="cadgate-output", daemon=True)
                self._thread.start()
            if text.endswith("\n") and self._may_send_promptly():
                self._urgent = True
                self._changed.notify_all()
                mine = self._written
                while self._sent < mine and not self._closing and not self._interrupts.pending:
                    self._changed.wait(0.05)
            elif len(self._pieces) == 1 or self._size >= BATCH_CHARACTERS:
                self._changed.notify_all()

    def _may_send_promptly(self) -> bool:
        now = time.monotonic()
        self._prompt = min(float(PROMPT_LINES), self._prompt + (now - self._prompt_at) * PROMPT_PER_SECOND)
        self._prompt_at = now
        if self._prompt < 1:
            return False
        self._prompt -= 1
        return True

    def close(self) -> None:
        """Send what is left, and end the thread. Later text is dropped. Interrupts must be deferred."""
        with self._lock:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    # --- on the thread that sends --------------------------------------------------------------------------------

    def _pump(self) -> None:
        while True:
            with self._lock:
                while not self._pieces and not self._closing:
                    self._changed.wait()
                if not self._pieces:
                    return
                self._changed.wait_for(self._is_due, BATCH_SECONDS)
                pieces, self._pieces, self._size, self._urgent = self._pieces, [], 0, False
                written = self._written
                self._changed.notify_all()
            try:
                self._deliver(pieces)
            except Exception:  # noqa: BLE001 - output that cannot be sent must not block whoever prints
                traceback.print_exc(file=sys.__stderr__)
            with self._lock:
                self._sent = written
                self._changed.notify_all()

    def _is_due(self) -> bool:
        return self._urgent or self._closing or self._size >= BATCH_CHARACTERS

    def _deliver(self, pieces: list[tuple[str, str]]) -> None:
        begin = 0
        for end in range(1, len(pieces) + 1):
            if end == len(pieces) or pieces[end][0] != pieces[begin][0]:
                self._deliver_text(pieces[begin][0], "".join(text for _, text in pieces[begin:end]))
                begin = end

    def _deliver_text(self, name: str, text: str) -> None:
        for start in range(0, len(text), BATCH_CHARACTERS):
            if self._truncated:
                return
            part = text[start : start + BATCH_CHARACTERS]
            data = part.encode("utf-8", "backslashreplace")
            cut = len(data) > self._left
            if cut:
                data = data[: self._left]
            self._left -= len(data)
            whole = data.decode("utf-8", "ignore")
            if whole:
                self._send({"name": name, "text": whole})
            if cut:
                self._truncated = True
                self._send({"name": name, "text": "", "truncated": True})


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of executed code. It lives as long as the session: log handlers may hold on to it.

    Between executions, and in forked children, it writes to the original stream.
    """

    errors = "backslashreplace"

    def __init__(self, name: str, original: Any) -> None:
        super().__init__()
        self._name = name
        self._original = original
        self._buffer = _Bytes(self)
        self.output: Output | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._detach)

    def _detach(self) -> None:
        """Write to the original stream, because a forked child has no sending thread."""
        self.output = None

    @property
    def name(self) -> str:
        return f"<{self._name}>"

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    @property
    def buffer(self) -> io.RawIOBase:
        return self._buffer

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        output = self.output
        if output is None:
            self._original.write(text)
        else:
            output.write(self._name, text)
        return len(text)

    def flush(self) -> None:
        if self.output is None:
            self._original.flush()


class _Bytes(io.RawIOBase):
    """The `buffer` of a stream, for `sys.stdout.buffer.write(b"…")`."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        raw = bytes(data)
        self._stream.write(self._decoder.decode(raw))
        return len(raw)
