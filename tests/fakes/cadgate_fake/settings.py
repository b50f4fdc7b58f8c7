"""Settings of the fake adapter: what it has beside those of every adapter is how it fails."""

from __future__ import annotations

from typing import Literal

from cadgate.plugin import AdapterSettings


class FakeSettings(AdapterSettings):
    """`control` is a JSON file that is read anew at every start and save: see `app/host.py`."""

    control: str = ""
    transactional: bool = False
    plan: Literal["", "missing", "raise", "not-a-program"] = ""
    send_timeout_seconds: float = 5
    hello_timeout_seconds: float = 5
    max_entries: int = 20_000
    command_line: tuple[str, ...] = ()
