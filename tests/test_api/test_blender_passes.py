"""Pictures in numbers: passes of a render against what geometry says, and colours against what was set."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import httpx
import numpy
import pytest
from PIL import Image

from tests.blender_code import COMPOSITOR, evaluate
from tests.gateway import Gateway

Values = numpy.ndarray[Any, Any]


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


def exr(data: bytes) -> dict[str, Values]:
    """The channels of an EXR file of zipped scan lines of 32-bit floats, written from its specification."""
    place, head = 8, dict[str, bytes]()
    while data[place]:
        end = data.index(b"\0", place)
        kind = data.index(b"\0", end + 1)
        size = struct.unpack_from("<I", data, kind + 1)[0]
        head[data[place:end].decode()] = data[kind + 5 : kind + 5 + size]
        place = kind + 5 + size
    names = [word[: word.index(b"\0")].decode() for word in _channels(head["channels"])]
    left, top, right, bottom = struct.unpack("<4i", head["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    assert head["compression"] == b"\x03"
    rows: list[bytes] = []
    count = -(-height // 16)
    for offset in struct.unpack_from(f"<{count}Q", data, place + 1):
        size = struct.unpack_from("<I", data, offset + 4)[0]
        packed = data[offset + 8 : offset + 8 + size]
        lines = min(16, height - 16 * (len(rows)))
        rows.append(packed if size == lines * width * 4 * len(names) else _unzipped(packed))
    values = numpy.frombuffer(b"".join(rows), "<f4").reshape(height, len(names), width)
    return {name: values[:, number] for number, name in enumerate(names)}


def _channels(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    place = 0
    while data[place]:
        end = data.index(b"\0", place) + 17
        found.append(data[place:end])
        place = end
    return found


def _unzipped(packed: bytes) -> bytes:
    halves = (numpy.cumsum(numpy.frombuffer(zlib.decompress(packed), numpy.uint8).astype(int) - 128) + 128) % 256
    middle = -(-len(halves) // 2)
    whole = numpy.empty(len(halves), numpy.uint8)
    whole[0::2], whole[1::2] = halves[:middle], halves[middle:]
    return whole.tobytes()


def download(http: httpx.Client, artifact: dict[str, Any]) -> bytes:
    return http.get(artifact["url"]).content


@pytest.fixture
def scene(blender: httpx.Client) -> httpx.Client:
    """A camera that looks down from a height of 10 at a ball on a floor that is tilted by 30 degrees."""
    post(blender, "/primitives/plane", name="Floor", size=40, rotation=[30, 0, 0])
    post(blender, "/primitives/sphere", name="Ball", radius=1, segments=256, rings=128, location=[2, 0, 3])
    post(blender, "/camera", name="Eye", location=[0, 0, 10], look_at=[0, 0, 0], lens=36, sensor_width=36)
    return blender


SHOT: dict[str, Any] = {"resolution": [64, 64], "samples": 4, "engine": "cycles", "denoise": False}


def test_depth_normals_and_objects_are_those_of_the_geometry(scene: httpx.Client, http: httpx.Client) -> None:
    made = post(scene, "/render", **SHOT, passes=["depth", "normal", "object_index"])
    assert made["object_indices"] == {"Ball": 1, "Floor": 2}
    assert made["passes"]["depth"]["media_type"] == "image/x-exr"
    (depth,) = exr(download(http, made["passes"]["depth"])).values()
    normal = exr(download(http, made["passes"]["normal"]))
    (index,) = exr(download(http, made["passes"]["object_index"])).values()
    # The rays of the pixels' middles: the angle of view is 2 * atan(1 / 2).
    upward = 0.5 - (numpy.mgrid[0:64, 0:64][0] + 0.5) / 64
    others = [numpy.roll(index, step, axis) for step in (-1, 1) for axis in (0, 1)]
    floor = (index == 2) & numpy.logical_and.reduce([each == 2 for each in others])
    # A point at depth d is at y = upward * d and z = 10 - d, and z = tan(30) * y on the floor.
    expected = 10 / (1 + numpy.tan(numpy.radians(30)) * upward)
    slope = numpy.abs(depth - expected)[floor]
    # Samples are spread over the pixel, and the depth changes within it.
    assert slope.max() < 0.12
    flat = post(scene, "/render", **{**SHOT, "objects": ["Ball"], "camera": "Eye"}, passes=["depth"])
    (ball,) = exr(download(http, flat["passes"]["depth"])).values()
    assert ball.min() == pytest.approx(6, abs=0.02)
    assert (ball > 1e9).mean() > 0.5
    # Some pixels near the ball have samples of it.
    assert (numpy.abs(normal["Y"][floor] + 0.5) < 1e-3).mean() > 0.95
    assert (numpy.abs(normal["Z"][floor] - 3**0.5 / 2) < 1e-3).mean() > 0.95
    assert index.min() >= 0
    assert index.max() == 2


def test_the_depth_of_a_wall_is_its_distance_to_a_thousandth(blender: httpx.Client, http: httpx.Client) -> None:
    post(blender, "/primitives/plane", name="Wall", size=100, location=[0, 0, -2.345])
    post(blender, "/camera", location=[0, 0, 5], rotation=[0, 0, 0])
    made = post(blender, "/render", **SHOT, passes=["depth"])
    (depth,) = exr(download(http, made["passes"]["depth"])).values()
    assert depth == pytest.approx(7.345, abs=1e-3)
    again = post(blender, "/render", **SHOT, passes=["depth"])
    assert again["passes"]["depth"]["sha256"] == made["passes"]["depth"]["sha256"]
    bare = post(blender, "/render", **SHOT)
    assert bare["artifact"]["sha256"] == made["artifact"]["sha256"]
    assert "passes" not in bare


INVERTING = """
scene = bpy.context.scene
tree = compositor_of(scene)
invert = tree.nodes.new("CompositorNodeInvert")
tree.links.new(rendered(tree), invert.inputs["Color"])
tree.links.new(invert.outputs["Color"], shown(tree))
"""
WITHOUT = """
if hasattr(scene, "node_tree"):
    scene.use_nodes = False
    scene.node_tree.nodes.clear()
