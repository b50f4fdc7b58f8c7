"""Undo in Blender: the journal is replayed without the last request, so every method must be there to be replayed."""

from __future__ import annotations

from typing import Any

import httpx

from tests.gateway import Gateway, eventually
from tests.pictures import png
from tests.test_api.conftest import is_another


def test_undo_replays_modifiers_that_were_added_and_changed_before(blender: httpx.Client) -> None:
    blender.post("/primitives/cube", json={"name": "Rounded"})
    bevel = blender.post("/objects/Rounded/modifiers", json={"type": "bevel", "width": 0.2})
    assert bevel.json()["result"]["modifiers"] == ["Bevel"]
    changed = blender.patch("/objects/Rounded/modifiers/Bevel", json={"segments": 3, "show_viewport": False})
    assert changed.status_code == 200, changed.text
    before = blender.get("/objects/Rounded").json()["result"]
    assert blender.post("/primitives/cube", json={"name": "Wrong"}).status_code == 201

    undone = blender.post("/undo")

    assert undone.json()["result"]["undone"] == "primitives.cube", undone.text
    assert blender.get("/objects/Wrong").status_code == 404
    assert blender.get("/objects/Rounded").json()["result"] == before
    told = blender.get("/objects/Rounded/modifiers").json()["result"]["modifiers"]
    assert [(one["name"], one["settings"]["segments"], one["show_viewport"]) for one in told] == [("Bevel", 3, False)]
    assert blender.post("/primitives/cube", json={}).status_code == 201


def test_undo_replays_cameras_and_lights_that_were_made_and_changed_before(blender: httpx.Client) -> None:
    blender.post("/camera", json={"name": "View", "location": [5, -5, 5], "look_at": [0, 0, 0]})
    blender.post("/light", json={"name": "Key", "kind": "area", "location": [1, 1, 4], "look_at": [0, 0, 0]})
    assert blender.patch("/light/Key", json={"energy": 300}).status_code == 200
    assert blender.patch("/camera/View", json={"lens": 80}).status_code == 200
    before = [blender.get(path).json()["result"] for path in ("/camera/View", "/light/Key", "/objects/Key")]
    blender.post("/primitives/sphere", json={})

    undone = blender.post("/undo")

    assert undone.json()["result"]["undone"] == "primitives.sphere", undone.text
    after = [blender.get(path).json()["result"] for path in ("/camera/View", "/light/Key", "/objects/Key")]
    assert after == before


CHANGES: list[tuple[str, str, Any]] = [
    *(("POST", f"/primitives/{kind}", {}) for kind in ("cube", "sphere", "cylinder", "cone", "torus", "plane")),
    *(("POST", f"/primitives/{kind}", {}) for kind in ("grid", "circle", "monkey", "empty")),
    ("POST", "/primitives/text", {"text": "replayed"}),
    ("POST", "/meshes", {"vertices": [[0, 0, 0], [1, 0, 0], [0, 1, 0]], "faces": [[0, 1, 2]]}),
    ("POST", "/objects/Cube/duplicate", {"linked": True}),
    ("POST", "/materials", {"name": "Red", "emission_color": "#ff0000"}),
    ("PATCH", "/materials/Red", {"roughness": 0.1}),
    ("POST", "/materials/apply", {"object": "Cube", "material": "Red"}),
    ("POST", "/collections", {"name": "Group"}),
    ("POST", "/collections/Group/objects", {"objects": ["Cube"]}),
    ("POST", "/objects/Sphere/modifiers", {"type": "subdivision"}),
    ("POST", "/objects/Sphere/modifiers/Subdivision/apply", None),
    ("POST", "/objects/Torus/modifiers", {"type": "array"}),
    ("DELETE", "/objects/Torus/modifiers/Array", None),
    ("POST", "/objects/Cone/modifiers", {"type": "mirror"}),
    ("POST", "/objects/Plane/modifiers", {"type": "solidify"}),
    ("POST", "/objects/Suzanne/modifiers", {"type": "decimate"}),
    ("POST", "/objects/Cylinder/modifiers", {"type": "boolean", "object": "Cube"}),
    ("PATCH", "/objects/Cube", {"parent": "Cone"}),
    ("PATCH", "/objects/Cone", {"name": "Tip", "rotation": [10, 20, 30], "location": [1, 2, 3]}),
    ("PATCH", "/scene", {"frame": 3}),
    ("PATCH", "/world", {"color": "#112233"}),
    ("DELETE", "/objects/Circle", None),
    ("DELETE", "/materials/Red", None),
]


def test_undo_replays_every_kind_of_change_that_was_made_before(blender: httpx.Client) -> None:
    for verb, path, body in CHANGES:
        answer = blender.request(verb, path, json=body)
        assert answer.is_success, (verb, path, answer.text)
    before = blender.get("/objects").json()["result"]
    blender.post("/primitives/cube", json={"name": "Wrong"})

    assert blender.post("/undo").json()["result"]["undone"] == "primitives.cube"

    assert blender.get("/objects").json()["result"] == before


def test_a_rename_that_says_what_to_do_with_taken_names_is_undone_and_its_neighbours_replayed(
    blender: httpx.Client,
) -> None:
    for name in ("Mine", "Taken"):
        blender.post("/primitives/cube", json={"name": name})
    blender.patch("/objects/Mine", json={"name": "Taken", "on_conflict": "rename"})
    blender.patch("/objects/Taken.001", json={"name": "Taken", "on_conflict": "replace", "location": [1, 2, 3]})
    blender.post("/primitives/sphere", json={"name": "Last"})

    for undone in ("primitives.sphere", "objects.update", "objects.update"):
        assert blender.post("/undo").json()["result"]["undone"] == undone

    names = [each["name"] for each in blender.get("/objects").json()["result"]["objects"]]
    assert names == ["Mine", "Taken"]


