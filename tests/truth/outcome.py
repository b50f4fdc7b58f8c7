"""What came of one case, and what a case is to the net that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import httpx

Kind = Literal["agree", "refused", "warned", "unjudged", "disagree"]


@dataclass(frozen=True)
class Outcome:
    """`agree`, or how it did not: `refused` with an error, `warned` of a loss, or `disagree`, in silence.

    `unjudged` is what cannot be compared, because points prove that the other program is wrong.
    """

    kind: Kind
    about: str = ""
    detail: str = ""


class Case(Protocol):
    """One random case of an application."""

    label: str

    def run(self, api: httpx.Client, folder: Path) -> Outcome:
        """Do it through the gateway and compare. `folder` is for files."""
        ...

    def smaller(self) -> Iterator[Case]:
        """The same with something left out, the largest omissions first."""
        ...

    def script(self) -> str:
        """The calls, one a line, as a person repeats them."""
        ...


class Refused(Exception):
    """The gateway answered a call with an error."""

    def __init__(self, response: httpx.Response) -> None:
        body = response.json()["error"]
        self.status: int = response.status_code
        self.code: str = body["code"]
        self.message: str = body["message"]
        super().__init__(f"{self.status} {self.code}: {self.message}")
