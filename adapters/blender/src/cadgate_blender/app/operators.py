"""Blender's operators: found, described, and run in a context that is made for them, with what they changed."""

from __future__ import annotations

import importlib
import re
from contextlib import contextmanager
from typing import Any, Generator

import bpy

from cadgate.appserver import AppError, about_to_change, alone, method, not_found, searching, warn
from cadgate_blender.app import limits, rna_values
from cadgate_blender.app.foreign.no_python import no_python
from cadgate_blender.app.operating import comparing, contexts, hazards, policy, sizes
from cadgate_blender.app.scene_index import index
from cadgate_blender.app.typed import context

_POLL = re.compile(r"poll\(\)\s*(?:failed,\s*)?(.*)", re.DOTALL)


class Known:
    """All operators, read when they are first needed, and again when an add-on brings or takes some."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._entries: list[searching.Entry] = []

    def ids(self) -> list[str]:
        found = policy.every()
        if found != self._ids:
            self._ids, self._entries = found, [_entry(each) for each in found]
        return self._ids

    def entries(self) -> list[searching.Entry]:
        self.ids()
        return self._entries


KNOWN = Known()


def _entry(identifier: str) -> searching.Entry:
    rna = policy.function(identifier).get_rna_type()
    refused = policy.refusal(identifier)
    item = {
        "id": identifier,
        "name": rna.name,
        "description": rna.description,
        "callable": refused is None,
        "reason": None if refused is None else refused.reason,
        "method": None if refused is None else refused.method,
    }
    names = " ".join(f"{prop.identifier} {prop.name}" for prop in rna.properties if prop.identifier != "rna_type")
    return searching.Entry(item, identifier, rna.name, f"{rna.description} {names}")


@method("operators.list")
def list_operators(
    *, search: str | None, group: str | None, callable: bool | None, limit: int, offset: int
) -> dict[str, Any]:
    """List the operators, best match first."""
    found = [
        item
        for item in searching.search(KNOWN.entries(), search)
        if (group is None or item["id"].startswith(group + ".")) and (callable is None or item["callable"] == callable)
    ]
    return {"operators": found[offset : offset + limit], "total": len(found)}


@method("operators.get")
def get_operator(*, operator: str) -> dict[str, Any]:
    """Describe one operator."""
    _require(operator)
    item = _entry(operator).item
    rna = policy.function(operator).get_rna_type()
    return {**item, "schema": rna_values.object_schema(rna.properties), "context": contexts.needed(operator)}


def _require(operator: str) -> None:
    if not policy.exists(operator):
        error = not_found("operator", operator, KNOWN.ids())
        if not error.details["did_you_mean"]:
            error.details["did_you_mean"] = [each["id"] for each in searching.search(KNOWN.entries(), operator)[:3]]
        raise error


@method("operators.run")
def run(*, operator: str, properties: dict[str, Any], context: dict[str, Any] | None) -> dict[str, Any]:
    """Run an operator, and report what it changed."""
    _require(operator)
    refused = policy.refusal(operator)
    if refused is not None:
        instead = f"; use {refused.method}" if refused.method else ""
        raise _not_possible(f"{operator} is not run: {refused.reason}{instead}", operator, refused)
    rna = policy.function(operator).get_rna_type()
    arguments = rna_values.convert_all(rna.properties, properties, "properties")
    _check_values(operator, properties)
    before_hazards = hazards.all_of()
    wanted = context or {}
    closely = _concerned(wanted)
    before = comparing.Standing(closely)
    with contexts.made(operator, wanted, lambda override: _accepts(operator, override)) as override:
        sizes.check_operator(operator, rna, arguments)
        _run(operator, arguments, override, named=wanted.get("area"))
    bpy.context.view_layer.update()  # pyright: ignore[reportFunctionMemberAccess, reportAttributeAccessIssue]
    index.unknown_change()
    hazards.require_none_new(before_hazards, operator)
    limits.check("The number of objects", len(bpy.data.objects), "max_objects")
    index.scene("changed")
    differences = comparing.differences(before, before.closely_again())
    if not any(differences.values()) and "select" not in operator:
        warn("no_effect", f"Blender reports that {operator} finished, but no object and no other data has changed")
    return {"result": "FINISHED", **differences}


def _concerned(wanted: dict[str, Any]) -> list[Any]:
    """Return the objects that the operator works on: they are compared closely."""
    layer = context.view_layer
    chosen = [*(wanted.get("selected") or []), *([wanted["active"]] if wanted.get("active") else [])]
    found = [obj for obj in (index.find(name) for name in chosen) if obj is not None]
    if not found:
        found = [obj for obj in layer.objects if obj.select_get()]
        if layer.objects.active is not None:
            found.append(layer.objects.active)
    data = {obj.data for obj in found if obj.data is not None and obj.data.users > 1}
    return [*found, *(obj for obj in bpy.data.objects if obj.data in data)] if data else found


def _accepts(operator: str, override: dict[str, Any]) -> bool:
    with _overridden(override):
        return bool(policy.function(operator).poll())


@contextmanager
def _overridden(override: dict[str, Any]) -> Generator[None, None, None]:
    """Override the context, if there is anything to override: Blender then looks in it without Python's lock."""
    if not override:
        yield
        return
    with alone(), context.temp_override(**override):
        yield


