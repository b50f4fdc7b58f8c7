"""An assembly of twelve parts: no freedom left, collisions, counts, changes, single mates and parts, and its file."""

from __future__ import annotations

import os
import signal
from math import pi
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, post, refused
from tests.gateway import Gateway, eventually, innermost
from tests.step_reader import step_tree
from tests.test_api.conftest import is_another

TOP, BOTTOM = {"type": "plane", "at": "top"}, {"type": "plane", "at": "bottom"}
LEFT, FRONT = {"type": "plane", "at": "left"}, {"type": "plane", "at": "front"}
CORNERS = [(15, 15), (85, 15), (15, 65), (85, 65)]
BOLT = 12 * 12 * 6 + pi * 9 * 40


@pytest.fixture
def press(freecad: httpx.Client) -> httpx.Client:
    """A base with a bored lid, four square spacers, four bolts with square heads and two pins, lying about."""
    freecad.put("/parameters", json={"thick": {"value": 10, "unit": "mm"}}).raise_for_status()
    steel = {"name": "Stahl, gehärtet", "density": 7850}
    for name in ("Base", "Lid"):
        expressions = {"Height": "Parameters.thick"} if name == "Base" else {}
        post(freecad, "/primitives/box", name=f"{name}Raw", length=100, width=80, height=10, expressions=expressions)
        holes: list[str] = []
        for number, (x, y) in enumerate(CORNERS):
            holes.append(f"{name}Hole{number}")
            post(freecad, "/primitives/cylinder", name=holes[-1], radius=3, height=30, location=[x, y, -5])
        post(freecad, "/boolean/subtract", objects=[f"{name}Raw", *holes], name=name, material=steel)
    post(freecad, "/primitives/box", name="Tube", length=16, width=16, height=20, location=[-8, -8, 0])
    post(freecad, "/primitives/cylinder", name="Inner", radius=3, height=20)
    post(freecad, "/boolean/subtract", object1="Tube", object2="Inner", name="Spacer", label="Distanzhülse")
    post(freecad, "/primitives/box", name="Head", length=12, width=12, height=6, location=[-6, -6, 40])
    post(freecad, "/primitives/cylinder", name="Shank", radius=3, height=40)
    post(freecad, "/boolean/union", object1="Head", object2="Shank", name="Bolt", label="螺栓 M6", material=steel)
    post(freecad, "/primitives/box", name="Pin", length=5, width=5, height=20)
    parts: list[dict[str, Any]] = [{"object": "Base", "name": "BaseAt"}, {"object": "Lid", "name": "LidAt"}]
    parts[1] |= {"location": [7, -3, 44], "rotation": [3, -4, 2]}
    for kind in ("Spacer", "Bolt"):
        for number, (x, y) in enumerate(CORNERS):
            place = {"location": [x + 3, y - 2, 31], "rotation": [2, 5, 0]}
            parts.append({"object": kind, "name": f"{kind}{number}", **place})
    parts += [{"object": "Pin", "name": f"Pin{n}", "location": [45 + 10 * n, 40, 12]} for n in range(2)]
    made = post(freecad, "/assemblies", name="Press", label="Presse №1", parts=parts)
    assert (len(made["parts"]), made["degrees_of_freedom"]) == (12, 66)
    return freecad


def bores(press: httpx.Client, name: str) -> dict[tuple[int, int], str]:
    """The name of the wall of the hole at each corner."""
    faces = get(press, f"/objects/{name}/faces")["faces"]
    return {
        corner: each["name"]
        for each in faces
        for corner in CORNERS
        if each["type"] == "cylinder" and each["center"][:2] == pytest.approx(corner, abs=1e-6)
    }


