"""What is kept of an object follows every change of it; and what is deleted leaves nothing to stumble over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway

THICK = {"type": "solidify", "name": "Thick", "thickness": 0.25, "offset": 1}


def done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    return answer.json()["result"]


def width(blender: httpx.Client) -> float:
    return done(blender.get("/objects/One"))["dimensions"][0]


def made(blender: httpx.Client) -> None:
    """A cube of 2 with walls of 0.25 around it, which is described twice."""
    done(blender.post("/primitives/cube", json={"name": "One", "size": 2, "on_conflict": "replace"}))
    done(blender.post("/objects/One/modifiers", json=THICK))
    assert width(blender) == width(blender) == pytest.approx(2.5)


CHANGES: dict[str, tuple[Callable[[httpx.Client], object], float]] = {
    "its settings": (lambda it: done(it.patch("/objects/One/modifiers/Thick", json={"thickness": 0.5})), 3.0),
    "its path": (lambda it: done(it.patch("/data/objects/One/modifiers/Thick/thickness", json={"value": 1})), 4.0),
    "the mesh's path": (lambda it: done(it.patch("/data/objects/One/scale", json={"value": [2, 2, 2]})), 5.0),
    "hidden in the view": (
        lambda it: done(it.patch("/objects/One/modifiers/Thick", json={"show_viewport": False})), 2.0,
    ),
    "applied": (lambda it: done(it.post("/objects/One/modifiers/Thick/apply")), 2.5),
    "removed": (lambda it: done(it.delete("/objects/One/modifiers/Thick")), 2.0),
    "scaled": (lambda it: done(it.patch("/objects/One", json={"scale": [3, 3, 3]})), 7.5),
    "a second modifier": (
        lambda it: done(it.post("/objects/One/modifiers", json={**THICK, "name": "Thicker"})), 3.0,
    ),
    "an operator": (
        lambda it: done(
            it.post(
                "/operators/transform.resize",
                json={
                    "properties": {"value": [0.5, 0.5, 0.5]},
                    "context": {"active": "One", "selected": ["One"], "mode": "EDIT"},
                },
            )
        ),
        1.5,
    ),
    "undone": (lambda it: done(it.post("/undo")), 2.0),
    "another one with its mesh": (
        lambda it: done(
            it.post("/objects/One/duplicate", json={"name": "Two", "linked": True, "on_conflict": "replace"})
        )
        and done(it.patch("/data/meshes/One/vertices/0/co", json={"value": [-3, -3, -3]})),
        0.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_description_with_modifiers_follows_every_change(
    blender: httpx.Client, gateway: Gateway, change: str
) -> None:
    made(blender)
    work, expected = CHANGES[change]
    before = done(blender.get("/objects/One"))["revision"]
    work(blender)
    said = done(blender.get("/objects/One"))
    if expected:
        assert said["dimensions"][0] == pytest.approx(expected)
    assert said["revision"] != before
    # The session's own evaluation, which the description does not ask.
    size = evaluate(gateway, "[bpy.context.view_layer.update(), bpy.data.objects['One'].dimensions[0]][1]")
    assert said["dimensions"][0] == pytest.approx(size, rel=1e-5)


def test_a_move_says_whether_an_object_shows_and_so_does_a_look_at_it(blender: httpx.Client, gateway: Gateway) -> None:
    done(blender.post("/primitives/cube", json={"name": "One", "on_conflict": "replace"}))
    for visible in (False, True):
        done(blender.patch("/objects/One", json={"visible": visible}))
        moved = done(blender.patch("/objects/One", json={"location": [1, 2, 3 + visible]}))
        assert moved["visible"] is visible
        copy = done(blender.post("/objects/One/duplicate", json={"name": "Two", "on_conflict": "replace"}))
        there = evaluate(gateway, "{each: bpy.data.objects[each].visible_get() for each in ('One', 'Two')}")
        assert there == {"One": visible, "Two": copy["visible"]} == {"One": visible, "Two": visible}


def test_a_file_opens_after_everything_that_windows_showed_is_deleted(
    blender: httpx.Client, gateway: Gateway, tmp_path: Any
) -> None:
    """Opening somebody's file keeps Blender's windows, which look their cameras and objects up by address."""
    done(blender.post("/primitives/cube", json={"name": "One", "on_conflict": "replace"}))
    saved = done(blender.post("/export", json={"format": "blend"}))["artifact"]["id"]
    pid = gateway.application_pid("blender")
    for _ in range(3):
        done(blender.post("/camera", json={"name": "Eye", "active": True, "on_conflict": "replace"}))
        done(blender.post("/light", json={"name": "Sun", "kind": "sun", "on_conflict": "replace"}))
        done(blender.post("/primitives/text", json={"name": "Word", "text": "a", "on_conflict": "replace"}))
        for name in ("Eye", "Sun", "Word", "One"):
            assert done(blender.delete(f"/objects/{name}")) is not None
            assert blender.get(f"/objects/{name}").status_code == 404
        done(blender.post("/scene/open", json={"artifact": saved}))
        assert [each["name"] for each in done(blender.get("/objects"))["objects"]] == ["One"]
    assert gateway.application_pid("blender") == pid
