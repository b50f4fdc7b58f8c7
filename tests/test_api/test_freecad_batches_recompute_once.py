"""Atomic batches: what several calls change is made again once, and every answer is true all the same."""

from __future__ import annotations

import os
import signal
from math import pi
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, post, refused, run
from tests.gateway import Gateway, eventually

COUNT = """
class Counter:
    def __init__(self):
        self.names = []
    def slotRecomputedObject(self, obj):
        self.names.append(obj.Name)
import sys
sys.cadgate_counter = Counter()
App.addDocumentObserver(sys.cadgate_counter)
"""
COUNTED = "import sys; App.removeDocumentObserver(sys.cadgate_counter); sys.cadgate_counter.names"
HOLES = 6


@pytest.fixture
def chain(freecad: httpx.Client) -> httpx.Client:
    """A plate with holes, one cut after the other: Cut0 to Cut5."""
    post(freecad, "/primitives/box", name="Plate", length=100, width=10, height=5)
    calls: list[dict[str, Any]] = []
    for number in range(HOLES):
        place = {"name": f"Pin{number}", "radius": 1, "height": 20, "location": [5 + 10 * number, 5, -5]}
        first = "Plate" if number == 0 else f"Cut{number - 1}"
        calls += [
            {"method": "primitives.cylinder", "params": place},
            {
                "method": "boolean.subtract",
                "params": {"object1": first, "object2": f"Pin{number}", "name": f"Cut{number}"},
            },
        ]
    post(freecad, "/batch", calls=calls, atomic=True)
    return freecad


def update(name: str, **params: Any) -> dict[str, Any]:
    return {"method": "objects.update", "params": {"name": name, **params}}


def sized(length: float, height: float) -> dict[str, Any]:
    return update("Plate", properties={"Length": length, "Height": height})


def atomic(freecad: httpx.Client, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["result"] for each in post(freecad, "/batch", calls=list(calls), atomic=True)["results"]]


def volume(length: float, height: float) -> float:
    return height * (10 * length - HOLES * pi)


def recomputed(gateway: Gateway, freecad: httpx.Client, *calls: dict[str, Any]) -> dict[str, int]:
    """How often an atomic batch recomputes each object."""
    run(gateway, COUNT)
    try:
        atomic(freecad, *calls)
    finally:
        names = run(gateway, COUNTED)
    return {name: names.count(name) for name in names}


def test_four_changes_of_the_root_make_the_chain_again_once(gateway: Gateway, chain: httpx.Client) -> None:
    calls = [sized(100 + number, 5 + number) for number in range(4)]
    counts = recomputed(gateway, chain, *calls)
    assert {name: count for name, count in counts.items() if name.startswith("Cut")} == {
        f"Cut{number}": 1 for number in range(HOLES)
    }
    assert get(chain, f"/objects/Cut{HOLES - 1}")["volume"] == pytest.approx(volume(103, 8))


def test_changes_at_several_places_make_the_chain_again_once(gateway: Gateway, chain: httpx.Client) -> None:
    calls = [sized(120, 5), update("Pin2", properties={"Radius": 2}), update("Pin4", location=[50, 5, -5])]
    counts = recomputed(gateway, chain, *calls)
    assert {counts[f"Cut{number}"] for number in range(HOLES)} == {1}
    assert get(chain, "/objects/Cut5")["volume"] == pytest.approx(volume(120, 5) - 15 * pi)


def test_every_answer_is_true_when_it_is_given(chain: httpx.Client) -> None:
    results = atomic(
        chain,
        sized(120, 5),
        {"method": "objects.get", "params": {"name": "Cut5"}},
        sized(130, 5),
        update("Cut3", label="Fourth", location=[0, 0, 100]),
        sized(140, 6),
        {"method": "objects.measure", "params": {"name": "Cut5"}},
        sized(150, 6),
        {"method": "features.mirror", "params": {"object": "Cut5", "plane": "xz", "name": "Mirror"}},
        sized(160, 6),
    )
    assert [each["volume"] for each in (results[0], results[2], results[4])] == pytest.approx([6000, 6500, 8400])
    assert results[1]["volume"] == pytest.approx(volume(120, 5))
    assert results[3]["volume"] == pytest.approx(5 * (1300 - 4 * pi))
    assert results[5]["bounding_box"]["max"] == pytest.approx([140, 10, 106])
    assert results[7]["bounding_box"]["max"][0] == pytest.approx(150)
    assert get(chain, "/objects/Mirror")["bounding_box"]["max"][0] == pytest.approx(160)
    assert all(each["state"] == ["Up-to-date"] for each in get(chain, "/objects")["objects"])


