"""Explains errors of a request by what its route expects in the body, query, path and headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from cadgate.refusals.schemas import Contract, contract_of
from cadgate.refusals.words import reworded

_KINDS = {"path": "path_params", "query": "query_params", "header": "header_params", "cookie": "cookie_params"}
_CONTRACTS = "cadgate_contracts"
"""The attribute of a route that caches its contracts."""


def reworded_for_route(errors: Sequence[Mapping[str, Any]], route: Any) -> list[dict[str, Any]]:
    """Reword the errors of a request, whose `loc` begins with `body`, `query`, `path` or `header`."""
    entries: list[dict[str, Any]] = []
    for where in dict.fromkeys(error["loc"][0] if error["loc"] else "" for error in errors):
        own = [error for error in errors if (error["loc"][0] if error["loc"] else "") == where]
        contract = _contract(route, str(where)) if isinstance(route, APIRoute) else Contract()
        entries += reworded(own, contract, skipped=1 if where else 0)
    return entries


def _contract(route: APIRoute, where: str) -> Contract:
    contracts: dict[str, Contract] = route.__dict__.setdefault(_CONTRACTS, {})
    if where not in contracts:
        contracts[where] = _body(route) if where == "body" else _parameters(route.dependant, where)
    return contracts[where]


def _body(route: APIRoute) -> Contract:
    if route.body_field is None or route._embed_body_fields:  # pyright: ignore[reportPrivateUsage]
        return Contract()
    return contract_of(route.body_field.field_info.annotation)


def _parameters(dependant: Dependant, where: str) -> Contract:
    """Return the contract of a route's parameters, as one object."""
    properties: dict[str, Any] = {}
    defs: dict[str, Any] = {}
    for made in _declared(dependant, where):
        properties.update(made.root.get("properties", {}))
        defs.update(made.defs)
    return Contract({"type": "object", "properties": properties, "additionalProperties": False}, defs)


def _declared(dependant: Dependant, where: str) -> Iterator[Contract]:
    for field in getattr(dependant, _KINDS.get(where, ""), ()):
        info, kind = field.field_info, field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield contract_of(kind)
        else:
            whole: Any = Annotated[(kind, *info.metadata)] if info.metadata else kind  # pyright: ignore[reportUnknownVariableType]
            made = contract_of(whole)
            described = {"description": info.description} if info.description else {}
            yield Contract({"properties": {field.alias: {**made.root, **described}}}, made.defs)
    for each in dependant.dependencies:
        yield from _declared(each, where)
