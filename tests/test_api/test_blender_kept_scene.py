"""The scene in which single objects are evaluated stays between calls, and nobody ever sees it."""

from __future__ import annotations

import os
import signal
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway, eventually

NAMES = "[each.name for each in bpy.data.scenes]"
SOLID = {"type": "solidify", "name": "Thick", "thickness": 0.5, "offset": 1}


def sent(blender: httpx.Client, method: str, path: str, **body: Any) -> dict[str, Any]:
    answer = blender.request(method, path, json=body or None)
    assert answer.is_success, answer.text
    return answer.json()["result"]


@pytest.fixture
def evaluated(blender: httpx.Client) -> httpx.Client:
    """A client of a session in which an object was just evaluated apart, twice."""
    sent(blender, "POST", "/primitives/cube", name="One", size=2)
    sent(blender, "POST", "/objects/One/modifiers", **SOLID)
    sent(blender, "POST", "/objects/One/modifiers/Thick/apply")
    return blender


def test_code_sees_the_scenes_of_the_session_only(evaluated: httpx.Client, gateway: Gateway) -> None:
    assert evaluate(gateway, NAMES) == ["Scene"]


def test_lists_and_settings_show_the_scenes_of_the_session_only(evaluated: httpx.Client) -> None:
    counts = {each["path"]: each["count"] for each in sent(evaluated, "GET", "/data")["collections"]}
    assert counts["scenes"] == 1
    assert sent(evaluated, "PATCH", "/scene", name="Renamed")["name"] == "Renamed"
    assert sent(evaluated, "PATCH", "/scene", name="Scene")["name"] == "Scene"


def test_a_saved_file_has_the_scenes_of_the_session_only(evaluated: httpx.Client, gateway: Gateway) -> None:
    saved = sent(evaluated, "POST", "/scene/save")["artifact"]["id"]
    sent(evaluated, "POST", "/scene/open", artifact=saved)
    assert evaluate(gateway, NAMES) == ["Scene"]
    sent(evaluated, "POST", "/objects/One/modifiers", **SOLID)


def test_a_session_that_is_restored_after_a_kill_has_its_own_scenes_only(own_blender: Gateway) -> None:
    own_blender.start()
    with own_blender.client("/api/v1/blender") as blender:
        sent(blender, "POST", "/primitives/cube", name="One", size=2)
        for _ in range(30):  # more calls than a log has before it becomes a snapshot
            sent(blender, "POST", "/objects/One/modifiers", **SOLID)
            sent(blender, "POST", "/objects/One/modifiers/Thick/apply")
            sent(blender, "PATCH", "/objects/One", scale=[0.5, 0.5, 0.5])
            sent(blender, "POST", "/primitives/cube", name="One", size=2, on_conflict="replace")
        killed = own_blender.application_pid("blender")
        os.kill(killed, signal.SIGKILL)
        eventually(
            lambda: "result" in own_blender.health("blender") and own_blender.application_pid("blender") != killed,
            seconds=60,
            what="the restored session",
        )
        assert sent(blender, "GET", "/objects/One")["dimensions"] == [2.0, 2.0, 2.0]
        assert evaluate(own_blender, NAMES) == ["Scene"]


def test_an_object_is_evaluated_at_the_frame_of_the_session_each_time(
    evaluated: httpx.Client, gateway: Gateway
) -> None:
    sent(evaluated, "POST", "/primitives/cube", name="Two", size=2)
    sent(evaluated, "POST", "/objects/Two/modifiers", **SOLID)
    keyed = """
two = bpy.data.objects["Two"]
thick = two.modifiers["Thick"]
for frame, value in ((1, 0.5), (21, 1.5)):
    thick.thickness = value
    thick.keyframe_insert("thickness", frame=frame)
bpy.context.scene.frame_current
"""
    assert evaluate(gateway, keyed) == 1
    # A cube of 2 m, thicker by half a metre or one and a half on each side.
    for frame, size in ((21, 5.0), (1, 3.0), (21, 5.0), (11, 4.0)):
        assert evaluate(gateway, f"bpy.context.scene.frame_set({frame}); bpy.context.scene.frame_current") == frame
        copied = sent(evaluated, "POST", "/objects/Two/duplicate", name=f"At {frame}", on_conflict="replace")
        applied = sent(evaluated, "POST", f"/objects/{copied['name']}/modifiers/Thick/apply")
        assert applied["dimensions"] == pytest.approx([size] * 3, rel=1e-5), frame
    evaluate(gateway, "bpy.context.scene.frame_set(1); 1")


def test_what_was_evaluated_apart_can_be_deleted_and_others_evaluated_after_it(
    evaluated: httpx.Client, gateway: Gateway
) -> None:
    for number in range(40):
        sent(evaluated, "POST", "/primitives/cube", name="Gone", size=1)
        sent(evaluated, "POST", "/objects/Gone/modifiers", type="subdivision", name="Round", levels=1)
        sent(evaluated, "DELETE", "/objects/Gone")
        added = sent(evaluated, "POST", "/objects/One/modifiers", **SOLID)
        assert added["dimensions"] == pytest.approx([4.0] * 3, rel=1e-5), number
        sent(evaluated, "DELETE", "/objects/One/modifiers/Thick")
    assert evaluate(gateway, "[len(bpy.data.objects), len(bpy.data.scenes)]") == [1, 1]
