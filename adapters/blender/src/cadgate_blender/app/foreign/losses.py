"""What a file loses before it is let in: collected while it is looked at, and told in few warnings that name it."""

from __future__ import annotations

from typing import Any, Iterable

from cadgate.appserver import warn

_TOLD = 20
_TRUST = ". To open the file as it is, send trusted=true with a key that has the scope execute"


class Losses:
    """What was left out of a file. The same loss counts once, whoever sees it.

    :param trustable: whether the same file could be opened as it is, which the warnings say then.
    """

    def __init__(self, *, trustable: bool) -> None:
        self._trust = _TRUST if trustable else ""
        self.files: dict[tuple[str, str], None] = {}
        """Data-block and property of each reference to another file."""
        self.parts: dict[tuple[str, str], tuple[str, str]] = {}
        """Data-block and part of what is switched off or removed; the warning's code, and why."""

    def file(self, owner: str, what: str) -> None:
        """A reference to another file was emptied: `what` is the property of `owner`, as Blender calls it."""
        self.files.setdefault((owner, what), None)

    def part(self, owner: str, what: str, why: str) -> None:
        """`what` of `owner` was switched off or removed, because `why` (a clause)."""
        self.parts.setdefault((owner, what), ("left_out", why))

    def code(self, owner: str, what: str, why: str) -> None:
        """The same for what is code, or runs some."""
        self.parts.setdefault((owner, what), ("code_left_out", why))

    def tell(self) -> None:
        """Say it all in the result of the running call."""
        warn_of_files(len(self.files), [f"{owner} ({what})" for owner, what in self.files], self._trust)
        reasons: dict[tuple[str, str], list[str]] = {}
        for (owner, what), reason in self.parts.items():
            reasons.setdefault(reason, []).append(f"{what} of {owner}")
        for (code, why), parts in reasons.items():
            warn(code, f"Left out or switched off, because {why}: {_list(parts)}{self._trust}")


def warn_of_files(count: int, which: Iterable[str] = (), more: str = "") -> None:
    """Say how many files an import refers to that did not come with it, and what refers to them."""
    if count:
        what = "1 file that the import refers to" if count == 1 else f"{count} files that the import refers to"
        named = _list(list(which))
        text = f"{what} did not come with it, and {'was' if count == 1 else 'were'} left out"
        warn("missing_files", f"{text}: {named}{more}" if named else text)


def owner(kind: str, name: str) -> str:
    """A data-block for a sentence."""
    return f"{kind.lower()} {name!r}"


def _list(parts: list[Any]) -> str:
    rest = len(parts) - _TOLD
    return ", ".join(map(str, parts[:_TOLD])) + (f" and {rest} more" if rest > 0 else "")