def test_an_expression_on_what_is_not_made_again_yet_has_its_new_value(chain: httpx.Client) -> None:
    post(chain, "/primitives/box", name="Follower")
    results = atomic(
        chain, sized(120, 5), update("Follower", expressions={"Length": "Cut5.Shape.BoundBox.XLength"}), sized(140, 5)
    )
    assert results[1]["bounding_box"]["max"][0] == pytest.approx(120)
    assert get(chain, "/objects/Follower")["bounding_box"]["max"][0] == pytest.approx(140)


def test_the_call_that_makes_something_impossible_is_named_and_nothing_is_changed(chain: httpx.Client) -> None:
    fillet = {"object": "Cut5", "radius": 1, "edges": {"parallel_to": [0, 0, 1], "type": "line"}}
    post(chain, "/features/fillet", name="Round", **fillet)
    before = get(chain, "/objects")
    for calls, index in (
        ([sized(120, 5), update("Plate", properties={"Width": 1}), sized(130, 5), update("Plate", label="Base")], 1),
        ([update("Plate", properties={"Width": 1}), {"method": "objects.get", "params": {"name": "Plate"}}], 0),
        ([sized(120, 5), update("Cut5", location=[1, 0, 0]), update("Plate", properties={"Length": -5})], 2),
    ):
        response = chain.post("/batch", json={"calls": calls, "atomic": True})
        error = response.json()["error"]
        assert error["details"]["index"] == index, error
        assert get(chain, "/objects") == before
    assert refused(chain.patch("/objects/Plate", json={"properties": {"Width": 1}}), "degenerate_result")


def test_what_is_impossible_only_in_between_is_done(chain: httpx.Client) -> None:
    """The document goes from one possible state to another."""
    fillet = {"object": "Cut5", "radius": 1, "edges": {"parallel_to": [0, 0, 1], "type": "line"}}
    post(chain, "/features/fillet", name="Round", **fillet)
    results = atomic(chain, update("Plate", properties={"Width": 1}), update("Plate", properties={"Width": 12}))
    assert [each["volume"] for each in results] == pytest.approx([500, 6000])
    assert get(chain, "/objects/Cut5")["volume"] == pytest.approx(5 * (1200 - HOLES * pi))


def test_sketches_bodies_and_hidden_objects_are_settled_too(freecad: httpx.Client) -> None:
    square = {"type": "rectangle", "corner": [0, 0], "width": 10, "height": 10}
    post(freecad, "/bodies", name="Bd")
    post(freecad, "/sketches", name="Sk", body="Bd", geometry=[square])
    post(freecad, "/features/pad", name="Pd", sketch="Sk", length=5)
    post(freecad, "/primitives/box", name="Tool", location=[8, 0, 0])
    post(freecad, "/boolean/union", object1="Bd", object2="Tool", name="Union")
    atomic(
        freecad,
        update("Pd", properties={"Length": 10}),
        update("Bd", location=[-2, 0, 0]),
        update("Tool", properties={"Length": 20}),
    )
    assert get(freecad, "/objects/Union")["volume"] == pytest.approx(3000)
    assert get(freecad, "/objects/Bd")["volume"] == pytest.approx(1000)
    assert all(each["state"] == ["Up-to-date"] for each in get(freecad, "/objects")["objects"])


def test_a_batch_is_one_step_of_undo_and_the_same_after_a_kill(gateway: Gateway, chain: httpx.Client) -> None:
    before = get(chain, "/objects")
    atomic(
        chain, sized(120, 5), update("Pin2", properties={"Radius": 2}), sized(140, 7), update("Cut4", label="Middle")
    )
    after = get(chain, "/objects")
    assert chain.post("/undo").status_code == 200
    assert get(chain, "/objects") == before
    assert chain.post("/redo").status_code == 200
    assert get(chain, "/objects") == after
    atomic(chain, sized(150, 7), update("Pin3", properties={"Radius": 2}), sized(160, 7))
    after = get(chain, "/objects")
    pid = gateway.health("freecad")["result"]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(
        lambda: gateway.health("freecad").get("result", {}).get("pid") not in (None, pid), what="another FreeCAD"
    )
    assert get(chain, "/objects") == after
    assert "damages" not in gateway.health("freecad")["result"] or not gateway.health("freecad")["result"]["damages"]
