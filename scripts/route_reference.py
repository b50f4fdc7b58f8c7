"""Writes the tables of routes in docs/API.md from the routes themselves; `--check` reports whether they are current."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cadgate.config.settings import Settings
from cadgate.main import create_app

DOCUMENT = Path(__file__).parent.parent / "docs" / "API.md"
_TABLE = re.compile(r"(<!-- routes: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rows(paths: dict[str, Any], adapter: str) -> Iterator[str]:
    """Yield a row for each route of an adapter: verb, path, the first sentence of its documentation."""
    prefix = f"/api/v1/{adapter}"
    for path, verbs in paths.items():
        if path.startswith(prefix + "/"):
            for verb, operation in verbs.items():
                yield f"| `{verb.upper()} {path.removeprefix(prefix)}` | {operation['summary']} |"


def written(text: str, paths: dict[str, Any]) -> str:
    """Return the document with current tables."""

    def table(match: re.Match[str]) -> str:
        lines = ["| route | |", "| --- | --- |", *rows(paths, match[2])]
        return match[1] + "\n".join(lines) + "\n" + match[3]

    return _TABLE.sub(table, text)


def main() -> int:
    """Write, or check."""
    text = DOCUMENT.read_text()
    with tempfile.TemporaryDirectory() as folder:
        current = written(text, create_app(Settings(state_dir=Path(folder))).openapi()["paths"])
    if "--check" in sys.argv[1:]:
        if text != current:
            print(f"{DOCUMENT.name} is not current: run python scripts/route_reference.py")
        return int(text != current)
    DOCUMENT.write_text(current)
    return 0


if __name__ == "__main__":
    sys.exit(main())
