"""Compares the results of a replay with those that were acknowledged."""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List, cast

UNCOMPARED = ("warnings", "revision")
"""Fields of results that may differ: reported only once, or derived from the others."""
_SHOWN = 80
_TOLERANCE = 1.01e-5
"""Results have six significant digits: one unit in the last place, which may be rounded the other way."""


def first_difference(acknowledged: Any, now: Any) -> str | None:
    """Return where two results differ, for people; None where they agree.

    The last digits of numbers do not count: a saved document has fewer of them than memory, and so has what is computed
    from it.
    """
    return _difference(json.loads(json.dumps(acknowledged)), json.loads(json.dumps(now)), "")


def _difference(left: Any, right: Any, where: str) -> str | None:
    if isinstance(left, dict) and isinstance(right, dict):
        one, other = _compared(cast(Dict[str, Any], left)), _compared(cast(Dict[str, Any], right))
        for key in (*one, *(key for key in other if key not in one)):
            if key not in one or key not in other:
                return f"{where}{key} is {'missing' if key in one else 'new'}"
            if found := _difference(one[key], other[key], f"{where}{key}."):
                return found
        return None
    if isinstance(left, list) and isinstance(right, list):
        items, others = cast(List[Any], left), cast(List[Any], right)
        if len(items) != len(others):
            return f"{where.rstrip('.') or 'it'} has {len(others)} items, and had {len(items)}"
        pairs = enumerate(zip(items, others))
        return next((found for place, pair in pairs if (found := _difference(*pair, f"{where}{place}."))), None)
    if isinstance(left, float) and isinstance(right, float):
        same = math.isclose(left, right, rel_tol=_TOLERANCE, abs_tol=1e-9)
    else:
        same = bool(left == right)
    return None if same else f"{where.rstrip('.') or 'it'} is {_shown(right)}, and was {_shown(left)}"


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _compared(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in UNCOMPARED}
