"""Errors as they leave an application: a stable code, a sentence, details. The gateway maps them to its own."""

from __future__ import annotations

import difflib
import math
from typing import Any, Iterable


class AppError(Exception):
    """An error for the client: `code` is a stable snake_case word, `details` a JSON object."""

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}

    def wire(self) -> dict[str, Any]:
        """Return the JSON-RPC error object."""
        return {"code": -32000, "message": self.message, "data": {"code": self.code, "details": self.details}}


class PutOffError(AppError):
    """Deferred work of an atomic batch failed with `error`; an earlier call of the batch is to blame."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        known = error if isinstance(error, AppError) else AppError("command_failed", str(error) or repr(error))
        super().__init__(known.code, known.message, known.details)


class DryRunPassed(Exception):
    """Ends a dry run: everything was checked, and nothing was changed."""


def nearest(name: str, candidates: Iterable[str], *, most: int = 3, cutoff: float = 0.6) -> list[str]:
    """Return the names that `name` may mean: first those that differ in case only, then those that are spelt alike."""
    by_folded: dict[str, list[str]] = {}
    for each in dict.fromkeys(candidates):
        by_folded.setdefault(each.casefold(), []).append(each)
    folded = name.casefold()
    same = by_folded.pop(folded, [])
    alike = difflib.get_close_matches(folded, by_folded, n=most, cutoff=cutoff)
    return [*same, *(one for each in alike for one in by_folded[each])][:most]


def not_found(kind: str, name: str, candidates: Iterable[str] = ()) -> AppError:
    """Return an error `{kind}_not_found`, such as `object_not_found`, with the most similar existing names."""
    near = nearest(name, candidates)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return AppError(
        f"{kind}_not_found", f"There is no {kind} named {name!r}{hint}", {"name": name, "did_you_mean": near}
    )


def unavailable(message: str, remedy: str) -> AppError:
    """Return the error for an application that cannot serve as it is, such as one that is too old; `remedy` helps."""
    return AppError("application_unavailable", message, {"remedy": remedy})


def name_taken(kind: str, name: str, *, on_conflict: bool = True) -> AppError:
    """Return the error for an explicit name that is in use; `on_conflict`: whether the request accepts that field."""
    otherwise = ', or send "on_conflict": "rename" or "replace"' if on_conflict else ""
    return AppError(
        "name_taken",
        f"The name {name!r} is in use by another {kind}: choose another{otherwise}",
        {"name": name},
    )


def limit_exceeded(what: str, value: float, limit: float, setting: str) -> AppError:
    """Return the error for work that is too large for the application, or for a number."""
    finite = math.isfinite(value)
    return AppError(
        "limit_exceeded",
        f"{what} is {f'{value:g}' if finite else 'beyond all numbers'}, above the limit of {limit:g}; "
        f"the setting is {setting}",
        {"limit": setting, "value": value if finite else None, "maximum": limit},
    )
