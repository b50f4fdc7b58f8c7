"""How the colours of a scene become those of a picture: view transform, look, exposure, gamma."""

from __future__ import annotations

import re
from typing import Any

from cadgate.appserver import AppError, nearest
from cadgate_blender.app.describe import tidy

_QUOTED = re.compile(r"'([^']*)'")


def info(scene: Any) -> dict[str, Any]:
    """Return the fields of SceneInfo."""
    settings = scene.view_settings
    return {
        "view_transform": settings.view_transform,
        "look": settings.look,
        "exposure": tidy(settings.exposure),
        "gamma": tidy(settings.gamma),
    }


def check(scene: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the settings in `wanted` with Blender's own words. Raises AppError; the scene is as before."""
    settings = scene.view_settings
    found = {field: wanted[field] for field in ("exposure", "gamma") if field in wanted}
    if "view_transform" not in wanted and "look" not in wanted:
        return found
    former = settings.view_transform, settings.look
    transform = former[0]
    if "view_transform" in wanted:
        transform = _chosen("view_transform", wanted["view_transform"], _words(settings, "view_transform"))
        found["view_transform"] = transform
    try:
        # Which looks there are depends on the view transform.
        settings.view_transform = transform
        if "look" in wanted:
            found["look"] = _chosen("look", wanted["look"], _words(settings, "look"), prefix=f"{transform} - ")
    finally:
        settings.view_transform, settings.look = former
    return found


def _words(settings: Any, field: str) -> list[str]:
    """Return the words that Blender accepts: its colour configuration has them, and only its refusal lists them."""
    try:
        setattr(settings, field, "cadgate: no such word")
    except TypeError as error:
        return _QUOTED.findall(str(error).partition("not found in")[2])
    return []


def _chosen(field: str, word: str, words: list[str], prefix: str = "") -> str:
    known = {each.lower(): each for each in words}
    found = known.get(word.lower()) or known.get((prefix + word).lower())
    if found is None:
        raise AppError(
            "validation_error",
            f"{field} cannot be {word!r}: it is one of {', '.join(words)}",
            {"field": field, "known": words, "did_you_mean": nearest(word, words, cutoff=0.5)},
        )
    return found


def put(scene: Any, settings: dict[str, Any]) -> None:
    """Set what `check` returned, and read it back. A look that the new view transform lacks becomes `None`."""
    view = scene.view_settings
    for field in ("view_transform", "look", "exposure", "gamma"):
        if field in settings:
            setattr(view, field, settings[field])
    if "view_transform" in settings and view.look not in _words(view, "look"):
        view.look = "None"
    now = info(scene)
    for field, value in settings.items():
        if _differ(now[field], value):
            raise AppError("command_failed", f"Blender keeps {field} as {now[field]!r}, not as {value!r}")


def _differ(one: Any, other: Any) -> bool:
    return one != other if isinstance(other, str) else abs(one - other) > 1e-5 * max(1.0, abs(other))
