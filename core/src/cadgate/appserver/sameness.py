"""Whether what was done again did the same: the results of a replay are compared with those that were acknowledged."""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List, cast

UNCOMPARED = ("warnings", "revision")
"""Fields of results that may differ: said once only, or derived from the others."""


def same_result(left: Any, right: Any) -> bool:
    """Whether two results tell the same; the last digits of numbers do not count.

    A saved document keeps fewer of them than memory, and what is computed from it differs there.
    """
    return _same(json.loads(json.dumps(left)), json.loads(json.dumps(right)))


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        one, other = _compared(cast(Dict[str, Any], left)), _compared(cast(Dict[str, Any], right))
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(left, list) and isinstance(right, list):
        pairs = list(zip(cast(List[Any], left), cast(List[Any], right)))
        return len(cast(List[Any], left)) == len(cast(List[Any], right)) and all(_same(*pair) for pair in pairs)
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return bool(left == right)


def _compared(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in UNCOMPARED}
