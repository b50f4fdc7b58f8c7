"""What versions of FreeCAD do differently is the same through the gateway, or is refused or said."""

from __future__ import annotations

import os
import signal
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, post, run
from tests.gateway import Gateway, eventually


def box(freecad: httpx.Client, name: str, *location: float) -> None:
    post(freecad, "/primitives/box", name=name, length=10, width=10, height=10, location=list(location))


def test_an_intersection_of_three_and_of_four_is_what_all_share(freecad: httpx.Client) -> None:
    box(freecad, "A", 0, 0, 0)
    box(freecad, "B", 0, 0, 4)
    box(freecad, "C", 0, 8, 0)
    box(freecad, "D", 7, 0, 0)
    assert post(freecad, "/boolean/intersect", objects=["A", "B", "C"], name="Three")["volume"] == pytest.approx(120)
    assert post(freecad, "/boolean/intersect", objects=["A", "B", "C", "D"])["volume"] == pytest.approx(36)
    box(freecad, "Far", 50, 0, 0)
    empty = freecad.post("/boolean/intersect", json={"objects": ["A", "Far", "B"]})
    assert empty.status_code == 422, empty.text
    assert empty.json()["error"]["details"].get("reason") == "empty", empty.text
    # It follows its operands, however it is made.
    assert freecad.patch("/objects/D", json={"location": [5, 0, 0]}).status_code == 200
    assert get(freecad, "/objects/Three")["volume"] == pytest.approx(120)


def test_a_pocket_that_splits_a_body_leaves_both_pieces_and_says_so_or_is_refused(freecad: httpx.Client) -> None:
    post(freecad, "/bodies", name="Beam")
    outline = {"type": "rectangle", "corner": [0, 0], "width": 50, "height": 10}
    post(freecad, "/sketches", name="Outline", body="Beam", geometry=[outline])
    pad = post(freecad, "/features/pad", sketch="Outline", length=10)
    assert (pad["shape_type"], pad["volume"]) == ("Solid", pytest.approx(5000))
    gap = {"type": "rectangle", "corner": [10, -5], "width": 10, "height": 30}
    post(freecad, "/sketches", name="Gap", body="Beam", geometry=[gap])
    split = freecad.post("/features/pocket", json={"sketch": "Gap", "length": 50, "midplane": True})
    if split.status_code == 422:
        assert "multiple solids" in split.json()["error"]["message"]
        assert get(freecad, "/objects/Beam")["volume"] == pytest.approx(5000)
        return
    made = split.json()["result"]
    assert made["volume"] == pytest.approx(4000)
    assert [each["code"] for each in made["warnings"]] == ["disjoint"]
    assert "2 separate solids" in made["warnings"][0]["message"]


def test_undo_and_redo_of_a_deletion_are_kept_through_a_kill(freecad: httpx.Client, gateway: Gateway) -> None:
    box(freecad, "A", 0, 0, 0)
    box(freecad, "B", 5, 0, 0)
    post(freecad, "/boolean/union", objects=["A", "B"], name="Both")
    assert freecad.delete("/objects/Both").status_code == 200
    for word, there in (("undo", True), ("redo", False), ("undo", True)):
        moved = freecad.post(f"/{word}")
        assert (moved.status_code, freecad.get("/objects/Both").is_success) == (200, there), moved.text
    before = get(freecad, "/objects")
    pid = gateway.health("freecad")["result"]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: gateway.health("freecad").get("result", {}).get("pid") not in (None, pid), what="a FreeCAD")
    assert get(freecad, "/objects") == before


REPORT = """
from cadgate_freecad.app.observer import OBSERVER
class Gone:
    Name = None
    Document = App.ActiveDocument
    TypeId = "Part::Box"
before = dict(OBSERVER.events), dict(OBSERVER.reshaped)
OBSERVER.slotChangedObject(Gone(), "Shape")
(dict(OBSERVER.events), dict(OBSERVER.reshaped)) == before
"""


def test_a_change_reported_for_what_is_deleted_is_no_event(freecad: httpx.Client, gateway: Gateway) -> None:
    same: Any = run(gateway, REPORT)
    assert same is True
    box(freecad, "A", 0, 0, 0)
    assert freecad.post("/undo").status_code == 200
    assert freecad.post("/redo").status_code == 200
