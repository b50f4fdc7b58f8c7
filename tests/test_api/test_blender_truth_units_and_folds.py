"""What was refused though it was right: files under another scale of units, and faces that are not flat."""

from __future__ import annotations

from typing import Any

import httpx
import pytest


def sent(blender: httpx.Client, method: str, path: str, **body: Any) -> Any:
    answer = blender.request(method, path, json=body or None)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


@pytest.mark.parametrize("scale", [2, 0.01])
@pytest.mark.parametrize("format", ["fbx", "glb", "stl"])
def test_a_file_has_blender_units_whatever_the_scene_calls_them(
    blender: httpx.Client, format: str, scale: float
) -> None:
    sent(blender, "POST", "/primitives/cube", name="Cube", location=[1, 2, 3])
    plain = sent(blender, "POST", "/export", format=format)["artifact"]["sha256"]
    sent(blender, "PATCH", "/scene", unit_scale=scale)
    try:
        made = sent(blender, "POST", "/export", format=format)
        assert made["warnings"] == []
        if format != "fbx":
            assert made["artifact"]["sha256"] == plain
        sent(blender, "DELETE", "/scene")
        brought = sent(blender, "POST", "/import", artifact=made["artifact"]["id"])["objects"][0]
        assert brought["dimensions"] == pytest.approx([2, 2, 2], rel=1e-4)
    finally:
        sent(blender, "PATCH", "/scene", unit_scale=1)


def folded(blender: httpx.Client, levels: int) -> None:
    """A cube that is stretched and turned, and a round one whose faces are not flat."""
    sent(blender, "POST", "/primitives/cube", name="One", scale=[1, 2, 3], rotation=[0, 0, 30])
    sent(blender, "POST", "/primitives/cube", name="Tool", location=[0.5, 0.5, 2])
    sent(blender, "POST", "/objects/Tool/modifiers", type="subdivision", levels=levels)


@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("operation", ["union", "difference", "intersect"])
def test_faces_that_are_not_flat_are_no_wrong_result(blender: httpx.Client, operation: str, levels: int) -> None:
    folded(blender, levels)
    live = {"type": "boolean", "name": "Live", "object": "Tool", "operation": operation}
    assert sent(blender, "POST", "/objects/One/modifiers", **live)["warnings"] == []
    sent(blender, "DELETE", "/objects/One/modifiers/Live")
    combined = {"object": "Tool", "operation": operation, "delete_other": False}
    assert sent(blender, "POST", "/objects/One/boolean", **combined)["warnings"] == []
