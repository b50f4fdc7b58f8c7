"""What the documents say of each other and of the code is true: links, requirement numbers, tables of routes."""

from __future__ import annotations

import re
import runpy
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tests.docs.snippets import ROOT

DOCUMENTS = sorted(
    chain(
        ROOT.glob("*.md"),
        ROOT.glob("docs/**/*.md"),
        ROOT.glob("core/*.md"),
        ROOT.glob("adapters/*/*.md"),
        ROOT.glob("examples/adapters/*/*.md"),
    )
)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_QUOTED = re.compile(r"^<!-- from: (\S+) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ +(.+)$", _FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(document: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", document.read_text())):
        if not link.startswith(("http://", "https://")):
            path, _, anchor = link.partition("#")
            target = (document.parent / path).resolve() if path else document
            assert target.exists(), f"{document.name} links to {link}"
            assert not anchor or anchor in anchors(target), f"{document.name} links to {link}"


def test_the_status_table_tells_of_every_requirement_once() -> None:
    table = "".join(line for line in (ROOT / "docs" / "STATUS.md").read_text().splitlines(True) if line.startswith("|"))
    told: list[int] = []
    for first, last in re.findall(r"S3-(\d{3})(?:…S3-(\d{3}))?", table):
        told.extend(range(int(first), int(last or first) + 1))
    assert told == list(range(1, 136))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_code_that_is_shown_as_that_of_a_file_stands_there(document: str) -> None:
    quoted = _QUOTED.findall((ROOT / document).read_text())
    assert quoted
    for name, text in quoted:
        source = (ROOT / name).read_text()
        for part in re.split(r"\n{2,}", text.strip()):
            assert f"\n{part}\n" in source, f"{document} shows what is not in {name}:\n{part}"


def test_the_guide_lists_the_routes_that_there_are(shipped: dict[str, Any]) -> None:
    written = runpy.run_path(str(ROOT / "scripts" / "route_reference.py"))["written"]
    text = (ROOT / "docs" / "API.md").read_text()
    assert text == written(text, shipped["paths"]), "run scripts/route_reference.py"
