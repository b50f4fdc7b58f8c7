"""What is chosen for a change stays what it was: sketches on faces, bodies, patterns, and by every door."""

from __future__ import annotations

import os
import signal
from math import pi

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.live import live
from tests.test_api.test_freecad_truth_chosen import (
    DRILLED,
    UPPER_A,
    chamfered,
    get,
    patch,
    plate,
    post,
    rounded,
    roundings,
    volume,
)


def recompute(freecad: httpx.Client) -> None:
    assert freecad.post("/documents/Test/recompute", json={}).status_code == 200


# --- what else is chosen ---------------------------------------------------------------------------------------------


def test_a_sketch_stays_on_its_face(freecad: httpx.Client) -> None:
    plate(freecad)
    top = get(freecad, "/objects/Plate/faces", type="plane", at="top")["faces"][0]["name"]
    front = get(freecad, "/objects/Plate/faces", type="plane", at="front")["faces"][0]["name"]
    ring = [{"type": "circle", "center": [3, 3], "radius": 2}]
    post(freecad, "/sketches", name="OnTop", on="Plate", face=top, geometry=ring)
    post(freecad, "/sketches", name="InFront", on="Plate", face=front, geometry=ring)
    post(freecad, "/features/extrude", object="OnTop", length=5, name="Boss")
    post(freecad, "/features/revolve", object="InFront", axis=[0, 0, 1], base=[-10, 0, 0], name="Turned")
    turned = 2 * pi * 13 * 4 * pi  # Pappus: a disc of radius 2 at 13 mm from the axis
    assert volume(freecad, "Turned") == pytest.approx(turned)
    for location in ([0, 20, -10], [20, 0, -10], [30, 33, -10]):
        patch(freecad, "B", location=location)
        box = get(freecad, "/objects/Boss")["bounding_box"]
        assert box["min"] == pytest.approx([1, 1, 10])
        assert box["max"] == pytest.approx([5, 5, 15])
        assert get(freecad, "/objects/InFront")["bounding_box"]["max"] == pytest.approx([5, 0, 5])
        assert volume(freecad, "Turned") == pytest.approx(turned)
    patch(freecad, "Box", properties={"Height": 13})
    assert get(freecad, "/objects/Boss")["bounding_box"]["min"] == pytest.approx([1, 1, 13])


def test_the_open_face_of_a_hollow_stays_open(freecad: httpx.Client) -> None:
    """Walls and a floor of 1 mm, walls of 1 mm around both holes too, open on top."""
    plate(freecad)
    hollow = (38 * 38 - pi * 36 - pi * 25) * 9
    post(freecad, "/features/thickness", object="Plate", thickness=1, faces={"at": "top"}, name="Tray")
    assert volume(freecad, "Tray") == pytest.approx(DRILLED - hollow)
    for name, location in (("B", [30, 8, -10]), ("A", [10, 30, -10])):
        patch(freecad, name, location=location)
        assert volume(freecad, "Tray") == pytest.approx(DRILLED - hollow)


def test_roundings_on_roundings_and_on_a_mirror_image_stay(freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="One")
    post(freecad, "/features/fillet", object="One", radius=1, edges={**UPPER_A, "radius": 4}, name="Two")
    post(freecad, "/features/mirror", object="Two", plane="xy", name="Image")
    lower = {"type": "circle", "radius": 4, "at": "top"}
    post(freecad, "/features/chamfer", object="Image", size=1, edges=lower, name="Three")
    expected = DRILLED - rounded(5) - rounded(4)
    for name, location in (("B", [12, 7, -10]), ("A", [33, 7, -10]), ("B", [30, 30, -10])):
        patch(freecad, name, location=location)
        assert volume(freecad, "Two") == pytest.approx(expected)
        assert volume(freecad, "Three") == pytest.approx(expected - chamfered(4))
        a, b = (get(freecad, f"/objects/{each}")["location"][:2] for each in ("A", "B"))
        assert roundings(freecad, "One") == [tuple(a)]
        assert roundings(freecad, "Two") == sorted([tuple(a), tuple(b)])
        assert roundings(freecad, "Three", "cone") == [tuple(b)]


