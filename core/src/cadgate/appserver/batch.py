"""Many calls in one: each for itself, or all or nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, cast

from cadgate.appserver.context import Call
from cadgate.appserver.errors import AppError, PutOffError
from cadgate.appserver.host import Host
from cadgate.appserver.outcomes import failure_of, interrupted, may_help, require_not_set_aside, resolved, told

if TYPE_CHECKING:
    from cadgate.appserver.calls import Caller

Answer = Dict[str, Any]


class Batches:
    """Runs `session.batch` for a caller. Each of its calls sees what the ones before it did."""

    def __init__(self, caller: Caller, host: Host) -> None:
        self._caller = caller
        self._host = host

    def run(self, call: Call) -> Any:
        """`{"results": [{"result"} | {"error"}]}`. Raises the first failure of an atomic one; nothing changed then."""
        calls: list[dict[str, Any]] = call.params["calls"]
        parts = [self._part(call, number, item) for number, item in enumerate(calls)]
        for each in (call, *parts):
            if each.key is not None:
                # Before anything is done: the whole request may be another one than that which came with this key.
                self._caller.replies.find(each.key, each.hash)
        if call.params.get("atomic"):
            return self._atomic(call, calls)
        return {"results": [self._alone(call, part) for part in parts]}

    def _part(self, call: Call, number: int, item: dict[str, Any]) -> Call:
        meta: dict[str, Any] = {
            "mutates": item.get("mutates"),
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
        # The peer may have said meanwhile that the time is over.
        part.deadline = call.deadline
        if call.cancelled or part.expired:
            return _not_started(part)
        part.started = time.monotonic()
        try:
            known = self._caller.replies.find(part.key, part.hash) if part.key else None
            if known is not None:
                return known
            require_not_set_aside(part)
            if part.mutates and self._caller.recovery is not None:
                self._caller.recovery.require_saved(but_for=may_help(part, self._host.mends))
            result = self._caller.invoke(part)
            answer: Answer = {"result": result}
            if part.mutates and not part.dry_run:
                self._caller.keep(part, result, request=call.key or str(call.id))
                if part.key:
                    self._caller.replies.store(part.key, part.hash, answer)
            return answer
        except KeyboardInterrupt:
            part.deadline = call.deadline
            return interrupted(part)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as for a single call
            return failure_of(error, part, self._host)

    def _atomic(self, call: Call, calls: list[dict[str, Any]]) -> Any:
        live = call.connection is not None
        known = self._caller.replies.find(call.key, call.hash) if live and call.key else None
        if known is not None:
            return known["result"]
        require_not_set_aside(call)
        try:
            return self._all(call, calls, putting_off=True)
        except PutOffError as error:
            if call.expired or (self._host.beyond_transaction and not live):
                raise error.error from error
        # One by one, so that the call which is to blame is named; or all are done, if none is.
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
                        failed = told(error, part, self._host)
                        raise AppError(failed.code, failed.message, {"index": number}) from error
                    finally:
                        changed = changed or part.changed
                    kept.append({**item, "params": resolved(part, results[-1])})
                if behind:
                    self._catch_up(call)
                _require_wanted(call)
        except BaseException:
            if changed or self._host.beyond_transaction:
                self._caller.roll_back(call)
            raise
        finally:
            self._host.putting_off = False
        if call.warnings and results and isinstance(results[-1], dict):
            # Of what was put off to the end.
            last = cast(Dict[str, Any], results[-1])
            results[-1] = {**last, "warnings": [*last.get("warnings", []), *call.warnings]}
        result = {"results": [{"result": each} for each in results]}
        if live and changed and not call.dry_run:
            call.params = {"calls": kept, "atomic": True}
            self._caller.keep(call, result)
            if call.key:
                self._caller.replies.store(call.key, call.hash, {"result": result})
        return result

    def _catch_up(self, call: Call) -> bool:
        """Do what was put off; False: nothing is behind any more. Raises PutOffError."""
        self._host.putting_off = False
        try:
            self._caller.interruptibly(call, self._host.catch_up)
        except Exception as error:
            raise PutOffError(error) from error
        return False

    def _within(self, part: Call) -> Any:
        if part.expired:
            raise AppError("deadline_exceeded", "The batch's deadline passed; nothing was changed")
        return self._caller.invoke(part, in_transaction=True)


def _require_wanted(call: Call) -> None:
    """Raise KeyboardInterrupt where somebody's observer or handler has caught the one that ended the batch."""
    if call.cancelled and call.connection is not None:
        raise KeyboardInterrupt


def _not_started(part: Call) -> Answer:
    if part.expired:
        error = AppError("deadline_exceeded", f"The batch's deadline passed before {part.method} was started")
    else:
        error = AppError("interrupted", f"The batch was interrupted before {part.method} was started")
    return cast(Answer, {"error": error.wire()})
