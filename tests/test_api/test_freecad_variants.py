"""Variants: a row of values each, with files and measures; what is impossible says why, and the document stays."""

from __future__ import annotations

import hashlib
from math import pi
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, post, refused


@pytest.fixture
def flange(freecad: httpx.Client) -> httpx.Client:
    table = {"radius": {"value": 50, "unit": "mm"}, "bore": {"value": 10, "unit": "mm"}}
    assert freecad.put("/parameters", json=table).status_code == 200
    post(freecad, "/primitives/cylinder", name="Disc", height=8, expressions={"Radius": "Parameters.radius"})
    post(freecad, "/primitives/cylinder", name="Bore", height=8, expressions={"Radius": "Parameters.bore"})
    post(freecad, "/boolean/subtract", object1="Disc", object2="Bore", name="Flange", material={"density": 7850})
    return freecad


def done(freecad: httpx.Client, **body: Any) -> dict[str, Any]:
    response = freecad.post("/variants", json=body)
    assert response.status_code == 202, response.text
    job = freecad.get(response.headers["Location"].replace("/api/v1/freecad", ""), params={"wait": 60})
    if job.status_code == 404:
        job = freecad.get("../jobs/" + response.headers["Location"].rpartition("/")[2], params={"wait": 60})
    return job.json()["result"]


def finished(freecad: httpx.Client, **body: Any) -> list[dict[str, Any]]:
    told = done(freecad, **body)
    assert told["state"] == "succeeded", told["error"]
    return told["result"]["rows"]


def stored(freecad: httpx.Client, table: str) -> str:
    return freecad.post("../artifacts", files={"file": ("sizes.csv", table)}).json()["result"]["id"]


def digests(freecad: httpx.Client, row: dict[str, Any]) -> list[str]:
    return [hashlib.sha256(freecad.get(f"../artifacts/{each['id']}").content).hexdigest() for each in row["artifacts"]]


def test_each_row_has_its_files_and_measures_and_the_document_stays(flange: httpx.Client) -> None:
    before = (get(flange, "/objects"), get(flange, "/parameters"))
    rows: list[dict[str, Any]] = [{"name": f"R{20 + n}", "parameters": {"radius": 20 + n}} for n in range(12)]
    rows.insert(5, {"name": "bad", "parameters": {"radius": -1}})
    rows.insert(7, {"name": "unknown", "parameters": {"radios": 1}})
    exports = ["step", "stl", "glb"]
    made = finished(flange, rows=rows, objects=["Flange"], exports=exports)
    assert [each["name"] for each in made] == [each["name"] for each in rows]
    for row in made:
        if row["name"] in ("bad", "unknown"):
            assert (row["measures"], row["artifacts"]) == (None, [])
            assert row["error"]["message"]
            continue
        radius = int(row["name"][1:])
        measures = row["measures"]["Flange"]
        assert measures["volume"] == pytest.approx(pi * (radius**2 - 100) * 8, rel=1e-6)
        assert measures["mass"] == pytest.approx(pi * (radius**2 - 100) * 8 * 7850e-9, rel=1e-6)
        assert [each["name"].rpartition(".")[2] for each in row["artifacts"]] == exports
    unknown = next(each for each in made if each["name"] == "unknown")
    assert unknown["error"]["details"]["did_you_mean"] == ["radius"]
    assert (get(flange, "/objects"), get(flange, "/parameters")) == before
    alone = finished(flange, rows=[rows[3]], objects=["Flange"], exports=exports)
    assert digests(flange, alone[0]) == digests(flange, made[3])


def test_a_row_is_as_it_would_be_alone_whatever_the_rows_before_it_were(flange: httpx.Client) -> None:
    post(flange, "/primitives/cylinder", name="Bolt", radius=2, height=8, location=[15, 0, 0])
    post(flange, "/features/polar_pattern", object="Bolt", name="Bolts", count=6)
    post(flange, "/boolean/subtract", objects=["Flange", "Bolts"], name="Drilled")
    wanted: list[dict[str, Any]] = [
        {"radius": "2 in"},
        {"radius": 40},
        {"bore": 5},
        {"radius": 40, "bore": "0.4 cm"},
        {"radius": -1, "bore": 4},
        {"radius": 40},
        {"bore": 4, "radius": 40},
        {},
    ]
    radii = (50.8, 40.0, 50.0, 40.0, None, 40.0, 40.0, 50.0)
    bores = (10.0, 10.0, 5.0, 4.0, None, 10.0, 4.0, 10.0)
    rows = [{"name": f"R{number}", "parameters": each} for number, each in enumerate(wanted)]
    made = finished(flange, rows=rows, objects=["Flange", "Drilled"], exports=["step"])
    for row, radius, bore in zip(made, radii, bores, strict=True):
        if radius is None or bore is None:
            assert row["error"]["message"], row
            continue
        assert row["error"] is None, row
        whole = pi * (radius**2 - bore**2) * 8
        assert row["measures"]["Flange"]["volume"] == pytest.approx(whole, rel=1e-6)
        assert row["measures"]["Drilled"]["volume"] == pytest.approx(whole - 6 * pi * 2**2 * 8, rel=1e-6)
    for number in (2, 6):
        [alone] = finished(flange, rows=[rows[number]], objects=["Flange", "Drilled"], exports=["step"])
        assert digests(flange, alone) == digests(flange, made[number])


