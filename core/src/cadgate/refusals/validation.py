"""Makes the 422 from a validator's errors, in the API's own words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cadgate.error_bodies import plain
from cadgate.errors import CadgateError, MalformedJson, ValidationFailed
from cadgate.models.bounded import MAX_ERRORS
from cadgate.refusals.schemas import Contract
from cadgate.refusals.words import reworded


def validation_failed(
    errors: Sequence[Mapping[str, Any]], unlisted: int = 0, *, contract: Contract | None = None, skipped: int = 0
) -> CadgateError:
    """Return the 422 for a validator's errors, or the 400 for a body that is not JSON.

    `contract` is what was expected; the first `skipped` parts of each `loc` name its part of the request. `unlisted`
    errors are only counted.
    """
    for item in errors[:MAX_ERRORS]:
        if item["type"] == "json_invalid":
            reason = item.get("ctx", {}).get("error", "invalid")
            return MalformedJson(f"The body is not JSON: {plain(reason)}")
    entries = reworded(errors[:MAX_ERRORS], contract or Contract(), skipped=skipped)
    return refusal(entries, max(0, len(errors) - MAX_ERRORS) + unlisted)


def refusal(entries: Sequence[dict[str, Any]], unlisted: int = 0) -> CadgateError:
    """Return the 422 with these `entries`; `unlisted` errors are only counted."""
    listed: list[dict[str, Any]] = []
    for one in entries:
        entry = {**one, "loc": [plain(part) for part in one["loc"]], "msg": str(plain(one["msg"]))}
        listed.append({**entry, "input": plain(one["input"])} if "input" in one else entry)
    total = len(listed) + unlisted
    if len(listed) == 1 and listed[0]["type"] == "missing" and listed[0]["loc"] == ["body"]:
        message = "The request has no body: send a JSON object with Content-Type application/json"
        if isinstance(listed[0].get("example"), dict):
            message += f", for example {json.dumps(listed[0]['example'], ensure_ascii=False)[:500]}"
    else:
        parts = [
            f"{'.'.join(map(str, entry['loc'])) or 'the parameters'}: {entry['msg'][:500]}" for entry in listed[:3]
        ]
        more = f"; and {total - 3} more" if total > 3 else ""
        message = f"The request is not valid: {'; '.join(parts)}{more}"
    near = list(dict.fromkeys(name for entry in listed for name in entry.get("did_you_mean", ())))
    details: dict[str, Any] = {"errors": listed, **({"total": total} if total > len(listed) else {})}
    return ValidationFailed(message, details={**details, **({"did_you_mean": near} if near else {})})
