"""The code in the documents works: every marked block is run, in order, against a real gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.snippets import ROOT, Block, Reader, agrees, blocks_of
from tests.gateway import Gateway

OWN_TESTS = {"ADAPTERS.md", "PROTOCOL.md"}
"""These need more than a gateway: test_adapters_document.py, test_protocol_document.py."""

DOCUMENTS = [
    document
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if document.name not in OWN_TESTS and "<!-- run -->" in document.read_text()
]


def clear(gateway: Gateway) -> None:
    """Begin as a reader does: with an empty scene and no document."""
    with gateway.client("/api/v1") as client:
        assert client.delete("/blender/scene").status_code == 200
        for document in client.get("/freecad/documents").json()["result"]["documents"]:
            assert client.delete(f"/freecad/documents/{document['name']}").status_code == 200


@pytest.mark.timeout(300)
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_runnable_block_of_a_document_does_what_it_shows(
    document: Path, gateway: Gateway, tmp_path: Path, long_form: bool
) -> None:
    clear(gateway)
    Reader(tmp_path / "reader", gateway.url.removeprefix("http://"), large=long_form).read(blocks_of(document))


def test_the_guide_and_the_readme_are_among_the_documents_that_run() -> None:
    assert {"README.md", "API.md"} <= {document.name for document in DOCUMENTS}


@pytest.mark.parametrize(
    "text",
    [
        """printf '{"status":"error","error":{}}' >scene.png""",
        "printf 'GIF89a' >scene.png",
        """printf '{"status":"error"}' >x""",
    ],
)
def test_an_error_that_is_stored_in_a_file_is_noticed(tmp_path: Path, text: str) -> None:
    good = Block("run", "", "bash", r"printf '\x89PNG\r\n' >good.png", "DOC.md:1")
    Reader(tmp_path / "good", "127.0.0.1:1").read([good])
    with pytest.raises(AssertionError, match=r"DOC\.md:2 wrote"):
        Reader(tmp_path / "bad", "127.0.0.1:1").read([Block("run", "", "bash", text, "DOC.md:2")])


@pytest.mark.parametrize(
    ("shown", "printed", "language", "same"),
    [
        ('{"a": 1, "…": "…"}', '{"a":1,"b":2}', "json", True),
        ('{"a": 1}', '{"a":1,"b":2}', "json", False),
        ('{"a": [1, "…"]}', '{"a":[1.0,2]}', "json", True),
        ('{"a": "/x/…"}', '{"a":"/y/1"}', "json", False),
        ("1", "true", "json", False),
        ("up …\n…\nend", "up 1\n2\n3\nend\n", "text", True),
        ("up …\nend", "up 1\n2\nend\n", "text", False),
    ],
)
def test_shown_output_is_compared_as_a_reader_would(shown: str, printed: str, language: str, same: bool) -> None:
    assert agrees(shown, printed, language) is same
