"""Collects the Markdown of the repository in one folder, as mkdocs expects it: `docs_pages.py FOLDER`.

The documents link to each other, and to source files, by their paths in the repository. In the pages, documents keep
their links, and a source file is named without a link, because it has no public address.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import cadgate.plugin

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
HOME = "index.md"
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_FENCED = re.compile(r"(^ *```.*?^ *```[^\n]*$)", re.MULTILINE | re.DOTALL)


def pages() -> dict[Path, str]:
    """Return the documents, and the path of each among the pages."""
    found = {path: path.relative_to(DOCS).as_posix() for path in sorted(DOCS.rglob("*.md"))}
    found |= {path: path.name for path in sorted(ROOT.glob("*.md"))}
    found[ROOT / "README.md"] = HOME
    for kind in ("adapters", "examples/adapters"):
        found |= {path: f"{path.parent.name}.md" for path in sorted((ROOT / kind).glob("*/README.md"))}
    return found


def relinked(text: str, document: Path, known: dict[Path, str]) -> str:
    """Return the text of a document with the links of its page."""
    here = known[document]

    def link(match: re.Match[str]) -> str:
        picture, label, target = match.groups()
        if target.startswith(("http://", "https://", "#", "mailto:")):
            return match[0]
        path, mark, anchor = target.partition("#")
        file = (document.parent / path).resolve()
        up = "../" * here.count("/")
        if file in known:
            return f"{picture}[{label}]({up}{known[file]}{mark}{anchor})"
        if file.is_relative_to(DOCS) and file.is_file():
            return f"{picture}[{label}]({up}{file.relative_to(DOCS).as_posix()})"
        return label if label.startswith("`") else f"`{file.relative_to(ROOT).as_posix()}`"

    parts = _FENCED.split(text)
    return "".join(part if part.lstrip().startswith("```") else _LINK.sub(link, part) for part in parts)


def defined_in(name: str) -> str | None:
    """Return the gateway's module that defines a public name; None for what comes from another package."""
    value = getattr(cadgate.plugin, name)
    home = re.compile(rf"^(?:class |def |async def )?{name}\b\s*[:=(\[]", re.MULTILINE)
    for module_name, module in sorted(sys.modules.items()):
        if module_name.split(".")[0] == "cadgate" and vars(module).get(name) is value:
            source = Path(str(module.__file__))
            if home.search(source.read_text(encoding="utf-8")):
                return module_name
    return None


def reference() -> str:
    """Return the page of `cadgate.plugin`: each public name with its docstring."""
    lines = [
        "# Docstrings of `cadgate.plugin`",
        "",
        "What adapters import, generated from the docstrings.",
        "[The tutorial](ADAPTERS.md) shows how they work together.",
        "The [reference](adapters/reference.md) lists them by topic.",
    ]
    for name in sorted(cadgate.plugin.__all__, key=str.lower):
        module = defined_in(name)
        text = f"::: {module}.{name}" if module else f"From `{_origin(name)}`, exported here for adapters."
        lines += ["", f"## `{name}`", "", text]
    return "\n".join(lines) + "\n"


def _origin(name: str) -> str:
    return str(getattr(getattr(cadgate.plugin, name), "__module__", "")).partition(".")[0]


def gather(folder: Path) -> None:
    """Write all pages into `folder`, which is created anew."""
    shutil.rmtree(folder, ignore_errors=True)
    known = pages()
    for document, name in known.items():
        page = folder / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(relinked(document.read_text(encoding="utf-8"), document, known), encoding="utf-8")
    shutil.copytree(DOCS / "images", folder / "images")
    (folder / "reference.md").write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    gather(Path(sys.argv[1]))
