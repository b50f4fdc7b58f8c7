"""What depends on a changed object is made anew, whatever changed it, or the change is refused as a whole."""

from __future__ import annotations

from math import pi
from typing import Any

import httpx
import pytest

from tests.freecad_calls import corners, get, padded, patch, post, refused, run
from tests.gateway import Gateway

HOLE = {"type": "circle", "center": [7, 7], "radius": 1}


def states(freecad: httpx.Client) -> dict[str, list[str]]:
    """The objects that are not up to date."""
    listed = get(freecad, "/objects", fields="name,state")["objects"]
    return {each["name"]: each["state"] for each in listed if each["state"] != ["Up-to-date"]}


def volume(freecad: httpx.Client, name: str) -> float:
    return float(get(freecad, f"/objects/{name}")["volume"])


def pierce(freecad: httpx.Client, **more: Any) -> httpx.Response:
    """A pocket of radius 1 through the body `Bd`; its sketch is `Hole`."""
    post(freecad, "/sketches", name="Hole", body="Bd", geometry=[HOLE])
    return freecad.post("/features/pocket", json={"name": "Pk", "sketch": "Hole", "through_all": True, **more})


@pytest.fixture
def joined(freecad: httpx.Client) -> httpx.Client:
    """A body of 500 mm³, a box that shares 25 mm³ with it, and their union of 725 mm³."""
    padded(freecad, "Bd", "Sk", "Pd")
    post(freecad, "/primitives/box", name="Box", width=5, height=5, location=[0, 0, 4.5])
    assert post(freecad, "/boolean/union", object1="Bd", object2="Box", name="Union")["volume"] == pytest.approx(725)
    return freecad


def test_a_pocket_reaches_what_is_made_from_its_body_at_any_distance(joined: httpx.Client) -> None:
    post(joined, "/features/fillet", name="Fillet", object="Union", radius=0.1, edges=["Edge1"])
    post(joined, "/features/mirror", name="Mirror", object="Fillet", plane="xz")
    before = volume(joined, "Mirror")
    response = pierce(joined, reversed=True)
    assert response.status_code == 201, response.text
    assert volume(joined, "Bd") == pytest.approx(500 - 5 * pi)
    assert volume(joined, "Union") == pytest.approx(725 - 5 * pi)
    assert volume(joined, "Mirror") == pytest.approx(before - 5 * pi)
    assert states(joined) == {}
    artifact = post(joined, "/export", format="step", objects=["Union"])["artifact"]
    [back] = post(joined, "/import", artifact=artifact["id"])["objects"]
    assert back["volume"] == pytest.approx(725 - 5 * pi)


def test_deleting_a_feature_of_a_body_reaches_them_too(joined: httpx.Client) -> None:
    assert pierce(joined, reversed=True).status_code == 201
    assert joined.delete("/objects/Pk").json()["result"] == {"deleted": "Pk", "cascaded": []}
    assert (volume(joined, "Bd"), volume(joined, "Union")) == (pytest.approx(500), pytest.approx(725))
    assert states(joined) == {}
    message = refused(joined.delete("/objects/Pd"), "conflict", 409)
    assert "Union" in message
    assert set(joined.delete("/objects/Pd", params={"cascade": True}).json()["result"]["cascaded"]) == {"Union"}


def test_a_sketch_in_a_body_leaves_nothing_behind(joined: httpx.Client) -> None:
    post(joined, "/sketches", name="Hole", body="Bd", geometry=[HOLE])
    assert states(joined) == {}
    post(joined, "/features/mirror", object="Union", plane="xz")


def test_a_second_pad_reaches_what_is_made_from_its_body(joined: httpx.Client) -> None:
    square = {"type": "rectangle", "corner": [2, 6], "width": 2, "height": 2}
    post(joined, "/sketches", name="More", body="Bd", on="Pd", face="Face6", geometry=[square])
    post(joined, "/features/pad", sketch="More", length=3)
    assert volume(joined, "Union") == pytest.approx(725 + 12)
    assert states(joined) == {}


@pytest.mark.parametrize("operand", ["Bd", "Pd"])
def test_moving_a_body_reaches_what_is_made_from_it_or_its_features(joined: httpx.Client, operand: str) -> None:
    post(joined, "/boolean/intersect", object1=operand, object2="Box", name="Common")
    patch(joined, "Bd", location=[0, 0, 1])
    assert volume(joined, "Common") == pytest.approx(75)
    assert volume(joined, "Union") == pytest.approx(675)
    assert states(joined) == {}


