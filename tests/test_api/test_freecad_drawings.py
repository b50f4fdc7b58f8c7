"""Drawings: every number is the model's, they follow it, name what is gone, and other programs read the files."""

from __future__ import annotations

import io
import re
from importlib import import_module
from typing import Any, cast
from xml.etree import ElementTree

import httpx
import pytest

from tests.freecad_calls import get, patch, post, refused

ezdxf = cast("Any", import_module("ezdxf"))


@pytest.fixture
def flange(freecad: httpx.Client) -> httpx.Client:
    """A disc of 100 mm with a bore of 30 and six holes of 9 mm."""
    post(freecad, "/primitives/cylinder", name="Disc", radius=50, height=12)
    post(freecad, "/primitives/cylinder", name="Bore", radius=15, height=12)
    post(freecad, "/primitives/cylinder", name="Bolt", radius=4.5, height=12, location=[38, 0, 0])
    post(freecad, "/features/polar_pattern", object="Bolt", name="Bolts", count=6)
    post(freecad, "/boolean/subtract", objects=["Disc", "Bore", "Bolts"], name="Flange", label="Flansch")
    return freecad


def fetch(freecad: httpx.Client, name: str, format: str) -> bytes:
    made = post(freecad, "/export", format=format, objects=[name])
    return freecad.get(f"../artifacts/{made['artifact']['id']}").content


def values(info: dict[str, Any]) -> dict[str, float]:
    return {each["text"]: each["value"] for each in info["dimensions"]}


def test_automatic_dimensions_are_the_model_s_and_follow_it(flange: httpx.Client) -> None:
    made = post(flange, "/drawings", name="Sheet", objects=["Flange"], title={"title": "Flange DN 30"})
    assert [each["view"] for each in made["views"]] == ["front", "top", "right", "iso"]
    assert values(made) == {
        "100": 100,
        "12": 12,
        "Ø100": 100,
        "Ø30": 30,
        "Ø9": 9,
    }
    inside = [each["rectangle"] for each in made["views"]]
    assert all(x > 10 and y > 10 and x + w < 410 and y + h < 287 for x, y, w, h in inside)
    patch(flange, "Bore", properties={"Radius": 16})
    assert "Ø32" in values(get(flange, "/drawings/Sheet"))
    before = get(flange, "/drawings/Sheet")
    patched = flange.patch("/drawings/Sheet", json={"sheet": "A1", "projection": "third"}).json()["result"]
    assert (patched["sheet"], patched["scale"] > before["scale"]) == ("A1", True)
    assert flange.post("/undo").status_code == 200
    assert get(flange, "/drawings/Sheet") == before
    assert flange.delete("/drawings/Sheet").json()["result"]["deleted"] == "Sheet"
    refused(flange.get("/drawings/Sheet"), "object_not_found", 404)


def test_drawings_are_listed(flange: httpx.Client) -> None:
    assert flange.get("/drawings").json()["result"] == {"drawings": [], "total": 0}
    made = post(flange, "/drawings", name="Sheet", objects=["Flange"], views=["top"], sheet="A2", title={"title": "F"})
    fields = ("name", "label", "revision", "objects", "sheet", "title")
    assert flange.get("/drawings").json()["result"] == {"drawings": [{key: made[key] for key in fields}], "total": 1}


def test_a_pdf_has_one_page_and_its_text(flange: httpx.Client) -> None:
    post(flange, "/drawings", name="Sheet", objects=["Flange"], title={"title": "Flange (Größe 1)"})
    data = fetch(flange, "Sheet", "pdf")
    assert data.startswith(b"%PDF-1.4")
    assert data.count(b"/Type /Page ") == 1
    text = data.decode("cp1252", "replace")
    shown = [each.replace("\\(", "(").replace("\\)", ")") for each in re.findall(r"\(((?:[^()\\]|\\.)*)\) Tj", text)]
    assert {"Flange (Größe 1)", "Ø30", "Ø9", "12", "scale", "1:1"} <= set(shown)
    assert fetch(flange, "Sheet", "pdf") == data


