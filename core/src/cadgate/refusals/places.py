"""Locates errors in the request as the client wrote it, without the names of the validator's alternatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from cadgate.refusals.schemas import Contract, Path, Schema

_WRONG_KIND = frozenset(
    (
        "int_type", "float_type", "string_type", "bool_type", "list_type", "dict_type", "tuple_type", "set_type",
        "model_type", "model_attributes_type", "int_from_float", "int_parsing", "float_parsing", "bool_parsing",
        "literal_error", "enum", "none_required", "is_instance_of", "frozen_set_type",
    )
)  # fmt: skip
"""Errors about the type of a value. Among alternatives they matter only if every alternative has one."""

_LAST_IS_NEW = frozenset(("missing", "extra_forbidden"))
"""Errors whose `loc` ends with a field that is missing, or not accepted."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An error of the validator, its place, what is expected there, and the alternatives that it belongs to."""

    error: Mapping[str, Any]
    path: Path
    schema: Schema | None
    around: Schema
    choices: tuple[tuple[Path, str], ...]


def place(error: Mapping[str, Any], contract: Contract, skipped: int) -> Placed:
    """Locate an error; the first `skipped` parts of its `loc` are the part of the request, such as `body`."""
    loc: Sequence[str | int] = error["loc"]
    schema: Schema | None = contract.root
    around: Schema = contract.root
    path: list[str | int] = []
    choices: list[tuple[Path, str]] = []
    for position, part in enumerate(loc[skipped:], skipped):
        if schema is None:
            path.append(part)
            continue
        variant = contract.tagged(schema).get(part) if isinstance(part, str) else None
        if variant is not None:
            schema = variant
            continue
        inner = contract.step(schema, part)
        last = position == len(loc) - 1
        if inner is None and isinstance(part, str) and contract.root and not (last and error["type"] in _LAST_IS_NEW):
            choices.append((tuple(path), part))
            schema = _alternative(contract, schema, part)
            continue
        path.append(part)
        around, schema = schema, inner
    return Placed(error, tuple(path), schema, around, tuple(choices))


def _alternative(contract: Contract, schema: Schema, name: str) -> Schema:
    """Return the alternative that the validator calls `name`, if its title is that."""
    for option in contract.options(schema):
        if option.get("title") == name:
            return option
    return schema


def most_relevant(placed: Sequence[Placed]) -> list[Placed]:
    """Keep, of errors about alternatives, those of the one that was meant; and per place, the most specific one."""
    best = _best_alternatives(placed)
    kept = [one for one in placed if all(best.get(where, name) == name for where, name in one.choices)]
    deeper = {one.path[:length] for one in kept for length in range(len(one.path))}
    found: dict[Path, Placed] = {}
    for one in kept:
        wrong_kind = one.error["type"] in _WRONG_KIND
        if wrong_kind and one.choices and one.path in deeper:
            continue
        known = found.get(one.path)
        if known is None or (known.error["type"] in _WRONG_KIND and not wrong_kind):
            found[one.path] = one
    return list(found.values())


def _best_alternatives(placed: Sequence[Placed]) -> dict[Path, str]:
    """Return, for each place with alternatives, the one that fits best: its errors are further inside, and fewest."""
    counts: dict[Path, dict[str, list[int]]] = {}
    for one in placed:
        for where, name in one.choices:
            inside = len(one.path) > len(where)
            entry = counts.setdefault(where, {}).setdefault(name, [0, 0])
            entry[0] += int(inside)
            entry[1] += 1
    best: dict[Path, str] = {}
    for where, names in counts.items():
        deep = [name for name, (inside, _) in names.items() if inside]
        if deep:
            best[where] = min(deep, key=lambda name: names[name][1])
    return best


def given_in(around: Any) -> dict[str, Any]:
    """Return the fields of an object that was sent; none if it was not an object."""
    return cast("dict[str, Any]", around) if isinstance(around, dict) else {}
