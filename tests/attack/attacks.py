"""What an attack is: a name, the promise it tries to break, and a function that tries it on a field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.attack.field import Field


@dataclass(frozen=True)
class Outcome:
    """How an attack ended."""

    held: bool
    """Whether the gateway withstood it."""
    what: str
    """What was seen, in a few words: `refused with 422 unsupported_format`, `the canary was opened`."""


@dataclass(frozen=True)
class Attack:
    """One attack. `run` returns an outcome; whatever it raises counts as an attack that succeeded.

    :param name: unique, with words between hyphens: `fcstd-python-proxy-open`.
    :param section: `S1` to `S10`, or the line of the threat model that it tries: `scopes`, `web`, `paths`.
    :param adapter: the application whose session it uses, which must survive; None where it needs no application.
    :param is_short: whether the tests try it once, too; the others take long, and are for the command.
    """

    name: str
    section: str
    adapter: str | None
    run: Callable[[Field], Outcome]
    is_short: bool = True


def held(what: str) -> Outcome:
    """The outcome of an attack that came to nothing."""
    return Outcome(True, what)


def broke(what: str) -> Outcome:
    """The outcome of an attack that succeeded."""
    return Outcome(False, what)
