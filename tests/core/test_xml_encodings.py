"""XML from outside in an encoding that does not exist is unsound, as any XML that cannot be read is."""

from __future__ import annotations

import io

import pytest

from cadgate.appserver import scrutiny


@pytest.mark.parametrize("encoding", ["utf--1", "x", "utf-1000", "rot13", "punycode", "base64"])
def test_an_encoding_that_cannot_be_read_is_unsound(encoding: str) -> None:
    with pytest.raises(scrutiny.Unsound, match="cannot be read"):
        scrutiny.require_plain_xml(io.BytesIO(f'<?xml version="1.0" encoding="{encoding}"?><model/>'.encode()))


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "us-ascii", "iso-8859-1"])
def test_usual_encodings_are_read(encoding: str) -> None:
    scrutiny.require_plain_xml(io.BytesIO(f'<?xml version="1.0" encoding="{encoding}"?><model/>'.encode()))
