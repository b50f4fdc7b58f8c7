"""Sheets of both applications: pixels against the legend, the same bytes for the same state, and what is refused."""

from __future__ import annotations

import colorsys
import io
from typing import Any, cast

import httpx
import pytest
from PIL import Image

APPLICATIONS = ("blender", "freecad")
SCALE = {"blender": 1.0, "freecad": 10.0}


@pytest.fixture(params=APPLICATIONS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def app(name: str, request: pytest.FixtureRequest) -> httpx.Client:
    """A client of each application, with an empty document."""
    return request.getfixturevalue(name)


def make(app: httpx.Client, name: str, *, at: tuple[float, float, float] = (0, 0, 0), **more: Any) -> None:
    """Make a box with edges of two tenths of the unit of `SCALE`, whose middle is at `at` times that."""
    is_blender = "blender" in str(app.base_url)
    if is_blender:
        body = {"name": name, "size": 2, "location": at, **more}
    else:
        size = SCALE["freecad"]
        corner = [each * size - size for each in at]
        body = {"name": name, "length": 2 * size, "width": 2 * size, "height": 2 * size, "location": corner, **more}
    response = app.post(f"/primitives/{'cube' if is_blender else 'box'}", json=body)
    assert response.status_code == 201, response.text


def look(app: httpx.Client, **body: Any) -> dict[str, Any]:
    response = app.post("/look", json=body)
    assert response.status_code == 200, response.text
    return response.json()["result"]


def picture(app: httpx.Client, sheet: dict[str, Any]) -> Image.Image:
    root = str(app.base_url).partition("/api/")[0]
    data = httpx.get(root + sheet["artifact"]["url"], trust_env=False).content
    return Image.open(io.BytesIO(data)).convert("RGB")


def entry(sheet: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in sheet["legend"] if each["name"] == name)


def refusal(response: httpx.Response, status: int = 422) -> dict[str, Any]:
    assert response.status_code == status, response.text
    return response.json()["error"]


def pixel_of(image: Image.Image, x: float, y: float) -> tuple[int, int, int]:
    red, green, blue = cast("tuple[int, int, int]", image.getpixel((round(x), round(y))))
    return red, green, blue


def is_of(pixel: Any, color: str) -> bool:
    """Whether a pixel has the hue of a colour, in any light."""
    seen = colorsys.rgb_to_hsv(*(each / 255 for each in pixel))
    wanted = colorsys.rgb_to_hsv(*(int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)))
    apart = abs(seen[0] - wanted[0])
    return min(apart, 1 - apart) < 0.03 and abs(seen[1] - wanted[1]) < 0.15


def test_sheet_shows_each_object_in_its_colour_where_the_legend_says(app: httpx.Client) -> None:
    make(app, "Low")
    make(app, "High", at=(0, 0, 3))
    make(app, "Beside", at=(4, 0, 0))
    sheet = look(app)
    image = picture(app, sheet)
    assert image.size == (sheet["width"], sheet["height"])
    assert max(image.size) == 1024
    assert [each["view"] for each in sheet["views"]] == ["iso", "front", "top", "right"]
    assert [each["name"] for each in sheet["legend"]] in (["Low", "High", "Beside"], sorted(["Low", "High", "Beside"]))
    assert entry(sheet, "Low")["visible_in"] == ["iso", "front"]
    assert len({each["color"] for each in sheet["legend"]}) == 3
    for each in sheet["legend"]:
        assert each["visible_in"] == [position["view"] for position in each["positions"]]
        for position in each["positions"]:
            seen = pixel_of(image, *position["pixel"])
            assert is_of(seen, each["color"]), (each["name"], position, seen)
            if position["view"] != "iso":
                assert "#{:02x}{:02x}{:02x}".format(*seen) == each["color"]


