"""What a reader found in a file: the items, and a count of what could not be imported."""

from __future__ import annotations

from typing import Any, Iterable

from cadgate_freecad.app.items import Item
from cadgate_freecad.app.reading.text import decode


class Found:
    """Collects the contents of one file. `stem` is the file's name without suffix: the label of nameless items."""

    def __init__(self, stem: str) -> None:
        self.stem = stem
        self.items: list[Item] = []
        self.warnings: list[dict[str, str]] = []
        self.has_colors = False
        """Of a STEP file, whose colours the reader gives to the items."""
        self._left_out: dict[str, int] = {}
        self._guessed: dict[str, str] = {}

    def add(self, base: str, label: str, *, shape: Any | None = None, mesh: Any | None = None) -> None:
        self.items.append(Item(base, label or self.stem, shape, mesh))

    def warn(self, code: str, message: str) -> None:
        self.warnings.append({"code": code, "message": message})

    def leave_out(self, what: str, count: int = 1) -> None:
        """Count things called `what` that are not imported; `finish` reports all of them in one warning."""
        if count:
            self._left_out[what] = self._left_out.get(what, 0) + count

    def colors_lost(self, what: str) -> None:
        self.warn("colors_lost", f"{what}, which are not imported: the objects have no colours")

    def names(self, raw: Iterable[bytes]) -> dict[bytes, str]:
        """Return names of the file as text; if their encoding was guessed, one for all, a warning will say so."""
        each_once = list(dict.fromkeys(raw))
        _, encoding = decode(b"\n".join(each_once))
        if encoding is None:
            return {each: each.decode("utf-8") for each in each_once}
        texts = {each: each.decode(encoding, "replace") for each in each_once}
        self.guessed([text for text in texts.values() if not text.isascii()], encoding)
        return texts

    def guessed(self, names: Iterable[str], encoding: str) -> None:
        for each in names:
            self._guessed[each] = encoding

    def finish(self) -> Found:
        """Turn the counts into warnings."""
        if self._left_out:
            listed = ", ".join(f"{count} {what}" for what, count in sorted(self._left_out.items()))
            self.warn("left_out", f"These contents of the file were not imported: {listed}")
        if self._guessed:
            encodings = ", ".join(sorted(set(self._guessed.values())))
            some = ", ".join(repr(each) for each in list(self._guessed)[:5])
            self.warn(
                "label_changed",
                f"The file has names that are not UTF-8; they were read as {encodings}, which is a guess: {some}",
            )
        return self
