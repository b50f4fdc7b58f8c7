"""How one call is answered on the main thread: at most once, within its deadline, nothing left behind by a failure."""

from __future__ import annotations

import marshal
import os
import time
from contextlib import ExitStack
from typing import Any, Callable, Dict, cast

from cadgate.appserver import context, log
from cadgate.appserver.batch import Batches
from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError, DryRunPassed
from cadgate.appserver.execution import Executor
from cadgate.appserver.generations import Entry
from cadgate.appserver.history import Request
from cadgate.appserver.host import Host
from cadgate.appserver.interrupts import Interrupts
from cadgate.appserver.journal import Journal
from cadgate.appserver.outcomes import (
    Answer,
    entry_of,
    failure,
    failure_of,
    interrupted,
    may_help,
    require_not_set_aside,
    results_in,
    why_unsaved,
)
from cadgate.appserver.recovery import REMEDY, Recovery
from cadgate.appserver.registry import METHODS
from cadgate.appserver.replaying import Unchanged
from cadgate.appserver.replies import Replies
from cadgate.appserver.states import UNCHANGED, States

BROKEN = 70
"""Exit code of an application whose document could not be brought back to what the journal tells."""


class Caller:
    """Runs calls for a server. Without a journal (external mode, workers) only the host can undo a failed mutation.

    `wake` lets the main thread look what there is to do besides calls; `stop` ends the server after the running call.
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
        self.recovery: Recovery | None = None
        self._states = States(self._is_alone)
        self._builtin: dict[str, Callable[[Call], Any]] = {
            "session.ping": lambda call: {"pong": True},
            "session.batch": self._batches.run,
            "session.undo": lambda call: self._history(call, "undo"),
            "session.redo": lambda call: self._history(call, "redo"),
            "session.shutdown": self._shutdown,
        }

    def open_journal(self, folder: str, *, restore: bool, crashed: bool = False) -> dict[str, Any]:
        """Journal from now on; with `restore`, first bring back what the journal tells. Returns a report.

        `crashed` says that the start before this one was ended by nobody but the application itself.
        """
        journal = Journal(folder, self._host.snapshot_suffix)
        self.recovery = Recovery(self._host, journal, self.replies, self._replay)
        if not restore:
            journal.clear()
        replayed = self.recovery.restore(crashed=crashed)
        damages = [damage._asdict() for damage in self.recovery.damages]
        scripted = {} if self.recovery.scripted is None else {"scripted": self.recovery.scripted}
        return {"replayed": replayed, "damages": damages, **scripted}

    def _is_alone(self) -> bool:
        """Whether nothing but calls changes the document."""
        return self._host.managed and self.recovery is not None and self.recovery.scripted is None

    # --- one call ------------------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Answer:
        """The JSON-RPC answer (`result` or `error`) of a call. Never raises."""
        if call.expired:
            return failure("deadline_exceeded", f"{call.method} waited longer than its deadline and was not started")
        try:
            return self._answer(call)
        except KeyboardInterrupt:
            return interrupted(call)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an application raises what it likes
            return failure_of(error, call, self._host)

    def _answer(self, call: Call) -> Answer:
        self._states.note(call)
        if self._states.unchanged(call):
            return UNCHANGED
        run = self._builtin.get(call.method)
        if call.mutates and call.key is not None and call.method != "session.batch":
            known = self.replies.find(call.key, call.hash)
            if known is not None:
                return {**known, "replayed": True}
            require_not_set_aside(call)
        if call.mutates and self.recovery is not None:
            self.recovery.require_saved(but_for=may_help(call, self._host.mends))
        answer: Answer = self._interrupts.run(call, lambda: self._once(call, run))
        if call.mutates and call.key is not None and call.method != "session.batch" and not call.dry_run:
            self.replies.store(call.key, call.hash, answer)
        return answer

    def _once(self, call: Call, run: Callable[[Call], Any] | None) -> Answer:
        if call.method == "session.execute":
            return self._execute(call)
        # What surrounds the application's own functions keeps files and memory in step: nothing may tear that.
        self._interrupts.deferred = True
        if run is not None:
            context.enter(call)
            try:
                return {"result": run(call)}
            finally:
                context.leave()
        result = self.invoke(call)
        if call.mutates and not call.dry_run:
            self.keep(call, result)
        return {"result": result}

    def invoke(self, call: Call, *, in_transaction: bool = False) -> Any:
        """Run the method's function; a failure after the first change is rolled back.

        With `in_transaction` that is left to the caller. Raises what the function raises, KeyboardInterrupt.
        """
        function = METHODS.get(call.method)
        if function is None:
            raise AppError("not_found", f"{self._host.name} has no method {call.method!r}", {"method": call.method})
        context.enter(call)
        try:
            with ExitStack() as stack:
                if call.mutates and not call.dry_run and not in_transaction:
                    stack.enter_context(self._host.transaction(call.label))
                self._host.prepare()
                result = self._work(call, function)
                if call.mutates and not call.dry_run:
                    self._host.settle(call.method)
        except DryRunPassed:
            return {"dry_run": True}
        except BaseException:
            if not in_transaction and (call.changed or self._host.beyond_transaction):
                self.roll_back(call)
            raise
        finally:
            context.leave()
        if call.warnings and isinstance(result, dict):
            return {**cast("Dict[str, Any]", result), "warnings": call.warnings}
        return result

    def _work(self, call: Call, function: Callable[..., Any]) -> Any:
        """The application's own function: the one part of a call that can be interrupted."""
        # A mutation is journaled after its call: what the function does to its parameters must not get there.
        params = cast("Dict[str, Any]", marshal.loads(marshal.dumps(call.params))) if call.mutates else call.params
        return self.interruptibly(call, lambda: function(**params))

    def interruptibly(self, call: Call, work: Callable[[], Any]) -> Any:
        """Do what a live call's deadline or client may interrupt."""
        if call.connection is None:
            return work()
        try:
            self._interrupts.deliver()
            return work()
        finally:
            self._interrupts.deferred = True

    def roll_back(self, call: Call) -> None:
        """Undo a live call's changes, where the host's own transaction did not."""
        live = call.connection is not None
        undone = self._host.transactional and not self._host.beyond_transaction
        if live and self.recovery is not None and not undone:
            lost = self.recovery.unsaved
            self.recovery.rollback()
            if lost is not None:
                raise AppError(
                    "command_failed",
                    f"{call.method} failed, and the session went back to the last state that was saved, without the "
                    f"effect of {lost}, which could not be",
                    {"lost": lost},
                )

    def _execute(self, call: Call) -> Answer:
        """Run code. What it changed is kept also when it failed: nobody can tell what that was."""
        if self.recovery is None or call.dry_run:
            return self._executor.run(call)
        before = self.recovery.scripted
        answer = self._executor.run(call, self._before_code_that_stays, trusting=before is None)
        self.recovery.look()
        self._keep_execution(call, answer)
        if before is None and self.recovery.scripted is not None and "result" in answer:
            why = self.recovery.scripted
            text = f"From now on every change is kept by a snapshot of its own, which takes longer: {why}"
            answer["result"].setdefault("warnings", []).append({"code": "scripted_session", "message": text})
        return answer

    def _before_code_that_stays(self, why: str) -> None:
        """Nothing before such code may have to be replayed in this process: so it is in a snapshot."""
        recovery = self.recovery
        if recovery is None or recovery.code is not None:
            return
        if not self._host.transactional and recovery.has_entries():
            recovery.snapshot_if_possible("code to come")
        recovery.distrust(why)

    def _keep_execution(self, call: Call, answer: Answer) -> None:
        if self.recovery is None:
            return
        if not call.changed or self._unchanged(call):
            if self.recovery.scripted is not None and self.recovery.has_entries():
                # What came before is not replayed where code acts: a roll-back would do that.
                self.recovery.snapshot_if_possible("code that stays")
            return
        if call.key is not None:
            self.replies.store(call.key, call.hash, answer)
        try:
            self.recovery.snapshot("after session.execute")
        except Exception as error:  # noqa: BLE001 - code may leave the application in a state that cannot be saved
            log.failure(error)
            self.recovery.unsaved = "session.execute"
            text = (
                f"The session could not be saved after this, so a crash would take it back: "
                f"{why_unsaved(error, self._host)}. Until it can be saved, other changes are refused. {REMEDY}"
            )
            if "result" in answer:
                answer["result"]["warnings"] = [{"code": "not_saved", "message": text}]

    def keep(self, call: Call, result: Any, request: str | None = None) -> None:
        """Make a mutation that succeeded survive: as an entry to replay, or by a snapshot.

        `request` names the request that it is a part of. Raises AppError; the mutation was taken back then.
        """
        if self.recovery is None or (call.idle and not call.changed):
            return
        if self.recovery.unsaved is not None:
            self._keep_if_possible(call, result)
            return
        if self.recovery.scripted is not None or (call.replay == "snapshot" and not self._unchanged(call)):
            self._keep_by_snapshot(call, result)
            return
        if call.replay == "snapshot":
            return
        seconds = 0.0 if call.started is None else time.monotonic() - call.started
        text = self.recovery.note(entry_of(call, result, request), seconds)
        if request is None:
            call.written = (result, text)

    def _keep_if_possible(self, call: Call, result: Any) -> None:
        """Keep a change that was let through to help a state that cannot be saved; what it did stays in any case."""
        if self.recovery is None:
            return
        if call.key is not None:
            self.replies.store(call.key, call.hash, {"result": result})
        try:
            self.recovery.snapshot(f"after {call.label}")
        except Exception as error:  # noqa: BLE001 - the next one may help
            log.failure(error)
            if isinstance(result, dict):
                why = why_unsaved(error, self._host)
                text = f"The session still cannot be saved, so a crash would take this back: {why}. {REMEDY}"
                cast(Dict[str, Any], result).setdefault("warnings", []).append({"code": "not_saved", "message": text})

    def _unchanged(self, call: Call) -> bool:
        context.enter(call)
        try:
            return self._host.unchanged()
        finally:
            context.leave()

    def _keep_by_snapshot(self, call: Call, result: Any) -> None:
        """The snapshot holds the answer too, so that the same request is not done again after a crash."""
        if self.recovery is None:
            return
        if call.key is not None:
            self.replies.store(call.key, call.hash, {"result": result})
        try:
            self._settle(call, result)
            self.recovery.keep_by_snapshot(call.label)
        except BaseException:
            if call.key is not None:
                self.replies.forget(call.key)
            raise
        finally:
            self.recovery.look()

    def _settle(self, call: Call, result: Any) -> None:
        if self.recovery is None or self.recovery.scripted is None:
            return
        context.enter(call)
        try:
            self._host.let_act(results_in(result))
        except Exception as error:  # noqa: BLE001 - somebody's code acted, and failed
            log.failure(error)
        finally:
            context.leave()

    def _replay(self, entry: Entry) -> Any:
        call = Call(None, None, entry["method"], entry["params"], {"mutates": True, "context": entry["context"]})
        if entry["method"] != "session.batch":
            return self._again(call, lambda: self.invoke(call))
        context.enter(call)
        try:
            return self._again(call, lambda: self._batches.run(call))
        finally:
            context.leave()

    def _again(self, call: Call, work: Callable[[], Any]) -> Any:
        """Raises Unchanged for a failure that left nothing behind."""
        try:
            return work()
        except Exception as error:
            undone = self._host.transactional and not self._host.beyond_transaction
            if undone or (call.method != "session.batch" and not call.changed):
                raise Unchanged(str(error) or type(error).__name__) from error
            raise

    def observe(self, call: Call) -> None:
        """Once the answer is made, and remembered: tell what changed."""
        context.enter(call)
        try:
            self._host.observe()
        except Exception as error:  # noqa: BLE001 - an observer's failure is no failure of the call that was just answered
            log.failure(error)
        finally:
            context.leave()

    def after(self, call: Call) -> None:
        """Once the answer is on its way: cut a log short that grew too long."""
        if self.recovery is not None and self.recovery.broken:
            # Nobody knows what the document is now. The next life begins with what the journal tells.
            log.say(f"the session cannot go on: {self.recovery.broken}")
            os._exit(BROKEN)
        if self.recovery is not None and call.cleared and self.recovery.snapshot_pays():
            self.recovery.shorten("a cleared document", self._wake)
        elif self.recovery is not None and self.recovery.snapshot_is_overdue():
            self.recovery.shorten("a long log", self._wake)

    # --- history, end --------------------------------------------------------------------------------------------

    def _history(self, call: Call, action: str) -> Any:
        if call.dry_run:
            return {"dry_run": True}
        if action == "undo" and self.recovery is not None and self.recovery.unsaved is not None:
            # What could not be saved was not journaled: the journal tells the state before it.
            label = self.recovery.unsaved
            self.recovery.rollback()
            self.recovery.look()
            return {"undone": label, "can_redo": False}
        if self._host.transactional:
            label = self._host.undo() if action == "undo" else self._host.redo()
            if label is None:
                raise AppError("conflict", f"There is nothing to {action}")
            result = {"undone" if action == "undo" else "redone": label}
            self._keep_by_snapshot(call, result)
            return result
        if self.recovery is None:
            raise AppError("conflict", f"This session keeps no history, so there is nothing to {action}")
        history, request = self.recovery.history, Request(call.key, call.hash)
        try:
            return history.undo(request) if action == "undo" else history.redo(request)
        finally:
            self.recovery.look()

    def _shutdown(self, call: Call) -> Any:
        if self.recovery is not None and self.recovery.has_entries():
            self.recovery.snapshot_if_possible("shutdown")
        self._stop()
        return {"stopping": True}

    def snapshot_is_due(self) -> bool:
        return self.recovery is not None and self.recovery.snapshot_is_due()

    def snapshot_when_idle(self) -> None:
        """Take the snapshot that is due."""
        if self.recovery is not None:
            self.recovery.shorten("idle", self._wake)

    def tend(self) -> None:
        """Between calls: begin the new log, where a snapshot was written beside."""
        if self.recovery is not None:
            self.recovery.finish()