def test_matrices_of_views_lead_from_coordinates_to_pixels(name: str, app: httpx.Client) -> None:
    make(app, "One")
    make(app, "Two", at=(6, 2, 1))
    sheet = look(app, labels=False, views=["front", "top", "right", "left", "back", "bottom", {"from": [2, -1, 1]}])
    image = picture(app, sheet)
    box = entry(sheet, "Two")["bounding_box"]
    middle = [(low + high) / 2 for low, high in zip(box["min"], box["max"], strict=True)]
    assert middle == pytest.approx([each * SCALE[name] for each in (6, 2, 1)])
    for view in sheet["views"]:
        x, y = (sum(row[axis] * middle[axis] for axis in range(3)) + row[3] for row in view["matrix"])
        left, top, width, height = view["rectangle"]
        assert left < x < left + width
        assert top < y < top + height
        if "Two" in [each["name"] for each in sheet["legend"] if view["view"] in each["visible_in"]]:
            assert is_of(pixel_of(image, x, y), entry(sheet, "Two")["color"]), view
    scales = {view["scale"] for view in sheet["views"] if isinstance(view["view"], str)}
    assert len(scales) == 1
    by_name = {view["view"]: view for view in sheet["views"] if isinstance(view["view"], str)}
    # As in a drawing: the same x above and below, the same z beside.
    assert by_name["front"]["matrix"][0] == pytest.approx(by_name["top"]["matrix"][0])
    assert by_name["front"]["matrix"][1] == pytest.approx(by_name["right"]["matrix"][1])
    assert by_name["front"]["matrix"][0][0] > 0
    assert by_name["right"]["matrix"][0][1] > 0
    assert by_name["back"]["matrix"][0][0] < 0


