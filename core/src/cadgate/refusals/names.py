"""Suggests existing methods, paths and adapters for those that a client misspelt."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from cadgate.appserver.errors import nearest
from cadgate.errors import NotFound

_VERBS = frozenset(
    ("create", "add", "make", "new", "do", "run", "call", "blender", "freecad", "api", "v1", "post", "get")
)
_MAX_NAME = 100
_MAX_PATH = 200


def nearest_methods(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Return the methods that `name` may mean: by its spelling, by its words in any order, or by its last word."""
    words = _words(name[:_MAX_NAME])
    methods = {one: _words(one) for one in known}
    same = [one for one, own in methods.items() if words and set(own) == set(words)]
    joined = {"".join(own): one for one, own in methods.items()}
    close = [joined[one] for one in difflib.get_close_matches("".join(words), joined, n=most, cutoff=0.75)]
    last = [one for one, own in methods.items() if words and own[-1] == words[-1]]
    holding = [one for one, own in methods.items() if words and set(words) <= set(own)]
    return list(dict.fromkeys([*same, *holding, *close, *last]))[:most]


def nearest_paths(path: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Return existing paths that are spelt like `path`, or end like it, with the names that were sent in it."""
    if len(path) > _MAX_PATH:
        return []
    given = path.rstrip("/").split("/")
    alike: dict[str, str] = {}
    ending: dict[str, None] = {}
    for pattern in known:
        own = pattern.split("/")
        if own[:4] == given[:4] and own[-1] == given[-1] and "{" not in pattern and pattern != path:
            ending[pattern] = None
        if len(own) == len(given) and own[:3] == given[:3]:
            parts = zip(own, given, strict=True)
            meant = [sent if one.startswith("{") else one for one, sent in parts]
            if meant != given:
                alike["/".join(meant[3:])] = "/".join(meant)
    # Compared without their common prefix, which would make all of them similar.
    close = [alike[one] for one in nearest("/".join(given[3:]), alike, most=most, cutoff=0.8)]
    return list(dict.fromkeys([*ending, *close]))[:most]


def no_adapter(name: str, known: Iterable[str], kind: str = "active") -> NotFound:
    """Return the error for an adapter that is not among `known`, all of which are of this kind."""
    names = sorted(set(known))
    near = nearest(name[:_MAX_NAME], names)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return NotFound(
        f"There is no adapter {name!r}; {hint}{kind} adapters: {', '.join(names) or 'none'}",
        details={"adapter": name, **({"did_you_mean": near} if near else {})},
    )


def _words(name: str) -> list[str]:
    found = [one for one in re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()) if one]
    return [one for one in found if one not in _VERBS] or found
