"""The in-application server: calls arrive on the I/O thread and run on the main thread, one after the other."""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from typing import Any, Callable, Dict, cast

from cadgate.appserver import idle_reader, log
from cadgate.appserver.calls import CallRunner
from cadgate.appserver.connection import Connection, frame_with
from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError
from cadgate.appserver.framing import PROTOCOL, FrameError
from cadgate.appserver.host import Host
from cadgate.appserver.idle_reader import IdleReader
from cadgate.appserver.interrupts import Interrupts
from cadgate.appserver.io_thread import IoThread
from cadgate.appserver.meta import CallMeta
from cadgate.appserver.registry import METHODS

IDLE_SECONDS = 1.0
"""How long the application must be idle before a snapshot that is due is taken."""
MAX_QUEUED = 10_000
"""How many calls may wait for the main thread. The gateway's own limit is far lower."""


class Server:
    """Serves one host.

    Headless, `serve_forever` waits for calls. With a GUI, the application's own loop calls `pump`, and `wake` is called
    on the I/O thread to wake that loop.
    """

    def __init__(self, host: Host, secret: str, *, wake: Callable[[], None] | None = None) -> None:
        if not secret:
            raise ValueError("a server needs a secret")
        self.host = host
        self.interrupts = Interrupts()
        self.call_runner = CallRunner(host, self.interrupts, wake=self.wake, stop=self.stop)
        self._secret = secret
        self._wake = wake
        self._queue: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._waiting: dict[int, Call] = {}
        self._running: Call | None = None
        self._stopping = threading.Event()
        self._own_loop = False
        self._reader: IdleReader | None = None
        self._io: IoThread | None = None
        host.emit = self.emit

    @property
    def io(self) -> IoThread:
        if self._io is None:
            raise RuntimeError("the server does not listen yet")
        return self._io

    def listen(self, address: str = "127.0.0.1", port: int = 0) -> int:
        """Bind, start the I/O thread, return the port. Raises OSError when the port is in use."""
        listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(256)
        return self.serve(listener)

    def serve(self, listener: socket.socket) -> int:
        """Start the I/O thread on a listening socket; return its port, 0 if it has none."""
        self._io = IoThread(
            listener, self._secret, greet=self.greet, receive=self._receive, lost=self._lost, watch=self._watch
        )
        self._io.start()
        return 0 if listener.family == socket.AF_UNIX else int(listener.getsockname()[1])

    def greet(self) -> dict[str, Any]:
        """Return the answer to a hello."""
        return {
            "protocol": PROTOCOL,
            "adapter": self.host.name,
            "application": self.host.application,
            "lacking": self.host.lacking,
            "pid": os.getpid(),
            "methods": sorted(METHODS),
        }

    # --- on the I/O thread, or on the main thread while it is idle -----------------------------------------------

    def _receive(self, connection: Connection, message: dict[str, Any]) -> None:
        method: Any = message.get("method")
        params: Any = message.get("params") or {}
        meta: Any = message.get("meta") or {}
        if not isinstance(method, str) or not isinstance(params, dict) or not isinstance(meta, dict):
            raise FrameError("a message needs a method, and params and meta must be objects")
        params, meta = cast(Dict[str, Any], params), cast(CallMeta, meta)
        if method == "$/cancel":
            self._cancel(connection, params.get("id"), deadline=params.get("deadline") is True)
        elif method == "session.status":
            self.io.answer(connection, {"jsonrpc": "2.0", "id": message.get("id"), "result": self.status()})
        elif self._queue.qsize() >= MAX_QUEUED:
            failure = AppError("overloaded", f"{MAX_QUEUED} calls are waiting already", {"maximum": MAX_QUEUED})
            self.io.answer(connection, {"jsonrpc": "2.0", "id": message.get("id"), "error": failure.wire()})
        else:
            call = Call(connection, message.get("id"), method, params, meta)
            self._waiting[id(call)] = call
            self._queue.put(call)
            if self._reader is not None:
                self._reader.wake()
            if self._wake is not None:
                try:
                    self._wake()
                except Exception as error:  # noqa: BLE001 - the application's own loop calls `pump` sooner or later
                    log.error(error)

    def _cancel(self, connection: Connection, number: Any, *, deadline: bool) -> None:
        for call in list(self._waiting.values()):
            if call.connection is connection and call.id == number:
                if deadline:
                    # The peer measured it; our clock may be some microseconds behind.
                    call.deadline = call.received
                self.interrupts.cancel(call)

    def _watch(self) -> bool:
        """Interrupt the running call if its deadline has passed; return whether to check again soon."""
        running = self._running
        if running is not None and (running.expired or self.interrupts.missed):
            self.interrupts.cancel(running)
        return bool(self._waiting)

    def _lost(self, connection: Connection) -> None:
        """Do nothing when a peer goes away: its calls go on, and a mutation that is re-sent by its key is answered."""

    def status(self) -> dict[str, Any]:
        """Return what the main thread is doing, and for how long."""
        running = self._running
        if running is None or running.started is None:
            return {"busy": False, "queued": self._queue.qsize()}
        busy_ms = (time.monotonic() - running.started) * 1000
        return {"busy": True, "method": running.method, "busy_ms": busy_ms, "queued": self._queue.qsize()}

    def emit(self, topic: str, data: dict[str, Any]) -> None:
        """Send an event to every peer. Any thread."""
        self.notify("event", {"topic": topic, "data": data})

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification to every authenticated peer, once to each. Any thread."""
        if self._io is None:
            return
        notified: set[str] = set()
        for connection in list(self._io.connections):
            if connection.authenticated and not connection.closed and connection.client not in notified:
                connection.send({"jsonrpc": "2.0", "method": method, "params": params})
                if connection.client is not None:
                    notified.add(connection.client)

    # --- on the main thread --------------------------------------------------------------------------------------

    def serve_forever(self) -> None:
        """Run calls as they arrive until `stop`, then close every connection."""
        self._own_loop = True
        if idle_reader.SUPPORTED:
            self._reader = IdleReader()
            self.io.share(self._reader)
        while not self._stopping.is_set():
            try:
                call = self._next_call(IDLE_SECONDS if self.call_runner.snapshot_is_due() else None)
            except queue.Empty:
                self.call_runner.take_due_snapshot()
                continue
            except KeyboardInterrupt:
                continue
            if call is not None:
                self._serve(call)
            self.call_runner.finish_pending_snapshot()
        # Only now, so that the last answer has been sent.
        self.io.stop()
        self.io.join(1.0)

    def _next_call(self, timeout: float | None) -> Call | None:
        """Wait for the next call; return None after `wake`. Raises queue.Empty after `timeout`, KeyboardInterrupt."""
        reader = self._reader
        if reader is None:
            return self._queue.get(timeout=timeout)
        while True:
            # In this order: whoever queues something after the queue was found empty wakes the reader.
            reader.waiting = True
            reader.rounds += 1
            try:
                ready = reader.wait(timeout) if self._queue.empty() else None
            finally:
                reader.waiting = False
            if self.io.asleep:
                self.io.wake()
            for connection in ready or ():
                self.io.read(connection)
            try:
                return self._queue.get_nowait()
            except queue.Empty:
                if timeout is not None and not ready:
                    raise

    def pump(self, budget_seconds: float = 0.02) -> int:
        """Run waiting calls for about `budget_seconds` at most; return how many ran. For an application's own loop."""
        until = time.monotonic() + budget_seconds
        done = 0
        while time.monotonic() < until:
            try:
                call = self._queue.get_nowait()
            except queue.Empty:
                break
            if call is not None:
                self._serve(call)
                done += 1
        return done

    def wake(self) -> None:
        """Wake the main thread for work other than calls. Any thread."""
        self._queue.put(None)
        if self._reader is not None:
            self._reader.wake()

    def stop(self) -> None:
        """End `serve_forever` once the running call is answered; with another main loop, the I/O thread at once."""
        self._stopping.set()
        self.wake()
        if self._io is not None and not self._own_loop:
            self._io.stop()

    def _serve(self, call: Call) -> None:
        call.started = time.monotonic()
        self._running = call
        try:
            answer = self.call_runner.answer_call(call)
        finally:
            self._running = None
            self._waiting.pop(id(call), None)
        meta: dict[str, Any] = {
            "queue_ms": (call.started - call.received) * 1000,
            "app_ms": (time.monotonic() - call.started) * 1000,
        }
        if call.state is not None:
            meta["state"] = call.state
        self._reply(call, {**answer, "meta": meta})
        try:
            self.call_runner.report_changes(call)
        finally:
            if call.connection is not None:
                call.connection.flush()
        self.call_runner.maintain_journal(call)

    def _reply(self, call: Call, answer: dict[str, Any]) -> None:
        if call.id is None or call.connection is None:
            return
        try:
            written = call.written
            if written is not None and written[0] is answer.get("result"):
                # Sent together with the event that reports the change: one system call, and the peer wakes once.
                call.connection.hold(frame_with(call.id, answer, written[1]))
            else:
                call.connection.send({"jsonrpc": "2.0", "id": call.id, **answer})
        except FrameError as error:
            failure = AppError("command_failed", f"{call.method} returned a result that cannot be sent: {error}")
            call.connection.send({"jsonrpc": "2.0", "id": call.id, "error": failure.wire()})
        except (ValueError, TypeError, RecursionError) as error:
            log.error(error, call)
            text = f"{call.method} returned a result that cannot be sent: it is not JSON (a defect in the adapter)"
            failure = AppError("internal_error", text)
            call.connection.send({"jsonrpc": "2.0", "id": call.id, "error": failure.wire()})