def mated(press: httpx.Client) -> dict[str, Any]:
    """Put it together."""
    calls: list[dict[str, Any]] = []

    def mate(kind: str, a: tuple[str, Any], b: tuple[str, Any], **more: Any) -> None:
        sides = {name: {"part": part, "of": of} for name, (part, of) in (("a", a), ("b", b))}
        calls.append({"method": "assemblies.mate", "params": {"assembly": "Press", "type": kind, **sides, **more}})

    holes = {name: bores(press, name) for name in ("Base", "Lid")}
    faces = get(press, "/objects/Bolt/faces")["faces"]
    below = [next(each["name"] for each in faces if each["center"][2] == 40)]
    mate("distance", ("BaseAt", TOP), ("LidAt", BOTTOM), value=20)
    for corner in (CORNERS[0], CORNERS[3]):
        mate("concentric", ("BaseAt", [holes["Base"][corner]]), ("LidAt", [holes["Lid"][corner]]))
    for number, corner in enumerate(CORNERS):
        spacer, bolt = f"Spacer{number}", f"Bolt{number}"
        for part, plate, hole in ((spacer, "BaseAt", holes["Base"]), (bolt, "LidAt", holes["Lid"])):
            mate("concentric", (plate, [hole[corner]]), (part, {"type": "cylinder", "radius": 3}))
            mate("coincident", (plate, TOP), (part, BOTTOM if part == spacer else below))
            mate("parallel", (plate, LEFT), (part, LEFT))
    for number in range(2):
        for side, distance in ((LEFT, 20 + 20 * number), (FRONT, 30)):
            mate("distance", ("BaseAt", side), (f"Pin{number}", side), value=-distance)
        mate("coincident", ("BaseAt", TOP), (f"Pin{number}", BOTTOM))
    answer = press.post("/batch", json={"calls": calls, "atomic": True})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]["results"][-1]["result"]


def place(info: dict[str, Any], name: str) -> Any:
    return pytest.approx(next(each for each in info["parts"] if each["name"] == name)["location"], abs=1e-5)


def pair(a: str, b: str, volume: float) -> dict[str, Any]:
    return {"a": a, "b": b, "volume": pytest.approx(volume, rel=1e-6), "distance": 0}


def test_it_is_held_counted_followed_taken_apart_and_kept(press: httpx.Client, gateway: Gateway) -> None:
    made = mated(press)
    assert (len(made["mates"]), made["degrees_of_freedom"]) == (33, 0)
    assert [each["id"] for each in made["mates"]] == [*range(1, 34)]
    assert place(made, "LidAt") == [0, 0, 30]
    assert place(made, "Bolt3") == [85, 65, 0]
    assert place(made, "Pin1") == [40, 30, 10]
    assert get(press, "/assemblies/Press/interference") == {"pairs": []}

    bom = get(press, "/assemblies/Press/bom")
    counted = [(each["object"], each["label"], each["quantity"]) for each in bom["items"]]
    assert counted == [
        ("Base", "Base", 1),
        ("Lid", "Lid", 1),
        ("Spacer", "Distanzhülse", 4),
        ("Bolt", "螺栓 M6", 4),
        ("Pin", "Pin", 2),
    ]
    assert bom["items"][3]["total_mass"] == pytest.approx(4 * BOLT * 7850e-9, rel=1e-6)
    assert bom["total_mass"] is None

    # Half a millimetre too low: the lid is in the spacers and in the pins.
    sunk = press.patch("/assemblies/Press/mates/1", json={"value": 19.5}).json()["result"]
    assert (sunk["degrees_of_freedom"], sunk["mates"][0]["value"]) == (0, 19.5)
    spacers = [pair("LidAt", f"Spacer{n}", 0.5 * (256 - 9 * pi)) for n in range(4)]
    assert get(press, "/assemblies/Press/interference")["pairs"] == [
        *spacers,
        *(pair("LidAt", f"Pin{n}", 0.5 * 25) for n in range(2)),
    ]
    assert press.post("/undo").status_code == 200
    assert get(press, "/assemblies/Press")["parts"] == made["parts"]

    press.patch("/parameters", json={"thick": {"value": 14}}).raise_for_status()
    thicker = get(press, "/assemblies/Press")
    assert (len(thicker["mates"]), thicker["degrees_of_freedom"]) == (33, 0)
    assert (place(thicker, "LidAt"), place(thicker, "Spacer2"), place(thicker, "Pin0")) == (
        [0, 0, 34],
        [15, 65, 14],
        [20, 30, 14],
    )
    before = get(press, "/assemblies/Press")
    pid = gateway.health("freecad")["result"]["pid"]
    os.kill(innermost(pid), signal.SIGKILL)
    eventually(lambda: is_another(gateway.health("freecad").get("result", {}), pid), what="another FreeCAD")
    assert get(press, "/assemblies/Press") == before


