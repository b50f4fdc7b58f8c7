"""Rewords errors of the validator: what was wrong, what to send, an example, the most similar known name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cadgate.refusals.expected import choices, example, expected, kind_of, shown, written
from cadgate.refusals.places import Placed, most_relevant, place
from cadgate.refusals.repairs import nearest, repair
from cadgate.refusals.schemas import Contract, Schema, fields_of

_OWN_WORDS = ("Value error, ", "Assertion failed, ")
_ELSEWHERE = {
    "dry_run": "send it in the query of a request, `?dry_run=true`, or in a WebSocket's `call` next to `params`",
    "idempotency_key": "send it as the header `Idempotency-Key`, or in a WebSocket's `call` next to `params`",
    "if_match": "send it as the header `If-Match`, or in a WebSocket's `call` next to `params`",
    "timeout_seconds": "send the header `X-Deadline-Ms`, or this in a WebSocket's `call` next to `params`",
}
"""Fields that are not parameters of any method, and where to send them instead."""

_MAX_FIELDS = 40
_COUNTS = ("too_short", "too_long", "string_too_short", "string_too_long")
_OURS = ("too_many_fields", "field_name_too_long", "finite_json")
"""Errors that the gateway raises itself, already in its own words."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_FOREIGN = (
    (re.compile(r"^Input should be a valid "), "a value is expected that is a valid "),
    (re.compile(r"^Input should be "), "the value must be "),
    (re.compile(r"^Input should "), "the value must "),
    (re.compile(r"\bdictionary\b"), "object"),
    (re.compile(r"\btuple\b"), "list"),
)


def reworded(errors: Sequence[Mapping[str, Any]], contract: Contract, *, skipped: int = 0) -> list[dict[str, Any]]:
    """Return the errors for clients: `type`, `loc`, `msg`, and if known `expected`, `example`, `did_you_mean`.

    The first `skipped` parts of each `loc` name the part of the request that `contract` describes.
    """
    placed = most_relevant([place(error, contract, skipped) for error in errors])
    return [_entry(one, contract, skipped) for one in placed]


def _entry(one: Placed, contract: Contract, skipped: int) -> dict[str, Any]:
    error = one.error
    entry: dict[str, Any] = {"type": error["type"], "loc": [*error["loc"][:skipped], *one.path]}
    kind = str(error["type"])
    if kind != "missing" and isinstance(error.get("input"), (str, int, float, bool)):
        entry["input"] = error["input"]
    if kind == "extra_forbidden":
        return entry | _unknown(one, contract)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _tag(one, contract, entry)
    own = str(error["msg"])
    for prefix in _OWN_WORDS:
        if own.startswith(prefix):
            return entry | _own(one, contract, own.removeprefix(prefix))
    if kind in _OURS:
        return entry | {"msg": own}
    return entry | _value(one, contract, in_text=bool(skipped) and error["loc"][0] in ("query", "path", "header"))


def _own(one: Placed, contract: Contract, message: str) -> dict[str, Any]:
    """Return the entry for an error that a model of ours raised, with a better value if the schema tells one."""
    found, better = (False, None)
    if one.schema and "input" in one.error:
        found, better = repair(contract, one.schema, one.error["input"])
    if not found or not _is_short(better):
        return {"msg": message}
    return {"msg": f"{message}: send {written(better)}", "example": better}


def _is_short(value: Any) -> bool:
    """Whether a value is not cut off in an answer."""
    return not written(value).endswith("…")


def _value(one: Placed, contract: Contract, *, in_text: bool) -> dict[str, Any]:
    """Return the entry for an error about a value, present or missing."""
    kind, schema, path, around = str(one.error["type"]), one.schema or {}, one.path, one.around
    wrong = _missing(one) if kind == "missing" else _wrong(one, in_text)
    item = bool(path) and isinstance(path[-1], int)
    if kind == "missing" and item:
        schema, path = around, path[:-1]
    entry: dict[str, Any] = {}
    what = expected(contract, schema)
    if what:
        described = _described(contract, schema) if path else ""
        entry["expected"] = what + (described or (_described(contract, around) if item else ""))
    found, better = (False, None)
    if kind != "missing" and "input" in one.error:
        found, better = repair(contract, schema, one.error["input"])
        found = found and not (in_text and better is None)  # a query has no way to say null
        if found and isinstance(better, str) and better in _choices(contract, schema):
            entry["did_you_mean"] = [better]
    if found and not _is_short(better):
        itself = "the value itself, instead of a text that holds it"
        return entry | {"msg": f"{wrong}: send {itself if isinstance(one.error['input'], str) else what}"}
    best = better if found else example(contract, schema, path, around)
    if found or best is not None:
        entry["example"] = best
    return entry | {"msg": _sentence(one, wrong, found, entry)}