def test_dxf_and_svg_have_their_layers_and_lines_at_scale(flange: httpx.Client) -> None:
    made = post(flange, "/drawings", name="Sheet", objects=["Flange"], views=["top"], scale=1)
    [drawn] = made["views"]
    document = ezdxf.read(io.StringIO(fetch(flange, "Sheet", "dxf").decode("cp1252")))
    assert document.audit().errors == []
    assert {"VISIBLE", "HIDDEN", "CENTER", "DIMENSIONS", "FRAME"} <= {layer.dxf.name for layer in document.layers}
    lines = [each for each in document.modelspace().query("LINE") if each.dxf.layer == "VISIBLE"]
    across = [end.x for line in lines for end in (line.dxf.start, line.dxf.end)]
    assert max(across) - min(across) == pytest.approx(100, abs=0.05)
    assert min(across) == pytest.approx(drawn["rectangle"][0], abs=0.01)
    assert "%%c30" in {text.dxf.text for text in document.modelspace().query("TEXT")}
    root = ElementTree.fromstring(fetch(flange, "Sheet", "svg"))
    assert (root.get("width"), root.get("height")) == ("420mm", "297mm")
    assert "Ø30" in {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}


def test_chosen_dimensions_are_measured_and_one_that_is_gone_is_named(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box", length=40, width=30, height=20)
    post(freecad, "/primitives/cylinder", name="Pin", radius=4, height=50, location=[12, 10, -5])
    post(freecad, "/boolean/subtract", object1="Box", object2="Pin", name="Part")
    sides = [{"type": "plane", "at": "left"}, {"type": "plane", "at": "right"}]
    wanted = [
        {"type": "length", "of": sides, "view": "front"},
        {"type": "diameter", "of": [{"type": "cylinder"}], "view": "top"},
        {"type": "angle", "of": [sides[0], {"type": "plane", "at": "top"}], "view": "front"},
        {"type": "length", "of": [sides[0], {"type": "cylinder"}], "view": "top"},
    ]
    made = post(
        freecad, "/drawings", name="Sheet", objects=["Part"], dimensions=wanted, parts_list=True, hole_table=True
    )
    assert [each["text"] for each in made["dimensions"]] == ["40", "Ø8", "90°", "12"]
    patch(freecad, "Pin", location=[15, 10, -5])
    assert [each["text"] for each in get(freecad, "/drawings/Sheet")["dimensions"]] == ["40", "Ø8", "90°", "15"]
    patch(freecad, "Pin", location=[50, 10, -5])
    after = get(freecad, "/drawings/Sheet")
    assert [each["text"] for each in after["dimensions"]] == ["40", "", "90°", ""]
    assert "diameter" in after["dimensions"][1]["error"]
    assert [each["code"] for each in after["warnings"]] == ["dimension_lost"] * 2


def test_sections_and_details(flange: httpx.Client) -> None:
    views: list[Any] = ["front", {"section": "x", "at": 0}, {"detail": [38, 0, 6], "radius": 8}]
    made = post(flange, "/drawings", name="Sheet", objects=["Flange"], views=views)
    assert [each["view"] for each in made["views"]] == ["front", {"section": "x", "at": 0}, views[2]]
    assert made["views"][2]["scale"] == 2 * made["scale"]
    svg = fetch(flange, "Sheet", "svg").decode()
    # The section's name, its plane in the front view with a letter at both ends; the detail's name, and its letter.
    letters = [each.text for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    ratio = f"{made['views'][2]['scale']:g}:1"
    assert [letters.count(each) for each in ("A-A", "A", f"B ({ratio})", "B")] == [1, 2, 1, 1]
    hatch = svg.partition('<g id="HATCH"')[2].partition("</g>")[0]
    assert hatch.count("<polyline") > 10


WRONG: list[dict[str, Any]] = [
    {"objects": []},
    {"objects": ["Flange"], "views": [{"section": "x", "at": 500}]},
    {"objects": ["Flange"], "views": ["sideways"]},
    {"objects": ["Flange"], "scale": 100},
    {"objects": ["Flange"], "sheet": "A9"},
    {"objects": ["Flange"], "dimensions": [{"type": "length", "of": [{"type": "cylinder"}, {"at": "top"}]}]},
    {"objects": ["Flange"], "dimensions": [{"type": "diameter", "of": [{"type": "sphere"}]}]},
]


@pytest.mark.parametrize("body", WRONG)
def test_what_cannot_be_drawn_is_refused(flange: httpx.Client, body: Any) -> None:
    before = get(flange, "/objects")
    refused(flange.post("/drawings", json=body))
    refused(flange.post("/export", json={"format": "pdf", "objects": ["Flange"]}))
    assert get(flange, "/objects") == before
