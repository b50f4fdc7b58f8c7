"""IGES: its directory says which entities it has, and which colours."""

from __future__ import annotations

from cadgate_freecad.app.reading.found import Found

_ANNOTATIONS = range(202, 231)
_WORDS = {312: "text templates", 404: "drawings", 410: "views", 416: "references to other files"}


def look_for_losses(path: str, found: Found) -> None:
    """Count in `found` what FreeCAD drops."""
    with open(path, "rb") as file:
        data = file.read()
    directory = [line for line in data.splitlines() if line[72:73] == b"D"]
    is_colored = False
    for first, second in zip(directory[0::2], directory[1::2]):
        kind = _number(first[0:8])
        is_colored = is_colored or _number(second[16:24]) != 0
        if kind in _ANNOTATIONS:
            found.leave_out("annotations")
        elif kind in _WORDS:
            found.leave_out(_WORDS[kind])
    if is_colored:
        found.colors_lost("The IGES file has colours")


def _number(field: bytes) -> int:
    try:
        return int(field)
    except ValueError:
        return 0