def test_single_mates_and_parts_come_and_go(press: httpx.Client) -> None:
    sides = [{"part": "BaseAt", "of": TOP}, {"part": "Pin0", "of": BOTTOM}]
    held = post(press, "/assemblies/Press/mates", type="distance", a=sides[0], b=sides[1], value=3)
    assert held["degrees_of_freedom"] == 63
    held = post(press, "/assemblies/Press/mates", type="parallel", a=sides[0], b={"part": "LidAt", "of": TOP})
    assert [each["id"] for each in held["mates"]] == [1, 2]
    changed = press.patch("/assemblies/Press/mates/1", json={"value": 8}).json()["result"]
    assert next(each for each in changed["parts"] if each["name"] == "Pin0")["location"][2] == pytest.approx(18)
    refused(press.patch("/assemblies/Press/mates/2", json={"value": 8}))
    refused(press.patch("/assemblies/Press/mates/1", json={"value": None}))
    refused(press.patch("/assemblies/Press/mates/1", json={"type": "angle"}))
    assert "1: distance" in refused(
        press.patch("/assemblies/Press/mates/7", json={"value": 8}), "object_not_found", 404
    )
    fewer = press.delete("/assemblies/Press/mates/1").json()["result"]
    assert ([each["id"] for each in fewer["mates"]], fewer["degrees_of_freedom"]) == ([2], 64)
    refused(press.delete("/assemblies/Press/mates/1"), "object_not_found", 404)
    again = post(press, "/assemblies/Press/mates", type="distance", a=sides[0], b=sides[1], value=3)
    assert [each["id"] for each in again["mates"]] == [2, 3]

    assert "parts/Pin0" in refused(press.delete("/objects/Pin0"), "degenerate_result")
    without = press.delete("/assemblies/Press/parts/Pin0").json()["result"]
    assert ([each["id"] for each in without["mates"]], without["degrees_of_freedom"]) == ([2], 58)
    assert press.get("/objects/Pin0").status_code == 404
    assert press.get("/objects/Pin").status_code == 200
    assert press.post("/undo").status_code == 200
    assert get(press, "/assemblies/Press") == again
    more = post(press, "/assemblies/Press/parts", object="Pin", name="Extra", location=[1, 2, 3])
    assert (len(more["parts"]), more["parts"][-1]["name"], more["degrees_of_freedom"]) == (13, "Extra", 67)
    refused(press.post("/assemblies/Press/parts", json={"object": "Pin", "name": "Extra"}), "name_taken", 409)
    refused(press.delete("/assemblies/Press/parts/Pin"), "object_not_found", 404)
    post(press, "/assemblies/Press/explode", factor=1)
    refused(press.delete("/assemblies/Press/parts/Extra"), "conflict", 409)
    refused(press.delete("/assemblies/Press/mates/2"), "conflict", 409)


def test_a_filter_chooses_the_sides_of_a_part_that_lies_askew(press: httpx.Client) -> None:
    sides = [{"part": "BaseAt", "of": TOP}, {"part": "LidAt", "of": BOTTOM}]
    held = post(press, "/assemblies/Press/mates", type="coincident", a=sides[0], b=sides[1])
    assert get(press, "/objects/LidAt")["bounding_box"]["min"][2] == pytest.approx(10, abs=1e-5)
    assert held["mates"][0]["b"]["element"] == "Face5"


def test_its_step_keeps_the_tree_both_ways(press: httpx.Client, tmp_path: Path) -> None:
    made = post(press, "/export", format="step", objects=["Press"])
    path = tmp_path / "press.step"
    path.write_bytes(press.get(f"../artifacts/{made['artifact']['id']}").content)
    [root] = step_tree(path)
    names = ["BaseAt", "LidAt", *(f"{kind}{n}" for kind in ("Spacer", "Bolt") for n in range(4)), "Pin0", "Pin1"]
    assert (root["name"], [each["name"] for each in root["children"]]) == ("Presse №1", names)
    post(press, "/documents", name="Second")
    press.post("/documents/Second/activate").raise_for_status()
    read = post(press, "/import", artifact=made["artifact"]["id"])
    assert [each["label"] for each in read["objects"]] == names
    [part] = {each["container"] for each in read["objects"]}
    described = get(press, f"/objects/{part}")
    assert (described["label"], described["type"], len(described["members"])) == ("Presse №1", "App::Part", 12)