def _run(operator: str, arguments: dict[str, Any], override: dict[str, Any], named: str | None) -> None:
    function = policy.function(operator)
    with _overridden(override):
        if not function.poll():
            raise _failed_poll(operator, function, named)
        about_to_change()
        # Some operators import it, and its classes are compiled from text when it is imported.
        importlib.import_module("bpy_extras.anim_utils")
        try:
            with no_python():
                answer = function("EXEC_DEFAULT", **arguments)
        except TypeError as error:
            raise rna_values.invalid("properties", str(error).strip()) from None
        except RuntimeError as error:
            raise _failed(operator, str(error)) from None
    if "FINISHED" in answer:
        return
    if "CANCELLED" in answer:
        raise AppError(
            "command_failed",
            f"Blender cancelled {operator}: there was nothing to do with these properties and this context"
            f"{_hint(operator)}",
            {"operator": operator, "result": "CANCELLED"},
        )
    refused = policy.Refusal("it only works interactively, in a window", None, window=True)
    raise _not_possible(f"{operator} is not run: {refused.reason}", operator, refused)


def _failed_poll(operator: str, function: Any, named: str | None) -> AppError:
    """Let Blender say why: only a call does. If it does not, say where it was tried."""
    text = "poll() failed"
    try:
        function("EXEC_DEFAULT")
    except RuntimeError as error:
        text = str(error)
    if not _reason(text):
        active: Any = context.view_layer.objects.active
        what = "no active object" if active is None else f"{active.name!r} ({active.type}) in mode {active.mode!r}"
        where = f"area {named!r}" if named else "any editor"
        text = f"poll() failed, context is incorrect: Blender does not accept {what} in {where}"
    return _failed(operator, text)


def _reason(text: str) -> str | None:
    """Return what Blender says of a failed poll; None if it says nothing."""
    poll = _POLL.search(text)
    reason = "" if poll is None else poll[1].strip()
    return None if reason in ("", "context is incorrect") else reason


def _failed(operator: str, text: str) -> AppError:
    poll = _POLL.search(text)
    if poll is None:
        reason = text.strip().replace("Error: ", "").split("Traceback")[0].strip() or "Blender gives no reason"
        return AppError("command_failed", f"{operator} failed: {reason}", {"operator": operator, "result": "CANCELLED"})
    reason = poll[1].strip() or "context is incorrect"
    return _not_possible(
        f"{operator} is not possible here: {reason}{_hint(operator)}", operator, policy.Refusal(reason)
    )


def _hint(operator: str) -> str:
    needs = contexts.needed(operator)
    parts = [
        *([f"mode {needs['mode']!r}"] if needs["mode"] else []),
        *([f"an active object of type {' or '.join(needs['object_types'])}"] if needs["object_types"] else []),
        *([f"area {needs['area']!r}"] if needs["area"] else []),
    ]
    return f". Operators of this group usually need {' and '.join(parts)}: send context" if parts else ""


def _not_possible(message: str, operator: str, refused: policy.Refusal) -> AppError:
    return AppError(
        "not_possible",
        message,
        {
            "operator": operator,
            "reason": refused.reason,
            "method": refused.method,
            "needs_window": refused.window,
            "context": contexts.needed(operator),
        },
    )


def _check_values(operator: str, properties: dict[str, Any]) -> None:
    """Refuse values by which a harmless operator would reach files or code, and calls without what it needs."""
    required = policy.REQUIRED.get(operator)
    if required is not None and required not in properties:
        raise rna_values.invalid(
            "properties", f"{operator} needs {required!r}: GET /operators/{operator} has its values"
        )
    for name, value in properties.items():
        pattern, why = policy.VALUES.get(operator, {}).get(name, (None, ""))
        if pattern is not None and isinstance(value, str) and re.match(pattern, value):
            raise _not_possible(
                f"properties.{name}: {value!r} is refused, because {why}", operator, policy.Refusal(why)
            )
        if name in policy.UNUSABLE and isinstance(value, list):
            why = policy.UNUSABLE[name]
            raise _not_possible(f"properties.{name} cannot be given, because {why}", operator, policy.Refusal(why))
