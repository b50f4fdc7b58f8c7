"""What a file loses before it is let in: collected while it is looked at, and told in few warnings that name it."""

from __future__ import annotations

from typing import Any, Iterable

from cadgate.appserver import warn

_TOLD = 20


class Losses:
    """What was left out of a file. The same loss counts once, whoever sees it."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], None] = {}
        """Data-block and property of each reference to another file."""
        self.parts: dict[tuple[str, str], str] = {}
        """Data-block and part of what is switched off or removed, and why."""

    def file(self, owner: str, what: str) -> None:
        """A reference to another file was emptied: `what` is the property of `owner`, as Blender calls it."""
        self.files.setdefault((owner, what), None)

    def part(self, owner: str, what: str, why: str) -> None:
        """`what` of `owner` was switched off or removed, because `why` (a clause)."""
        self.parts.setdefault((owner, what), why)

    def tell(self) -> None:
        """Say it all in the result of the running call."""
        warn_of_files(len(self.files), [f"{owner} ({what})" for owner, what in self.files])
        reasons: dict[str, list[str]] = {}
        for (owner, what), why in self.parts.items():
            reasons.setdefault(why, []).append(f"{what} of {owner}")
        for why, parts in reasons.items():
            warn("not_restored", f"Left out or switched off, because {why}: {_list(parts)}")


def warn_of_files(count: int, which: Iterable[str] = ()) -> None:
    """Say how many files an import refers to that did not come with it, and what refers to them."""
    if count:
        what = "1 file that the import refers to" if count == 1 else f"{count} files that the import refers to"
        named = _list(list(which))
        text = f"{what} did not come with it, and {'was' if count == 1 else 'were'} left out"
        warn("missing_files", f"{text}: {named}" if named else text)


def owner(kind: str, name: str) -> str:
    """A data-block for a sentence."""
    return f"{kind.lower()} {name!r}"


def _list(parts: list[Any]) -> str:
    rest = len(parts) - _TOLD
    return ", ".join(map(str, parts[:_TOLD])) + (f" and {rest} more" if rest > 0 else "")
