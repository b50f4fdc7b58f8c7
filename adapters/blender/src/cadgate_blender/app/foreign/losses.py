"""Collects what a file loses before it is let in, and reports it in a few warnings that name it."""

from __future__ import annotations

from typing import Any, Iterable

from cadgate.appserver import warn

_SHOWN = 20
_TRUST = ". To open the file as it is, send trusted=true with a key that has the scope execute"


class Losses:
    """What was left out of a file. The same loss counts once, whoever finds it.

    :param trustable: whether the file could be opened as it is, which the warnings then mention.
    """

    def __init__(self, *, trustable: bool) -> None:
        self._trust = _TRUST if trustable else ""
        self.files: dict[tuple[str, str], None] = {}
        """Data-block and property of each reference to another file."""
        self.parts: dict[tuple[str, str], tuple[str, str]] = {}
        """Data-block and part of what is switched off or removed; the warning's code, and why."""

    def file(self, owner: str, what: str) -> None:
        """Record an emptied reference to another file: `what` is Blender's property of `owner`."""
        self.files.setdefault((owner, what), None)

    def part(self, owner: str, what: str, why: str) -> None:
        """Record that `what` of `owner` was switched off or removed, because `why` (a clause)."""
        self.parts.setdefault((owner, what), ("left_out", why))

    def code(self, owner: str, what: str, why: str) -> None:
        """Do the same for what is code, or runs code."""
        self.parts.setdefault((owner, what), ("code_left_out", why))

    def warn(self) -> None:
        """Report everything in the result of the running call."""
        warn_of_files(len(self.files), [f"{owner} ({what})" for owner, what in self.files], self._trust)
        reasons: dict[tuple[str, str], list[str]] = {}
        for (owner, what), reason in self.parts.items():
            reasons.setdefault(reason, []).append(f"{what} of {owner}")
        for (code, why), parts in reasons.items():
            warn(code, f"Left out or switched off, because {why}: {_list(parts)}{self._trust}")


def warn_of_files(count: int, which: Iterable[str] = (), more: str = "") -> None:
    """Warn of the number of files an import refers to that did not come with it, and of what refers to them."""
    if count:
        what = "1 file that the import refers to" if count == 1 else f"{count} files that the import refers to"
        named = _list(list(which))
        text = f"{what} did not come with it, and {'was' if count == 1 else 'were'} left out"
        warn("missing_files", f"{text}: {named}{more}" if named else text)


def owner(kind: str, name: str) -> str:
    """Return a data-block's name for a sentence."""
    return f"{kind.lower()} {name!r}"


def _list(parts: list[Any]) -> str:
    rest = len(parts) - _SHOWN
    return ", ".join(map(str, parts[:_SHOWN])) + (f" and {rest} more" if rest > 0 else "")
