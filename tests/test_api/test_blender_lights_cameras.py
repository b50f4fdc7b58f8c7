"""Blender's lights and cameras over HTTP: made, aimed, changed, and seen in a render."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.pictures import brightness, hue, pixel, rendered

FAR = 1e-4


def create(blender: httpx.Client, path: str, **values: Any) -> dict[str, Any]:
    answer = blender.post(path, json=values)
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def close(found: list[float], expected: list[float]) -> bool:
    return found == pytest.approx(expected, abs=FAR)


# --- both --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "kind"), [("/light", "LIGHT"), ("/camera", "CAMERA")])
def test_each_is_an_object_with_name_place_and_rotation(blender: httpx.Client, path: str, kind: str) -> None:
    made = create(blender, path, name="Ding / é", location=[1, 2, 3], rotation=[10, 20, 30], scale=[1, 1, 2])
    assert (made["name"], made["type"]) == ("Ding / é", kind)
    assert (made["location"], made["rotation"]) == ([1.0, 2.0, 3.0], [10.0, 20.0, 30.0])
    assert made["scale"] == [1.0, 1.0, 2.0]
    info = blender.get("/objects/Ding%20%2F%20%C3%A9").json()["result"]
    assert {field: made[field] for field in info} == info
    assert (info["materials"], info["vertices"]) == ([], None)


@pytest.mark.parametrize("path", ["/light", "/camera"])
@pytest.mark.parametrize(
    ("location", "look_at", "rotation"),
    [
        ([0, -5, 0], [0, 0, 0], [90, 0, 0]),
        ([5, 0, 0], [0, 0, 0], [90, 0, 90]),
        ([0, 0, 5], [0, 0, 0], [0, 0, 0]),
        ([1, 1, 1], [1, 6, 6], [135, 0, 0]),
    ],
)
def test_look_at_turns_it_to_the_point(
    blender: httpx.Client, path: str, location: list[float], look_at: list[float], rotation: list[float]
) -> None:
    made = create(blender, path, location=location, look_at=look_at)
    assert close(made["rotation"], rotation)
    assert made["location"] == location


@pytest.mark.parametrize("path", ["/light", "/camera"])
@pytest.mark.parametrize(
    "wanted",
    [
        {"rotation": [0, 0, 0], "look_at": [1, 1, 1]},
        {"location": [1, 2, 3], "look_at": [1, 2, 3]},
        {"look_at": [0, 0]},
        {"location": ["1", 2, 3]},
        {"brightness": 1},
    ],
)
def test_contradictions_are_refused_and_nothing_is_made(
    blender: httpx.Client, path: str, wanted: dict[str, Any]
) -> None:
    assert code(blender.post(path, json=wanted)) == (422, "validation_error")
    assert blender.get("/scene").json()["result"]["objects"] == []


@pytest.mark.parametrize("path", ["/light", "/camera"])
def test_an_explicit_name_in_use_is_409_and_replace_takes_its_place(blender: httpx.Client, path: str) -> None:
    create(blender, "/primitives/cube", name="Mine")
    assert code(blender.post(path, json={"name": "Mine"})) == (409, "name_taken")
    assert create(blender, path, name="Mine", on_conflict="rename")["name"] != "Mine"
    assert create(blender, path, name="Mine", on_conflict="replace")["name"] == "Mine"
    assert blender.get("/objects/Mine").json()["result"]["type"] != "MESH"


# --- lights ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["point", "sun", "spot", "area"])
def test_every_kind_of_light_keeps_energy_colour_and_size(blender: httpx.Client, kind: str) -> None:
    made = create(blender, "/light", name="L", kind=kind, energy=12.5, color="#ff0000", size=0.7)
    assert (made["kind"], made["energy"], made["color"], made["size"]) == (kind, 12.5, [1.0, 0.0, 0.0], 0.7)
    assert blender.get("/light/L").json()["result"] == made


def test_a_light_without_a_kind_is_a_white_point_that_can_be_seen(blender: httpx.Client) -> None:
    made = create(blender, "/light")
    assert (made["kind"], made["color"]) == ("point", [1.0, 1.0, 1.0])
    assert made["energy"] > 0


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "laser"},
        {"energy": -1},
        {"size": 0},
        {"size": -1},
        {"color": [2, 0, 0]},
        {"kind": "sun", "size": 181},
        {"kind": "point", "spot_angle": 30},
        {"kind": "spot", "spot_angle": 0},
    ],
)
def test_a_light_that_cannot_be_is_refused(blender: httpx.Client, wanted: dict[str, Any]) -> None:
    assert code(blender.post("/light", json=wanted)) == (422, "validation_error")
    assert blender.get("/objects").json()["result"]["total"] == 0


def test_a_light_is_changed_and_turned_and_only_a_light(blender: httpx.Client) -> None:
    made = create(blender, "/light", name="Key", kind="spot", energy=10, location=[0, 0, 5])
    changed = blender.patch("/light/Key", json={"energy": 20, "spot_angle": 60, "look_at": [0, 5, 5]})
    assert changed.status_code == 200
    found = blender.get("/light/Key").json()["result"]
    assert changed.json()["result"] == found
    assert (found["energy"], found["spot_angle"], found["color"]) == (20.0, 60.0, made["color"])
    assert close(found["rotation"], [90, 0, 0])
    assert found["revision"] != made["revision"]
    create(blender, "/primitives/cube", name="Box")
    assert code(blender.patch("/light/Box", json={"energy": 1})) == (422, "validation_error")
    assert code(blender.patch("/light/Kee", json={"energy": 1})) == (404, "object_not_found")


def test_light_falls_where_it_is_aimed_and_as_strong_as_it_is(blender: httpx.Client) -> None:
    blender.patch("/world", json={"color": [0, 0, 0], "strength": 0})
    create(blender, "/primitives/plane", size=20)
    create(blender, "/camera", location=[0, 0, 5])
    create(blender, "/light", name="Lamp", kind="sun", energy=1, location=[0, 0, 5])
    lit = brightness(rendered(blender))
    blender.patch("/light/Lamp", json={"energy": 0.2})
    dim = brightness(rendered(blender))
    blender.patch("/light/Lamp", json={"energy": 1, "look_at": [0, 0, 9]})
    averted = brightness(rendered(blender))
    blender.patch("/world", json={"color": [0.05, 0.05, 0.05], "strength": 1})
    assert lit > 1.5 * dim > 10 > averted


def test_coloured_light_colours_what_it_falls_on(blender: httpx.Client) -> None:
    create(blender, "/primitives/plane", size=20)
    create(blender, "/camera", location=[0, 0, 5])
    create(blender, "/light", kind="sun", energy=3, color=[0, 1, 0], location=[0, 0, 5])
    assert hue(rendered(blender)) == "green"


# --- cameras -----------------------------------------------------------------------------------------------------


def test_a_camera_has_blenders_values_where_none_are_given_and_becomes_the_active_one(blender: httpx.Client) -> None:
    made = create(blender, "/camera", name="Eye")
    assert (made["lens"], made["sensor_width"], made["projection"], made["active"]) == (50.0, 36.0, "perspective", True)
    assert blender.get("/scene").json()["result"]["camera"] == "Eye"
    create(blender, "/camera", name="Second", active=False)
    assert blender.get("/scene").json()["result"]["camera"] == "Eye"
    create(blender, "/camera", name="Third")
    assert blender.get("/scene").json()["result"]["camera"] == "Third"


def test_every_value_of_a_camera_is_set_and_read_back(blender: httpx.Client) -> None:
    values = {"lens": 35.0, "sensor_width": 24.0, "projection": "orthographic", "ortho_scale": 2.5, "active": False}
    made = create(blender, "/camera", name="Eye", **values)
    assert {field: made[field] for field in values} == values
    assert blender.get("/camera/Eye").json()["result"] == made


@pytest.mark.parametrize(
    "wanted",
    [
        {"lens": 0},
        {"lens": -50},
        {"sensor_width": 0},
        {"projection": "fisheye"},
        {"active": "yes"},
        {"clip_start": 10, "clip_end": 1},
        {"ortho_scale": 0},
    ],
)
def test_a_camera_that_cannot_be_is_refused(blender: httpx.Client, wanted: dict[str, Any]) -> None:
    assert code(blender.post("/camera", json=wanted)) == (422, "validation_error")
    assert blender.get("/scene").json()["result"]["objects"] == []


def test_a_camera_is_changed_turned_and_made_the_active_one(blender: httpx.Client) -> None:
    create(blender, "/camera", name="One", location=[0, -5, 0])
    create(blender, "/camera", name="Two")
    changed = blender.patch("/camera/One", json={"lens": 85, "look_at": [0, 0, 0], "active": True}).json()["result"]
    assert (changed["lens"], changed["active"]) == (85.0, True)
    assert close(changed["rotation"], [90, 0, 0])
    assert blender.get("/scene").json()["result"]["camera"] == "One"
    blender.patch("/camera/One", json={"active": False})
    assert blender.get("/scene").json()["result"]["camera"] is None


def test_a_scene_whose_camera_is_deleted_has_none(blender: httpx.Client) -> None:
    create(blender, "/camera", name="Eye")
    assert blender.delete("/objects/Eye").status_code == 200
    assert blender.get("/scene").json()["result"]["camera"] is None


def test_a_render_shows_what_the_camera_looks_at(blender: httpx.Client) -> None:
    glow = {"color": [0, 0, 0], "emission_strength": 1}
    blender.post("/materials", json={"name": "Red", "emission_color": [1, 0, 0], **glow})
    blender.post("/materials", json={"name": "Blue", "emission_color": [0, 0, 1], **glow})
    create(blender, "/primitives/cube", location=[10, 0, 0], material="Red")
    create(blender, "/primitives/cube", location=[-10, 0, 0], material="Blue")
    create(blender, "/camera", name="East", look_at=[10, 0, 0])
    create(blender, "/camera", name="West", look_at=[-10, 0, 0], active=False)
    assert hue(rendered(blender)) == "red"
    assert hue(rendered(blender, camera="West")) == "blue"


def test_a_longer_lens_shows_less_around_the_same_middle(blender: httpx.Client) -> None:
    blender.post("/materials", json={"name": "Glow", "color": [0, 0, 0], "emission_color": [1, 1, 1]})
    create(blender, "/primitives/cube", material="Glow")
    create(blender, "/camera", name="Eye", location=[0, -12, 0], look_at=[0, 0, 0], lens=35)
    wide = rendered(blender)
    blender.patch("/camera/Eye", json={"lens": 200})
    near = rendered(blender)
    assert brightness(near) > 2 * brightness(wide)
    assert pixel(near) == pixel(wide)
