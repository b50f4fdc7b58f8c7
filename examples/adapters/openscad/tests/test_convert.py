"""Conversions: the gateway knows of OpenSCAD's formats by what the adapter announces."""

from __future__ import annotations

import struct


def test_a_source_becomes_what_openscad_writes(openscad) -> None:
    answer = openscad.root.post("/api/v1/convert?to=stl", files={"file": ("part.scad", b"size = 2; cube(size);")})
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    assert (result["path"], result["formats"]) == (["openscad"], ["scad", "stl"])
    assert result["artifact"]["name"] == "part.stl"
    data = openscad.bytes_of(result["artifact"])
    facets = data.count(b"facet normal") or struct.unpack_from("<I", data, 80)[0]
    assert facets == 12


def test_options_are_those_of_the_render(openscad) -> None:
    source = openscad.store("part.scad", b"size = 2; // [1:5]\ncube(size);")
    sent = {"artifact": source, "to": "off", "options": {"parameters": {"size": 5}}}
    answer = openscad.root.post("/api/v1/convert", json=sent)
    assert answer.status_code == 200, answer.text
    assert b"5" in openscad.bytes_of(answer.json()["result"]["artifact"])
    refused = openscad.root.post("/api/v1/convert", json={**sent, "options": {"parameters": {"size": 9}}})
    assert refused.status_code == 422


def test_the_formats_are_listed(openscad) -> None:
    listed = openscad.root.get("/api/v1/formats").json()["result"]["formats"]
    formats = {each["format"]: each for each in listed}
    assert formats["scad"]["read_by"] == ["openscad"]
    assert {"stl", "3mf", "png"} <= set(formats["scad"]["converts_to"])
