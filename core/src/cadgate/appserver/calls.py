"""Answers one call on the main thread: at most once, within its deadline, leaving nothing behind when it fails."""

from __future__ import annotations

import marshal
import os
import time
from typing import Any, Callable, Dict, cast

from cadgate.appserver import context, log
from cadgate.appserver.batch import Batches
from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError, DryRunPassed
from cadgate.appserver.execution import Executor
from cadgate.appserver.generations import Entry
from cadgate.appserver.host import Host
from cadgate.appserver.interrupts import Interrupts
from cadgate.appserver.journal import Journal
from cadgate.appserver.journal_copy import copied
from cadgate.appserver.moving import undo_or_redo
from cadgate.appserver.outcomes import (
    Answer,
    error_answer,
    error_answer_of,
    interrupted_answer,
    journal_entry,
    lost_error,
    may_make_savable,
    of_dry_run,
    require_not_set_aside,
    results_in,
    why_unsaved,
)
from cadgate.appserver.recovery import REMEDY, Recovery
from cadgate.appserver.registry import METHODS
from cadgate.appserver.replay import Unchanged
from cadgate.appserver.replies import Replies
from cadgate.appserver.states import UNCHANGED, States

EXIT_BROKEN = 70
"""Exit code of an application whose document could not be restored to the state in the journal."""


