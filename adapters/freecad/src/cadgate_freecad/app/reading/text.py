"""Decodes names in files without a declared encoding: UTF-8 if valid, else the likeliest other encoding."""

from __future__ import annotations

import re

_HIGH = re.compile(rb"[\x80-\xff]+")
_HANZI = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe])+\Z")
_COMMON = range(0xB0, 0xD8)
"""First bytes of the 3,755 common characters of GB 2312; letters with accents are mostly above."""
_INSIDE_A_WORD = re.compile(rb"[a-z][\x80-\xff]{2}[a-z]")
_KANJI = re.compile(rb"(?:[\x81-\x9f\xe0-\xef][\x40-\x7e\x80-\xfc]|[\xa1-\xdf]|[\x00-\x7f])+\Z")


def decode(raw: bytes) -> tuple[str, str | None]:
    """Return the text, and the encoding if it had to be guessed (None for ASCII and UTF-8)."""
    try:
        return raw.decode("utf-8"), None
    except UnicodeDecodeError:
        encoding = guess(raw)
        return raw.decode(encoding, "replace"), encoding.upper()


def guess(raw: bytes) -> str:
    """Guess the encoding of bytes that are not UTF-8.

    Bytes above 127 in pairs that are common characters are Chinese (GB 18030); single ones are letters with accents
    (Windows-1252, which includes Latin-1), whole words of them are Cyrillic (Windows-1251); bytes that begin below 0xA1
    and pair with ASCII are Japanese. The more names are considered together, the better the guess.
    """
    runs = _HIGH.findall(raw)
    if runs and all(_HANZI.match(run) for run in runs) and not _INSIDE_A_WORD.search(raw):
        first = [run[place] for run in runs for place in range(0, len(run), 2)]
        if 2 * sum(each in _COMMON for each in first) > len(first):
            return "gb18030"
    if any(run[0] < 0xA1 for run in runs) and _KANJI.match(raw):
        try:
            text = raw.decode("cp932")
        except UnicodeDecodeError:
            text = ""
        if sum("\u3040" <= each <= "\u9fff" for each in text) * 2 >= len(runs):
            return "cp932"
    if any(len(run) > 3 or (len(run) == 3 and sum(each >= 0xE0 for each in run) > 1) for run in runs):
        return "cp1251"
    try:
        raw.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"
