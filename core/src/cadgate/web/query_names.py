"""Checks query parameters against those of the route: a misspelt `dry_run` must not run the call."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

from fastapi.dependencies.models import Dependant
from pydantic import BaseModel
from starlette.routing import BaseRoute

from cadgate.errors import ValidationFailed
from cadgate.openapi.extensions import SAFE, takes_context

_MAX_NAMED = 5
_MAX_NAME = 100


def names_of(route: BaseRoute, *, adapter: bool, context: Sequence[str]) -> frozenset[str] | None:
    """Return the query parameters that `route` declares, and those that the gateway reads for it.

    Returns None for routes outside the API (pages and their assets), which accept any query. `adapter` says that the
    route belongs to an adapter, whose unsafe verbs accept `dry_run`; `context` has the adapter's context values.
    """
    dependant: Dependant | None = getattr(route, "dependant", None)
    if dependant is None or not getattr(route, "include_in_schema", True):
        return None
    extra: dict[str, Any] = getattr(route, "openapi_extra", None) or {}
    names = {*_declared(dependant), *(one["name"] for one in extra.get("parameters", ()) if one.get("in") == "query")}
    if adapter:
        if takes_context(getattr(route, "path", ""), extra):
            names.update(context)
        if not SAFE.issuperset(getattr(route, "methods", None) or ()):
            names.add("dry_run")
    return frozenset(names)


def _declared(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, one in kind.model_fields.items():
                alias = one.validation_alias if isinstance(one.validation_alias, str) else one.alias
                yield alias or name
        else:
            yield field.alias
    for each in dependant.dependencies:
        yield from _declared(each)


def require_known(query: bytes, known: Collection[str]) -> None:
    """Raise ValidationFailed for the parameters of a raw query string that are not among `known`."""
    given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    unknown = list(dict.fromkeys(name for name, _ in given if name not in known))
    if not unknown:
        return
    by_folded = {_folded(one): one for one in known}
    named = unknown[:_MAX_NAMED]
    near = {name: difflib.get_close_matches(_folded(name[:_MAX_NAME]), by_folded, n=1) for name in named}
    meant = {name: by_folded[found[0]] for name, found in near.items() if found}
    accepted = f"accepted parameters: {', '.join(sorted(known))}" if known else "this route has no query parameters"
    errors = [
        {
            "type": "extra_forbidden",
            "loc": ["query", name[:_MAX_NAME]],
            "msg": f"unknown query parameter; did you mean {meant[name]!r}?"
            if name in meant
            else f"unknown query parameter; {accepted}",
        }
        for name in named
    ]
    first = unknown[0]
    hint = f"did you mean {meant[first]!r}? " if first in meant else ""
    raise ValidationFailed(
        f"The query parameter {first[:100]!r} is unknown: {hint}{accepted[0].upper()}{accepted[1:]}. Nothing was done",
        details={"errors": errors, "did_you_mean": list(dict.fromkeys(meant.values()))},
    )


def _folded(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
