"""All checks of schemathesis in one, which knows what is explained: `described`, for tests and for its command line.

A finding is a defect, of the gateway or of its description, unless `explained.toml` says why it is right as it is.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi import checks

CHECKS: tuple[Callable[..., bool | None], ...] = (
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.positive_data_acceptance,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.allow_header_conformance,
    checks.use_after_free,
    checks.ensure_resource_availability,
    checks.ignored_auth,
)


@dataclass(frozen=True, slots=True)
class Explained:
    """One kind of finding that is right as it is: every condition that is given must hold."""

    check: str
    why: str
    operation: re.Pattern[str] | None
    code: str | None
    type: str | None
    message: re.Pattern[str] | None
    loc: re.Pattern[str] | None
    finding: re.Pattern[str] | None

    def covers(self, check: str, operation: str, error: dict[str, Any], finding: str) -> bool:
        return (
            check == self.check
            and (self.operation is None or self.operation.search(operation) is not None)
            and (self.code is None or error.get("code") == self.code)
            and (self.message is None or self.message.search(str(error.get("message"))) is not None)
            and self._covers_each(error)
            and (self.finding is None or self.finding.search(finding) is not None)
        )

    def _covers_each(self, error: dict[str, Any]) -> bool:
        if self.type is None and self.loc is None:
            return True
        errors: list[dict[str, Any]] = error.get("details", {}).get("errors") or []
        return bool(errors) and all(
            (self.type is None or each["type"] == self.type)
            and (self.loc is None or self.loc.search("/".join(map(str, each["loc"]))) is not None)
            for each in errors
        )


def _read() -> list[Explained]:
    entries = tomllib.loads(Path(__file__).with_name("explained.toml").read_text(encoding="utf-8"))["explained"]
    known = {check.__name__ for check in CHECKS}
    found: list[Explained] = []
    for entry in entries:
        patterns = {key: re.compile(entry[key]) for key in ("operation", "message", "loc", "finding") if key in entry}
        unknown = entry.keys() - {"check", "why", "code", "type", *patterns}
        assert entry["check"] in known, entry
        assert entry["why"], entry
        assert not unknown, entry
        found.append(
            Explained(
                entry["check"], entry["why"], patterns.get("operation"), entry.get("code"), entry.get("type"),
                patterns.get("message"), patterns.get("loc"), patterns.get("finding"),
            )
        )  # fmt: skip
    return found


EXPLAINED = _read()


def error_of(response: Any) -> dict[str, Any]:
    """The gateway's error in an answer, `{}` where there is none."""
    try:
        error = json.loads(response.content)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


@schemathesis.check
def described(ctx: Any, response: Any, case: Any) -> None:
    """No answer is a server error, outside its description, or other than the description lets a client expect."""
    error = error_of(response)
    # A deadline of one millisecond is a valid request.
    if response.status_code >= 500 and response.status_code not in (503, 504):
        raise AssertionError(f"{response.status_code}: {error.get('message')}")
    operation = f"{response.request.method} {case.operation.path}"
    for check in CHECKS:
        try:
            check(ctx, response, case)
        except Failure as failure:
            _require_explained([failure], check.__name__, operation, error)
        except FailureGroup as group:
            _require_explained(group.exceptions, check.__name__, operation, error)


def _require_explained(failures: Iterable[Any], check: str, operation: str, error: dict[str, Any]) -> None:
    for failure in failures:
        finding = f"{failure.title}: {failure.message}"
        if not any(each.covers(check, operation, error, finding) for each in EXPLAINED):
            raise AssertionError(f"{check} at {operation}: {finding}\n{json.dumps(error)[:1000]}")
