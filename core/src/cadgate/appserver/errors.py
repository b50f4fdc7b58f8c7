"""Errors as they leave an application: a stable code, a sentence, details. The gateway turns them into its own tree."""

from __future__ import annotations

import difflib
import math
from typing import Any, Iterable


class AppError(Exception):
    """Something that the client must be told: `code` is a stable snake_case word, `details` a JSON object."""

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}

    def wire(self) -> dict[str, Any]:
        """The JSON-RPC error object."""
        return {"code": -32000, "message": self.message, "data": {"code": self.code, "details": self.details}}


class PutOffError(AppError):
    """`error`, of what an earlier call of an atomic batch leads to and left to be done later."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        known = error if isinstance(error, AppError) else AppError("command_failed", str(error) or repr(error))
        super().__init__(known.code, known.message, known.details)


class DryRunPassed(Exception):
    """Everything was checked and nothing was changed."""


def not_found(kind: str, name: str, candidates: Iterable[str] = ()) -> AppError:
    """`object_not_found` and its like, with the nearest existing names."""
    near = difflib.get_close_matches(name, list(candidates), n=3, cutoff=0.6)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return AppError(
        f"{kind}_not_found", f"There is no {kind} named {name!r}{hint}", {"name": name, "did_you_mean": near}
    )


def name_taken(kind: str, name: str, *, on_conflict: bool = True) -> AppError:
    """An explicit name that is in use; `on_conflict` says whether the request could have said what to do then."""
    otherwise = ', or send "on_conflict": "rename" or "replace"' if on_conflict else ""
    return AppError(
        "name_taken",
        f"The name {name!r} is in use by another {kind}: choose another{otherwise}",
        {"name": name},
    )


def limit_exceeded(what: str, value: float, limit: float, setting: str) -> AppError:
    """Work that is refused because it is too large for the application, or for a number."""
    finite = math.isfinite(value)
    return AppError(
        "limit_exceeded",
        f"{what} is {f'{value:g}' if finite else 'beyond all numbers'}, above the limit of {limit:g}; "
        f"the setting is {setting}",
        {"limit": setting, "value": value if finite else None, "maximum": limit},
    )