def test_a_patch_without_fields_is_no_step_of_undo(blender: httpx.Client) -> None:
    blender.post("/primitives/cube", json={"name": "Gone"})
    blender.post("/materials", json={"name": "Red"})
    blender.post("/camera", json={"name": "View"})
    blender.post("/light", json={"name": "Key", "kind": "point"})
    blender.post("/objects/Gone/modifiers", json={"type": "bevel"})
    blender.post("/primitives/cube", json={"name": "Last"})
    paths = (
        "/objects/Gone",
        "/materials/Red",
        "/camera/View",
        "/light/Key",
        "/objects/Gone/modifiers/Bevel",
        "/scene",
        "/world",
    )
    for path in paths:
        assert blender.patch(path, json={}).status_code == 200, path

    undone = blender.post("/undo")

    assert undone.json()["result"]["undone"] == "primitives.cube", undone.text
    assert blender.get("/objects/Last").status_code == 404
    lost = blender.patch("/objects/Gone", json={}, headers={"If-Match": '"another"'})
    assert lost.json()["error"]["code"] == "revision_mismatch", lost.text


def test_what_is_undone_is_called_by_the_method_that_clients_know(blender: httpx.Client) -> None:
    blender.post("/primitives/cube", json={"name": "Box"})
    blender.post("/materials", json={"name": "Red"})
    saved = blender.post("/scene/save", json={"filepath": "undone.blend"}).json()["result"]["artifact"]["id"]
    obj = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
    for path, field in (
        ("/materials/Red/texture", ("red.png", png((255, 0, 0)))),
        ("/import", ("a.obj", obj)),
    ):
        assert blender.post(path, files={"file": field}).status_code == 200, path
    assert blender.post("/scene/open", json={"artifact": saved}).status_code == 200

    undone = [blender.post("/undo").json()["result"]["undone"] for _ in range(3)]

    assert undone == ["scene.open", "exchange.import", "materials.texture"]
    published = {each["name"] for each in blender.get("/methods").json()["result"]["methods"]}
    assert published.issuperset(undone)


def test_a_dry_run_of_undo_and_redo_answers_what_the_request_itself_would(blender: httpx.Client) -> None:
    assert blender.post("/primitives/cube", json={"name": "A"}).status_code == 201
    assert blender.post("/redo").status_code == 409
    assert blender.post("/redo?dry_run=true").status_code == 409
    assert blender.post("/undo?dry_run=true").json()["result"]["dry_run"] is True
    assert blender.get("/objects/A").status_code == 200
    assert blender.post("/undo").status_code == 200
    assert blender.post("/redo?dry_run=true").json()["result"]["dry_run"] is True
    assert blender.get("/objects/A").status_code == 404
    assert blender.post("/redo").status_code == 200


def test_what_only_a_snapshot_keeps_is_redone_also_after_a_restart(blender: httpx.Client, gateway: Gateway) -> None:
    def objects() -> list[Any]:
        return blender.get("/objects").json()["result"]["objects"]

    assert blender.post("/primitives/cube", json={"name": "A"}).status_code == 201
    artifact = blender.post("/export", json={"format": "glb"}).json()["result"]["artifact"]["id"]
    assert blender.post("/primitives/cube", json={"name": "B", "location": [3, 0, 0]}).status_code == 201
    saved = blender.post("/scene/save", json={}).json()["result"]["artifact"]["id"]
    assert blender.patch("/objects/B", json={"location": [4, 0, 0]}).status_code == 200
    code = {"method": "session.execute", "params": {"code": "import bpy; bpy.data.objects['A'].location.z = 7.5"}}
    steps: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("/import", {"artifact": artifact}, "exchange.import"),
        ("/batch", {"calls": [code]}, "session.execute"),
        ("/operators/mesh.primitive_cube_add", {}, "operators.run"),
        ("/scene/open", {"artifact": saved}, "scene.open"),
    )
    states = [objects()]
    for path, body, _ in steps:
        assert blender.post(path, json=body).is_success, path
        states.append(objects())
    assert len({str(each) for each in states}) == len(states)
    for number in (3, 2, 1, 0):
        undone = blender.post("/undo").json()["result"]
        assert (undone["undone"], undone["can_redo"], undone["warnings"]) == (steps[number][2], True, [])
        assert objects() == states[number]
    redone = blender.post("/redo").json()["result"]
    assert (redone["redone"], redone["can_redo"]) == ("exchange.import", True)
    pid = gateway.application_pid("blender")
    assert blender.post("/restart").status_code == 202
    eventually(lambda: is_another(gateway.health("blender").get("result", {}), pid), what="another Blender")
    assert objects() == states[1]
    for number in (1, 2, 3):
        redone = blender.post("/redo").json()["result"]
        assert (redone["redone"], redone["can_redo"]) == (steps[number][2], number < 3)
        assert objects() == states[number + 1]
    assert blender.post("/undo").json()["result"]["undone"] == "scene.open"
    assert objects() == states[3]
    assert blender.post("/primitives/cube", json={"name": "C"}).status_code == 201
    assert blender.post("/redo").json()["error"]["code"] == "conflict"
