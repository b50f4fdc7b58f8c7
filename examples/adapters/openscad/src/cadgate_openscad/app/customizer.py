"""The customizer's parameters, from the tree that OpenSCAD makes of a source, and the check of overrides."""

from __future__ import annotations

import os
import re
from typing import Any, Callable

from cadgate.appserver import AppError, method, nearest
from cadgate_openscad.app import evaluation, literals
from cadgate_openscad.app.literals import shown

_ANNOTATION = re.compile(r"//(Group|Description|Parameter)\((.*)\)$")
_ASSIGNMENT = re.compile(r"([$A-Za-z_][A-Za-z0-9_]*) = (.*);$")
HIDDEN = "Hidden"


@method("internal.parameters")
def list_parameters(*, folder: str) -> dict[str, Any]:
    """List the parameters of the source in `folder`."""
    return {"parameters": parameters_of(folder)}


def parameters_of(folder: str) -> list[dict[str, Any]]:
    """Return what the customizer of OpenSCAD would show. Raises AppError for a source that it cannot read."""
    tree = os.path.join(os.path.dirname(folder), ".parameters.ast")
    evaluation.evaluate(folder, [], into=tree, what="ast")
    with open(tree, encoding="utf-8") as file:
        text = file.read()
    os.unlink(tree)
    return parsed(text)


def parsed(tree: str) -> list[dict[str, Any]]:
    """Parse the parameters in a tree that OpenSCAD prints: each is an assignment with the comments that belong to it.

    Comments are in the tree only as these annotations, and strings are on one line, so nothing else looks like one.
    """
    found: list[dict[str, Any]] = []
    notes: dict[str, Any] = {}
    for line in tree.splitlines():
        annotation = _ANNOTATION.match(line)
        if annotation is not None:
            notes[annotation.group(1)] = _or_none(annotation.group(2))
            continue
        assignment = _ASSIGNMENT.match(line)
        if assignment is not None and "Parameter" in notes and notes.get("Group") != HIDDEN:
            parameter = _parameter(assignment.group(1), _or_none(assignment.group(2)), notes)
            if parameter is not None:
                found.append(parameter)
        notes = {}
    return found


def _or_none(text: str) -> Any:
    try:
        return literals.read(text)
    except literals.NotLiteral:
        return None


def _parameter(name: str, default: Any, notes: dict[str, Any]) -> dict[str, Any] | None:
    kind = _kind(default)
    if kind is None:
        return None
    group = notes.get("Group")
    parameter: dict[str, Any] = {
        "name": name,
        "type": kind,
        "default": default,
        "group": group.strip() if isinstance(group, str) else None,
        "description": notes.get("Description") or None,
    }
    note = notes["Parameter"]
    if kind in ("number", "vector"):
        if isinstance(note, literals.Range):
            parameter.update({"minimum": note.start, "maximum": note.end, "step": note.step})
        elif _is_number(note):
            parameter["step"] = note
        elif isinstance(note, list) and len(note) == 1 and _is_number(note[0]):
            parameter.update({"minimum": 0.0, "maximum": note[0]})
        elif isinstance(note, list) and kind == "number":
            parameter["options"] = [one for one in map(_option, note) if _is_number(one["value"])] or None
    elif kind == "string":
        if _is_number(note):
            parameter["max_length"] = int(note)
        elif isinstance(note, list) and note:
            options = [_option(one) for one in note]
            parameter["options"] = [{**one, "value": _text(one["value"])} for one in options]
    return parameter


def _kind(default: Any) -> str | None:
    if isinstance(default, bool):
        return "boolean"
    if isinstance(default, float):
        return "number"
    if isinstance(default, str):
        return "string"
    if isinstance(default, list) and default and all(map(_is_number, default)):
        return "vector"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, float)


def _option(entry: Any) -> dict[str, Any]:
    """Parse an option: a value, or a value with its label."""
    value, label = entry if isinstance(entry, list) and len(entry) == 2 else (entry, entry)
    return {"value": value, "label": _text(label)}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)


# --- overrides -------------------------------------------------------------------------------------------------------


def definitions(folder: str, given: dict[str, Any]) -> list[str]:
    """Return the arguments that override parameters. Raises AppError `validation_error` with all mistakes in them."""
    if not given:
        return []
    known = {one["name"]: one for one in parameters_of(folder)}
    wrong: list[dict[str, Any]] = []
    for name, value in given.items():
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none at all'}"
            wrong.append(
                {"parameter": name, "message": f"the source has no parameter {name!r}; {hint}", "did_you_mean": near}
            )
            continue
        message = _problem(known[name], value)
        if message is not None:
            wrong.append({"parameter": name, "message": f"{name!r} {message}"})
    if wrong:
        near = next((one["did_you_mean"] for one in wrong if "did_you_mean" in one), [])
        text = "; ".join(one["message"] for one in wrong)
        raise AppError("validation_error", text[0].upper() + text[1:], {"errors": wrong, "did_you_mean": near})
    return [part for name, value in given.items() for part in ("-D", f"{name}={literals.write(value)}")]


_FITS: dict[str, Callable[[Any], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "vector": lambda value: isinstance(value, list),
}


def _problem(parameter: dict[str, Any], value: Any) -> str | None:
    """Return what is wrong with a value, to follow the parameter's name."""
    kind = parameter["type"]
    if not _FITS[kind](value):
        return f"must be a {kind}, as {shown(parameter['default'])} is, not {shown(value)}"
    if kind == "vector" and len(value) != len(parameter["default"]):
        return f"must have {len(parameter['default'])} numbers, as {shown(parameter['default'])} has, not {len(value)}"
    length = parameter.get("max_length")
    if length is not None and len(value) > length:
        return f"must have at most {length} characters, not {len(value)}"
    options = parameter.get("options")
    if options and _six(value) not in [one["value"] for one in options]:
        return f"must be one of {', '.join(shown(one['value']) for one in options)}, not {shown(value)}"
    return _out_of_range(parameter, value if kind == "vector" else [value]) if kind in ("number", "vector") else None


def _out_of_range(parameter: dict[str, Any], values: list[float]) -> str | None:
    least, most = parameter.get("minimum"), parameter.get("maximum")
    for value in values:
        if (least is not None and _six(value) < least) or (most is not None and _six(value) > most):
            return f"must be from {shown(least)} to {shown(most)}, not {shown(value)}"
    return None


def _six(value: Any) -> Any:
    """Round as OpenSCAD prints: limits and options are known only to six digits."""
    return float(f"{value:g}") if isinstance(value, (int, float)) and not isinstance(value, bool) else value