def test_same_state_gives_the_same_bytes_by_both_routes(app: httpx.Client) -> None:
    make(app, "One")
    first = app.post("/look", json={"size": 400}, headers={"accept": "image/png"})
    assert first.headers["content-type"] == "image/png"
    again = app.get("/look.png", params={"size": 400})
    assert again.headers["content-type"] == "image/png"
    assert first.content == again.content
    known = app.get("/look.png", params={"size": 400}, headers={"if-none-match": again.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    make(app, "Two", at=(3, 0, 0))
    assert app.get("/look.png", params={"size": 400}).content != first.content


def test_document_without_objects_is_nothing_to_see(app: httpx.Client) -> None:
    error = refusal(app.post("/look", json={}))
    assert (error["code"], error["details"]["reason"]) == ("nothing_to_see", "empty")


def test_hidden_objects_are_nothing_to_see_unless_named(app: httpx.Client) -> None:
    make(app, "One")
    assert app.patch("/objects/One", json={"visible": False}).status_code == 200
    error = refusal(app.post("/look", json={}))
    assert (error["code"], error["details"]["reason"], error["details"]["objects"]) == (
        "nothing_to_see",
        "hidden",
        ["One"],
    )
    assert look(app, objects=["One"], views=["iso"])["legend"][0]["visible_in"] == ["iso"]


def test_section_beyond_everything_is_nothing_to_see(app: httpx.Client) -> None:
    make(app, "One")
    error = refusal(app.post("/look", json={"views": [{"section": "z", "at": -500}]}))
    assert (error["code"], error["details"]["reason"]) == ("nothing_to_see", "off_frame")


def test_unknown_names_and_views_are_refused(app: httpx.Client) -> None:
    make(app, "Bracket")
    for field in ("objects", "highlight"):
        error = refusal(app.post("/look", json={field: ["Brackt"]}), 404)
        assert (error["code"], error["details"]["did_you_mean"]) == ("object_not_found", ["Bracket"])
    for views in (["sideways"], [{"from": [0, 0, 0]}], [{"section": "q"}], ["iso", "iso"], []):
        assert refusal(app.post("/look", json={"views": views}))["code"] == "validation_error"
    assert refusal(app.post("/look", json={"views": ["camera"]}))["code"] == "validation_error"
    for query in ("views=sideways", "views=iso,iso", "views=iso&views=iso", "views=from:1,0,0&views=from:1,0,0"):
        assert refusal(app.get(f"/look.png?{query}"))["code"] == "validation_error", query
    assert refusal(app.post("/look", json={"since": "0" * 20}), 404)["code"] == "revision_not_found"
    assert refusal(app.post("/look", json={"since": "0" * 32}), 404)["code"] == "artifact_not_found"


def test_section_hatches_what_the_plane_cuts_and_leaves_out_what_is_before_it(app: httpx.Client) -> None:
    make(app, "Before", at=(4, 0, 0))
    make(app, "Cut", at=(0, 0, 0))
    make(app, "Behind", at=(-4, 0, 3))
    sheet = look(app, views=[{"section": "x", "at": 0}], labels=False, size=512)
    view = {"section": "x", "at": 0.0}
    assert [each["name"] for each in sheet["legend"] if each["visible_in"] == [view]] == sorted(
        ["Cut", "Behind"], key=[each["name"] for each in sheet["legend"]].index
    )
    image = picture(app, sheet)
    x, y = entry(sheet, "Cut")["positions"][0]["pixel"]
    around = {pixel_of(image, x + step, y) for step in range(16)}
    color = entry(sheet, "Cut")["color"]
    assert len(around) > 2
    assert all(is_of(each, color) for each in around)


def test_since_shows_what_was_added_removed_and_changed(app: httpx.Client) -> None:
    for number, name in enumerate(("Stays", "Moves", "Goes")):
        make(app, name, at=(4 * number, 0, 0))
    before = look(app, views=["iso"])
    assert look(app, views=["iso"])["revision"] == before["revision"]
    app.patch("/objects/Moves", json={"location": [4, 4, 0]})
    app.delete("/objects/Goes")
    make(app, "Comes", at=(0, 8, 0))
    for since in (before["revision"], before["artifact"]["id"]):
        sheet = look(app, views=["iso"], since=since)
        assert sheet["difference"] == {"added": ["Comes"], "removed": ["Goes"], "changed": ["Moves"]}
        assert [each["view"] for each in sheet["views"]] == ["iso", "difference"]
    assert sheet["revision"] != before["revision"]


def test_views_styles_and_sizes_are_as_requested(app: httpx.Client) -> None:
    make(app, "One")
    make(app, "Two", at=(3, 1, 0))
    seen: set[bytes] = set()
    for style in ("shaded", "wire", "shaded_edges"):
        for size in (128, 333):
            data = app.get("/look.png", params={"style": style, "size": size, "views": "iso,top"}).content
            assert max(Image.open(io.BytesIO(data)).size) == size
            seen.add(data)
    assert len(seen) == 6
    pale = look(app, highlight=["One"], views=["front"], labels=False)
    image = picture(app, pale)
    assert is_of(pixel_of(image, *entry(pale, "One")["positions"][0]["pixel"]), entry(pale, "One")["color"])
    two = pixel_of(image, *entry(pale, "Two")["positions"][0]["pixel"])
    assert max(two) - min(two) < 60


def test_freecad_parts_and_faces_have_their_own_colours(freecad: httpx.Client) -> None:
    make(freecad, "Red", color="#ff0000")
    make(freecad, "Plain", at=(4, 0, 0))
    sheet = look(freecad, labels=False)
    assert (entry(sheet, "Red")["color"], entry(sheet, "Red")["own_color"]) == ("#ff0000", True)
    assert entry(sheet, "Plain")["own_color"] is False
    image = picture(freecad, sheet)
    front = next(each for each in entry(sheet, "Red")["positions"] if each["view"] == "front")
    assert pixel_of(image, *front["pixel"]) == (255, 0, 0)


def test_what_freecad_links_show_has_its_own_colours(freecad: httpx.Client) -> None:
    make(freecad, "Red", color="#ff0000")
    make(freecad, "Blue", at=(4, 0, 0), color="#0000ff")
    freecad.post("/groups", json={"name": "Both", "kind": "part", "objects": ["Red", "Blue"]}).raise_for_status()
    parts = [{"object": "Both", "name": "One"}, {"object": "Both", "name": "Two", "location": [0, 500, 0]}]
    freecad.post("/assemblies", json={"name": "Pair", "parts": parts}).raise_for_status()
    freecad.post("/objects/Red/links", json={"name": "Row", "location": [0, 1000, 0]}).raise_for_status()
    freecad.patch("/objects/Row", json={"properties": {"ElementCount": 2}}).raise_for_status()
    freecad.patch("/objects/Row_i1", json={"location": [400, 0, 0], "color": "#00ff00"}).raise_for_status()
    sheet = look(freecad, labels=False, views=["top"], objects=["Pair", "Row"])
    assert [each["name"] for each in sheet["legend"]] == ["Pair", "Row"]
    image, [view] = picture(freecad, sheet), sheet["views"]
    size = SCALE["freecad"]
    rows = {0: ("#ff0000", "#0000ff"), 500: ("#ff0000", "#0000ff"), 1000: ("#ff0000", "#00ff00")}
    for y, (left, right) in rows.items():
        for x, color in ((0, left), (400 if y == 1000 else 4 * size, right)):
            point = (x, y, 0) if y < 1000 else (x + size, y + size, 0)
            place = [sum(row[axis] * point[axis] for axis in range(3)) + row[3] for row in view["matrix"]]
            assert is_of(pixel_of(image, place[0], place[1]), color), (point, color)


def test_freecad_part_shows_what_its_boolean_left(freecad: httpx.Client) -> None:
    make(freecad, "Block")
    tool = {"name": "Drill", "radius": 4, "height": 40, "location": [0, 0, -20]}
    assert freecad.post("/primitives/cylinder", json=tool).status_code == 201
    cut = {"object1": "Block", "object2": "Drill", "name": "Part"}
    assert freecad.post("/boolean/subtract", json=cut).status_code == 201
    sheet = look(freecad, views=["top", {"section": "y", "at": 0}], labels=False)
    assert [each["name"] for each in sheet["legend"]] == ["Part"]
    image = picture(freecad, sheet)
    top = sheet["views"][0]
    x, y = (round(row[3]) for row in top["matrix"])
    # One looks through the hole.
    assert not is_of(pixel_of(image, x, y), sheet["legend"][0]["color"])


def test_blender_shows_materials_modifiers_and_the_view_of_its_camera(blender: httpx.Client) -> None:
    assert blender.post("/materials", json={"name": "Blue", "color": [0, 0, 1]}).status_code == 201
    make(blender, "Cube", material="Blue")
    array = {"type": "array", "settings": {"count": 3}}
    assert blender.post("/objects/Cube/modifiers", json=array).status_code == 201
    camera = {"name": "Eye", "location": [2, -20, 0], "look_at": [2, 0, 0]}
    assert blender.post("/camera", json=camera).status_code == 201
    sheet = look(blender, views=["camera", "front"])
    found = entry(sheet, "Cube")
    assert found["color"] == "#0000ff"
    assert found["bounding_box"] == {"min": [-1, -1, -1], "max": [5, 1, 1]}
    assert found["visible_in"] == ["camera", "front"]
    assert sheet["views"][0]["scale"] is None
    away = {"name": "Away", "location": [0, -20, 0], "look_at": [0, -40, 0]}
    assert blender.post("/camera", json=away).status_code == 201
    error = refusal(blender.post("/look", json={"views": ["camera"]}))
    assert (error["code"], error["details"]["reason"]) == ("nothing_to_see", "off_frame")


def test_small_sheet_of_many_views_is_no_larger_than_requested(app: httpx.Client) -> None:
    make(app, "One")
    views = ["iso", "front", "top", "right", "left", "back", "bottom", {"from": [1, 2, 3]}]
    for size in (128, 200, 1024):
        sheet = look(app, views=views, size=size)
        assert max(sheet["width"], sheet["height"]) == size
        for view in sheet["views"]:
            left, top, width, height = view["rectangle"]
            assert 0 <= left < left + width <= sheet["width"]
            assert 0 <= top < top + height <= sheet["height"]


def test_thin_and_small_objects_are_visible_from_every_side(freecad: httpx.Client) -> None:
    sheet = {"name": "Sheet", "length": 3000, "width": 2000, "height": 0.1}
    ball = {"name": "Ball", "radius": 0.2, "location": [1500, 1000, 700]}
    assert freecad.post("/primitives/box", json=sheet).status_code == 201
    assert freecad.post("/primitives/sphere", json=ball).status_code == 201
    drawn = look(freecad)
    for name in ("Sheet", "Ball"):
        assert entry(drawn, name)["visible_in"] == ["iso", "front", "top", "right"]


def test_freecad_sketches_are_lines_and_holders_show_their_contents_once(freecad: httpx.Client) -> None:
    make(freecad, "Inner")
    assert freecad.post("/groups", json={"name": "Outer", "objects": ["Inner"], "kind": "part"}).status_code == 201
    circle = {"name": "Round", "geometry": [{"type": "circle", "center": [40, 0], "radius": 8}]}
    assert freecad.post("/sketches", json=circle).status_code == 201
    sheet = look(freecad, views=["top"], labels=False)
    assert [each["name"] for each in sheet["legend"]] == ["Inner", "Round"]
    image = picture(freecad, sheet)
    found = entry(sheet, "Round")
    x, y = found["positions"][0]["pixel"]
    near = [pixel_of(image, x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    assert any(max(pixel) - min(pixel) > 40 for pixel in near)


def test_a_picture_of_another_document_is_of_that_document(freecad: httpx.Client) -> None:
    for document, length in (("Small", 5), ("Large", 500)):
        assert freecad.post("/documents", json={"name": document}).status_code == 201
        body = {"length": length, "width": 10, "height": 10}
        assert freecad.post("/primitives/box", params={"document": document}, json=body).status_code == 201
    for document, length in (("Small", 5), ("Large", 500)):
        answer = freecad.get(
            "/look.png", params={"document": document, "views": "top"}, headers={"accept": "application/json"}
        )
        assert answer.status_code == 200, answer.text
        (shown,) = answer.json()["result"]["legend"]
        low, high = shown["bounding_box"]["min"], shown["bounding_box"]["max"]
        assert high[0] - low[0] == pytest.approx(length)
    answer = freecad.get("/look.png", params={"documents": "Small"})
    assert answer.status_code == 422
    assert "'document'" in answer.json()["error"]["message"]
