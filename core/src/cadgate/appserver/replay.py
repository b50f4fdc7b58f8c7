"""Replays entries of a journal: what fails or differs is reported, and what follows is applied all the same."""

from __future__ import annotations

from typing import Any, Callable

from cadgate.appserver.comparison import first_difference
from cadgate.appserver.generations import Damage, Entry


class Unchanged(Exception):
    """An entry failed without having changed anything."""


def apply_all(
    entries: list[Entry], apply: Callable[[Entry], Any], may: Callable[[Entry], bool], damages: list[Damage]
) -> tuple[list[Entry], int | None]:
    """Apply entries; return those applied, with their present results, and where this stopped, if it did.

    It stops at an entry that failed after changing something: the state must then be loaded anew, and replayed without
    it. `may` says whether an entry is to be tried at all.
    """
    applied: list[Entry] = []
    for place, entry in enumerate(entries):
        if "note" in entry:
            applied.append(entry)
            continue
        where = f"entry {entry['seq']} ({entry['method']})"
        if not may(entry):
            damages.append(Damage(where, "the application died of it twice"))
            continue
        try:
            result = apply(entry)
        except Exception as error:  # noqa: BLE001 - entries that do not depend on it can still be applied
            damages.append(Damage(where, f"replay failed: {error}"))
            if not isinstance(error, Unchanged):
                return applied, place
            continue
        difference = first_difference(entry["result"], result)
        if difference is None:
            applied.append(entry)
        else:
            damages.append(Damage(where, f"the result differs: {difference}"))
            applied.append({**entry, "result": result})
    return applied, None
