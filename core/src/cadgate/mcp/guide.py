"""The guide for agents: a few short pages, which come with the package and need no internet."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from cadgate.appserver.errors import nearest

_WORD = re.compile(r"[a-z0-9_]+")
_ORDER = ("start", "errors", "files", "sessions")
"""The pages that come first, in this order."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page; its name is that of its file."""

    name: str
    text: str

    @property
    def summary(self) -> str:
        """The page's heading."""
        return self.text.partition("\n")[0].lstrip("# ").partition(": ")[2]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page, below one heading or of one list item."""

    page: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Guide:
    """All pages, in a fixed order."""

    pages: tuple[Page, ...]

    @staticmethod
    @functools.cache
    def read() -> Guide:
        """Return the guide that comes with this package."""
        folder = resources.files("cadgate.mcp") / "pages"
        names = sorted(one.name.removesuffix(".md") for one in folder.iterdir() if one.name.endswith(".md"))
        names.sort(key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
        return Guide(tuple(Page(name, (folder / f"{name}.md").read_text("utf-8")) for name in names))

    @property
    def names(self) -> list[str]:
        """The names of all pages."""
        return [page.name for page in self.pages]

    def page(self, name: str) -> Page | None:
        """Return the page of this name."""
        wanted = name.removesuffix(".md").rpartition("/")[2]
        return next((page for page in self.pages if page.name == wanted), None)

    def nearest(self, name: str) -> list[str]:
        """Return the pages that `name` may mean."""
        return nearest(name, self.names, cutoff=0.5) or self.names[:3]

    def search(self, query: str, most: int = 5) -> list[Section]:
        """Return the sections that hold most of the words of `query`."""
        words = set(_WORD.findall(query.lower()))
        found: list[tuple[int, int, Section]] = []
        for number, section in enumerate(_sections(self.pages)):
            own = set(_WORD.findall(section.text.lower()))
            count = sum(any(one.startswith(word) for one in own) for word in words)
            if count:
                found.append((-count, number, section))
        return [section for _, _, section in sorted(found, key=lambda one: one[:2])[:most]]


def _sections(pages: tuple[Page, ...]) -> Iterator[Section]:
    for page in pages:
        title = page.text.partition("\n")[0].lstrip("# ")
        for part in re.split(r"\n(?=#|\d+\. |- |\| `)|\n\n", page.text):
            text = part.strip()
            if text.startswith("#"):
                title = text.partition("\n")[0].lstrip("# ")
            if text:
                yield Section(page.name, title, text)
