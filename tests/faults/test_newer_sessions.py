"""A session that a newer version of its application wrote is refused at the start, and stays as it was left."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tests.gateway import Gateway, eventually


def contents(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_a_session_of_a_newer_freecad_is_unavailable_and_stays_as_it_was(own_gateway: Gateway) -> None:
    own_gateway.start()
    with own_gateway.client("/api/v1/freecad") as freecad:
        assert freecad.post("/documents", json={"name": "Kept"}).status_code == 201
        assert freecad.post("/primitives/box", json={"name": "Part"}).status_code == 201
    own_gateway.stop()
    journal = own_gateway.state_dir / "sessions" / "freecad" / "journal"
    record = journal / "application"
    wrote = record.read_text()
    assert wrote.startswith("FreeCAD ")
    record.write_text("FreeCAD 99.1.0\n")
    before = contents(journal)

    def refusal() -> dict[str, Any] | None:
        told = own_gateway.health("freecad")
        error: dict[str, Any] | None = told.get("error")
        return error if error is not None and error["details"].get("state") == "unavailable" else None

    own_gateway.start(ready=False)
    error = eventually(refusal, seconds=60, what="the refusal")
    assert "was last written by FreeCAD 99.1.0, and this is FreeCAD" in error["message"]
    assert "FreeCAD 99.1 or newer" in error["details"]["remedy"]
    with own_gateway.client("/api/v1") as client:
        assert client.get("/freecad/objects").status_code == 503
        assert client.get("/blender/objects").status_code in (200, 503)  # the other one starts, or is up
    own_gateway.stop()
    assert contents(journal) == before

    record.write_text(wrote)
    own_gateway.start()
    with own_gateway.client("/api/v1/freecad") as freecad:
        assert [each["name"] for each in freecad.get("/objects").json()["result"]["objects"]] == ["Part"]