def test_holes_of_a_sketch_are_told_by_their_geometry(freecad: httpx.Client) -> None:
    circles = [{"type": "circle", "center": [x, 20], "radius": 5} for x in (10, 30)]
    outline = {"type": "rectangle", "width": 40, "height": 40}
    radii = [{"type": "radius", "first": {"geometry": index}, "value": 5} for index in (4, 5)]
    post(freecad, "/sketches", name="Outline", geometry=[outline, *circles], constraints=radii)
    post(freecad, "/features/extrude", object="Outline", length=10, name="Plate")
    left = {**UPPER_A, "inside": {"min": [0, 0, 9], "max": [20, 40, 11]}}
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=left, name="Round")
    indices = [each["index"] for each in get(freecad, "/sketches/Outline")["constraints"] if each["type"] == "radius"]
    patch(freecad, "/sketches/Outline", values=[{"index": indices[0], "value": 3}])
    assert volume(freecad, "Round") == pytest.approx(16000 - 10 * pi * (9 + 25) - rounded(3))
    patch(freecad, "/sketches/Outline", geometry=[{"type": "circle", "center": [20, 8], "radius": 2}])
    patch(freecad, "/sketches/Outline", values=[{"index": indices[1], "value": 2}])
    assert volume(freecad, "Round") == pytest.approx(16000 - 10 * pi * (9 + 4 + 4) - rounded(3))
    assert roundings(freecad, "Round") == [(10, 20)]


def test_the_two_mouths_of_a_cross_hole_are_told_by_their_place(freecad: httpx.Client) -> None:
    post(freecad, "/primitives/cylinder", name="Outer", radius=10, height=40)
    post(freecad, "/primitives/cylinder", name="Inner", radius=8, height=40)
    post(freecad, "/boolean/subtract", object1="Outer", object2="Inner", name="Tube")
    post(
        freecad, "/primitives/cylinder", name="Drill", radius=3, height=60, location=[0, -30, 10], rotation=[-90, 0, 0]
    )
    post(freecad, "/boolean/subtract", object1="Tube", object2="Drill", name="Crossed")
    edges = get(freecad, "/objects/Crossed/edges", type="bspline")["edges"]
    mouth = max(edges, key=lambda each: each["center"][1])["name"]
    post(freecad, "/features/chamfer", object="Crossed", size=0.2, edges=[mouth], name="Bevel")
    for height in (30, 5):
        patch(freecad, "Drill", location=[0, -30, height])
        taken = get(freecad, "/objects/Bevel")["center_of_mass"]
        whole = get(freecad, "/objects/Crossed")["center_of_mass"]
        assert taken[1] < whole[1] - 1e-5, (taken, whole)  # what was taken away lies at +y


def test_a_body_keeps_its_choices(freecad: httpx.Client) -> None:
    post(freecad, "/bodies", name="Body")
    outline = {"type": "rectangle", "width": 40, "height": 40}
    post(freecad, "/sketches", name="Outline", body="Body", geometry=[outline])
    post(freecad, "/features/pad", sketch="Outline", length=10, name="Pad")
    top = get(freecad, "/objects/Pad/faces", at="top")["faces"][0]["name"]
    post(
        freecad,
        "/sketches",
        name="Holes",
        body="Body",
        on="Pad",
        face=top,
        geometry=[
            {"type": "circle", "center": [10, 20], "radius": 5},
            {"type": "circle", "center": [30, 20], "radius": 4},
        ],
        constraints=[
            {"type": "radius", "first": {"geometry": 0}, "value": 5},
            {"type": "distance_y", "first": {"geometry": 1, "point": "center"}, "value": 20},
        ],
    )
    post(freecad, "/features/pocket", sketch="Holes", through_all=True, name="Pocket")
    post(freecad, "/features/fillet", object="Body", radius=1, edges=UPPER_A, name="Round")
    assert volume(freecad, "Round") == pytest.approx(DRILLED - rounded(5))
    patch(freecad, "/sketches/Holes", values=[{"index": 1, "value": 6}])
    assert volume(freecad, "Round") == pytest.approx(DRILLED - rounded(5))
    patch(freecad, "/sketches/Holes", values=[{"index": 0, "value": 3}])
    patch(freecad, "Pad", properties={"Length": 20})
    assert volume(freecad, "Round") == pytest.approx(32000 - 20 * pi * (9 + 16) - rounded(3))
    assert roundings(freecad, "Round") == [(10, 20)]


