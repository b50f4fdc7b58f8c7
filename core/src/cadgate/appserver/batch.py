"""Run many calls sent as one: independently, or all or nothing."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Protocol, cast

from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError, PutOffError
from cadgate.appserver.host import Host
from cadgate.appserver.meta import CallMeta
from cadgate.appserver.outcomes import (
    client_error,
    error_answer_of,
    interrupted_answer,
    may_make_savable,
    of_dry_run,
    require_not_set_aside,
    resolved_params,
)
from cadgate.appserver.recovery import Recovery
from cadgate.appserver.replies import Replies

Answer = Dict[str, Any]


class RunsCalls(Protocol):
    """What a batch needs of whatever runs its calls: see `CallRunner`."""

    replies: Replies
    recovery: Recovery | None

    def invoke_method(self, call: Call, *, in_transaction: bool = False) -> Any: ...

    def run_interruptibly(self, call: Call, work: Callable[[], Any]) -> Any: ...

    def persist(self, call: Call, result: Any, request: str | None = None) -> None: ...

    def roll_back_call(self, call: Call) -> None: ...


class Batches:
    """Runs `session.batch`. Each call of a batch sees the effects of those before it."""

    def __init__(self, runner: RunsCalls, host: Host) -> None:
        self._runner = runner
        self._host = host

    def run(self, call: Call) -> Any:
        """Return `{"results": [{"result"} | {"error"}]}`.

        An atomic batch raises its first error, and has then changed nothing.
        """
        calls: list[dict[str, Any]] = call.params["calls"]
        parts = [self._part(call, number, item) for number, item in enumerate(calls)]
        for each in (call, *parts):
            if each.key is not None:
                # Checked before anything is done: this key may have come with a different request.
                self._runner.replies.find(each.key, each.hash)
        if call.params.get("atomic"):
            return self._atomic(call, calls)
        return {"results": [self._alone(call, part) for part in parts]}

    def _part(self, call: Call, number: int, item: dict[str, Any]) -> Call:
        meta: CallMeta = {
            "mutates": bool(item.get("mutates")),
            "replay": item.get("replay", "call"),
            "names": item.get("names"),
            "context": {**call.context, **(item.get("context") or {})},
            "dry_run": call.dry_run,
            "key": f"{call.key}#{number}" if call.key and item.get("mutates") else None,
            "set_aside": call.set_aside,
            "hash": call.hash,
        }
        made = Call(call.connection, None, item["method"], item["params"], meta)
        made.deadline = call.deadline
        return made

    def _alone(self, call: Call, part: Call) -> Answer:
        # A `$/cancel` may have brought the deadline forward meanwhile.
        part.deadline = call.deadline
        if call.cancelled or part.expired:
            return _not_started(part)
        part.started = time.monotonic()
        try:
            known = self._runner.replies.find(part.key, part.hash) if part.key else None
            if known is not None:
                return of_dry_run(known) if part.dry_run else known
            require_not_set_aside(part)
            if part.mutates and self._runner.recovery is not None:
                self._runner.recovery.require_saved(even_unsaved=may_make_savable(part, self._host.allowed_unsaved))
            result = self._runner.invoke_method(part)
            answer: Answer = {"result": result}
            if part.mutates and not part.dry_run:
                self._runner.persist(part, result, request=call.key or str(call.id))
                if part.key:
                    self._runner.replies.store(part.key, part.hash, answer)
            return answer
        except KeyboardInterrupt:
            part.deadline = call.deadline
            return interrupted_answer(part)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as for a single call
            return error_answer_of(error, part, self._host)

    def _atomic(self, call: Call, calls: list[dict[str, Any]]) -> Any:
        live = call.connection is not None
        known = self._runner.replies.find(call.key, call.hash) if live and call.key else None
        if known is not None:
            results = known["result"]["results"]
            return {"results": [of_dry_run(each) for each in results]} if call.dry_run else known["result"]
        require_not_set_aside(call)
        try:
            return self._all(call, calls, putting_off=True)
        except PutOffError as error:
            if call.expired or (self._host.beyond_transaction and not live):
                raise error.error from error
        # Try again without deferring work, so that the call to blame is named; if none fails, the batch succeeds.
        call.warnings.clear()
        return self._all(call, calls, putting_off=False)

    def _all(self, call: Call, calls: list[dict[str, Any]], *, putting_off: bool) -> Any:
        live = call.connection is not None
        results: list[Any] = []
        changed = behind = False
        kept: list[dict[str, Any]] = []
        try:
            with self._host.transaction("session.batch"):
                for number, item in enumerate(calls):
                    part = self._part(call, number, item)
                    try:
                        _require_wanted(call)
                        self._host.putting_off = putting_off and self._host.may_put_off(part.method)
                        if behind and not self._host.putting_off:
                            behind = self._catch_up(call)
                        behind = behind or (self._host.putting_off and not call.dry_run)
                        results.append(self._within(part))
                    except PutOffError:
                        raise
                    except AppError as error:
                        error.details = {**error.details, "index": number}
                        raise
                    except KeyboardInterrupt:
                        part.deadline = call.deadline
                        code = "deadline_exceeded" if part.expired else "interrupted"
                        text = f"{part.method} was stopped; nothing was changed"
                        raise AppError(code, text, {"index": number}) from None
                    except (Exception, SystemExit) as error:
                        failed = client_error(error, part, self._host)
                        raise AppError(failed.code, failed.message, {"index": number}) from error
                    finally:
                        changed = changed or part.changed
                    kept.append({**item, "params": resolved_params(part, results[-1])})
                if behind:
                    self._catch_up(call)
                _require_wanted(call)
        except BaseException:
            if changed or self._host.beyond_transaction:
                self._runner.roll_back_call(call)
            raise
        finally:
            self._host.putting_off = False
        if call.warnings and results and isinstance(results[-1], dict):
            # Warnings from the deferred work.
            last = cast(Dict[str, Any], results[-1])
            results[-1] = {**last, "warnings": [*last.get("warnings", []), *call.warnings]}
        result = {"results": [{"result": each} for each in results]}
        if live and changed and not call.dry_run:
            call.params = {"calls": kept, "atomic": True}
            self._runner.persist(call, result)
            if call.key:
                self._runner.replies.store(call.key, call.hash, {"result": result})
        return result

    def _catch_up(self, call: Call) -> bool:
        """Do the deferred work; return False, because nothing is left to do. Raises PutOffError."""
        self._host.putting_off = False
        try:
            self._runner.run_interruptibly(call, self._host.catch_up)
        except Exception as error:
            raise PutOffError(error) from error
        return False

    def _within(self, part: Call) -> Any:
        if part.expired:
            raise AppError("deadline_exceeded", "The batch's deadline passed; nothing was changed")
        return self._runner.invoke_method(part, in_transaction=True)


def _require_wanted(call: Call) -> None:
    """Raise KeyboardInterrupt again if an observer or handler swallowed the one that ended the batch."""
    if call.cancelled and call.connection is not None:
        raise KeyboardInterrupt


def _not_started(part: Call) -> Answer:
    if part.expired:
        error = AppError("deadline_exceeded", f"The batch's deadline passed before {part.method} was started")
    else:
        error = AppError("interrupted", f"The batch was interrupted before {part.method} was started")
    return cast(Answer, {"error": error.wire()})
