"""All errors, in one tree. Each class has its stable `code`, its HTTP status, and whether retrying can help."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar


class CadgateError(Exception):
    """The base of every error that a client may see.

    `message` says what was wrong and what to do; `details` is a JSON object for programs.
    `retry_after` (seconds) becomes the `Retry-After` header.
    """

    code: str = "internal_error"
    status: int = 500
    retryable: bool = False
    retry_after: float | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    """Further headers of the response."""

    def __init__(
        self,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = details or {}
        if code is not None:
            self.code = code
        if retry_after is not None:
            self.retry_after = retry_after


# --- the request -------------------------------------------------------------------------------------------------


class BadRequest(CadgateError):
    code, status = "bad_request", 400


class MalformedJson(BadRequest):
    code = "malformed_json"


class Unauthenticated(CadgateError):
    code, status = "unauthenticated", 401


class Forbidden(CadgateError):
    code, status = "forbidden", 403


class ForbiddenOrigin(Forbidden):
    code = "forbidden_origin"


class NotFound(CadgateError):
    code, status = "not_found", 404


class JobNotFound(NotFound):
    code = "job_not_found"


class ObjectNotFound(NotFound):
    code = "object_not_found"


class ArtifactNotFound(NotFound):
    code = "artifact_not_found"


class SessionNotFound(NotFound):
    code = "session_not_found"


class MethodNotAllowed(CadgateError):
    code, status = "method_not_allowed", 405


class Conflict(CadgateError):
    code, status = "conflict", 409


class NameTaken(Conflict):
    code = "name_taken"


class SessionEnded(CadgateError):
    """The session was deleted, its time is up, or it had no place in time; `details["reason"]` says which."""

    code, status = "session_ended", 410


class RevisionMismatch(CadgateError):
    code, status = "revision_mismatch", 412


class RequestTimeout(CadgateError):
    """The request arrived too slowly. The connection is closed, so that the rest cannot keep it open."""

    code, status, retryable = "request_timeout", 408, True
    headers = MappingProxyType({"Connection": "close"})


class PayloadTooLarge(CadgateError):
    code, status = "payload_too_large", 413


class UnsupportedMediaType(CadgateError):
    code, status = "unsupported_media_type", 415


class MisdirectedHost(CadgateError):
    code, status = "misdirected_host", 421


class Overloaded(CadgateError):
    code, status, retryable, retry_after = "overloaded", 429, True, 1.0


# --- the operation cannot be done --------------------------------------------------------------------------------


class Unprocessable(CadgateError):
    """A well-formed request that is refused: the base of every 422."""

    code, status = "validation_error", 422


class ValidationFailed(Unprocessable):
    """Values outside their types or bounds; `details["errors"]` is Pydantic's list, or one entry of that form."""

    def __init__(self, message: str, *, details: dict[str, Any] | None = None, code: str | None = None) -> None:
        details = details or {}
        found = [{"type": "value_error", "loc": list(details)[:1], "msg": message}]
        super().__init__(message, details={"errors": found, **details}, code=code)


class UnsupportedFormat(Unprocessable):
    code = "unsupported_format"


class PathNotAllowed(Unprocessable):
    code = "path_not_allowed"


class DegenerateResult(Unprocessable):
    code = "degenerate_result"


class NothingToSee(Unprocessable):
    """A picture would show nothing; `details["reason"]` is `empty`, `hidden` or `off_frame`."""

    code = "nothing_to_see"


class LimitExceeded(Unprocessable):
    code = "limit_exceeded"


class MemoryExceeded(LimitExceeded):
    """The application of a session needs more memory than it may have."""

    status = 507


class WrongApplication(Unprocessable):
    """The session belongs to another application."""

    code = "wrong_application"


class IdempotencyConflict(Unprocessable):
    code = "idempotency_conflict"


class CommandExecutionError(Unprocessable):
    """The application tried and failed."""

    code = "command_failed"


class WorkerEnded(CommandExecutionError):
    """A worker died while it worked, or did not start."""


class ExecutionFailed(CommandExecutionError):
    """The user's own code raised; `details["traceback"]` has its traceback."""

    code = "execution_failed"


class Interrupted(CommandExecutionError):
    code = "interrupted"


# --- the application is not running, or too slow -----------------------------------------------------------------


class ConnectionFailed(CadgateError):
    """The application cannot be reached. Adapters subclass it (`BlenderConnectionError`)."""

    code, status, retryable, retry_after = "application_unavailable", 503, True, 5.0


class ApplicationUnavailable(ConnectionFailed):
    """Not installed, disabled, or not restarted any more; `details` says why and what to do."""


class ApplicationStarting(ConnectionFailed):
    code, retry_after = "application_starting", 1.0


class ApplicationRestarted(ConnectionFailed):
    """The application died with this call in its queue or running; it is being restarted."""

    code, retry_after = "application_restarted", 1.0


class DeadlineExceeded(CadgateError):
    code, status, retryable = "deadline_exceeded", 504, True


class InternalError(CadgateError):
    """A defect of the gateway or an adapter. The log has the traceback under the request id."""


class ConfigError(CadgateError):
    """A setting is wrong; the message names the file and the key. The gateway does not start."""

    code = "bad_configuration"


class _ByCode:
    """Return the class for a code on the wire; subclasses that share a code do not replace the first one."""

    table: ClassVar[dict[str, type[CadgateError]]] = {}

    @classmethod
    def find(cls, code: str) -> type[CadgateError] | None:
        if code not in cls.table:
            # Before its base, which has the same code.
            cls.table.setdefault(InternalError.code, InternalError)
            pending: list[type[CadgateError]] = [CadgateError]
            while pending:
                kind = pending.pop(0)
                cls.table.setdefault(kind.code, kind)
                pending.extend(kind.__subclasses__())
        return cls.table.get(code)


def from_wire(error: dict[str, Any]) -> CadgateError:
    """Return an application's error as an exception of this tree.

    Codes that end in `_not_found` are 404 even without a class here, so that an adapter may have its own.
    """
    data: dict[str, Any] = error.get("data") or {}
    code = str(data.get("code") or "command_failed")
    kind = _ByCode.find(code) or (NotFound if code.endswith("_not_found") else CommandExecutionError)
    return kind(str(error.get("message", "")), details=data.get("details") or {}, code=code)
