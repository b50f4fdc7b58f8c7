"""Sheets as one sees them: letters of any language, nothing over anything else, tables, angles, and small sizes."""

from __future__ import annotations

import io
import re
import zlib
from importlib import import_module
from itertools import combinations
from typing import Any, cast
from xml.etree import ElementTree

import httpx
import pytest

from tests.freecad_calls import get, patch, post
from tests.test_api.test_freecad_drawings import fetch, flange, values

recover = cast("Any", import_module("ezdxf.recover"))
__all__ = ["flange"]
SVG = "{http://www.w3.org/2000/svg}"
TITLES = {
    "Größe Übermaß": ("latin", "ÄÖÜß"),
    "Příliš žluťoučký kůň": ("czech", "ř"),
    "Φλάντζα Ώρα": ("greek", "Φ"),
    "Фланец №5 ёж": ("cyrillic", "Ф"),
}


def pdf_text(data: bytes) -> str:
    """The text of a PDF, by its own tables of what each code means."""
    objects = {int(n): body for n, body in re.findall(rb"\n(\d+) 0 obj\n(.*?)\nendobj", data, re.DOTALL)}
    meanings: dict[str, dict[str, str]] = {}
    fonts = re.search(rb"/Font << (.*?) >>", objects[3])
    assert fonts is not None
    for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", fonts.group(1)):
        table = re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)])
        if table is not None:
            _, _, packed = objects[int(table.group(1))].partition(b"stream\n")
            plain = zlib.decompressobj().decompress(packed).decode()
            rows = re.findall(r"<([0-9A-F]{4})> <([0-9A-F]+)>", plain.partition("beginbfchar")[2])
            meanings[name.decode()] = {code: bytes.fromhex(text).decode("utf-16-be") for code, text in rows}
    shown = ""
    for font, code in re.findall(
        r"/(F\d+) [\d.]+ Tf [^TB]*Tm (\(.*?\)|<[0-9A-F]+>) Tj", objects[4].decode("cp1252", "replace")
    ):
        if code[0] == "(":
            shown += code[1:-1]
        else:
            shown += "".join(meanings[font][code[at : at + 4]] for at in range(1, len(code) - 1, 4))
        shown += "" if code[0] == "<" else "\n"
    return shown


@pytest.mark.parametrize("title", TITLES)
def test_letters_of_a_title_are_in_every_format(freecad: httpx.Client, title: str) -> None:
    post(freecad, "/primitives/box", name="Box", label=title)
    post(freecad, "/drawings", name="Sheet", objects=["Box"], title={"title": title, "author": title}, parts_list=True)
    made = post(freecad, "/export", format="pdf", objects=["Sheet"])
    assert made["warnings"] == []
    data = freecad.get(f"../artifacts/{made['artifact']['id']}").content
    assert pdf_text(data).count(title) == 3
    assert b"/FontFile2" in data
    texts = [each.text for each in ElementTree.fromstring(fetch(freecad, "Sheet", "svg")).iter(SVG + "text")]
    assert texts.count(title) == 3
    document, auditor = recover.read(io.BytesIO(fetch(freecad, "Sheet", "dxf")))
    assert auditor.errors == []
    assert [each.dxf.text for each in document.modelspace().query("TEXT")].count(title) == 3


