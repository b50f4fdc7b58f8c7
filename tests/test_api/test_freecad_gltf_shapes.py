"""What a glTF file shows of its meshes comes to FreeCAD as it is shown: repeated, bent, posed and coloured."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import numpy
import pytest

from tests.freecad_calls import get

POINTS = numpy.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)], "<f4")
FACES = numpy.array([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3], "<u2")
VOLUME = 1e9 / 6
"""In mm³."""
_KINDS = {"f4": 5126, "u2": 5123, "u1": 5121}


class Document:
    """A glTF document with a tetrahedron, to which a test adds what it is about."""

    def __init__(self, **more: Any) -> None:
        self._data = b""
        self.accessors: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.primitive: dict[str, Any] = {"attributes": {}}
        self.primitive["attributes"]["POSITION"] = self.add(POINTS, "VEC3")
        self.primitive["indices"] = self.add(FACES, "SCALAR")
        self.node: dict[str, Any] = {"name": "Part", "mesh": 0}
        self.more = more

    def add(self, values: Any, kind: str, **more: Any) -> int:
        """Add an accessor, and return its number."""
        self._data += b"\0" * (-len(self._data) % 4)
        self.views.append({"buffer": 0, "byteOffset": len(self._data), "byteLength": values.nbytes})
        self._data += values.tobytes()
        code = _KINDS[values.dtype.str[1:]]
        self.accessors.append(
            {"bufferView": len(self.views) - 1, "componentType": code, "count": len(values), "type": kind, **more}
        )
        return len(self.accessors) - 1

    def content(self) -> bytes:
        uri = "data:;base64," + base64.b64encode(self._data).decode()
        document = {
            "asset": {"version": "2.0"},
            "scenes": [{"nodes": [0]}],
            "nodes": [self.node],
            "meshes": [{"primitives": [self.primitive]}],
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self._data), "uri": uri}],
        }
        return json.dumps({**document, **self.more}).encode()


def read(freecad: httpx.Client, document: Document) -> dict[str, Any]:
    answer = freecad.post("/import", files={"file": ("a.gltf", document.content())})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def codes(result: dict[str, Any]) -> dict[str, str]:
    return {each["code"]: each["message"] for each in result["warnings"]}


def boxes(result: dict[str, Any]) -> list[list[list[float]]]:
    """The corners of the box of each object in mm, with Z up."""
    found = [each["bounding_box"] for each in result["objects"]]
    return sorted([[round(part, 2) for part in box[end]] for end in ("min", "max")] for box in found)


@pytest.mark.parametrize("required", [True, False])
def test_a_mesh_that_is_repeated_is_there_as_often(freecad: httpx.Client, required: bool) -> None:
    used = ["EXT_mesh_gpu_instancing"]
    document = Document(extensionsUsed=used, **({"extensionsRequired": used} if required else {}))
    half = 0.5**0.5
    where = document.add(numpy.array([(0, 0, 0), (5, 0, 0), (0, 7, 0)], "<f4"), "VEC3")
    turned = document.add(numpy.array([(0, 0, 0, 1), (0, 0, half, half), (0, 0, 0, 1)], "<f4"), "VEC4")
    sizes = document.add(numpy.array([(1, 1, 1), (1, 1, 1), (2, 2, 2)], "<f4"), "VEC3")
    attributes = {"TRANSLATION": where, "ROTATION": turned, "SCALE": sizes}
    document.node |= {"translation": [10, 0, 0], "extensions": {used[0]: {"attributes": attributes}}}
    result = read(freecad, document)
    # (x, y, z) of the file is at (x, -z, y). The second one is turned about Z by 90 degrees.
    assert boxes(result) == [
        [[10000, -2000, 7000], [12000, 0, 9000]],
        [[10000, -1000, 0], [11000, 0, 1000]],
        [[14000, -1000, 0], [15000, 0, 1000]],
    ]
    assert sum(each["volume"] for each in result["objects"]) == pytest.approx(10 * VOLUME)


def test_a_mesh_is_where_its_bones_are(freecad: httpx.Client) -> None:
    bones = [{"name": "Root", "children": [2], "translation": [0, 0, 3]}, {"name": "Tip", "scale": [2, 2, 2]}]
    document = Document()
    document.more = {"scenes": [{"nodes": [0, 1]}], "nodes": [document.node, *bones]}
    # Bound at the origin; all points but the last one follow the first bone.
    back = document.add(numpy.array([numpy.eye(4).ravel()] * 2, "<f4"), "MAT4")
    document.more["skins"] = [{"joints": [1, 2], "inverseBindMatrices": back}]
    joints = document.add(numpy.array([(0, 1, 0, 0)] * 4, "u1"), "VEC4")
    weights = document.add(numpy.array([(1, 0, 0, 0)] * 3 + [(0.5, 0.5, 0, 0)], "<f4"), "VEC4")
    document.primitive["attributes"] |= {"JOINTS_0": joints, "WEIGHTS_0": weights}
    # The place of the node of a mesh with bones means nothing.
    document.node |= {"skin": 0, "translation": [100, 0, 0]}
    result = read(freecad, document)
    # (0, 0, 1) is at (0, 0, 4) by the one bone and at (0, 0, 5) by the other one, so at (0, 0, 4.5).
    assert boxes(result) == [[[0, -4500, 0], [1000, -3000, 1000]]]
    assert result["objects"][0]["volume"] == pytest.approx(1.5 * VOLUME)


def test_a_mesh_has_the_mix_of_its_targets_that_is_shown(freecad: httpx.Client) -> None:
    document = Document()
    up = numpy.array([(0, 0, 0), (0, 0, 0), (0, 4, 0), (0, 0, 0)], "<f4")
    document.primitive["targets"] = [{"POSITION": document.add(up, "VEC3")}]
    document.node["weights"] = [0.5]
    assert boxes(read(freecad, document)) == [[[0, -1000, 0], [1000, 0, 3000]]]


def test_one_colour_of_all_points_is_that_of_the_mesh_and_several_are_a_warning(freecad: httpx.Client) -> None:
    material = {"pbrMetallicRoughness": {"baseColorFactor": [1, 1, 0, 1]}}
    for rows, own, warned in (
        ([(255, 0, 0, 255)] * 4, "#ff0000", False),
        ([(255, 255, 255, 255)] * 4, "#ffff00", False),
        ([(255, 0, 0, 255)] * 3 + [(0, 0, 255, 255)], "#ffff00", True),
    ):
        document = Document(materials=[material])
        document.primitive["material"] = 0
        colours = document.add(numpy.array(rows, "u1"), "VEC4", normalized=True)
        document.primitive["attributes"]["COLOR_0"] = colours
        result = read(freecad, document)
        assert result["objects"][0]["color"] == own
        assert ("colors_lost" in codes(result)) is warned


def test_the_colour_of_a_glossy_material_is_its_own(freecad: httpx.Client) -> None:
    name = "KHR_materials_pbrSpecularGlossiness"
    material = {"extensions": {name: {"diffuseFactor": [0, 1, 0, 1]}}}
    document = Document(materials=[material], extensionsUsed=[name])
    document.primitive["material"] = 0
    assert read(freecad, document)["objects"][0]["color"] == "#00ff00"


def test_further_scenes_and_lights_are_named(freecad: httpx.Client) -> None:
    lights = {"KHR_lights_punctual": {"lights": [{"type": "point"}]}}
    document = Document(extensions=lights, extensionsUsed=["KHR_lights_punctual"])
    document.more |= {"scenes": [{"nodes": [0]}, {"nodes": [1]}], "nodes": [document.node, {**document.node}]}
    result = read(freecad, document)
    assert len(result["objects"]) == 1
    assert "1 further scenes" in codes(result)["left_out"]
    assert "1 lights" in codes(result)["left_out"]


def test_bones_that_are_not_there_are_refused(freecad: httpx.Client) -> None:
    document = Document(skins=[{"joints": [9]}])
    joints = document.add(numpy.zeros((4, 4), "u1"), "VEC4")
    weights = document.add(numpy.array([(1, 0, 0, 0)] * 4, "<f4"), "VEC4")
    document.primitive["attributes"] |= {"JOINTS_0": joints, "WEIGHTS_0": weights}
    document.node["skin"] = 0
    answer = freecad.post("/import", files={"file": ("a.gltf", document.content())})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unsupported_format")
    assert get(freecad, "/objects")["total"] == 0