def test_a_feature_that_would_break_a_dependent_is_refused_and_changes_nothing(joined: httpx.Client) -> None:
    post(joined, "/primitives/cylinder", name="Pin", radius=0.5, height=1, location=[7, 7, 2])
    post(joined, "/boolean/intersect", object1="Bd", object2="Pin", name="Core")
    post(joined, "/sketches", name="Hole", body="Bd", geometry=[HOLE])
    before = get(joined, "/objects")
    body = {"name": "Pk", "sketch": "Hole", "through_all": True, "reversed": True}
    response = joined.post("/features/pocket", json=body)
    message = refused(response, "degenerate_result")
    assert "'Core'" in message
    assert "'Bd'" in message
    assert response.json()["error"]["details"]["object"] == "Core"
    assert get(joined, "/objects") == before
    moved = joined.patch("/objects/Bd", json={"location": [200, 0, 0]})
    assert moved.json()["error"]["details"]["object"] == "Core"
    assert get(joined, "/objects") == before


def test_hiding_an_object_in_a_part_reaches_what_is_made_from_the_part(gateway: Gateway, joined: httpx.Client) -> None:
    run(
        gateway,
        """
part = App.ActiveDocument.addObject("App::Part", "Part")
for name, x in (("One", 300), ("Two", 400)):
    box = App.ActiveDocument.addObject("Part::Box", name)
    box.Placement.Base.x = x
    part.addObject(box)
link = App.ActiveDocument.addObject("App::Link", "Link")
link.LinkedObject = part
App.ActiveDocument.recompute()
""",
    )
    post(joined, "/boolean/union", object1="Link", object2="Box", name="Both")
    assert volume(joined, "Both") == pytest.approx(2250)
    patch(joined, "Two", visible=False)
    assert (volume(joined, "Link"), volume(joined, "Both")) == (pytest.approx(1000), pytest.approx(1250))
    assert states(joined) == {}


def test_undo_and_redo_of_a_pocket_take_the_dependents_with_them(joined: httpx.Client) -> None:
    assert pierce(joined, reversed=True).status_code == 201
    for action, expected in (("undo", 725), ("redo", 725 - 5 * pi)):
        assert joined.post(f"/{action}").status_code == 200
        assert volume(joined, "Union") == pytest.approx(expected)
        assert states(joined) == {}


def test_calls_of_an_atomic_batch_see_what_the_earlier_ones_made_of_the_dependents(joined: httpx.Client) -> None:
    hole = {"sketch": "Hole", "length": 5, "reversed": True, "through_all": True}
    calls = [
        {"method": "sketches.create", "params": {"name": "Hole", "body": "Bd", "geometry": [HOLE]}},
        {"method": "features.pocket", "params": hole},
        {"method": "features.mirror", "params": {"object": "Union", "plane": "xz", "name": "Mirror"}},
        {"method": "objects.update", "params": {"name": "Bd", "location": [0, 0, 100]}},
        {"method": "features.mirror", "params": {"object": "Union", "plane": "xz", "name": "Second"}},
    ]
    results = post(joined, "/batch", calls=calls, atomic=True)["results"]
    assert results[2]["result"]["volume"] == pytest.approx(725 - 5 * pi)
    assert results[4]["result"]["volume"] == pytest.approx(750 - 5 * pi)
    assert states(joined) == {}


def recompute(freecad: httpx.Client, **body: Any) -> dict[str, Any]:
    return post(freecad, "/documents/Test/recompute", **body)


def test_recompute_does_what_is_due_and_with_force_everything_and_lists_what_it_did(
    gateway: Gateway, joined: httpx.Client
) -> None:
    assert recompute(joined)["objects"] == []
    run(gateway, "App.ActiveDocument.Box.Length = 20")
    assert [each["name"] for each in recompute(joined)["objects"]] == ["Box", "Union"]
    assert volume(joined, "Union") == pytest.approx(500 + 500 - 25)
    # A shape that is wrong though nothing is touched, as after a crash in the middle of a change.
    run(gateway, "u = App.ActiveDocument.Union; u.Shape = Part.makeBox(1, 1, 1); u.purgeTouched()")
    assert recompute(joined)["objects"] == []
    assert volume(joined, "Union") == pytest.approx(1)
    done = recompute(joined, force=True)
    assert {each["name"] for each in done["objects"]} >= {"Bd", "Sk", "Pd", "Box", "Union"}
    assert (done["failed"], volume(joined, "Union")) == ([], pytest.approx(975))
    assert corners(get(joined, "/objects/Union")) == [0, 0, 0, 20, 10, 9.5]
    assert states(joined) == {}


def test_recompute_lists_what_failed_and_what_waits_for_it(gateway: Gateway, joined: httpx.Client) -> None:
    run(gateway, "App.ActiveDocument.Box.Length = 0")
    done = recompute(joined)
    assert done["failed"] == ["Box"]
    assert {each["name"] for each in done["objects"]} == {"Box", "Union"}


def test_a_sketch_in_a_body_makes_nothing_anew(gateway: Gateway, joined: httpx.Client) -> None:
    run(
        gateway,
        """
class Watch:
    seen = []
    def slotRecomputedObject(self, obj):
        self.seen.append(obj.Name)
watch = Watch()
App.addDocumentObserver(watch)
""",
    )
    post(joined, "/sketches", name="Hole", body="Bd", geometry=[HOLE])
    assert run(gateway, "App.removeDocumentObserver(watch); list(set(watch.seen))") == ["Hole"]
