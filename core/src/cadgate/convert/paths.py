"""Finds the applications that lead from one format to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cadgate.appserver.errors import nearest
from cadgate.contract.methods import Method
from cadgate.convert.models import THUMBNAIL, FormatInfo
from cadgate.errors import UnsupportedFormat
from cadgate.plugins.hookspecs import Formats


@dataclass(frozen=True, slots=True)
class Announced:
    """An application with its formats."""

    name: str
    formats: Formats
    shows: bool
    """Whether it can draw what it has read."""

    def makes(self, source: str, target: str) -> bool:
        """Whether it makes the one of the other; a thumbnail is a target too."""
        formats = self.formats
        if source not in formats.reads:
            return False
        if target == THUMBNAIL:
            return self.shows and formats.importing is not None
        return target in formats.writes and source in formats.only_from.get(target, (source,))


@dataclass(frozen=True, slots=True)
class Leg:
    """What one application does: reads `source`, and writes `target`, which is a format or a thumbnail."""

    application: Announced
    source: str
    target: str
    factor: float = 1.0
    """What its importer must multiply lengths by, because the application before takes 1 for another length."""

    @property
    def suffix(self) -> str:
        """The suffix of the file that it writes."""
        return ".png" if self.target == THUMBNAIL else self.application.formats.writes[self.target][0]

    def methods(self) -> Iterator[Method[Any, Any]]:
        """Yield the methods that are called, in their order; a thumbnail is drawn without one."""
        formats = self.application.formats
        if formats.importing is not None:
            yield formats.importing
        if self.target != THUMBNAIL:
            yield formats.exporting


Path = tuple[Leg, ...]


class Paths:
    """All conversions between the formats of the applications that are announced."""

    def __init__(self, applications: Mapping[str, Announced]) -> None:
        self._all = [applications[name] for name in sorted(applications)]
        self._suffixes: dict[str, str] = {}
        for each in self._all:
            for table in (each.formats.reads, each.formats.writes):
                for name, suffixes in table.items():
                    self._suffixes.setdefault(f".{name}", name)
                    for suffix in suffixes:
                        self._suffixes.setdefault(suffix, name)

    # --- formats -------------------------------------------------------------------------------------------------

    def listed(self) -> list[FormatInfo]:
        """Return all formats, sorted by name."""
        return [
            FormatInfo(
                format=name,
                suffixes=[suffix for suffix, known in self._suffixes.items() if known == name],
                read_by=[each.name for each in self._all if name in each.formats.reads],
                written_by=[each.name for each in self._all if name in each.formats.writes],
                converts_to=self.reachable(name),
            )
            for name in sorted(set(self._suffixes.values()))
        ]

    def readable(self) -> list[str]:
        """Return the formats that some application reads."""
        return sorted({name for each in self._all for name in each.formats.reads})

    def named(self, word: str) -> str | None:
        """Return the format that a name or a suffix means; None if it means none."""
        word = word.strip().lower().removeprefix(".")
        return THUMBNAIL if word == THUMBNAIL else self._suffixes.get(f".{word}")

    def of_name(self, name: str) -> str | None:
        """Return the format of a file by its name, if some application reads it."""
        found = self._suffixes.get(PurePosixPath(name).suffix.lower())
        return found if found in self.readable() else None

    def reachable(self, source: str) -> list[str]:
        """Return what can be made of files of the format `source`, sorted."""
        targets = {THUMBNAIL, *(name for each in self._all for name in each.formats.writes)}
        return sorted(target for target in targets if self._best(source, target) is not None)

    # --- ways ----------------------------------------------------------------------------------------------------

    def find(self, source: str, to: str) -> Path:
        """Return the shortest path, of several the one that loses least. Raises UnsupportedFormat."""
        target = self.named(to)
        found = None if target is None else self._best(source, target)
        if found is not None:
            return found
        reachable = self.reachable(source)
        words = {suffix[1:]: name for suffix, name in self._suffixes.items() if name in reachable}
        near = nearest(to.strip().removeprefix("."), [*reachable, *words], cutoff=0.5)
        similar = list(dict.fromkeys(words.get(word, word) for word in near))
        hint = f"; did you mean {similar[0]!r}?" if similar else "."
        what = "is no format that is known here" if target is None else f"cannot be made of a {source} file here"
        choice = ", ".join(reachable) or "nothing: no application that is active reads it"
        raise UnsupportedFormat(
            f"to={to!r} {what}{hint} Of {source}, this can be made: {choice}",
            details={"to": to, "from": source, "reachable": reachable, "did_you_mean": similar},
        )

    def _best(self, source: str, target: str) -> Path | None:
        direct = [each for each in self._all if each.makes(source, target)]
        if direct:
            return (Leg(min(direct, key=lambda each: _loss(each, source, target)), source, target),)
        pairs: list[tuple[tuple[int, int], Path]] = []
        for first in self._all:
            for rank, between in enumerate(first.formats.exchange):
                for second in self._all if first.makes(source, between) else ():
                    factor = _factor(first.formats, second.formats, between)
                    if second is first or factor is None or not second.makes(between, target):
                        continue
                    losses = _loss(first, source, between) + _loss(second, between, target)
                    path = (Leg(first, source, between), Leg(second, between, target, factor))
                    pairs.append(((rank, losses), path))
        return min(pairs, key=lambda pair: pair[0])[1] if pairs else None


def _loss(application: Announced, source: str, target: str) -> int:
    lossy = application.formats.lossy
    return 2 * (source in lossy) + (target in lossy)


def _factor(first: Formats, second: Formats, between: str) -> float | None:
    """Return by what the second must multiply the lengths in a file of the first; None if it cannot hand it on."""
    if between not in second.exchange:
        return None
    factor = first.units.get(between, 1.0) / second.units.get(between, 1.0)
    return factor if factor == 1.0 or second.scale is not None else None
