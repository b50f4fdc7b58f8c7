"""What concerns one object costs what one object costs, however many others there are; and says the same of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from bench.growth import work_of
from tests.blender_code import evaluate
from tests.gateway import Gateway


def sent(blender: httpx.Client, method: str, path: str, **body: Any) -> dict[str, Any]:
    answer = blender.request(method, path, json=body or None)
    assert answer.status_code in (200, 201), answer.text
    result = answer.json()["result"]
    result.pop("warnings", None)
    return result


@pytest.fixture
def crowd(blender: httpx.Client) -> Iterator[Callable[[int], None]]:
    """Fills the scene up to a number of objects."""

    def fill(count: int) -> None:
        have = sent(blender, "GET", "/objects?limit=1")["total"]
        calls = [{"method": "primitives.cube", "params": {"location": [5 + n % 50, n // 50, 0]}} for n in range(count)]
        answer = blender.post("/batch", json={"calls": calls[have:]})
        assert {each["status"] for each in answer.json()["result"]["results"]} == {"success"}

    yield fill
    blender.delete("/scene")


MODIFIERS: list[list[dict[str, Any]]] = [
    [{"type": "subdivision", "levels": 2}],
    [{"type": "array", "count": 3, "relative_offset": [1.5, 0, 0]}, {"type": "bevel", "width": 0.1}],
    [{"type": "mirror", "axes": ["x"], "mirror_object": "Aim"}],
    [{"type": "boolean", "object": "Tool", "operation": "union"}],
    [{"type": "solidify", "thickness": 0.4, "offset": 1}],
]


@pytest.mark.parametrize("modifiers", MODIFIERS)
@pytest.mark.parametrize("way", ["plain", "child", "hidden", "turned"])
def test_the_size_of_an_object_with_modifiers_is_the_one_that_the_scene_shows(
    blender: httpx.Client, gateway: Gateway, modifiers: list[dict[str, Any]], way: str
) -> None:
    sent(blender, "POST", "/primitives/cube", name="One", scale=[1, 2, 3], rotation=[0, 0, 30])
    sent(blender, "POST", "/primitives/cube", name="Tool", location=[0.5, 0.5, 2])
    sent(blender, "POST", "/primitives/empty", name="Aim", location=[3, 0, 0], rotation=[10, 20, 30])
    sent(blender, "POST", "/objects/Tool/modifiers", type="subdivision", levels=1)
    if way == "child":
        sent(blender, "PATCH", "/objects/One", parent="Aim")
        sent(blender, "PATCH", "/objects/Aim", scale=[2, 2, 2])
    elif way == "hidden":
        sent(blender, "PATCH", "/objects/One", visible=False)
    elif way == "turned":
        sent(blender, "PATCH", "/objects/One", rotation=[45, 30, 0])
    info: dict[str, Any] = {}
    for modifier in modifiers:
        info = sent(blender, "POST", "/objects/One/modifiers", **modifier)
    assert info == sent(blender, "GET", "/objects/One")
    listed = next(each for each in sent(blender, "GET", "/objects")["objects"] if each["name"] == "One")
    assert info == listed
    shown = evaluate(
        gateway,
        """
