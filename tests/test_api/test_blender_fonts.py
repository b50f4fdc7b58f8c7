"""Fonts over HTTP: brought in from files, used by texts, kept, deleted."""

from __future__ import annotations

import importlib
import os
import signal
from io import BytesIO
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway, eventually
from tests.test_api.conftest import is_another


def font(name: str = "Blocks", *, suffix: str = "ttf") -> tuple[str, bytes]:
    """A font in which the letter A is a square with the height of a line, and nothing else is there."""
    builder: Any = importlib.import_module("fontTools.fontBuilder")
    pens: Any = importlib.import_module("fontTools.pens.ttGlyphPen")
    made = builder.FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder([".notdef", "A"])
    made.setupCharacterMap({65: "A"})
    glyphs: dict[str, Any] = {}
    for glyph, wide in ((".notdef", 0), ("A", 1000)):
        pen = pens.TTGlyphPen(None)
        if wide:
            pen.moveTo((0, 0))
            for point in ((0, 1000), (wide, 1000), (wide, 0)):
                pen.lineTo(point)
            pen.closePath()
        glyphs[glyph] = pen.glyph()
    made.setupGlyf(glyphs)
    made.setupHorizontalMetrics({".notdef": (1000, 0), "A": (1000, 0)})
    made.setupHorizontalHeader(ascent=1000, descent=0)
    made.setupNameTable({"familyName": name, "styleName": "Regular"})
    made.setupOS2(sTypoAscender=1000, usWinAscent=1000)
    made.setupPost()
    file = BytesIO()
    made.save(file)
    return f"{name.lower()}.{suffix}", file.getvalue()


def add(client: httpx.Client, name: str = "Blocks") -> dict[str, Any]:
    answer = client.post("/fonts", files={"file": font(name)})
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def sizes(client: httpx.Client, name: str) -> Any:
    return client.get(f"/objects/{name}").json()["result"]["dimensions"]


def test_a_text_is_drawn_in_a_font_from_a_file(blender: httpx.Client, gateway: Gateway) -> None:
    made = add(blender)
    assert (made["name"], made["users"]) == ("Blocks Regular", 0)
    text = {"text": "AAA", "size": 2, "font": made["name"]}
    assert blender.post("/primitives/text", json={"name": "Sign", **text}).status_code == 201
    wide, high, _ = sizes(blender, "Sign")
    assert wide / high == pytest.approx(3, rel=1e-3)
    assert blender.get("/fonts/Blocks Regular").json()["result"]["users"] == 1
    refused = blender.delete("/fonts/Blocks Regular")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    # The file is in the scene, and is there again after a death.
    pid = gateway.application_pid("blender")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: is_another(gateway.health("blender").get("result", {}), pid), what="another Blender")
    assert sizes(blender, "Sign") == pytest.approx([wide, high, 0])
    assert evaluate(gateway, "bpy.data.fonts['Blocks Regular'].packed_file is not None")
    assert blender.delete("/objects/Sign").status_code == 200
    assert blender.delete("/fonts/Blocks Regular").json()["result"]["deleted"] == "Blocks Regular"


def test_an_artifact_is_a_font_as_an_upload_is_and_undo_takes_it_back(
    blender: httpx.Client, http: httpx.Client
) -> None:
    kept = http.post("/api/v1/artifacts", files={"file": font("Other")}).json()["result"]
    answer = blender.post("/fonts", json={"artifact": kept["id"]})
    assert answer.status_code == 201, answer.text
    assert answer.json()["result"]["name"] == "Other Regular"
    again = blender.post("/fonts", json={"artifact": kept["id"]}).json()["result"]
    assert (again["name"], [each["code"] for each in again["warnings"]]) == ("Other Regular.001", ["renamed"])
    for _ in range(2):
        assert blender.post("/undo", json={}).json()["result"]["undone"] == "fonts.add"
    names = {each["name"] for each in blender.get("/fonts").json()["result"]["fonts"]}
    assert not {"Other Regular", "Other Regular.001"} & names


def test_what_is_no_font_says_so(blender: httpx.Client) -> None:
    for name, content in (("a.png", b"\x89PNG"), ("a.ttf", b"no font"), ("a.ttf", b"\0\1\0\0" + b"x" * 400)):
        answer = blender.post("/fonts", files={"file": (name, content)})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unsupported_format"), answer.text
    answer = blender.post("/primitives/text", json={"text": "A", "font": "Nothing"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "font_not_found")
    assert blender.get("/fonts/Nothing").status_code == 404
    assert blender.delete("/fonts/Nothing").status_code == 404
