"""Parts that a STEP file shows at several places, with colours that they have at some of these only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.freecad_calls import post
from tests.step_occurrences import Way, centers, write_blocks, write_places
from tests.step_reader import step_tree

RED, GREEN, BLUE, YELLOW = "#ff0000", "#00ff00", "#0000ff", "#ffff00"


def imported(freecad: httpx.Client, path: Path, data: bytes | None = None) -> dict[str, Any]:
    answer = freecad.post("/import", files={"file": (path.name, data or path.read_bytes())})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["result"]
    return result


def colors_by_way(result: dict[str, Any], levels: int) -> dict[Way, str | None]:
    """The colours of the imported blocks, which are known by their places."""
    found: dict[Way, str | None] = {}
    for way, center in centers(levels).items():
        [block] = [
            each for each in result["objects"] if each["center_of_mass"] == pytest.approx(list(center), abs=1e-4)
        ]
        found[way] = block["color"]
    return found


@pytest.mark.parametrize("unit", ["MM", "INCH", "M"])
@pytest.mark.parametrize("own", [None, GREEN])
def test_each_place_of_a_part_has_its_own_colour_and_the_outermost_usage_wins(
    freecad: httpx.Client, tmp_path: Path, own: str | None, unit: str
) -> None:
    path = tmp_path / "orte.step"
    write_places(path, {("b1",): RED, ("m2",): BLUE}, own, unit=unit)
    result = imported(freecad, path)
    assert result["warnings"] == []
    assert colors_by_way(result, 3) == {way: BLUE if "m2" in way else RED if "b1" in way else own for way in centers(3)}


def test_a_colour_at_the_end_of_one_way_is_at_no_other(freecad: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "weg.step"
    write_places(path, {("m1", "b2"): YELLOW, ("b1",): RED}, GREEN, levels=2)
    result = imported(freecad, path)
    assert result["warnings"] == []
    assert colors_by_way(result, 2) == {
        ("m1", "b1"): RED,
        ("m1", "b2"): YELLOW,
        ("m2", "b1"): RED,
        ("m2", "b2"): GREEN,
    }


def test_the_colours_of_places_are_in_the_step_that_is_written_again(freecad: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "orte.step"
    write_places(path, {("b1",): RED, ("m2",): BLUE}, GREEN, levels=2)
    imported(freecad, path)
    made = post(freecad, "/export", format="step")
    again = tmp_path / "again.step"
    again.write_bytes(freecad.get(f"../artifacts/{made['artifact']['id']}").content)
    blocks = [block for root in step_tree(again) for each in root["children"] for block in each["children"]]
    assert [(each["name"], each["color"]) for each in blocks] == [
        ("Bolzen ✓", RED),
        ("Bolzen ✓", GREEN),
        ("Bolzen ✓", BLUE),
        ("Bolzen ✓", BLUE),
    ]
    freecad.post("/documents", json={"name": "Again"})
    freecad.post("/documents/Again/activate")
    result = imported(freecad, again)
    assert colors_by_way(result, 2) == {
        ("m1", "b1"): RED,
        ("m1", "b2"): GREEN,
        ("m2", "b1"): BLUE,
        ("m2", "b2"): BLUE,
    }


def test_styles_may_name_the_places_that_they_are_of_by_themselves(freecad: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "andere.step"
    write_places(path, {("b1",): RED, ("b2",): BLUE}, GREEN, levels=1)
    text = path.read_text()
    shapes = re.findall(r"SHAPE_DEFINITION_REPRESENTATION\(#(\d+),#(\d+)\)", text)
    found = re.findall(r"#(\d+) = CONTEXT_DEPENDENT_SHAPE_REPRESENTATION\(#\d+,#(\d+)\)", text)
    places = {shape: place for place, shape in found}
    by_context = {context: places[shape] for shape, context in shapes if shape in places}
    written = dict(re.findall(r"#(\d+) = PRESENTATION_STYLE_BY_CONTEXT\(\(#\d+\),#(\d+)\)", text))
    text = re.sub(r"PRESENTATION_STYLE_BY_CONTEXT(\(\(#\d+\)),#\d+\)", r"PRESENTATION_STYLE_ASSIGNMENT\1)", text)

    def named(found: re.Match[str]) -> str:
        place = by_context[written[found[1]]]
        return f"CONTEXT_DEPENDENT_OVER_RIDING_STYLED_ITEM('',(#{found[1]}),{found[2]},(#{place}))"

    pattern = r"OVER_RIDING_STYLED_ITEM\('overriding color',\(#(\d+)\),(#\d+,#\d+)\)"
    text, changed = re.subn(pattern, named, text)
    assert changed
    result = imported(freecad, path, text.encode())
    assert {"CONTEXT_DEPENDENT_OVER" in text, "BY_CONTEXT" not in text} == {True}
    assert colors_by_way(result, 1) == {("b1",): RED, ("b2",): BLUE}


@pytest.mark.parametrize("context", [10, 99999])
def test_a_colour_of_an_unknown_place_is_left_out_with_a_warning(
    freecad: httpx.Client, tmp_path: Path, context: int
) -> None:
    path = tmp_path / "fremd.step"
    write_places(path, {("b1",): RED}, GREEN, levels=1)
    # The context becomes the whole assembly, which is no place in it, or a chain of usages without an end.
    assert b"\n#10 = SHAPE_REPRESENTATION(" in path.read_bytes()
    pattern = rb"(PRESENTATION_STYLE_BY_CONTEXT\(\(#\d+\),)#\d+"
    data, changed = re.subn(pattern, rb"\1#%d" % context, path.read_bytes())
    endless = b"#99999 = SPECIFIED_HIGHER_USAGE_OCCURRENCE('','',$,#5,#5,$,#99999,#99999);\nENDSEC;\nEND-ISO"
    data = data.replace(b"ENDSEC;\nEND-ISO", endless)
    assert changed
    result = imported(freecad, path, data)
    assert {each["color"] for each in result["objects"]} == {GREEN}
    assert "colors_lost" in {each["code"] for each in result["warnings"]}


@pytest.mark.parametrize("kind", [b"NEXT_ASSEMBLY_USAGE_OCCURRENCE", b"CONTEXT_DEPENDENT_SHAPE_REPRESENTATION"])
def test_an_entity_that_says_nothing_does_not_end_the_import(
    freecad: httpx.Client, tmp_path: Path, kind: bytes
) -> None:
    path = tmp_path / "leer.step"
    write_places(path, {("b1",): RED}, GREEN, levels=1)
    data = path.read_bytes().replace(b"ENDSEC;\nEND-ISO", b"#99999 = " + kind + b"('','','',$,$,$);\nENDSEC;\nEND-ISO")
    assert colors_by_way(imported(freecad, path, data), 1) == {("b1",): RED, ("b2",): GREEN}


def two_blocks(path: Path) -> tuple[bytes, str]:
    """A red block and a blue one of twice its size, and the number of the definition of the blue one."""
    write_blocks(path, {"Rot": (10, RED), "Blau": (20, BLUE)})
    data = path.read_bytes()
    [number] = re.findall(rb"#(\d+) = PRODUCT_DEFINITION\('design','',#\d+,#\d+\);", data)[-1:]
    return data, number.decode()


@pytest.mark.parametrize("kind", ["PRODUCT_DEFINITION_WITH_ASSOCIATED_DOCUMENTS", "PRODUCT_DEFINITION_OF_ANOTHER_KIND"])
def test_a_part_never_has_the_colour_of_another_one(freecad: httpx.Client, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "zwei.step"
    data, number = two_blocks(path)
    old = f"#{number} = PRODUCT_DEFINITION(".encode()
    assert data.count(old) == 1
    start = data.index(old)
    end = data.index(b");", start)
    documents = b",(#99999)" if "DOCUMENTS" in kind else b""
    data = data[:start] + f"#{number} = {kind}(".encode() + data[start + len(old) : end] + documents + data[end:]
    more = b"#99999 = DOCUMENT('1','','',#99998);\n#99998 = DOCUMENT_TYPE('');\nENDSEC;\nEND-ISO"
    result = imported(freecad, path, data.replace(b"ENDSEC;\nEND-ISO", more))
    colors = {round(each["volume"]): each["color"] for each in result["objects"]}
    known = "DOCUMENTS" in kind
    assert colors == {1000: RED, 8000: BLUE if known else None}
    assert ("colors_lost" in {each["code"] for each in result["warnings"]}) is not known
