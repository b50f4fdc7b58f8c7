"""Merges the parts of the OpenAPI document, and renames schemas that differ under the same name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

Schemas = dict[str, Any]

_REF = "#/components/schemas/"
_QUALIFIED = re.compile(r"(?:[a-z0-9]+(?:_[a-z0-9]+)*__)+(?=[A-Z])")
"""FastAPI's prefix for a name in two modules: `cadgate_blender__models__objects__ObjectInfo`."""


@dataclass(slots=True)
class Part:
    """The paths and schemas of one tag."""

    tag: str
    title: str
    description: str
    paths: dict[str, dict[str, Any]]
    schemas: Schemas


def merge(parts: Sequence[Part]) -> tuple[dict[str, Any], Schemas]:
    """Merge the paths and schemas of all parts. Schemas that differ under one name get their part's prefix."""
    for part in parts:
        _shorten(part)
    for part, names, prefix in zip(parts, _clashes(parts), _prefixes(parts), strict=True):
        _rename(part, {name: f"{prefix}{name}" for name in names})
    paths: dict[str, Any] = {}
    schemas: Schemas = {}
    ids: set[str] = set()
    for part in parts:
        for path, operations in part.paths.items():
            for verb, operation in operations.items():
                operation["operationId"] = _unique(operation.get("operationId") or f"{part.tag}_{verb}", verb, ids)
            paths.setdefault(path, {}).update(operations)
        schemas.update(part.schemas)
    return paths, schemas


def _prefixes(parts: Sequence[Part]) -> list[str]:
    """Return the prefix for a part's schemas whose name another part has too: `Blender`."""
    chosen: list[str] = []
    for part in parts:
        wanted = [re.sub(r"[^A-Za-z0-9]", "", text) for text in (part.title, part.tag.title())]
        free = [one for one in wanted if one and one not in chosen]
        chosen.append(free[0] if free else f"{wanted[1]}{len(chosen)}")
    return chosen


def _unique(wanted: str, verb: str, taken: set[str]) -> str:
    chosen, number = wanted, 2
    while chosen in taken:
        chosen = f"{wanted}_{verb}" if number == 2 else f"{wanted}_{verb}_{number}"
        number += 1
    taken.add(chosen)
    return chosen


def _clashes(parts: Sequence[Part]) -> list[set[str]]:
    """Return, for each part, the names that need its prefix, because they mean something else in another part.

    Schemas that refer to such a name differ too, although their text is the same.
    """
    differing: set[str] = set()
    first: Schemas = {}
    for part in parts:
        for name, schema in part.schemas.items():
            if first.setdefault(name, schema) != schema:
                differing.add(name)
    users: dict[str, set[str]] = {}
    for part in parts:
        for name, schema in part.schemas.items():
            for used in references(schema):
                users.setdefault(used, set()).add(name)
    pending = list(differing)
    while pending:
        for name in users.get(pending.pop(), ()):
            if name not in differing and sum(name in part.schemas for part in parts) > 1:
                differing.add(name)
                pending.append(name)
    return [{name for name in part.schemas if name in differing} for part in parts]


def references(value: Any) -> set[str]:
    """Return the names of the schemas that `value` refers to."""
    found: set[str] = set()
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            if key == "$ref" and isinstance(item, str):
                found.add(item.removeprefix(_REF))
            else:
                found |= references(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            found |= references(item)
    return found


def _shorten(part: Part) -> None:
    """Shorten FastAPI's qualified names if the short name is free, otherwise number them."""
    new: dict[str, str] = {}
    taken = {name for name in part.schemas if not _QUALIFIED.match(name)}
    for name in sorted(part.schemas, key=lambda name: (name.startswith("cadgate__"), name)):
        match = _QUALIFIED.match(name)
        if match is None:
            continue
        base = name[match.end() :]
        # The adapter's own model keeps the short name; the gateway's shared one gets a prefix.
        short = f"Shared{base}" if name.startswith("cadgate__") and base in taken else base
        while short in taken:
            short += "_"
        taken.add(short)
        new[name] = short
    _rename(part, new)


def _rename(part: Part, new: dict[str, str]) -> None:
    if not new:
        return
    part.schemas = {new.get(name, name): _renamed(schema, new) for name, schema in part.schemas.items()}
    for name in new.values():
        # Generators name their classes by the title, and skip duplicates.
        if "title" in part.schemas[name]:
            part.schemas[name] = {**part.schemas[name], "title": name}
    part.paths = _renamed(part.paths, new)


def _renamed(value: Any, new: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _REF + new.get(item.removeprefix(_REF), item.removeprefix(_REF))
            if key == "$ref" and isinstance(item, str) and item.startswith(_REF)
            else _renamed(item, new)
            for key, item in cast("dict[str, Any]", value).items()
        }
    if isinstance(value, list):
        return [_renamed(item, new) for item in cast("list[Any]", value)]
    return value