bpy.context.view_layer.update()
seen = bpy.data.objects["One"].evaluated_get(bpy.context.evaluated_depsgraph_get())
corners = [vertex.co for vertex in seen.data.vertices]
sizes = [max(c[i] for c in corners) - min(c[i] for c in corners) for i in range(3)]
[[abs(scale) * size for scale, size in zip(seen.matrix_world.to_scale(), sizes)], len(bpy.data.scenes)]
""",
    )
    assert info["dimensions"] == pytest.approx(shown[0], rel=2e-5)
    assert shown[1] == 1


def exported(blender: httpx.Client, format: str, objects: list[str]) -> tuple[bytes, float, list[Any]]:
    began = time.perf_counter()
    answer = blender.post("/export", json={"format": format, "objects": objects})
    seconds = time.perf_counter() - began
    assert answer.status_code in (200, 201), answer.text
    result = answer.json()["result"]
    got = blender.get(f"http://{answer.request.url.netloc.decode()}/api/v1/artifacts/{result['artifact']['id']}")
    assert got.status_code == 200, got.text
    return got.content, seconds, [result["objects"], result["warnings"]]


def dressed(blender: httpx.Client, gateway: Gateway) -> None:
    """Chosen objects that depend on others: parents, modifiers, materials with pictures, keys, custom properties."""
    assert blender.patch("/scene", json={"frame_start": 3, "frame_end": 9, "fps": 30}).is_success
    sent(blender, "POST", "/materials", name="Red", color=[1, 0, 0])
    sent(blender, "POST", "/primitives/sphere", name="One", material="Red", location=[1, 2, 3], smooth=True)
    sent(blender, "PATCH", "/objects/One", properties={"part": 7})
    sent(blender, "POST", "/primitives/empty", name="Aim", location=[3, 0, 0], rotation=[10, 20, 30])
    sent(blender, "POST", "/primitives/cube", name="Tool", location=[1.5, 2.5, 3])
    sent(blender, "POST", "/objects/One/modifiers", type="mirror", axes=["x"], mirror_object="Aim")
    sent(blender, "PATCH", "/objects/Tool", parent="Aim")
    sent(blender, "PATCH", "/objects/Aim", scale=[1, 2, 1])
    evaluate(
        gateway,
        """
image = bpy.data.images.new("Dots", 4, 4)
image.pixels = [0.25, 0.5, 0.75, 1.0] * 16
tree = bpy.data.materials["Red"].node_tree
node = tree.nodes.new("ShaderNodeTexImage")
node.image = image
tree.links.new(node.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
tool = bpy.data.objects["Tool"]
tool.keyframe_insert("location", frame=3)
tool.location.z += 2
tool.keyframe_insert("location", frame=9)
tool.shape_key_add(name="Basis")
tool.shape_key_add(name="Wide").data[0].co.x -= 1
""",
    )


@pytest.mark.parametrize("format", ["glb", "gltf", "obj", "stl", "ply", "fbx", "usd", "abc"])
def test_a_file_of_chosen_objects_is_the_same_byte_for_byte_in_a_crowd(
    blender: httpx.Client, gateway: Gateway, crowd: Callable[[int], None], format: str
) -> None:
    before = {field: blender.get("/scene").json()["result"][field] for field in SETTINGS}
    dressed(blender, gateway)
    alone = exported(blender, format, ["One", "Tool"])
    crowd(100)
    among = exported(blender, format, ["One", "Tool"])
    assert blender.patch("/scene", json=before).is_success
    assert among[2] == alone[2]
    assert among[0] == alone[0]


SETTINGS = ("frame_start", "frame_end", "fps")


def test_the_export_of_one_object_among_2000_costs_about_what_it_costs_among_10(
    blender: httpx.Client, crowd: Callable[[int], None]
) -> None:
    def fastest() -> float:
        sent(blender, "POST", "/primitives/cube", name="One", on_conflict="replace")
        return min(exported(blender, "stl", ["One"])[1] for _ in range(30))

    crowd(10)
    few = fastest()
    crowd(2000)
    many = fastest()
    assert many < 3 * few, f"{few:.3f} s among 10, {many:.3f} s among 2000"


def test_code_that_only_reads_costs_the_same_among_many(
    blender: httpx.Client, gateway: Gateway, crowd: Callable[[int], None]
) -> None:
    clock = work_of(gateway.application_pid("blender"))

    def seconds() -> float:
        spent: list[float] = []
        for _ in range(9):
            began = clock()
            assert evaluate(gateway, "len(bpy.data.objects[0].name)") == 4
            spent.append(clock() - began)
        return min(spent)

    crowd(10)
    few = seconds()
    crowd(3000)
    # It took 8 ms more: all data-blocks were asked whether they have drivers.
    assert seconds() < few + 0.002