def test_rows_of_a_document_all_of_which_depends_on_its_parameters_are_as_they_would_be_alone(
    freecad: httpx.Client,
) -> None:
    table = {name: {"value": value, "unit": "mm"} for name, value in {"outer": 50, "bolt": 4}.items()}
    assert freecad.put("/parameters", json=table).status_code == 200
    post(freecad, "/primitives/cylinder", name="Disc", height=8, expressions={"Radius": "Parameters.outer"})
    placed = {"Radius": "Parameters.bolt", "Placement.Base.x": "Parameters.outer - 15 mm"}
    post(freecad, "/primitives/cylinder", name="Bolt", height=24, location=[35, 0, -8], expressions=placed)
    post(freecad, "/features/polar_pattern", object="Bolt", name="Bolts", count=6)
    post(freecad, "/boolean/subtract", objects=["Disc", "Bolts"], name="Flange")
    wanted: list[dict[str, Any]] = [
        {"outer": "2 in", "bolt": 3},
        {"outer": 40, "bolt": 3},
        {"outer": 40, "bolt": -1},
        {"bolt": 5, "outer": 40},
        {"bolt": "0.1 in"},
        {"outer": 60},
        {"outer": 40, "bolt": 5},
    ]
    sizes = ((50.8, 3.0), (40.0, 3.0), None, (40.0, 5.0), (50.0, 2.54), (60.0, 4.0), (40.0, 5.0))
    rows = [{"name": f"R{number}", "parameters": each} for number, each in enumerate(wanted)]
    made = finished(freecad, rows=rows, objects=["Flange"], exports=["step"])
    for row, size in zip(made, sizes, strict=True):
        if size is None:
            assert row["error"]["message"], row
            continue
        assert row["error"] is None, row
        outer, bolt = size
        volume = pi * (outer**2 - 6 * bolt**2) * 8
        assert row["measures"]["Flange"]["volume"] == pytest.approx(volume, rel=1e-6)
    assert digests(freecad, made[3]) != digests(freecad, made[1])
    for number in (1, 4, 6):
        [alone] = finished(freecad, rows=[rows[number]], objects=["Flange"], exports=["step"])
        assert digests(freecad, alone) == digests(freecad, made[number])


def test_a_table_and_pictures(flange: httpx.Client) -> None:
    table = "name;radius;bore\nsmall;30;5\nbig;2 in;\n"
    small, big = finished(flange, table=stored(flange, table), objects=["Flange"], exports=["png"], measures=False)
    assert (small["measures"], small["error"]) == (None, None)
    [picture] = big["artifacts"]
    assert picture["media_type"] == "image/png"
    assert flange.get(f"../artifacts/{picture['id']}").content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("name,radius\na,40\nb,40,7\n", "Line 3 of 'sizes.csv': it has 3 cells"),
        ("name,radius,bore\na,40\n", "Line 2 of 'sizes.csv': it has 2 cells"),
        ("name,radius\na,40\na,50\n", "two rows are called 'a'"),
        ("name,radius\na,4 0 x\n\n../b,7\n", "Line 4 of 'sizes.csv': name"),
        ("name,radius\n", "has no rows"),
    ],
)
def test_a_table_that_is_none_says_which_line_is_wrong(flange: httpx.Client, table: str, words: str) -> None:
    told = done(flange, table=stored(flange, table), objects=["Flange"])
    assert (told["state"], told["error"]["code"]) == ("failed", "validation_error"), told["error"]
    assert words in told["error"]["message"]


def test_a_table_as_spreadsheets_write_it(flange: httpx.Client) -> None:
    table = '\ufeff"name"; radius ;bore;\r\n;40;;\r\n;;;\r\n\r\n"two";"5 cm";"4";\r\n'
    one, two = finished(flange, table=stored(flange, table), objects=["Flange"])
    assert (one["name"], two["name"]) == ("row1", "two")
    assert one["measures"]["Flange"]["volume"] == pytest.approx(pi * (40**2 - 10**2) * 8, rel=1e-6)
    assert two["measures"]["Flange"]["volume"] == pytest.approx(pi * (50**2 - 4**2) * 8, rel=1e-6)


WRONG: list[dict[str, Any]] = [
    {"objects": ["Flange"]},
    {"rows": [], "objects": ["Flange"]},
    {"rows": [{"name": "a", "parameters": {}}] * 2, "objects": ["Flange"]},
    {"rows": [{"name": "../a", "parameters": {}}], "objects": ["Flange"]},
    {"rows": [{"name": "a", "parameters": {}}], "objects": ["Flange"], "exports": ["exe"]},
]


@pytest.mark.parametrize("body", WRONG)
def test_what_is_no_variant_is_refused(flange: httpx.Client, body: Any) -> None:
    refused(flange.post("/variants", json=body))
