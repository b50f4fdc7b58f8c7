"""Renders the source in a folder to a file, which is read back."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import AppError, method
from cadgate_openscad.app import console, customizer, evaluation, readback

SOLIDS = ("stl", "off", "amf", "3mf")


@method("internal.render")
def render(
    *, folder: str, path: str, format: str, parameters: dict[str, Any], picture: dict[str, Any] | None
) -> dict[str, Any]:
    """Write the file `path`. Raises AppError with OpenSCAD's own message if the source is wrong."""
    overrides = customizer.definitions(folder, parameters)
    # OpenSCAD would use the suffix, and recognises only lower case; and its STL is text with six digits.
    arguments = ["--export-format", "binstl" if format == "stl" else format]
    if picture is not None:
        arguments += _camera(picture)
    made = evaluation.evaluate(folder, [*overrides, *arguments], into=path, what=format, picture=picture is not None)
    facts = _read_back(path, format, made.console, picture)
    return {
        "facets": facts.get("facets"),
        "bounding_box": facts.get("bounding_box"),
        "width": facts.get("width"),
        "height": facts.get("height"),
        "messages": made.console.shown(),
        "seconds": made.seconds,
        "warnings": [*made.console.warnings(), *_own_warnings(facts)],
    }


def _camera(picture: dict[str, Any]) -> list[str]:
    width, height = picture["resolution"]
    arguments = [f"--imgsize={width},{height}", f"--colorscheme={picture['colorscheme']}"]
    arguments.append(f"--projection={picture['projection'][0]}")
    if picture["camera"] is None:
        arguments += ["--autocenter", "--viewall"]
    else:
        numbers = [*picture["camera"]["eye"], *picture["camera"]["center"]]
        arguments.append("--camera=" + ",".join(map(repr, numbers)))
    return arguments if picture["preview"] else [*arguments, "--render=1"]


def _read_back(path: str, format: str, said: console.Console, picture: dict[str, Any] | None) -> dict[str, Any]:
    """Return what is in the file. Raises AppError if it is empty, or not what was requested."""
    try:
        facts = readback.read(path, format)
    except readback.Unreadable as error:
        raise console.failed(f"OpenSCAD wrote a {format} file that cannot be read: {error}", said) from error
    if format in SOLIDS and not facts["facets"]:
        raise console.empty(said)
    if picture is not None and [facts["width"], facts["height"]] != picture["resolution"]:
        size = f"{facts['width']} x {facts['height']}"
        raise AppError("command_failed", f"OpenSCAD made a picture of {size} pixels instead of {picture['resolution']}")
    return facts


def _own_warnings(facts: dict[str, Any]) -> list[dict[str, str]]:
    if not facts.get("uniform"):
        return []
    message = "The picture shows nothing: the source makes nothing, or the camera looks elsewhere"
    return [{"code": "empty_picture", "message": message}]
