"""Tables in the documentation that a command writes, between a comment that names the command and one that ends it."""

from __future__ import annotations

from tests.wheels import ROOT


def comments(command: str) -> tuple[str, str]:
    """Return the comments before and after what `command` writes."""
    return f"<!-- {command} -->", "<!-- end of what the command wrote -->"


def written(page: str, command: str) -> str:
    """Return what `command` wrote into `docs/{page}`."""
    begin, end = comments(command)
    return (ROOT / "docs" / page).read_text().partition(begin)[2].partition(end)[0].strip()


def write(page: str, command: str, text: str) -> None:
    """Put what `command` made into `docs/{page}`, in place of what it wrote before."""
    begin, end = comments(command)
    path = ROOT / "docs" / page
    before, found, rest = path.read_text().partition(begin)
    if not found:
        raise ValueError(f"docs/{page} has no place for it: a line {begin!r} and one {end!r}")
    path.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{rest.partition(end)[2]}")
