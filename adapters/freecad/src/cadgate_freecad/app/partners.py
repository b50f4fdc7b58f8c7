"""Shapes that OpenCASCADE keeps once and shows in several places: what does not depend on the place is asked once."""

from __future__ import annotations

from typing import Any, Iterable


def key_of(part: Any) -> int:
    """Return a number that is the same for a solid, face or edge in any place, unlike its hash in another shape."""
    parts = part.childShapes(False, False)
    return parts[0].hashCode() if parts else 0


def distinct(parts: Iterable[Any]) -> list[Any]:
    """Return one of each: what is another's copy in another place is left out."""
    found: dict[int, list[Any]] = {}
    for part in parts:
        alike = found.setdefault(key_of(part), [])
        if not any(part.isPartner(other) for other in alike):
            alike.append(part)
    return [part for alike in found.values() for part in alike]
