"""Names and references inside of files: they lead no import and no export out of the workspace."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.gateway import Gateway
from tests.test_api.test_bombs import BLENDER, embedded, png

pytestmark = pytest.mark.security


@pytest.mark.parametrize("format", ["glb", "gltf", "obj", "fbx", "usd", "blend"])
def test_names_inside_of_a_file_lead_no_export_out_of_the_workspace(
    gateway: Gateway, tmp_path: Path, format: str
) -> None:
    evil = "../" * 20 + str(tmp_path / "planted")[1:]
    document = json.loads(embedded(png(4, 4)))
    for kind in ("images", "materials", "nodes", "meshes"):
        document[kind][0]["name"] = evil
    with gateway.client(BLENDER) as client:
        assert client.delete("/scene").status_code == 200
        made = client.post("/import", files={"file": ("a.gltf", json.dumps(document).encode())})
        assert [each["name"][:3] for each in made.json()["result"]["objects"]] == ["../"]
        exported = client.post("/export", json={"format": format})
        assert exported.status_code == 200, exported.text
        assert client.post("/render", json={"resolution": [8, 8], "samples": 1}).status_code == 200
        names = [each["name"] for each in exported.json()["result"]["related"]]
        assert not [name for name in names if name.startswith(("/", ".."))]
    assert list(tmp_path.iterdir()) == []


USD_MESH = """{
    int[] faceVertexCounts = [3]
    int[] faceVertexIndices = [0, 1, 2]
    point3f[] points = [(0, 0, 0), (1, 0, 0), (0, 1, 0)]
}
"""


@pytest.mark.parametrize("arc", ["references", "payload", "subLayers"])
def test_a_usd_file_brings_nothing_from_other_files(gateway: Gateway, tmp_path: Path, arc: str) -> None:
    secret = tmp_path / "secret.usda"
    secret.write_text(f'#usda 1.0\ndef Mesh "Secret"\n{USD_MESH}')
    layer = f"(\n    subLayers = [@{secret}@]\n)\n" if arc == "subLayers" else ""
    prim = "" if arc == "subLayers" else f"(\n    prepend {arc} = @{secret}@</Secret>\n)\n"
    text = f'#usda 1.0\n{layer}def Mesh "Own"\n{USD_MESH}def "Other" {prim}{{\n}}\n'
    with gateway.client(BLENDER) as client:
        answer = client.post("/import", files={"file": ("a.usda", text.encode())})
        assert answer.status_code == 200, answer.text
        result = answer.json()["result"]
        meshes = [each["name"] for each in result["objects"] if each["type"] == "MESH"]
        assert [name.partition(".")[0] for name in meshes] == ["Own"]
        assert [warning["code"] for warning in result["warnings"]] == ["missing_files"]


def test_a_usd_file_brings_no_picture_from_elsewhere(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png(4, 4))
    shaders = f"""def Material "Mat" {{
    token outputs:surface.connect = </Mat/S.outputs:surface>
    def Shader "S" {{
        uniform token info:id = "UsdPreviewSurface"
        color3f inputs:diffuseColor.connect = </Mat/T.outputs:rgb>
        token outputs:surface
    }}
    def Shader "T" {{
        uniform token info:id = "UsdUVTexture"
        asset inputs:file = @{tmp_path}/secret.png@
        float3 outputs:rgb
    }}
}}
"""
    bound = USD_MESH.replace("{\n", "{\n    rel material:binding = </Mat>\n", 1)
    text = f'#usda 1.0\ndef Mesh "Own" (\n    prepend apiSchemas = ["MaterialBindingAPI"]\n)\n{bound}{shaders}'
    with gateway.client(BLENDER) as client:
        client.delete("/scene")
        answer = client.post("/import", files={"file": ("a.usda", text.encode())})
        assert answer.status_code == 200, answer.text
        assert [warning["code"] for warning in answer.json()["result"]["warnings"]] == ["missing_files"]
        related = client.post("/export", json={"format": "obj"}).json()["result"]["related"]
        assert [each["name"].rpartition(".")[2] for each in related] == ["mtl"]
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("a.usda", text)
        refused = client.post("/import", files={"file": ("a.usdz", package.getvalue())})
        assert refused.status_code == 422, refused.text
        assert refused.json()["error"]["code"] == "unsupported_format"
