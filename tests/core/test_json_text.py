"""Reading JSON without the standard library's detours: the same values, the same errors."""

from __future__ import annotations

import json

import pytest

from cadgate.appserver.json_text import parse


@pytest.mark.parametrize("text", ['{"a": [1, 2.5, null, "\\ud83d\\ude00"]}', " [1]\n", "0", '"x"', "[1]  ", "NaN"])
def test_it_reads_what_the_standard_library_reads(text: str) -> None:
    assert repr(parse(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", ["", " ", "{", "[1] 2", '{"a": }', "\ufeff{}", "nul"])
def test_it_refuses_what_the_standard_library_refuses(text: str) -> None:
    with pytest.raises(ValueError) as expected:
        json.loads(text)
    with pytest.raises(ValueError) as found:
        parse(text)
    assert str(found.value) == str(expected.value)
