"""Uses what openapi-python-client and datamodel-code-generator made: `use_python.py URL`, checked by mypy --strict."""

from __future__ import annotations

import io
import sys

from cad_client import Client
from cad_client.api.blender import (
    blender_create_cube,
    blender_import,
    blender_import_artifact,
    blender_preview,
    blender_update_object,
)
from cad_client.api.freecad import freecad_create_box
from cad_client.api.gateway import gateway_store_artifact
from cad_client.models import (
    BlenderImportArtifactBody,
    BlenderImportBody,
    BoxParams,
    CubeParams,
    Failure,
    GatewayStoreArtifactBody,
    ObjectPatch,
    SuccessArtifact,
    SuccessImported,
    SuccessObjectInfo,
    SuccessPartInfo,
)
from cad_client.types import File

FACET = b"facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n"
STL = b"solid a\n" + FACET + b"endsolid a\n"


def main(url: str) -> None:
    client = Client(base_url=url)
    made = blender_create_cube.sync(client=client, body=CubeParams(name="Cube", size=2.0, location=[1.0, 2.0, 3.0]))
    assert isinstance(made, SuccessObjectInfo), made
    assert made.result.location == [1.0, 2.0, 3.0]
    changed = blender_update_object.sync("Cube", client=client, body=ObjectPatch(location=[0.0, 0.0, 1.0]))
    assert isinstance(changed, SuccessObjectInfo), changed
    box = freecad_create_box.sync(client=client, body=BoxParams(length=10.0))
    assert isinstance(box, SuccessPartInfo), box
    picture = blender_preview.sync_detailed(client=client)
    assert picture.content.startswith(b"\x89PNG"), picture.content[:80]
    assert isinstance(picture.parsed, File), picture.parsed
    upload = File(payload=io.BytesIO(STL), file_name="a.stl", mime_type="model/stl")
    kept = gateway_store_artifact.sync(client=client, body=GatewayStoreArtifactBody(file=upload))
    assert isinstance(kept, SuccessArtifact), kept
    again = File(payload=io.BytesIO(STL), file_name="b.stl", mime_type="model/stl")
    brought = blender_import.sync(client=client, body=BlenderImportBody(file=again))
    assert isinstance(brought, SuccessImported), brought
    known = blender_import_artifact.sync(client=client, body=BlenderImportArtifactBody(artifact=kept.result.id))
    assert isinstance(known, SuccessImported), known
    wrong = blender_create_cube.sync(client=client, body=CubeParams(size=-1.0))
    assert isinstance(wrong, Failure), wrong
    assert wrong.error.code == "validation_error"
    sys.stdout.write("python: ok\n")


main(sys.argv[1])
