"""What a build of Blender lacks is not offered: Debian's has neither USD nor Alembic, the wheel of 4.2 reads no USD."""

from __future__ import annotations

import httpx

from tests.blender_builds import NEEDS, assert_lacks, built
from tests.gateway import Gateway


def test_formats_are_offered_as_the_application_was_built(
    blender: httpx.Client, gateway: Gateway, http: httpx.Client
) -> None:
    there = built(gateway)
    listed = {each["format"]: each for each in http.get("/api/v1/formats").json()["result"]["formats"]}
    old = gateway.health("blender")["result"]["application"].startswith("Blender 4.2")
    for format, (_, operator) in NEEDS.items():
        reads = f"{operator}_import" in there and not (old and operator == "usd")
        about = listed.get(format, {"read_by": [], "written_by": []})
        assert ("blender" in about["read_by"]) is reads, format
        assert ("blender" in about["written_by"]) is (f"{operator}_export" in there), format
    assert {"blender"} <= {*listed["glb"]["read_by"], *listed["glb"]["written_by"]}


def test_conversions_and_exports_to_what_it_was_built_without_are_refused(
    blender: httpx.Client, gateway: Gateway, http: httpx.Client
) -> None:
    there = built(gateway)
    blender.post("/primitives/cube", json={"name": "Cube"})
    sent = blender.post("/export", json={"format": "glb"}).json()["result"]["artifact"]["id"]
    for format, (_, operator) in NEEDS.items():
        has = f"{operator}_export" in there
        exported = blender.post("/export", json={"filepath": f"cube.{format}"})
        assert exported.status_code == (200 if has else 422), exported.text
        if not has:
            assert_lacks(exported, "usd" if format == "usdz" else format)
        if format == "usdz":
            continue  # FreeCAD writes it too
        converted = http.post("/api/v1/convert", params={"to": format}, json={"artifact": sent})
        assert converted.status_code == (200 if has else 422), converted.text
        if not has:
            assert converted.json()["error"]["code"] == "unsupported_format"
            assert format not in converted.json()["error"]["details"]["reachable"]