def test_letters_that_no_font_has_are_reported_and_can_still_be_searched(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box")
    post(freecad, "/drawings", name="Sheet", objects=["Box"], title={"title": "螺栓 \U00020000 M6"})
    made = post(freecad, "/export", format="pdf", objects=["Sheet"])
    text = pdf_text(freecad.get(f"../artifacts/{made['artifact']['id']}").content)
    codes = [each["code"] for each in made["warnings"]]
    # Where a font with Chinese letters is installed, they are embedded, and there is nothing to report of them.
    assert "螺栓" in text
    assert set(codes) <= {"letters_not_embedded", "letters_missing"}
    assert ("[U+20000]" in text) == ("letters_missing" in codes)
    drawn = post(freecad, "/export", format="dxf", objects=["Sheet"])
    assert [each["code"] for each in drawn["warnings"]] == ["letters_missing"]
    assert "U+20000" in drawn["warnings"][0]["message"]


def boxes(svg: bytes) -> list[tuple[str, float, float, float, float]]:
    """Each text with about its place: left, top, right, bottom, a little smaller than it is."""
    found: list[tuple[str, float, float, float, float]] = []
    for each in ElementTree.fromstring(svg).iter(SVG + "text"):
        x, y, size = (float(each.get(name, "0")) for name in ("x", "y", "font-size"))
        long, high = 0.42 * size * len(each.text or ""), 0.6 * size
        before = long / 2 if each.get("text-anchor") == "middle" else 0.0
        if each.get("transform"):
            found.append((each.text or "", x - high, y - long + before, x, y + before))
        else:
            found.append((each.text or "", x - before, y - high, x - before + long, y))
    return found


@pytest.mark.parametrize("sheet", ["A4", "A3", "A1"])
@pytest.mark.parametrize("projection", ["first", "third"])
def test_no_text_is_over_another_or_beyond_the_frame(flange: httpx.Client, sheet: str, projection: str) -> None:
    views: list[Any] = ["front", "top", "right", "iso", {"section": "y", "at": 0}, {"detail": [38, 0, 6], "radius": 10}]
    tables = {"hole_table": True, "parts_list": True}
    title = {"title": "Flange " * 20, "author": "A", "number": "17", "date": "2026-11-29", "checked": "C" * 80}
    post(
        flange,
        "/drawings",
        name="S",
        objects=["Flange"],
        views=views,
        sheet=sheet,
        projection=projection,
        title=title,
        **tables,
    )
    svg = fetch(flange, "S", "svg")
    placed = boxes(svg)
    width, height = (float((ElementTree.fromstring(svg).get(name) or "")[:-2]) for name in ("width", "height"))
    assert len(placed) > 50
    for text, left, top, right, bottom in placed:
        assert left >= 10, text
        assert top >= 10, text
        assert right <= width - 10, text
        assert bottom <= height - 10, text
    over = [
        (one[0], two[0])
        for one, two in combinations(placed, 2)
        if one[1] < two[3] and two[1] < one[3] and one[2] < two[4] and two[2] < one[4]
    ]
    assert over == []


def test_the_hole_table_names_each_hole_once_with_its_letter_in_a_view(flange: httpx.Client) -> None:
    post(flange, "/drawings", name="S", objects=["Flange"], hole_table=True)
    texts = [text for text, *_ in boxes(fetch(flange, "S", "svg"))]
    assert [texts.count(letter) for letter in "ABCDEFGH"] == [2] * 7 + [0]
    assert texts.count("-32.909") == 2
    assert texts.count("32.909") == 2


def test_a_rounding_is_a_radius_and_an_angle_has_an_arc(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/box", name="Box", length=60, width=40, height=25)
    post(freecad, "/features/fillet", object="Box", name="Round", radius=6, edges={"parallel_to": [0, 0, 1]})
    drawn = post(freecad, "/drawings", name="Plate", objects=["Round"])
    assert values(drawn) == {"60": 60, "40": 40, "25": 25, "R6": 6}
    post(freecad, "/primitives/box", name="Block", length=60, width=40, height=25)
    post(freecad, "/features/chamfer", object="Block", name="Cut", size=10, edges=["Edge6"])
    faces = get(freecad, "/objects/Cut/faces")["faces"]
    [slanted] = [each["name"] for each in faces if each["area"] == pytest.approx(40 * 200**0.5)]
    of = [[slanted], {"type": "plane", "at": "top"}]
    made = post(
        freecad, "/drawings", name="S", objects=["Cut"], views=["front"], dimensions=[{"type": "angle", "of": of}]
    )
    assert [(each["value"], each["text"]) for each in made["dimensions"]] == [(pytest.approx(135), "135°")]
    root = ElementTree.fromstring(fetch(freecad, "S", "svg"))
    lines = next(each for each in root.iter(SVG + "g") if each.get("id") == "DIMENSIONS")
    assert max(len((each.get("points") or "").split()) for each in lines.iter(SVG + "polyline")) == 25
    patch(freecad, "Cut", properties={"size": 5, "size2": 10})
    assert get(freecad, "/drawings/S")["dimensions"][0]["value"] != 135


def test_a_dimension_may_stand_in_a_section(flange: httpx.Client) -> None:
    section = {"section": "y", "at": 0}
    of = [{"type": "plane", "at": "bottom"}, {"type": "plane", "at": "top"}]
    wanted = [{"type": "length", "of": of, "view": section}]
    made = post(flange, "/drawings", name="S", objects=["Flange"], views=["top", section], dimensions=wanted)
    assert [(each["view"], each["text"]) for each in made["dimensions"]] == [(section, "12")]
    other = post(flange, "/drawings", name="T", objects=["Flange"], views=["top"], dimensions=wanted)
    assert "not on the sheet" in other["dimensions"][0]["error"]


@pytest.mark.parametrize(("length", "is_above"), [(10, False), (70, True), (170, True)])
def test_a_wide_table_is_above_the_title_block_and_within_the_frame(
    freecad: httpx.Client, length: int, is_above: bool
) -> None:
    label, material = "Grundplatte " * (length // 12) + "P" * (length % 12), "M" * length
    post(freecad, "/primitives/box", name="P", label=label, material={"name": material, "density": 2700})
    post(freecad, "/drawings", name="S", objects=["P"], views=["front"], parts_list=True, sheet="A4")
    root = ElementTree.fromstring(fetch(freecad, "S", "svg"))
    texts = {each.text: each for each in root.iter(SVG + "text")}
    # The block is 180 wide and 21 high in the lower right corner of a frame of 10 within 297 x 210.
    for text in ("Pos", label, material, "Qty"):
        assert (210 - float(texts[text].get("y", "")) > 31) is is_above, text
        assert is_above or float(texts[text].get("x", "")) < 107, text
    lines = next(each for each in root.iter(SVG + "g") if each.get("id") == "TEXT")
    points = [point for each in lines.iter(SVG + "polyline") for point in (each.get("points") or "").split()]
    assert all(10 <= float(point.split(",")[0]) <= 287 for point in points)
