"""Files that this gateway itself made, with everything its newer routes can put into them, open without a warning."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.test_api.test_blender_nodes import ASSET


def done(client: httpx.Client, verb: str, url: str, /, **body: Any) -> Any:
    """The result of a request, which succeeds."""
    answer = client.request(verb, url, json=body or None)
    assert answer.is_success, f"{verb} {url}: {answer.text}"
    return answer.json()["result"]


def saved(client: httpx.Client, path: str) -> bytes:
    """The file that a route saves."""
    artifact = done(client, "POST", path)["artifact"]
    with httpx.Client(trust_env=False, base_url=str(client.base_url.join("/")), timeout=60) as files:
        return files.get(artifact["url"]).content


# --- FreeCAD ---------------------------------------------------------------------------------------------------------


def parametric(client: httpx.Client) -> list[str]:
    width = {"value": 40, "unit": "mm", "description": "of the plate"}
    done(client, "PUT", "/parameters", width=width, height={"expression": "width / 4"}, count={"value": 3})
    done(
        client, "POST", "/primitives/box", name="Plate", length=10, width=20, height=5,
        expressions={"Length": "Parameters.width", "Height": "Parameters.height"}, color="#336699",
        material={"name": "Steel", "density": 7850},
    )  # fmt: skip
    done(client, "POST", "/features/fillet", object="Plate", edges={"parallel_to": [0, 0, 1]}, radius=2, name="Rounded")
    done(client, "POST", "/objects/Plate/duplicate", name="Second", location=[100, 0, 0])
    return ["/parameters", "/objects"]


def coloured(client: httpx.Client) -> list[str]:
    done(
        client, "POST", "/primitives/box", name="Box", color="#ff8800",
        face_colors=[{"faces": {"at": "top"}, "color": "#0000ff"}],
    )  # fmt: skip
    done(client, "POST", "/primitives/cylinder", name="Pin", label="Pin, 2 mm", color="#00ff0080")
    done(client, "POST", "/groups", name="Group", objects=["Pin"])
    done(client, "POST", "/objects/Box/links", name="Again", location=[30, 0, 0])
    return ["/objects"]


def assembled(client: httpx.Client) -> list[str]:
    done(client, "POST", "/primitives/box", name="Box", length=40, width=40, height=10)
    parts = [{"object": "Box", "name": "Base"}, {"object": "Box", "name": "Lid", "location": [90, 0, 0]}]
    done(client, "POST", "/assemblies", name="Stack", parts=parts)
    held = {"a": {"part": "Base", "of": {"type": "plane", "at": "top"}}}
    done(
        client, "POST", "/assemblies/Stack/mates", type="coincident",
        b={"part": "Lid", "of": {"type": "plane", "at": "bottom"}}, **held,
    )  # fmt: skip
    return ["/assemblies/Stack", "/assemblies/Stack/bom", "/objects"]


def drawn(client: httpx.Client) -> list[str]:
    done(client, "POST", "/primitives/box", name="Box")
    title = {"title": "A <box> & more", "number": "17"}
    done(client, "POST", "/drawings", name="Sheet", objects=["Box"], views=["front", "top", "iso"], title=title)
    return ["/drawings/Sheet", "/objects"]


def bodies(client: httpx.Client) -> list[str]:
    outline = [{"type": "circle", "center": [0, 0], "radius": 10}]
    done(client, "POST", "/bodies", name="Body")
    done(client, "POST", "/sketches", name="Outline", geometry=outline, body="Body")
    done(client, "POST", "/features/pad", sketch="Outline", length=8, name="Pad")
    done(client, "POST", "/objects", type="Part::Wedge", name="Wedge", properties={"Xmax": 12})
    return ["/sketches/Outline", "/objects"]


@pytest.mark.parametrize("make", [parametric, coloured, assembled, drawn, bodies], ids=lambda make: make.__name__)
def test_a_document_of_this_gateway_comes_back_as_it_was(freecad: httpx.Client, make: Any) -> None:
    paths = make(freecad)
    before = [_told(freecad, path, "Test") for path in paths]
    data = saved(freecad, "/documents/Test/save")
    assert freecad.delete("/documents/Test").status_code == 200
    answer = freecad.post("/documents/open", files={"file": ("Test.FCStd", data)}, params={"name": "Test"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["result"].get("warnings", []) == []
    assert [_told(freecad, path, "Test") for path in paths] == before
    assert freecad.post("/documents/Test/recompute", json={"force": True}).json()["result"]["failed"] == []
    assert [_told(freecad, path, "Test") for path in paths] == before


def _told(client: httpx.Client, path: str, document: str) -> Any:
    """What a route says of a document, but for revisions."""
    answer = client.get(path, params={"document": document})
    assert answer.status_code == 200, answer.text
    return _without(answer.json()["result"], "revision")


def _without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(each, name) for key, each in value.items() if key != name}
    return [_without(each, name) for each in value] if isinstance(value, list) else value


# --- Blender ---------------------------------------------------------------------------------------------------------


def animated(client: httpx.Client, gateway: Gateway) -> list[str]:
    done(client, "POST", "/primitives/cube", name="Cube")
    keys = [{"frame": 1, "value": [0, 0, 0]}, {"frame": 20, "value": [0, 0, 3]}]
    done(client, "POST", "/objects/Cube/animation", path="location", keys=keys, interpolation="linear")
    done(client, "POST", "/objects/Cube/modifiers", type="bevel", name="Bevel", settings={"width": 0.1})
    widths = [{"frame": 1, "value": 0.1}, {"frame": 20, "value": 0.3}]
    done(client, "POST", "/objects/Cube/animation", path='modifiers["Bevel"].width', keys=widths)
    done(client, "POST", "/camera", name="Camera", location=[0, -5, 2])
    done(client, "POST", "/objects/Camera/constraints", type="track_to", target="Cube", name="Look")
    return ["/objects/Cube/animation", "/objects/Cube/modifiers", "/objects/Camera/constraints", "/objects"]


def noded(client: httpx.Client, gateway: Gateway) -> list[str]:
    data = bytes.fromhex(evaluate(gateway, ASSET))
    assert client.post("/node-groups", files={"file": ("asset.blend", data)}).status_code == 201
    done(client, "POST", "/primitives/cube", name="Cube", size=1)
    done(
        client, "POST", "/objects/Cube/modifiers", type="nodes", name="Row",
        settings={"group": "Row", "inputs": {"Count": 5, "Gap": 1.5}},
    )  # fmt: skip
    return ["/node-groups", "/objects/Cube/modifiers", "/objects/Cube/evaluated", "/objects"]


def pictured(client: httpx.Client, gateway: Gateway) -> list[str]:
    done(client, "POST", "/primitives/cube", name="Cube")
    done(client, "POST", "/materials", name="Paint", color=[0.8, 0.1, 0.1, 1])
    done(client, "POST", "/materials/apply", object="Cube", material="Paint")
    done(client, "POST", "/objects/Cube/uv", method="cube")
    done(client, "POST", "/objects/Cube/bake", type="ao", size=16, samples=1)
    done(client, "POST", "/objects/Cube/shade", mode="smooth")
    done(client, "POST", "/studio", style="soft", turn=24)
    done(client, "PATCH", "/scene", view_transform="Standard", exposure=0.5)
    return ["/objects/Cube/uv", "/materials/Paint", "/objects", "/scene"]


@pytest.mark.parametrize("make", [animated, noded, pictured], ids=lambda make: make.__name__)
def test_a_scene_of_this_gateway_comes_back_as_it_was(blender: httpx.Client, gateway: Gateway, make: Any) -> None:
    paths = make(blender, gateway)
    before = [_without(done(blender, "GET", path), "revision") for path in paths]
    data = saved(blender, "/scene/save")
    assert blender.delete("/scene").status_code == 200
    answer = blender.post("/scene/open", files={"file": ("own.blend", data)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"].get("warnings", []) == []
    assert [_without(done(blender, "GET", path), "revision") for path in paths] == before
    for group in done(blender, "GET", "/node-groups")["node_groups"]:
        blender.delete(f"/node-groups/{group['name']}")
