"""FCStd files of whole documents and of chosen objects: opened again, everything is called and stands as before."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from tests.gateway import Gateway
from tests.live import live
from tests.test_api.freecad_parts import UMLAUTS, content, document, export, post


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with document(gateway, "Whole") as client:
        where: dict[str, Any] = {"location": [7, 8, 9], "rotation": [0, 0, 30]}
        post(client, "/primitives/box", name="Placed", label=UMLAUTS, **where)
        post(client, "/primitives/box", name="Plate", length=60, width=40, height=5, location=[200, 0, 0])
        post(client, "/primitives/cylinder", name="Drill", radius=3, height=9, location=[210, 20, -2])
        post(client, "/boolean/subtract", name="Drilled", object1="Plate", object2="Drill")
        post(client, "/bodies", name="Body", location=[100, -100, 0])
        square = [{"type": "rectangle", "width": 10, "height": 10}]
        post(client, "/sketches", name="Square", body="Body", geometry=square)
        post(client, "/features/pad", name="Pad", sketch="Square", length=5)
        yield client


def opened(client: httpx.Client, data: bytes) -> dict[str, dict[str, Any]]:
    """The objects of the file, imported into a document of their own, by name."""
    post(client, "/documents", name="Back")
    response = client.post("/import", params={"document": "Back"}, files={"file": ("part.FCStd", data)})
    assert response.status_code == 200, response.text
    assert client.delete("/documents/Back").status_code == 200
    assert client.post("/documents/Whole/activate").status_code == 200
    return {each["name"]: each for each in response.json()["result"]["objects"]}


def labels(data: bytes) -> dict[str, str]:
    """Label by name, from the archive's XML."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        root = ElementTree.fromstring(archive.read("Document.xml"))
    path = "Properties/Property[@name='Label']/String"
    found = {node.get("name", ""): node.find(path) for node in root.iterfind("ObjectData/Object")}
    return {name: "" if node is None else node.get("value", "") for name, node in found.items()}


def test_a_whole_document_comes_back_with_every_label_and_place(client: httpx.Client) -> None:
    data = content(client, export(client, format="fcstd"))
    before = {each["name"]: each for each in client.get("/objects").json()["result"]["objects"]}
    assert labels(data)["Placed"] == UMLAUTS
    after = opened(client, data)
    for name in ("Placed", "Drilled", "Body", "Pad"):
        for key in ("label", "type", "bounding_box", "volume", "location", "rotation"):
            assert after[name][key] == before[name][key]


@pytest.mark.parametrize("name", ["Placed", "Drilled", "Body"])
def test_a_chosen_object_comes_with_what_it_depends_on_where_it_stands(client: httpx.Client, name: str) -> None:
    before = client.get(f"/objects/{name}").json()["result"]
    after = opened(client, content(client, export(client, format="fcstd", objects=[name])))
    assert "Placed" not in after or name == "Placed"
    assert after[name]["label"] == before["label"]
    assert after[name]["bounding_box"] == before["bounding_box"]
    assert ("Plate" in after) == (name == "Drilled")


def test_a_feature_brings_the_body_that_gives_it_its_place(client: httpx.Client) -> None:
    after = opened(client, content(client, export(client, format="fcstd", objects=["Pad"])))
    assert after["Body"]["bounding_box"] == {"min": [100, -100, 0], "max": [110, -90, 5]}
    assert "Pad" in after


@pytest.mark.anyio
async def test_an_object_of_a_moved_container_stands_where_it_stood(client: httpx.Client, gateway: Gateway) -> None:
    post(client, "/primitives/box", name="Inner", location=[1, 2, 3])
    code = (
        "part = App.getDocument('Whole').addObject('App::Part', 'Shelf')\n"
        "part.addObject(App.getDocument('Whole').getObject('Inner'))\n"
        "part.Placement = App.Placement(App.Vector(0, 500, 0), App.Rotation(90, 0, 0))\n"
        "App.getDocument('Whole').recompute()\n"
    )
    async with live(gateway, "freecad") as session:
        _, _, result = await session.run(code)
    assert result["status"] == "success", result
    # Turned a quarter about Z: [1…11, 2…12] becomes [-12…-2, 1…11].
    after = opened(client, content(client, export(client, format="fcstd", objects=["Inner"])))
    assert after["Inner"]["bounding_box"] == {"min": [-12, 501, 3], "max": [-2, 511, 13]}
