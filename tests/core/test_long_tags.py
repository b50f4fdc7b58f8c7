"""XML that is one endless tag is refused after its beginning: parsers read such a tag again with every chunk."""

from __future__ import annotations

import io

import pytest

from cadgate.appserver import scrutiny

pytestmark = pytest.mark.security

MEBI = 1 << 20


@pytest.mark.parametrize("start", [b"", b"<a b='", b"<a><b c='", b"<!--", b"<a><?x ", b"<a>&", b"<"])
def test_a_tag_without_an_end_is_refused_after_its_beginning(start: bytes) -> None:
    file = io.BytesIO(start + b"x" * (64 * MEBI))
    with pytest.raises(scrutiny.Unsound, match=r"more than 16777216 bytes|cannot be read"):
        scrutiny.require_plain_xml(file)
    assert file.tell() <= 18 * MEBI


@pytest.mark.parametrize(
    "text",
    [
        b"<a>" + b"x" * (40 * MEBI) + b"</a>",
        b"<a><![CDATA[" + b"x" * (40 * MEBI) + b"]]></a>",
        b"<a>" + b"<b/>" * (6 * MEBI) + b"</a>",
        b"<a b='" + b"x" * (10 * MEBI) + b"'/>",
    ],
    ids=["text", "cdata", "many tags", "a long attribute"],
)
def test_long_text_and_many_tags_are_read(text: bytes) -> None:
    scrutiny.require_plain_xml(io.BytesIO(text))


def test_a_doctype_is_named_as_such() -> None:
    with pytest.raises(scrutiny.Unsound, match=r"^holds XML with a DOCTYPE"):
        scrutiny.require_plain_xml(io.BytesIO(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"))
