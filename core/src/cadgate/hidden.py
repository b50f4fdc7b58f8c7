"""Where the gateway keeps its files is nobody's business: errors name files without the folders of the state folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

MAX_DEPTH = 12
_ROOTS: dict[str, re.Pattern[str]] = {}


def hide(folder: Path) -> None:
    """Leave this folder, and those below it, out of every error from now on."""
    for root in {str(folder), str(folder.resolve())}:
        if len(root) > 1:
            _ROOTS[root] = re.compile(re.escape(root) + r"/(?:[^\s'\"`<>|:;,/]+/)*")


def without_folders(value: Any, depth: int = 0) -> Any:
    """A message, or details of any form, with bare file names where paths of hidden folders were."""
    if isinstance(value, str):
        for root, pattern in _ROOTS.items():
            if root in value:
                value = pattern.sub("", value)
        return value
    if depth >= MAX_DEPTH:
        return value
    if isinstance(value, dict):
        return {key: without_folders(item, depth + 1) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [without_folders(item, depth + 1) for item in cast("list[Any]", value)]
    return value
