"""Other words for the same that clients send: Blender's own names of types, and angles as a way of shading."""

from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize("word", ["Track To", "TRACK_TO", "track-to", "track_to"])
def test_a_type_of_constraint_is_known_by_blenders_name(blender: httpx.Client, word: str) -> None:
    for name in ("Eye", "Mark"):
        assert blender.post("/primitives/empty", json={"name": name}).status_code == 201
    made = blender.post("/objects/Eye/constraints", json={"type": word, "target": "Mark"})
    assert made.status_code == 201, made.text
    assert made.json()["result"]["type"] == "track_to"


def test_shading_by_angle_has_two_words(blender: httpx.Client) -> None:
    assert blender.post("/primitives/cylinder", json={"name": "Rod", "vertices": 8}).status_code == 201
    revisions = set[str]()
    for word in ("angle", "auto", "AUTO"):
        answer = blender.post("/objects/Rod/shade", json={"mode": word, "angle": 60})
        assert answer.status_code == 200, answer.text
        revisions.add(answer.json()["result"]["revision"])
    assert len(revisions) == 1
    assert blender.post("/objects/Rod/shade", json={"mode": "shiny"}).status_code == 422
