"""Whether an application answers the methods of its adapter: another version of one half looks healthy otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

INTERNAL = "internal."
MOST = 10


@dataclass(frozen=True, slots=True)
class Halves:
    """The methods that an adapter publishes, and those of them that the application must answer (not by a handler)."""

    published: frozenset[str]
    required: frozenset[str]

    def disagreement(self, answered: Collection[str], adapter: str) -> tuple[str, dict[str, list[str]]] | None:
        """What is wrong with an application that answers these methods, as a sentence and details; None for nothing.

        One that answers more than it must is another version, and does all that this one asks for.
        """
        missing = sorted(self.required.difference(answered))
        unknown = sorted(one for one in set(answered) - self.published if not one.startswith(INTERNAL))
        if not missing:
            return None
        parts = [f"it does not answer {_listed(missing)}"]
        parts += [f"it answers {_listed(unknown)}, which the adapter does not have"] * bool(unknown)
        text = (
            f"The application's methods are not those of the adapter {adapter!r}: {'; '.join(parts)}. Both halves must "
            "be of one version: install the adapter again, and what the application loads of it, and restart both"
        )
        return text, {"missing": missing, "unknown": unknown}


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