def _sentence(one: Placed, wrong: str, found: bool, entry: Mapping[str, Any]) -> str:
    if "expected" not in entry:
        return wrong if one.error["type"] == "missing" else _plain(str(one.error["msg"]))
    if found:
        return f"{wrong}: send {written(entry['example'])}; it must be {entry['expected']}"
    given = f", for example {written(entry['example'])}" if "example" in entry else ""
    return f"{wrong}: send {entry['expected']}{given}"


def _missing(one: Placed) -> str:
    last = one.path[-1] if one.path else None
    if isinstance(last, int) and last < len(_ORDINALS):
        return f"the {_ORDINALS[last]} value of the list is missing"
    return "it is required, but missing"


def _wrong(one: Placed, in_text: bool) -> str:
    kind = str(one.error["type"])
    if "input" not in one.error:
        return "this is not accepted"
    value = one.error["input"]
    if kind in _COUNTS and isinstance(value, (str, list, tuple, dict)):
        count = len(value)  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(value, str):
            return f"{shown(value)} has {count} characters" if value else "an empty string is not accepted"
        return f"{count or 'no'} value{'s were' if count != 1 else ' was'} sent"
    if value is None:
        return "null is not accepted"
    if isinstance(value, float) and kind in ("int_type", "int_from_float"):
        return f"{shown(value)} {'has a decimal point' if value.is_integer() else 'is not a whole number'}"
    if kind.endswith("_type") and not in_text:
        return f"{shown(value)} is {kind_of(value)}"
    return f"{shown(value)} is not accepted"


def _described(contract: Contract, schema: Schema) -> str:
    """Return the first sentence of a field's documentation, in brackets."""
    text = str(schema.get("description") or contract.resolved(schema).get("description") or "")
    if not text or ("$ref" in schema and "description" not in schema):
        return ""
    first = re.split(r"(?<=[a-z0-9`\"\]])[.;](?:\s|$)", text, maxsplit=1)[0].strip().rstrip(".")
    return f" ({first})" if first and len(first) <= 200 else ""


def _choices(contract: Contract, schema: Schema) -> set[str]:
    return {one for option in contract.options(schema) for one in option.get("enum", ()) if isinstance(one, str)}


def _unknown(one: Placed, contract: Contract) -> dict[str, Any]:
    name = str(one.path[-1]) if one.path else ""
    known = list(dict.fromkeys(fields_of(contract, one.around)))
    near = nearest(name, known)
    accepted = _accepted(known)
    listed = {"expected": accepted.removeprefix("accepted fields: ")} if known else {}
    if name in _ELSEWHERE and name not in known:
        return {"msg": f"it is not a field here: {_ELSEWHERE[name]}"}
    if not near:
        return {"msg": f"unknown field; {accepted}", **listed}
    text = f"unknown field; did you mean {choices([repr(each) for each in near])}? {accepted[0].upper()}{accepted[1:]}"
    return {"msg": text, **listed, "did_you_mean": near}


def _accepted(known: Sequence[str]) -> str:
    if not known:
        return "no fields are accepted here"
    return f"accepted fields: {', '.join(known[:_MAX_FIELDS])}{', …' if len(known) > _MAX_FIELDS else ''}"


def _tag(one: Placed, contract: Contract, entry: dict[str, Any]) -> dict[str, Any]:
    """Return the entry for an object whose discriminator is missing or unknown."""
    context: Mapping[str, Any] = one.error.get("ctx", {})
    field = str(context.get("discriminator", "type")).strip("'")
    tags = sorted(contract.tagged(one.schema or {}))
    what = choices([written(tag) for tag in tags])
    entry["loc"] = [*entry["loc"], field]
    if what:
        entry["expected"] = what
    if one.error["type"] == "union_tag_not_found":
        return entry | {"msg": f"it is required, but missing: send {what}", **({"example": tags[0]} if tags else {})}
    given = str(context.get("tag", ""))
    near = nearest(given, tags, most=1)
    if near:
        entry |= {"did_you_mean": near, "example": near[0]}
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return entry | {"msg": f"{shown(given)} is not accepted{meant or ':'} send {what}".replace("? send", "? Send")}


def _plain(text: str) -> str:
    for pattern, ours in _FOREIGN:
        text = pattern.sub(ours, text)
    return text[:1].lower() + text[1:]
