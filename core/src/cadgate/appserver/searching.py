"""Ranks names and documentation by the words of a query: what an application knows of itself is searched by this."""

from __future__ import annotations

import re
from typing import Any, Iterable, Sequence

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")


def words(text: str) -> list[str]:
    """Return the words of a name or a sentence in lower case; `AdditiveBox` and `primitive_cube_add` have several."""
    return [word.lower() for word in _WORD.findall(text)]


class Entry:
    """Something that can be found: by its `name`, its short `title`, and its `documentation`."""

    __slots__ = ("documentation", "item", "name", "title", "title_words", "words")

    def __init__(self, item: Any, name: str, title: str, documentation: str) -> None:
        self.item = item
        self.name = name.lower()
        self.title = title.lower()
        self.documentation = documentation.lower()
        self.words = words(name)
        self.title_words = frozenset(words(title))


def search(entries: Sequence[Entry], query: str | None) -> list[Any]:
    """Return the items that match, the best first; all in their order without a query.

    Every word of the query must occur; if nothing has all of them, what has the most words comes first.
    """
    wanted = words(query or "")
    if not wanted:
        return [entry.item for entry in entries]
    plain = (query or "").strip().lower()
    found: list[tuple[int, float, int]] = []
    for number, entry in enumerate(entries):
        points = [_points(entry, word) for word in wanted]
        hits = sum(1 for each in points if each)
        if hits:
            score = sum(points) + _whole(entry, plain) - len(entry.words) / 10
            found.append((hits, score, number))
    most = max((hits for hits, _, _ in found), default=0)
    if most == len(wanted):
        found = [each for each in found if each[0] == most]
    found.sort(key=lambda each: (-each[0], -each[1], each[2]))
    return [entries[number].item for _, _, number in found]


def _whole(entry: Entry, query: str) -> float:
    if entry.name == query or entry.name.endswith(("::" + query, "." + query)):
        return 100.0
    if entry.title == query:
        return 60.0
    return 20.0 if query in entry.name else 10.0 if query in entry.title else 0.0


def _points(entry: Entry, word: str) -> float:
    if word in entry.words:
        return 12.0
    if word in entry.title_words:
        return 9.0
    if _starts(entry.words, word) or _starts(entry.title_words, word):
        return 6.0
    if word in entry.name:
        return 4.0
    return 1.0 if word in entry.documentation else 0.0


def _starts(known: Iterable[str], word: str) -> bool:
    return any(each.startswith(word) for each in known)
