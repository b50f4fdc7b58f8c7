"""Blender's materials over HTTP: made, listed, changed, applied, deleted, and seen in a render."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.gateway import Gateway
from tests.pictures import brightness, hue, images_kept, png, rendered


def make(blender: httpx.Client, name: str, **values: Any) -> dict[str, Any]:
    answer = blender.post("/materials", json={"name": name, **values})
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


def material(blender: httpx.Client, name: str) -> dict[str, Any]:
    answer = blender.get(f"/materials/{quote(name, safe='')}")
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def slots(blender: httpx.Client, name: str) -> list[str | None]:
    return blender.get(f"/objects/{name}").json()["result"]["materials"]


# --- making ------------------------------------------------------------------------------------------------------


def test_a_material_has_blenders_values_where_none_are_given(blender: httpx.Client) -> None:
    made = make(blender, "Plain")
    assert made["color"] == [0.8, 0.8, 0.8, 1.0]
    assert (made["metallic"], made["roughness"], made["alpha"]) == (0.0, 0.5, 1.0)
    assert made["emission_strength"] == 0.0
    assert material(blender, "Plain") == made


def test_every_value_is_set_and_read_back(blender: httpx.Client) -> None:
    made = make(
        blender,
        "Glow / é",
        color=[0.1, 0.2, 0.3],
        metallic=1,
        roughness=0.05,
        emission_color="#ff0000",
        emission_strength=4.5,
        alpha=0.25,
    )
    assert made["color"] == [0.1, 0.2, 0.3, 1.0]
    assert (made["metallic"], made["roughness"], made["alpha"]) == (1.0, 0.05, 0.25)
    assert (made["emission_color"], made["emission_strength"]) == ([1.0, 0.0, 0.0, 1.0], 4.5)
    assert material(blender, "Glow / é") == made


def test_the_alpha_of_the_colour_is_the_opacity_where_none_is_given(blender: httpx.Client) -> None:
    assert make(blender, "Glass", color=[1, 1, 1, 0.5])["alpha"] == 0.5
    assert make(blender, "Opaque", color=[1, 1, 1, 0.5], alpha=1)["alpha"] == 1.0


def test_an_emission_colour_alone_glows_with_strength_one(blender: httpx.Client) -> None:
    assert make(blender, "Lamp", emission_color=[1, 1, 0])["emission_strength"] == 1.0


def test_a_material_without_a_name_gets_one_from_blender(blender: httpx.Client) -> None:
    first, second = (blender.post("/materials", json={}).json()["result"]["name"] for _ in range(2))
    assert first != second
    assert {each["name"] for each in blender.get("/materials").json()["result"]["materials"]} == {first, second}


@pytest.mark.parametrize(
    "wanted",
    [
        {"metallic": 1.1},
        {"roughness": -0.1},
        {"alpha": 2},
        {"emission_strength": -1},
        {"color": [1, 0]},
        {"color": "#12345"},
        {"color": [1, 0, 0, 1.5]},
        {"metallic": "1"},
        {"shine": 1},
        {"name": "x" * 256},
        {"name": ""},
    ],
)
def test_a_material_that_cannot_be_is_refused_and_not_made(blender: httpx.Client, wanted: dict[str, Any]) -> None:
    assert code(blender.post("/materials", json={"name": "Bad", **wanted})) == (422, "validation_error")
    assert blender.get("/materials").json()["result"]["total"] == 0


def test_a_name_in_use_is_409_unless_the_request_says_what_to_do(blender: httpx.Client) -> None:
    make(blender, "Red", color=[1, 0, 0])
    blender.post("/primitives/cube", json={"name": "Box", "material": "Red"})
    assert code(blender.post("/materials", json={"name": "Red", "color": [0, 0, 1]})) == (409, "name_taken")
    assert material(blender, "Red")["color"] == [1.0, 0.0, 0.0, 1.0]

    renamed = make(blender, "Red", on_conflict="rename")
    assert renamed["name"] != "Red"
    assert material(blender, "Red")["color"] == [1.0, 0.0, 0.0, 1.0]

    make(blender, "Red", color=[0, 0, 1], on_conflict="replace")
    assert material(blender, "Red")["color"] == [0.0, 0.0, 1.0, 1.0]
    assert blender.get("/materials").json()["result"]["total"] == 2
    assert slots(blender, "Box") == ["Red"]
    assert material(blender, "Red")["users"] == 1


# --- reading and changing ----------------------------------------------------------------------------------------


def test_materials_are_listed_by_name_in_pages_with_chosen_fields(blender: httpx.Client) -> None:
    for name in ("C", "A", "B"):
        make(blender, name)
    listed = blender.get("/materials", params={"limit": 2, "offset": 1, "fields": "name,roughness"}).json()["result"]
    assert listed == {"materials": [{"name": "B", "roughness": 0.5}, {"name": "C", "roughness": 0.5}], "total": 3}


def test_only_what_is_sent_changes(blender: httpx.Client) -> None:
    made = make(blender, "Paint", color=[1, 0, 0], roughness=0.2, alpha=0.5)
    changed = blender.patch("/materials/Paint", json={"metallic": 0.75})
    assert changed.status_code == 200
    expected = {**made, "metallic": 0.75, "revision": changed.json()["result"]["revision"]}
    assert changed.json()["result"] == expected == material(blender, "Paint")
    assert expected["revision"] != made["revision"]


def test_a_new_colour_without_alpha_keeps_the_opacity(blender: httpx.Client) -> None:
    make(blender, "Glass", alpha=0.25)
    assert blender.patch("/materials/Glass", json={"color": [0, 1, 0]}).json()["result"]["alpha"] == 0.25


def test_a_renamed_material_stays_on_its_objects(blender: httpx.Client) -> None:
    make(blender, "Red")
    make(blender, "Taken")
    blender.post("/primitives/cube", json={"name": "Box", "material": "Red"})
    assert code(blender.patch("/materials/Red", json={"name": "Taken"})) == (409, "name_taken")
    assert blender.patch("/materials/Red", json={"name": "Ruby"}).json()["result"]["name"] == "Ruby"
    assert slots(blender, "Box") == ["Ruby"]
    assert code(blender.get("/materials/Red")) == (404, "material_not_found")


def test_a_change_that_lost_the_race_is_412(blender: httpx.Client) -> None:
    made = make(blender, "Red")
    first = blender.patch("/materials/Red", json={"roughness": 0.1}, headers={"If-Match": made["revision"]})
    second = blender.patch("/materials/Red", json={"roughness": 0.9}, headers={"If-Match": made["revision"]})
    assert first.status_code == 200
    assert code(second) == (412, "revision_mismatch")
    assert material(blender, "Red")["roughness"] == 0.1


@pytest.mark.parametrize(("verb", "body"), [("GET", None), ("PATCH", {"roughness": 0}), ("DELETE", None)])
def test_a_material_that_is_not_there_is_404_with_the_nearest_name(
    blender: httpx.Client, verb: str, body: dict[str, Any] | None
) -> None:
    make(blender, "Copper")
    answer = blender.request(verb, "/materials/Coper", json=body)
    assert code(answer) == (404, "material_not_found")
    assert answer.json()["error"]["details"]["did_you_mean"] == ["Copper"]


def test_a_deleted_material_leaves_empty_slots(blender: httpx.Client) -> None:
    make(blender, "Red")
    blender.post("/primitives/cube", json={"name": "Box", "material": "Red"})
    assert blender.delete("/materials/Red").json()["result"] == {"deleted": "Red"}
    assert slots(blender, "Box") == [None]
    assert blender.get("/materials").json()["result"]["total"] == 0


# --- objects -----------------------------------------------------------------------------------------------------


def test_a_creation_takes_an_existing_material_and_nothing_is_made_without_it(blender: httpx.Client) -> None:
    make(blender, "Red")
    assert blender.post("/primitives/cube", json={"material": "Red"}).json()["result"]["materials"] == ["Red"]
    refused = blender.post("/primitives/sphere", json={"material": "Rde"})
    assert code(refused) == (404, "material_not_found")
    assert blender.get("/objects").json()["result"]["total"] == 1


def test_applying_fills_the_first_slot_then_the_named_ones(blender: httpx.Client) -> None:
    for name in ("Red", "Green"):
        make(blender, name)
    blender.post("/primitives/cube", json={"name": "Box"})
    apply = {"object": "Box", "material": "Red"}
    applied = blender.post("/materials/apply", json=apply)
    assert applied.status_code == 200
    assert applied.json()["result"]["materials"] == ["Red"]
    assert applied.json()["result"] == blender.get("/objects/Box").json()["result"]
    blender.post("/materials/apply", json={**apply, "material": "Green"})
    assert slots(blender, "Box") == ["Green"]
    blender.post("/materials/apply", json={**apply, "slot": 1})
    assert slots(blender, "Box") == ["Green", "Red"]
    assert code(blender.post("/materials/apply", json={**apply, "slot": 3})) == (422, "validation_error")
    assert code(blender.post("/materials/apply", json={**apply, "slot": -1})) == (422, "validation_error")
    assert slots(blender, "Box") == ["Green", "Red"]


def test_a_material_goes_onto_every_object_that_shares_the_mesh(blender: httpx.Client) -> None:
    make(blender, "Red")
    blender.post("/primitives/cube", json={"name": "Box"})
    blender.post("/objects/Box/duplicate", json={"name": "Twin", "linked": True})
    blender.post("/materials/apply", json={"object": "Box", "material": "Red"})
    assert (slots(blender, "Box"), slots(blender, "Twin")) == (["Red"], ["Red"])


def test_applying_needs_both_an_object_with_a_surface_and_a_material(blender: httpx.Client) -> None:
    make(blender, "Red")
    blender.post("/primitives/cube", json={"name": "Box"})
    blender.post("/light", json={"name": "Lamp"})
    for object, name, expected in (
        ("Bix", "Red", (404, "object_not_found")),
        ("Box", "Rad", (404, "material_not_found")),
        ("Lamp", "Red", (422, "validation_error")),
    ):
        assert code(blender.post("/materials/apply", json={"object": object, "material": name})) == expected


# --- pixels ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(blender: httpx.Client) -> httpx.Client:
    """A plane that fills the picture, lit from the camera."""
    blender.post("/primitives/plane", json={"name": "Wall", "size": 10})
    blender.post("/camera", json={"location": [0, 0, 5]})
    blender.post("/light", json={"kind": "sun", "energy": 3, "location": [0, 0, 5]})
    return blender


def test_the_colour_of_a_material_is_what_a_render_shows(stage: httpx.Client) -> None:
    make(stage, "Red", color=[0.8, 0, 0])
    stage.post("/materials/apply", json={"object": "Wall", "material": "Red"})
    assert hue(rendered(stage)) == "red"
    stage.patch("/materials/Red", json={"color": [0, 0, 0.8]})
    assert hue(rendered(stage)) == "blue"


def test_workbench_shows_the_colour_too(stage: httpx.Client) -> None:
    make(stage, "Green", color=[0, 0.8, 0])
    stage.post("/materials/apply", json={"object": "Wall", "material": "Green"})
    assert hue(rendered(stage, engine="workbench", denoise=None)) == "green"


def test_a_glowing_material_is_seen_without_light(blender: httpx.Client) -> None:
    make(blender, "Lamp", color=[0, 0, 0], emission_color=[0, 0, 1], emission_strength=2)
    blender.post("/primitives/plane", json={"size": 10, "material": "Lamp"})
    blender.post("/camera", json={"location": [0, 0, 5]})
    assert hue(rendered(blender)) == "blue"


def test_a_transparent_material_lets_the_background_through(stage: httpx.Client) -> None:
    make(stage, "Glass", color=[1, 1, 1], alpha=0)
    opaque = brightness(rendered(stage))
    stage.post("/materials/apply", json={"object": "Wall", "material": "Glass"})
    assert brightness(rendered(stage)) < opaque / 2


# --- textures ----------------------------------------------------------------------------------------------------


def test_an_image_becomes_a_materials_colour_and_outlives_a_saved_file(stage: httpx.Client, http: httpx.Client) -> None:
    make(stage, "Printed")
    stage.post("/materials/apply", json={"object": "Wall", "material": "Printed"})
    upload = http.post("/api/v1/artifacts", files={"file": ("print.png", png((0, 255, 0)))}).json()["result"]
    textured = stage.post("/materials/Printed/texture", json={"artifact": upload["id"]})
    assert textured.status_code == 200
    assert textured.json()["result"]["textures"]["color"].startswith("print.png")
    saved = stage.post("/scene/save", json={}).json()["result"]["artifact"]["id"]
    http.delete(f"/api/v1/artifacts/{upload['id']}")
    stage.delete("/scene")
    assert stage.post("/scene/open", json={"artifact": saved}).status_code == 200
    assert hue(rendered(stage)) == "green"


@pytest.mark.parametrize(
    ("name", "content"), [("a.png", b"\x89PNG\r\n\x1a\nno"), ("a.png", b"GIF89a"), ("a.txt", b"x")]
)
def test_a_texture_that_is_no_image_is_refused(blender: httpx.Client, name: str, content: bytes) -> None:
    made = make(blender, "Plain")
    answer = blender.post("/materials/Plain/texture", files={"file": (name, content)})
    assert code(answer) == (422, "unsupported_format")
    assert material(blender, "Plain") == made


def test_a_texture_for_a_material_that_is_not_there_is_404(blender: httpx.Client) -> None:
    answer = blender.post("/materials/Nope/texture", files={"file": ("a.png", png((1, 2, 3)))})
    assert code(answer) == (404, "material_not_found")


def test_another_image_takes_the_place_of_the_one_before(blender: httpx.Client, gateway: Gateway) -> None:
    make(blender, "Printed")
    for name in ("one.png", "two.png"):
        assert blender.post("/materials/Printed/texture", files={"file": (name, png((1, 2, 3)))}).status_code == 200
    assert material(blender, "Printed")["textures"] == {"color": "two.png"}
    assert images_kept(gateway) == ["two.png"]


def test_an_image_in_two_slots_is_two_textures_and_both_leave_with_the_scene(
    blender: httpx.Client, gateway: Gateway
) -> None:
    make(blender, "Printed")
    for slot in ("roughness", "normal", "normal"):
        answer = blender.post(
            "/materials/Printed/texture", params={"slot": slot}, files={"file": (f"{slot}.png", png((1, 2, 3)))}
        )
        assert answer.status_code == 200
    assert set(material(blender, "Printed")["textures"]) == {"roughness", "normal"}
    assert len(images_kept(gateway)) == 2
    blender.delete("/scene")
    assert images_kept(gateway) == []


def test_a_dry_run_of_a_texture_changes_nothing(blender: httpx.Client, gateway: Gateway) -> None:
    made = make(blender, "Plain")
    for query in ({"dry_run": "true"}, {"dry_run": "true", "slot": "normal"}):
        answer = blender.post("/materials/Plain/texture", params=query, files={"file": ("a.png", png((1, 2, 3)))})
        assert answer.json() == {"status": "success", "result": {"dry_run": True}}
    assert material(blender, "Plain") == made
    assert images_kept(gateway) == []
    unknown = blender.post("/materials/Plain/texture", params={"slat": "x"}, files={"file": ("a.png", png((1, 2, 3)))})
    assert code(unknown) == (422, "validation_error")


# --- the other doors ---------------------------------------------------------------------------------------------


def test_an_atomic_batch_makes_and_applies_a_material_or_nothing(blender: httpx.Client) -> None:
    calls = [
        {"method": "materials.create", "params": {"name": "Red"}},
        {"method": "primitives.cube", "params": {"name": "Box", "material": "Red"}},
        {"method": "materials.apply", "params": {"object": "Box", "material": "Blue"}},
    ]
    failed = blender.post("/batch", json={"calls": calls, "atomic": True})
    assert code(failed) == (404, "material_not_found")
    assert failed.json()["error"]["details"]["index"] == 2
    assert blender.get("/materials").json()["result"]["total"] == 0
    done = blender.post("/batch", json={"calls": calls[:2], "atomic": True})
    assert [each["status"] for each in done.json()["result"]["results"]] == ["success", "success"]
    assert slots(blender, "Box") == ["Red"]


def test_replacing_a_material_needs_its_revision_where_one_is_sent(blender: httpx.Client) -> None:
    old = blender.post("/materials", json={"name": "Kept", "roughness": 0.25}).json()["result"]
    wanted = {"name": "Kept", "on_conflict": "replace", "roughness": 0.75}

    refused = blender.post("/materials", json=wanted, headers={"If-Match": '"another"'})

    assert refused.status_code == 412, refused.text
    assert blender.get("/materials/Kept").json()["result"] == old
    done = blender.post("/materials", json=wanted, headers={"If-Match": f'"{old["revision"]}"'})
    assert done.json()["result"]["roughness"] == 0.75, done.text