# --- by other doors --------------------------------------------------------------------------------------------------


def test_undo_redo_and_a_saved_file_keep_what_was_chosen(freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
    patch(freecad, "B", location=[30, 6, -10])
    assert freecad.post("/undo").status_code == 200
    assert roundings(freecad, "Round") == [(10, 20)]
    assert freecad.post("/redo").status_code == 200
    assert roundings(freecad, "Round") == [(10, 20)]
    saved = freecad.post("/documents/Test/save", json={}).json()["result"]["artifact"]["id"]
    opened = post(freecad, "/documents/open", artifact=saved)["name"]
    freecad.post(f"/documents/{opened}/activate")
    # The rounding stays inside the plate: where it touches the rim, not every version makes a valid shape.
    patch(freecad, "A", location=[30, 33, -10])
    assert (volume(freecad, "Round"), roundings(freecad, "Round")) == (
        pytest.approx(DRILLED - rounded(5)),
        [(30, 33)],
    )
    # Into a document where the names are in use, so that others are given.
    freecad.post("/documents/Test/activate")
    assert freecad.post("/import", json={"artifact": saved}).status_code == 200
    patch(freecad, "A001", location=[33, 33, -10])
    patch(freecad, "B001", location=[8, 8, -10])
    assert roundings(freecad, "Round001") == [(33, 33)]


@pytest.mark.anyio
async def test_code_that_recomputes_moves_no_rounding(gateway: Gateway, freecad: httpx.Client) -> None:
    plate(freecad)
    post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
    async with live(gateway, "freecad") as client:
        move = "App.ActiveDocument.B.Placement.Base = App.Vector(30, 6, -10)"
        await client.run(f"{move}; App.ActiveDocument.recompute()")
        assert roundings(freecad, "Round") == [(10, 20)]
        await client.run("App.ActiveDocument.B.Placement.Base = App.Vector(10, 34, -10)")
        recompute(freecad)
        assert roundings(freecad, "Round") == [(10, 20)]
        # A feature of code's making, and one whose edge code chooses anew.
        await client.run(
            "d = App.ActiveDocument; f = d.addObject('Part::Fillet', 'Own'); f.Base = d.Plate; "
            "f.Edges = d.Round.Edges; d.recompute()"
        )
        patch(freecad, "A", location=[32, 20, -10])
        assert roundings(freecad, "Own") == roundings(freecad, "Round") == [(32, 20)]
        await client.run(
            "d = App.ActiveDocument; d.Own.Edges = [(n, 1, 1) for n, e in enumerate(d.Plate.Shape.Edges, 1) "
            "if e.Curve.TypeId == 'Part::GeomCircle' and abs(e.Curve.Radius - 4) < 1e-9 and e.CenterOfMass.z > 9]; "
            "d.recompute()"
        )
        patch(freecad, "A", location=[20, 20, -10])
        assert roundings(freecad, "Own") == [(10, 34)]


def test_a_killed_application_comes_back_with_what_was_chosen(own_freecad: Gateway) -> None:
    own_freecad.start()
    with own_freecad.client("/api/v1/freecad") as freecad:
        plate(freecad)
        post(freecad, "/features/fillet", object="Plate", radius=1, edges=UPPER_A, name="Round")
        patch(freecad, "B", location=[30, 6, -10])
        before = own_freecad.application_pid("freecad")
        os.kill(before, signal.SIGKILL)
        eventually(lambda: own_freecad.application_pid("freecad") != before, what="another FreeCAD")
        eventually(lambda: freecad.get("/objects/Round").status_code == 200, what="its objects")
        assert (volume(freecad, "Round"), roundings(freecad, "Round")) == (
            pytest.approx(DRILLED - rounded(5)),
            [(10, 20)],
        )
        patch(freecad, "A", location=[30, 33, -10])
        patch(freecad, "B", location=[10, 6, -10])
        assert volume(freecad, "Round") == pytest.approx(DRILLED - rounded(5))
        assert roundings(freecad, "Round") == [(30, 33)]
