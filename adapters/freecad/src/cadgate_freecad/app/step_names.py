"""Names in STEP and IGES files: written so that every reader understands them, and read back without OpenCASCADE.

OpenCASCADE writes bytes of UTF-8 into STEP, which most readers show as other letters, and drops what is not Latin-1
from IGES. So STEP is written with tokens, which this module replaces by the names in the standard's own encoding.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Sequence

_TOKEN = "CadgateName%dEnd"
_OTHER = re.compile("[^ -~]+")
_RUN = re.compile("[\U00010000-\U0010ffff]+|[^\U00010000-\U0010ffff]+")
_WORD = re.compile(rb"'(\w+)'")
_STRING = rb"'((?:[^']|'')*)'"
_PRODUCT = re.compile(rb"\bPRODUCT\s*\(\s*" + _STRING + rb"\s*,\s*" + _STRING)
_ESCAPED = re.compile(r"\\X2\\((?:[0-9A-Fa-f]{4})*)\\X0\\|\\X4\\((?:[0-9A-Fa-f]{8})*)\\X0\\|\\(\\)|'(')")


def token(number: int) -> str:
    """Return the token for the name of the object with this number while the file is written."""
    return _TOKEN % number


def put_names(path: str, names: dict[str, str]) -> None:
    """Replace the strings of a STEP file that are keys of `names`."""
    with open(path, "rb") as file:
        data = file.read()
    coded = {key.encode(): encode(name).encode("ascii") for key, name in names.items()}
    data = _WORD.sub(lambda found: b"'" + coded.get(found[1], found[1]) + b"'", data)
    with open(path, "wb") as file:
        file.write(data)


_WRAPPER = b"objects of a document"
"""The description of the product that FreeCAD adds above several objects: it is no part of the tree."""


def mark_wrapper(path: str, name: str) -> None:
    """Describe the product `name` as the one above all objects."""
    with open(path, "rb") as file:
        data = file.read()
    coded = re.escape(name.encode())
    data = re.sub(
        rb"(\bPRODUCT\s*\(\s*'" + coded + rb"'\s*,\s*'" + coded + rb"'\s*,\s*')'", rb"\1" + _WRAPPER + b"'", data
    )
    with open(path, "wb") as file:
        file.write(data)


_WHEN = re.compile(rb"(FILE_NAME\s*\(\s*'(?:[^']|'')*'\s*,\s*')[^']*'")
_USAGE = re.compile(rb"NEXT_ASSEMBLY_USAGE_OCCURRENCE\s*\(\s*'\d+'((?:[^';]|'[^']*')*;)")
_BREAK = re.compile(rb"\n *")


def forget_when(path: str) -> None:
    """Replace the time, and numbers that FreeCAD counts up: the same objects give the same bytes.

    OpenCASCADE breaks a line where it gets too long, also by a longer number.
    """
    with open(path, "rb") as file:
        data = file.read()
    data = _WHEN.sub(rb"\g<1>1970-01-01T00:00:00'", data, count=1)
    count = iter(range(1, len(data)))
    data = _USAGE.sub(
        lambda found: b"NEXT_ASSEMBLY_USAGE_OCCURRENCE('%d'" % next(count) + _BREAK.sub(b"", found[1]), data
    )
    with open(path, "wb") as file:
        file.write(data)


def has_wrapper(path: str) -> bool:
    with open(path, "rb") as file:
        return b"'" + _WRAPPER + b"'" in file.read()


def encode(text: str) -> str:
    """Encode as a string of ISO 10303-21, without quotes: ASCII, the rest as UCS-2 or UCS-4 in hexadecimal digits."""

    def one(found: re.Match[str]) -> str:
        coded = ""
        for run in _RUN.findall(found[0]):
            wide = ord(run[0]) > 0xFFFF
            digits = run.encode("utf-32-be" if wide else "utf-16-be", "replace").hex().upper()
            coded += f"\\X{4 if wide else 2}\\{digits}\\X0\\"
        return coded

    return _OTHER.sub(one, text.replace("\\", "\\\\").replace("'", "''"))


def decode(data: bytes) -> str:
    """Decode a string of ISO 10303-21; line breaks within a string do not count."""

    def one(found: re.Match[str]) -> str:
        if found[1] is not None:
            return bytes.fromhex(found[1]).decode("utf-16-be", "replace")
        if found[2] is not None:
            return bytes.fromhex(found[2]).decode("utf-32-be", "replace")
        return found[3] or found[4]

    text = data.decode("utf-8", "replace").replace("\r", "").replace("\n", "")
    return _ESCAPED.sub(one, text)


def products(path: str) -> Counter[str]:
    """Count how often each name is a product's in a STEP file."""
    with open(path, "rb") as file:
        return Counter(decode(found[2]) for found in _PRODUCT.finditer(file.read()))


def missing_products(path: str, labels: Sequence[str]) -> list[str]:
    """Return the labels for which the STEP file has no product, or fewer products than objects."""
    return sorted((Counter(labels) - products(path)).elements())


def ascii_name(label: str) -> str:
    """Return the label as IGES can hold it: printable ASCII, `?` for anything else."""
    return re.sub("[^ -~]", "?", label)


def missing_iges_names(path: str, labels: Sequence[str]) -> list[str]:
    """Return the labels that no name property in the IGES file's parameter section has."""
    with open(path, "rb") as file:
        lines = [line.rstrip(b"\r\n") for line in file]
    text = b"".join(line[:64] for line in lines if line[72:73] == b"P")
    return [label for label in labels if f"406,1,{len(label)}H{label}".encode("ascii") not in text]
