"""Checks that an application has the methods of its adapter: otherwise a wrong version would look healthy."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

INTERNAL = "internal."
MOST = 10


@dataclass(frozen=True, slots=True)
class Halves:
    """The methods that an adapter publishes, and those that the application must have (without a handler)."""

    published: frozenset[str]
    required: frozenset[str]

    def disagreement(self, answered: Collection[str], adapter: str) -> tuple[str, dict[str, list[str]]] | None:
        """Return what is wrong with an application that has these methods, as a sentence and details; None if nothing.

        More methods than required are accepted: a newer version supports this one.
        """
        missing = sorted(self.required.difference(answered))
        unknown = sorted(one for one in set(answered) - self.published if not one.startswith(INTERNAL))
        if not missing:
            return None
        parts = [f"it does not have {_listed(missing)}"]
        parts += [f"it has {_listed(unknown)}, which the adapter does not have"] * bool(unknown)
        text = (
            f"The application's methods do not match the adapter {adapter!r}: {'; '.join(parts)}. Both halves must "
            "have the same version: reinstall the adapter, and its half inside the application, and restart both"
        )
        return text, {"missing": missing, "unknown": unknown}


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
