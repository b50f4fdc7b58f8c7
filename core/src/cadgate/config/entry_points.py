"""Finds the entry points of installed adapters, in the packages' metadata, without importing anything."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions

from packaging.utils import canonicalize_name

ENTRY_POINT_GROUP = "cadgate.adapters"

log = logging.getLogger("cadgate.plugins")


@dataclass(frozen=True, slots=True)
class Announced:
    """One entry point and its package. If `times` is above 1, the package lists the name repeatedly."""

    name: str
    package: str
    version: str | None
    point: EntryPoint
    times: int = 1

    def __str__(self) -> str:
        return f"{self.package} {self.version or '(no version)'}"


def announced() -> list[Announced]:
    """Return every adapter of an installed package, sorted by name, then package.

    A package whose metadata cannot be read is logged and skipped: `importlib.metadata.entry_points()` would raise for
    all of them.
    """
    found: dict[tuple[str, str], Announced] = {}
    seen: set[str] = set()
    for distribution in distributions():
        try:
            # Most packages have none: their metadata need not be read.
            points = [point for point in distribution.entry_points if point.group == ENTRY_POINT_GROUP]
            package = (_written(distribution, "Name") or "") if points else ""
            # Imports find the first one on sys.path; a second copy further down has no effect.
            if not package or canonicalize_name(package) in seen:
                continue
            seen.add(canonicalize_name(package))
            version = _written(distribution, "Version")
        except Exception as error:  # noqa: BLE001 - foreign metadata, in any state
            log.warning("the metadata of an installed package cannot be read: %r", error)
            continue
        for point in points:
            key = (point.name, package)
            times = found[key].times + 1 if key in found else 1
            found[key] = Announced(point.name, package, version, point, times)
    return [found[key] for key in sorted(found)]


def _written(distribution: Distribution, name: str) -> str | None:
    """Return what the metadata say, if anything. What is missing is deprecated to ask for, from Python 3.12."""
    metadata = distribution.metadata
    return str(metadata[name]) or None if name in metadata else None


def announced_names() -> tuple[str, ...]:
    """Return the names of all installed adapters."""
    return tuple(sorted({one.name for one in announced()}))
