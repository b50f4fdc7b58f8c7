"""STEP: makes deviating files readable for OpenCASCADE, and finds what FreeCAD drops."""

from __future__ import annotations

import re

from cadgate_freecad.app.reading.found import Found
from cadgate_freecad.app.reading.text import guess

_BEGIN = re.compile(rb"ISO-10303-21\s*;")
_END = re.compile(rb"END-ISO-10303-21\s*;")
_HIGH = re.compile(rb"'(?:[^']|'')*[\x80-\xff](?:[^']|'')*'")
_COLOR = re.compile(rb"=\s*\(?[^;']*?\b(?:COLOUR_RGB|DRAUGHTING_PRE_DEFINED_COLOUR)\s*\(")
_REFERENCES = (b"DOCUMENT", b"EXTERNAL", b"IDENTIFICATION")
"""Names of the entities that may refer to other files."""
_STYLED = re.compile(rb"\b(?:(?:CONTEXT_DEPENDENT_)?OVER_RIDING_)?STYLED_ITEM\s*\(")
_LEFT_OUT: list[tuple[str, bytes]] = [
    ("dimensions", rb"(?:DIMENSIONAL|ANGULAR)_(?:SIZE|LOCATION)(?:_WITH_PATH)?"),
    (
        "tolerances",
        rb"(?:\w+_TOLERANCE_WITH_\w+|(?:ANGULARITY|CIRCULAR_RUNOUT|COAXIALITY|CONCENTRICITY|CYLINDRICITY|FLATNESS|"
        rb"GEOMETRIC|LINE_PROFILE|PARALLELISM|PERPENDICULARITY|POSITION|ROUNDNESS|STRAIGHTNESS|SURFACE_PROFILE|"
        rb"SYMMETRY|TOTAL_RUNOUT)_TOLERANCE)",
    ),
    ("datums", rb"DATUM"),
    ("annotations", rb"(?:(?:TESSELLATED_)?ANNOTATION_(?:\w+_)?OCCURRENCE|DRAUGHTING_CALLOUT)"),
    ("tessellated shapes", rb"TESSELLATED_(?:SOLID|SHELL)|COMPLEX_TRIANGULATED_FACE|TRIANGULATED_FACE"),
    ("references to other files", rb"DOCUMENT_FILE"),
]


def is_begin(head: bytes) -> bool:
    """Return whether a file with this head is STEP, possibly after a byte order mark or comments."""
    start = head[3:] if head.startswith(b"\xef\xbb\xbf") else head
    start = re.sub(rb"\A(?:\s|\0|/\*.*?\*/)+", b"", start, flags=re.DOTALL)
    return _BEGIN.match(start) is not None


def is_whole(tail: bytes) -> bool:
    return _END.search(tail) is not None


def prepare(path: str, found: Found) -> bytes | None:
    """Return the file as OpenCASCADE can read it, None if it already is. Losses and guesses go to `found`."""
    with open(path, "rb") as file:
        data = file.read()
    begin, ends = _BEGIN.search(data), list(_END.finditer(data))
    changed = data
    if begin is not None and ends:
        body = data[begin.end() : ends[-1].start()]
        names: list[str] = []
        body = _escaped(_without_references(body), found, names)
        changed = b"ISO-10303-21;" + body + b"END-ISO-10303-21;\n"
    _look_for_losses(data, found)
    return None if changed.strip() == data.strip() and data.startswith(b"ISO") else changed


def _without_references(body: bytes) -> bytes:
    """Remove the names of other files from the entities: OpenCASCADE would read these files wherever they are."""
    if not _refers(body):
        return body
    pieces = _without_comments(body).split(b"'")
    blank = False
    for index, piece in enumerate(pieces):
        if index % 2 == 1:  # a text
            pieces[index] = b"" if blank else piece
            continue
        _, end, entity = piece.rpartition(b";")
        blank = _refers(entity) or (blank and not end)
    return b"'".join(pieces)


def _refers(text: bytes) -> bool:
    text = text.upper()
    return any(word in text for word in _REFERENCES)


def _without_comments(body: bytes) -> bytes:
    """Remove comments, which may hold quotation marks; inside strings there are no comments."""
    kept: list[bytes] = []
    start = place = 0
    quoted = False
    while (found := body.find(b"/*", place)) >= 0:
        quoted ^= body.count(b"'", place, found) % 2 == 1
        place = found + 2
        if not quoted:
            kept.append(body[start:found])
            end = body.find(b"*/", place)
            start = place = len(body) if end < 0 else end + 2
    return b" ".join([*kept, body[start:]])


def _escaped(body: bytes, found: Found, names: list[str]) -> bytes:
    """Letters beyond ASCII as `\\X2\\`, which every reader knows; what they are is guessed where they are no UTF-8."""
    if body.isascii():
        return body
    strings = b" ".join(match[0] for match in _HIGH.finditer(body))
    encoding = "utf-8"
    try:
        strings.decode("utf-8")
    except UnicodeDecodeError:
        encoding = guess(strings)

    def escape(match: re.Match[bytes]) -> bytes:
        text = match[0].decode(encoding, "replace")
        if encoding != "utf-8":
            names.append(text[1:-1])
        return _escape_letters(text)

    body = _HIGH.sub(escape, body)
    if encoding != "utf-8":
        found.guessed(names, encoding.upper())
    # Bytes elsewhere, in comments, mean nothing.
    return body if body.isascii() else re.sub(rb"[\x80-\xff]", b"?", body)


_LETTERS = re.compile("[^\x00-\x7f]+")


def _escape_letters(text: str) -> bytes:
    def escape(match: re.Match[str]) -> str:
        wide = max(match[0]) > "\uffff"
        codec = "utf-32-be" if wide else "utf-16-be"
        return f"\\X{4 if wide else 2}\\{match[0].encode(codec).hex().upper()}\\X0\\"

    return _LETTERS.sub(escape, text).encode("ascii")


def _look_for_losses(data: bytes, found: Found) -> None:
    found.has_colors = bool(_STYLED.search(data) and _COLOR.search(data))
    for what, pattern in _LEFT_OUT:
        if (count := _entities(data, pattern)) > 0:
            found.leave_out(what, count)


def _entities(data: bytes, pattern: bytes) -> int:
    return len(re.findall(rb"=\s*\(?\s*(?:" + pattern + rb")\s*\(", data))
