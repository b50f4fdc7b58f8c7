"""What a build of Blender lacks is not offered: Debian's has neither USD nor Alembic, the wheel of 4.2 reads no USD."""

from __future__ import annotations

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

OPERATORS = {"usd": "usd", "usdz": "usd", "abc": "alembic"}


@pytest.fixture
def built(gateway: Gateway) -> set[str]:
    """The operators for files that this Blender has."""
    return set(evaluate(gateway, "[name for name in dir(bpy.ops.wm) if name.endswith(('_import', '_export'))]"))


def test_formats_are_offered_as_the_application_was_built(
    blender: httpx.Client, gateway: Gateway, http: httpx.Client, built: set[str]
) -> None:
    listed = {each["format"]: each for each in http.get("/api/v1/formats").json()["result"]["formats"]}
    old = gateway.health("blender")["result"]["application"].startswith("Blender 4.2")
    for format, operator in OPERATORS.items():
        reads = f"{operator}_import" in built and not (old and operator == "usd")
        about = listed.get(format, {"read_by": [], "written_by": []})
        assert ("blender" in about["read_by"]) is reads, format
        assert ("blender" in about["written_by"]) is (f"{operator}_export" in built), format
    assert {"blender"} <= {*listed["glb"]["read_by"], *listed["glb"]["written_by"]}


def test_conversions_and_exports_to_what_it_was_built_without_are_refused(
    blender: httpx.Client, http: httpx.Client, built: set[str]
) -> None:
    blender.post("/primitives/cube", json={"name": "Cube"})
    sent = blender.post("/export", json={"format": "glb"}).json()["result"]["artifact"]["id"]
    for format, operator in OPERATORS.items():
        has = f"{operator}_export" in built
        exported = blender.post("/export", json={"filepath": f"cube.{format}"})
        assert exported.status_code == (200 if has else 422), exported.text
        if format == "usdz":
            continue  # FreeCAD writes it too
        converted = http.post("/api/v1/convert", params={"to": format}, json={"artifact": sent})
        assert converted.status_code == (200 if has else 422), converted.text
        if not has:
            assert exported.json()["error"]["code"] == converted.json()["error"]["code"] == "unsupported_format"
            assert "built without" in exported.json()["error"]["message"]
            assert format not in converted.json()["error"]["details"]["reachable"]
