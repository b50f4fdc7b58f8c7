"""How one call is answered on the main thread: at most once, within its deadline, nothing left behind by a failure."""

from __future__ import annotations

import sys
import time
import traceback
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Callable, Dict, cast

from cadgate.appserver import context
from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError, DryRunPassed
from cadgate.appserver.execution import Executor
from cadgate.appserver.journal import Entry, Journal
from cadgate.appserver.recovery import Recovery
from cadgate.appserver.registry import METHODS
from cadgate.appserver.replies import Replies

if TYPE_CHECKING:
    from cadgate.appserver.server import Server

Answer = Dict[str, Any]


class Caller:
    """Runs calls for a server. Without a journal (external mode, workers) only the host can undo a failed mutation."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._host = server.host
        self._replies = Replies()
        self._executor = Executor(server.host, server.interrupts)
        self.recovery: Recovery | None = None
        self._builtin: dict[str, Callable[[Call], Any]] = {
            "session.ping": lambda call: {"pong": True},
            "session.batch": self._batch,
            "session.undo": lambda call: self._history("undo"),
            "session.redo": lambda call: self._history("redo"),
            "session.shutdown": self._shutdown,
        }

    def open_journal(self, folder: str, *, restore: bool) -> dict[str, Any]:
        """Journal from now on; with `restore`, first bring back what the journal tells. Returns a report."""
        journal = Journal(folder, self._host.snapshot_suffix)
        self.recovery = Recovery(self._host, journal, self._replies, self._replay)
        if not restore:
            for number in journal.numbers():
                journal.forget_after(number - 1)
        replayed = self.recovery.restore()
        return {"replayed": replayed, "damages": [damage._asdict() for damage in self.recovery.damages]}

    # --- one call ------------------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Answer:
        """The JSON-RPC answer (`result` or `error`) of a call. Never raises."""
        if call.expired:
            return _failure("deadline_exceeded", f"{call.method} waited longer than its deadline and was not started")
        try:
            return self._answer(call)
        except AppError as error:
            return {"error": error.wire()}
        except KeyboardInterrupt:
            if call.expired:
                return _failure("deadline_exceeded", f"{call.method} was stopped at its deadline; nothing was changed")
            return _failure("interrupted", f"{call.method} was interrupted")
        except Exception as error:  # noqa: BLE001 - an application raises what it likes; the client gets its text
            traceback.print_exc(file=sys.stderr)
            return _failure("command_failed", str(error).strip() or type(error).__name__)

    def _answer(self, call: Call) -> Answer:
        run = self._builtin.get(call.method)
        if call.key is None or not call.mutates or call.method == "session.batch":
            if call.mutates:
                self._refuse_when_broken()
            return self._server.interrupts.run(call, lambda: self._once(call, run))
        known = self._replies.find(call.key, call.hash)
        if known is not None:
            return {**known, "replayed": True}
        self._refuse_when_broken()
        answer: Answer = self._server.interrupts.run(call, lambda: self._once(call, run))
        if not call.dry_run:
            self._replies.store(call.key, call.hash, answer)
        return answer

    def _refuse_when_broken(self) -> None:
        if self.recovery is not None and self.recovery.broken:
            raise AppError("command_failed", f"The session refuses changes: {self.recovery.broken}; restart it")

    def _once(self, call: Call, run: Callable[[Call], Any] | None) -> Answer:
        if call.method == "session.execute":
            return self._execute(call)
        if run is not None:
            context.enter(call)
            try:
                return {"result": run(call)}
            finally:
                context.leave()
        result = self._invoke(call)
        if call.mutates and not call.dry_run:
            self._keep(call, result)
        return {"result": result}

    def _invoke(self, call: Call, *, in_transaction: bool = False) -> Any:
        """Run the method's function; a failure after the first change is rolled back."""
        function = METHODS.get(call.method)
        if function is None:
            raise AppError("not_found", f"{self._host.name} has no method {call.method!r}", {"method": call.method})
        context.enter(call)
        try:
            with ExitStack() as stack:
                if call.mutates and not call.dry_run and not in_transaction:
                    stack.enter_context(self._host.transaction(call.method))
                result = function(**call.params)
                # From here on it is kept, which an interrupt must not tear. (Of a batch this is one call among others.)
                self._server.interrupts.finish(call)
        except DryRunPassed:
            return {"dry_run": True}
        except BaseException:
            if call.changed and not in_transaction:
                self._roll_back(call)
            raise
        finally:
            context.leave()
        if call.warnings and isinstance(result, dict):
            return {**cast(Dict[str, Any], result), "warnings": call.warnings}
        return result

    def _roll_back(self, call: Call) -> None:
        """Undo a live call's changes, where the host's own transaction did not."""
        live = call.connection is not None
        if live and self.recovery is not None and not self._host.transactional:
            self._server.interrupts.deferred = True
            try:
                self.recovery.rollback()
            finally:
                self._server.interrupts.deliver()

    def _execute(self, call: Call) -> Answer:
        """Run code. What it changed is kept also when it failed: nobody can tell what that was."""
        answer = self._executor.run(call)
        if self.recovery is None or call.dry_run or self._host.unchanged():
            return answer
        if call.key is not None:
            self._replies.store(call.key, call.hash, answer)
        try:
            self.recovery.snapshot("after session.execute")
        except Exception as error:  # noqa: BLE001 - code may leave the application in a state that cannot be saved
            traceback.print_exc(file=sys.stderr)
            text = f"The session could not be saved after this, so a crash would take it back: {error}"
            if "result" in answer:
                answer["result"]["warnings"] = [{"code": "not_saved", "message": text}]
        return answer

    def _keep(self, call: Call, result: Any, request: str | None = None) -> None:
        """Journal a mutation that succeeded: as an entry to replay, or by a snapshot."""
        if self.recovery is None:
            return
        if call.replay == "snapshot":
            if self._host.unchanged():
                return
            if call.key is not None:
                self._replies.store(call.key, call.hash, {"result": result})
            self.recovery.snapshot(f"after {call.method}")
            return
        seconds = 0.0 if call.started is None else time.monotonic() - call.started
        self.recovery.note(_entry(call, result, request), seconds)

    def _replay(self, entry: Entry) -> Any:
        call = Call(None, None, entry["method"], entry["params"], {"mutates": True, "context": entry["context"]})
        if entry["method"] == "session.batch":
            return self._batch(call)
        return self._invoke(call)

    def after(self, call: Call) -> None:
        """Once the answer is on its way: tell what changed."""
        context.enter(call)
        try:
            self._host.observe()
        except Exception:  # noqa: BLE001 - an observer's failure is no failure of the call that was just answered
            traceback.print_exc(file=sys.stderr)
        finally:
            context.leave()

    # --- batch ---------------------------------------------------------------------------------------------------

    def _batch(self, call: Call) -> Any:
        calls: list[dict[str, Any]] = call.params["calls"]
        if call.params.get("atomic"):
            return self._atomic(call, calls)
        return {"results": [self._item(call, number, item) for number, item in enumerate(calls)]}

    def _sub_call(self, call: Call, number: int, item: dict[str, Any]) -> Call:
        meta: dict[str, Any] = {
            "mutates": item.get("mutates"),
            "replay": item.get("replay", "call"),
            "context": {**call.context, **(item.get("context") or {})},
            "dry_run": call.dry_run,
            "key": f"{call.key}#{number}" if call.key and item.get("mutates") else None,
            "hash": call.hash,
        }
        made = Call(call.connection, None, item["method"], item["params"], meta)
        made.started = time.monotonic()
        made.deadline = call.deadline
        return made

    def _item(self, call: Call, number: int, item: dict[str, Any]) -> Answer:
        sub = self._sub_call(call, number, item)
        if sub.expired:
            return _failure("deadline_exceeded", "The batch's deadline passed before this call was started")
        try:
            known = self._replies.find(sub.key, sub.hash) if sub.key else None
            if known is not None:
                return known
            result = self._invoke(sub)
            answer: Answer = {"result": result}
            if sub.mutates and not sub.dry_run:
                self._keep(sub, result, request=call.key or str(call.id))
                if sub.key:
                    self._replies.store(sub.key, sub.hash, answer)
            return answer
        except AppError as error:
            return {"error": error.wire()}
        except Exception as error:  # noqa: BLE001 - as for a single call
            traceback.print_exc(file=sys.stderr)
            return _failure("command_failed", str(error).strip() or type(error).__name__)

    def _atomic(self, call: Call, calls: list[dict[str, Any]]) -> Any:
        live = call.connection is not None
        known = self._replies.find(call.key, call.hash) if live and call.key else None
        if known is not None:
            return known["result"]
        results: list[Any] = []
        changed = False
        kept: list[dict[str, Any]] = []
        try:
            with self._host.transaction("session.batch"):
                for number, item in enumerate(calls):
                    sub = self._sub_call(call, number, item)
                    try:
                        if sub.expired:
                            raise AppError("deadline_exceeded", "The batch's deadline passed")
                        results.append(self._invoke(sub, in_transaction=True))
                    except AppError as error:
                        error.details = {**error.details, "index": number}
                        raise
                    except Exception as error:
                        text = str(error).strip() or type(error).__name__
                        raise AppError("command_failed", text, {"index": number}) from error
                    finally:
                        changed = changed or sub.changed
                    kept.append({**item, "params": _resolved(sub.params, results[-1])})
        except BaseException:
            if changed:
                self._roll_back(call)
            raise
        result = {"results": [{"result": each} for each in results]}
        if live and changed and not call.dry_run:
            call.params = {"calls": kept, "atomic": True}
            self._keep(call, result)
            if call.key:
                self._replies.store(call.key, call.hash, {"result": result})
        return result

    # --- history, end --------------------------------------------------------------------------------------------

    def _history(self, action: str) -> Any:
        if self._host.transactional:
            label = self._host.undo() if action == "undo" else self._host.redo()
            if label is None:
                raise AppError("conflict", f"There is nothing to {action}")
            if self.recovery is not None:
                self.recovery.snapshot(f"after session.{action}")
            return {"undone" if action == "undo" else "redone": label}
        if self.recovery is None:
            raise AppError("conflict", f"This session keeps no history, so there is nothing to {action}")
        return self.recovery.undo() if action == "undo" else self.recovery.redo()

    def _shutdown(self, call: Call) -> Any:
        if self.recovery is not None and self.recovery.has_entries():
            self.recovery.snapshot("shutdown")
        self._server.stop()
        return {"stopping": True}

    def snapshot_is_due(self) -> bool:
        return self.recovery is not None and self.recovery.snapshot_is_due()

    def snapshot_when_idle(self) -> None:
        """Take the snapshot that is due; a failure is logged and leaves the log in charge."""
        if self.recovery is None:
            return
        try:
            self.recovery.snapshot("idle")
        except Exception:  # noqa: BLE001 - the log still has every entry
            traceback.print_exc(file=sys.stderr)
            self.recovery.postpone()


def _failure(code: str, message: str) -> Answer:
    return {"error": AppError(code, message).wire()}


def _resolved(params: dict[str, Any], result: Any) -> dict[str, Any]:
    """Parameters that do the same again: with the name that the application chose."""
    name = cast(Dict[str, Any], result).get("name") if isinstance(result, dict) else None
    if "name" in params and isinstance(name, str):
        if params["name"] is None:
            return {**params, "name": name}
        if params.get("on_conflict") == "rename":
            return {**params, "name": name, "on_conflict": "error"}
    return params


def _entry(call: Call, result: Any, request: str | None) -> Entry:
    params = call.params if call.method == "session.batch" else _resolved(call.params, result)
    return {
        "key": call.key,
        "hash": call.hash,
        "method": call.method,
        "params": params,
        "context": call.context,
        "result": result,
        "request": request or call.key or str(call.id),
    }