class CallRunner:
    """Runs the calls of a server. Without a journal (external mode, workers) only the host can undo a failed one.

    `wake` lets the main thread look for work other than calls; `stop` ends the server after the running call.
    """

    def __init__(
        self, host: Host, interrupts: Interrupts, *, wake: Callable[[], None], stop: Callable[[], None]
    ) -> None:
        self._host = host
        self._interrupts = interrupts
        self._wake = wake
        self._stop = stop
        self.replies = Replies()
        self._batches = Batches(self, host)
        self._executor = Executor(host, interrupts)
        self._wraps = type(host).transaction is not Host.transaction
        """Whether the host does something around a mutation."""
        self.recovery: Recovery | None = None
        self._states = States(self._only_calls_change_document)
        self._builtin: dict[str, Callable[[Call], Any]] = {
            "session.ping": lambda call: {"pong": True},
            "session.batch": self._batches.run,
            "session.undo": lambda call: self._undo_or_redo(call, "undo"),
            "session.redo": lambda call: self._undo_or_redo(call, "redo"),
            "session.copy": lambda call: copied(self.recovery, str(call.params["name"])),
            "session.shutdown": self._shutdown,
        }

    def open_journal(self, folder: str, *, restore: bool, crashed: bool = False) -> dict[str, Any]:
        """Start to journal; with `restore`, first restore the session from the journal. Returns a report.

        `crashed` says that the previous application crashed while it started.
        """
        journal = Journal(folder, self._host.snapshot_suffix)
        self.recovery = Recovery(self._host, journal, self.replies, self._replay_entry)
        if not restore:
            journal.clear()
        replayed = self.recovery.restore(crashed=crashed)
        scripted = {} if self.recovery.scripted is None else {"scripted": self.recovery.scripted}
        return {"replayed": replayed, "damages": [each._asdict() for each in self.recovery.damages], **scripted}

    def _only_calls_change_document(self) -> bool:
        """Whether nothing but calls changes the document."""
        return self._host.managed and self.recovery is not None and self.recovery.scripted is None

    # --- one call ------------------------------------------------------------------------------------------------

    def answer_call(self, call: Call) -> Answer:
        """Return the JSON-RPC answer (`result` or `error`) to a call. Never raises."""
        if call.expired:
            return error_answer(
                "deadline_exceeded", f"{call.method} waited longer than its deadline and was not started"
            )
        try:
            return self._answer_call(call)
        except KeyboardInterrupt:
            return interrupted_answer(call)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an application raises what it likes
            return error_answer_of(error, call, self._host)

    def _answer_call(self, call: Call) -> Answer:
        self._states.before_call(call)
        if self._states.is_known_to_peer(call):
            return UNCHANGED
        run = self._builtin.get(call.method)
        if call.mutates and call.key is not None and call.method != "session.batch":
            known = self.replies.find(call.key, call.hash)
            if known is not None:
                return of_dry_run(known) if call.dry_run else {**known, "replayed": True}
            require_not_set_aside(call)
        if call.mutates and self.recovery is not None:
            self.recovery.require_saved(even_unsaved=may_make_savable(call, self._host.allowed_unsaved))
        answer: Answer = self._interrupts.run(call, lambda: self._run_call(call, run))
        if call.mutates and call.key is not None and call.method != "session.batch" and not call.dry_run:
            written = call.written
            same = written is not None and len(answer) == 1 and written[0] is answer.get("result")
            self.replies.store(call.key, call.hash, answer, written[1] if written is not None and same else None)
        return answer

    def _run_call(self, call: Call, run: Callable[[Call], Any] | None) -> Answer:
        if call.method == "session.execute":
            return self._execute(call)
        # Interrupts are deferred outside the application's own function: journal and memory must stay in step.
        self._interrupts.deferred = True
        if run is not None:
            context.enter_call(call)
            try:
                return {"result": run(call)}
            finally:
                context.leave_call()
        result = self.invoke_method(call)
        if call.mutates and not call.dry_run:
            self.persist(call, result)
        return {"result": result}

    def invoke_method(self, call: Call, *, in_transaction: bool = False) -> Any:
        """Run the method's function, and roll back when it fails after its first change.

        With `in_transaction` the rollback is left to the caller. Raises what the function raises, KeyboardInterrupt.
        """
        function = METHODS.get(call.method)
        if function is None:
            raise AppError("not_found", f"{self._host.name} has no method {call.method!r}", {"method": call.method})
        context.enter_call(call)
        try:
            if in_transaction or call.dry_run or not call.mutates or not self._wraps:
                result = self._work(call, function)
            else:
                with self._host.transaction(call.label):
                    result = self._work(call, function)
        except DryRunPassed:
            return {"dry_run": True}
        except BaseException:
            if not in_transaction and (call.changed or self._host.beyond_transaction):
                self.roll_back_call(call)
            raise
        finally:
            context.leave_call()
        if call.warnings and isinstance(result, dict):
            return {**cast("Dict[str, Any]", result), "warnings": call.warnings}
        return result

    def _work(self, call: Call, function: Callable[..., Any]) -> Any:
        self._host.prepare()
        result = self._call_function(call, function)
        if call.mutates and not call.dry_run:
            self._host.settle(call.method)
        return result

    def _call_function(self, call: Call, function: Callable[..., Any]) -> Any:
        """Call the application's own function: the only part of a call that can be interrupted."""
        # The parameters are journaled after the call, so the function gets a copy that it may modify.
        params = cast("Dict[str, Any]", marshal.loads(marshal.dumps(call.params))) if call.mutates else call.params
        return self.run_interruptibly(call, lambda: function(**params))

    def run_interruptibly(self, call: Call, work: Callable[[], Any]) -> Any:
        """Run `work` so that the call's deadline or client can interrupt it. A replayed call cannot be interrupted."""
        if call.connection is None:
            return work()
        try:
            self._interrupts.deliver()
            return work()
        finally:
            self._interrupts.deferred = True

    def roll_back_call(self, call: Call) -> None:
        """Undo the changes of a live call, where the host's own transaction did not."""
        live = call.connection is not None
        undone = self._host.transactional and not self._host.beyond_transaction
        if live and self.recovery is not None and not undone:
            lost = self.recovery.unsaved
            self.recovery.roll_back_to_journal()
            if lost is not None:
                raise lost_error(call.method, lost)

    def _execute(self, call: Call) -> Answer:
        """Run code, and persist what it changed even if it failed: what it had done by then is unknown."""
        if self.recovery is None or call.dry_run:
            return self._executor.run(call)
        before = self.recovery.scripted
        answer = self._executor.run(call, self._snapshot_before_persistent_code, trusting=before is None)
        if call.changed:
            self.recovery.refresh_scripted()
        self._persist_execution(call, answer)
        if before is None and self.recovery.scripted is not None and "result" in answer:
            why = self.recovery.scripted
            text = f"From now on every change is saved by a snapshot of its own, which takes longer: {why}"
            answer["result"].setdefault("warnings", []).append({"code": "scripted_session", "message": text})
        return answer

    def _snapshot_before_persistent_code(self, why: str) -> None:
        """Snapshot before running code that may act on later calls, so that nothing older is replayed alongside it."""
        recovery = self.recovery
        if recovery is None or recovery.persistent_code is not None:
            return
        if not self._host.transactional and recovery.has_entries():
            recovery.snapshot_if_possible("code to come")
        recovery.distrust_code(why)

    def _persist_execution(self, call: Call, answer: Answer) -> None:
        if self.recovery is None:
            return
        if not call.changed or self._changed_nothing(call):
            if self.recovery.scripted is not None and self.recovery.has_entries():
                # Otherwise a rollback would replay earlier changes in a process where code may act on them.
                self.recovery.snapshot_if_possible("code that stays")
            return
        if call.key is not None:
            self.replies.store(call.key, call.hash, answer)
        try:
            self.recovery.snapshot("after session.execute", call.request_name)
        except Exception as error:  # noqa: BLE001 - code may leave the application in a state that cannot be saved
            log.error(error)
            self.recovery.unsaved = "session.execute"
            text = (
                f"The session could not be saved after this, so a crash would undo it: "
                f"{why_unsaved(error, self._host)}. Until it can be saved, other changes are refused. {REMEDY}"
            )
            if "result" in answer:
                answer["result"]["warnings"] = [{"code": "not_saved", "message": text}]

    def persist(self, call: Call, result: Any, request: str | None = None) -> None:
        """Persist a mutation that succeeded, as a journal entry or by a snapshot.

        `request` names the request that it is a part of. Raises AppError, after the mutation was rolled back.
        """
        if self.recovery is None or (call.changes_nothing and not call.changed):
            return
        if self.recovery.unsaved is not None:
            self._persist_if_possible(call, result)
            return
        if self.recovery.scripted is not None or (call.replay == "snapshot" and not self._changed_nothing(call)):
            self._persist_by_snapshot(call, result, request)
            return
        if call.replay == "snapshot":
            return
        seconds = 0.0 if call.started is None else time.monotonic() - call.started
        text = self.recovery.append_entry(journal_entry(call, result, request), seconds)
        if request is None:
            call.written = (result, text)

    def _persist_if_possible(self, call: Call, result: Any) -> None:
        """Try to save after a change that was allowed while the state could not be saved; the change stays anyway."""
        if self.recovery is None:
            return
        if call.key is not None:
            self.replies.store(call.key, call.hash, {"result": result})
        try:
            self.recovery.snapshot(f"after {call.label}", call.request_name)
        except Exception as error:  # noqa: BLE001 - the next one may help
            log.error(error)
            if isinstance(result, dict):
                why = why_unsaved(error, self._host)
                text = f"The session still cannot be saved, so a crash would undo this: {why}. {REMEDY}"
                cast(Dict[str, Any], result).setdefault("warnings", []).append({"code": "not_saved", "message": text})

    def _changed_nothing(self, call: Call) -> bool:
        context.enter_call(call)
        try:
            return self._host.unchanged()
        finally:
            context.leave_call()

    def _persist_by_snapshot(self, call: Call, result: Any, request: str | None = None) -> None:
        """Snapshot the session together with the answer, so that a re-sent request is not run again after a crash."""
        if self.recovery is None:
            return
        if call.key is not None:
            self.replies.store(call.key, call.hash, {"result": result})
        try:
            self._let_session_act(call, result)
            self.recovery.persist_by_snapshot(call.label, request or call.request_name)
        except BaseException:
            if call.key is not None:
                self.replies.forget(call.key)
            raise
        finally:
            self.recovery.refresh_scripted()

    def _let_session_act(self, call: Call, result: Any) -> None:
        if self.recovery is None or self.recovery.scripted is None:
            return
        context.enter_call(call)
        try:
            self._host.let_act(results_in(result))
        except Exception as error:  # noqa: BLE001 - somebody's code acted, and failed
            log.error(error)
        finally:
            context.leave_call()

    def _replay_entry(self, entry: Entry) -> Any:
        call = Call(None, None, entry["method"], entry["params"], {"mutates": True, "context": entry["context"]})
        call.request_name = entry["request"]
        if entry["method"] != "session.batch":
            return self._replay_work(call, lambda: self.invoke_method(call))
        context.enter_call(call)
        try:
            return self._replay_work(call, lambda: self._batches.run(call))
        finally:
            context.leave_call()

    def _replay_work(self, call: Call, work: Callable[[], Any]) -> Any:
        """Run `work` of a replay. Raises Unchanged for a failure that left nothing behind."""
        try:
            return work()
        except Exception as error:
            undone = self._host.transactional and not self._host.beyond_transaction
            if undone or (call.method != "session.batch" and not call.changed):
                raise Unchanged(str(error) or type(error).__name__) from error
            raise

    def report_changes(self, call: Call) -> None:
        """Let the host report what a call changed, after its answer was made and remembered."""
        context.enter_call(call)
        try:
            self._host.observe()
        except Exception as error:  # noqa: BLE001 - an observer's error is none of the call that was just answered
            log.error(error)
        finally:
            context.leave_call()

    def maintain_journal(self, call: Call) -> None:
        """Do for the journal what nobody needs to wait for, after the answer was sent."""
        if self.recovery is None:
            return
        if self.recovery.broken:
            # The state of the document is unknown. The next application restores it from the journal.
            log.info(f"the session cannot continue: {self.recovery.broken}")
            os._exit(EXIT_BROKEN)
        self.recovery.maintain(call, self._wake)

    # --- history, end --------------------------------------------------------------------------------------------

    def _undo_or_redo(self, call: Call, action: str) -> Any:
        try:
            return undo_or_redo(self._host, self.recovery, call, action, self._persist_by_snapshot)
        finally:
            if self.recovery is not None:
                self.recovery.refresh_scripted()

    def _shutdown(self, call: Call) -> Any:
        if self.recovery is not None and self.recovery.has_entries():
            self.recovery.snapshot_if_possible("shutdown")
        self._stop()
        return {"stopping": True}

    def snapshot_is_due(self) -> bool:
        """Whether a snapshot should be taken in the next pause."""
        return self.recovery is not None and self.recovery.snapshot_is_due()

    def take_due_snapshot(self) -> None:
        """Take the snapshot that is due, because the application is idle."""
        if self.recovery is not None:
            self.recovery.shorten_log("idle", self._wake)

    def finish_pending_snapshot(self) -> None:
        """Start the new log if a forked copy has finished its snapshot. Called between calls."""
        if self.recovery is not None:
            self.recovery.adopt_pending_snapshot()