else:
    bpy.data.node_groups.remove(scene.compositing_node_group)
scene.render.use_compositing = True
None
"""


def test_passes_leave_the_picture_as_the_compositor_makes_it(scene: httpx.Client, gateway: Gateway) -> None:
    plain = post(scene, "/render", **SHOT)["artifact"]["sha256"]
    nodes = evaluate(gateway, COMPOSITOR + INVERTING + "[node.name for node in tree.nodes]")
    try:
        inverted = post(scene, "/render", **SHOT)["artifact"]["sha256"]
        assert inverted != plain
        assert post(scene, "/render", **SHOT, passes=["depth"])["artifact"]["sha256"] == inverted
        evaluate(gateway, "bpy.context.scene.render.use_compositing = False")
        assert post(scene, "/render", **SHOT, passes=["depth"])["artifact"]["sha256"] == plain
        assert evaluate(gateway, COMPOSITOR + "[node.name for node in compositor_of(bpy.context.scene).nodes]") == nodes
    finally:
        evaluate(gateway, "scene = bpy.context.scene" + WITHOUT)


def test_passes_as_png_say_what_their_values_stand_for(scene: httpx.Client, http: httpx.Client) -> None:
    made = post(scene, "/render", **SHOT, passes=["depth", "normal", "object_index"], pass_format="png")
    low, high = made["pass_ranges"]["depth"]
    with Image.open(io.BytesIO(download(http, made["passes"]["depth"]))) as picture:
        assert picture.size == (64, 64)
        depth = low + numpy.asarray(picture).astype(float) / 65535 * (high - low)
    assert depth.min() == pytest.approx(low, abs=1e-3)
    assert 5.9 < low < 6.5
    with Image.open(io.BytesIO(download(http, made["passes"]["object_index"]))) as picture:
        assert set(numpy.unique(numpy.asarray(picture))) <= {0, 1, 2}
    assert made["pass_ranges"]["normal"] == [-1, 1]


def test_pure_red_is_red_with_the_standard_view_and_not_with_others(blender: httpx.Client) -> None:
    red = {"color": [0, 0, 0], "emission_color": [1, 0, 0], "emission_strength": 1}
    post(blender, "/materials", name="Red", **red)
    post(blender, "/primitives/plane", size=100, material="Red")
    post(blender, "/camera", location=[0, 0, 5], rotation=[0, 0, 0])

    def shown() -> list[int]:
        answer = blender.post("/render", json=SHOT, headers={"Accept": "image/png"})
        with Image.open(io.BytesIO(answer.content)) as picture:
            return [int(value) for value in numpy.asarray(picture)[30, 30, :3]]

    blender.patch("/world", json={"strength": 0})
    assert blender.patch("/scene", json={"view_transform": "Standard"}).status_code == 200
    # Blender dithers pictures of 8 bits, by up to 1 of 255; where, is different in each version.
    dither = "/data/scenes/Scene/render/dither_intensity"
    assert blender.patch(dither, json={"value": 0}).json()["result"]["value"] == 0
    assert shown() == [255, 0, 0]
    blender.patch("/scene", json={"exposure": -1})
    assert shown() == pytest.approx([188, 0, 0], abs=1)
    blender.patch("/scene", json={"exposure": 0, "view_transform": "AgX"})
    assert shown() == pytest.approx([219, 57, 33], abs=4)
    blender.patch(dither, json={"value": 1})
    blender.patch("/world", json={"strength": 1})


def test_passes_of_an_engine_without_them_are_refused(scene: httpx.Client) -> None:
    answer = scene.post("/render", json={**SHOT, "engine": "workbench", "passes": ["depth"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
    assert scene.post("/render", json={**SHOT, "passes": ["beauty"]}).status_code == 422
