"""What generators of clients need of the document: one kind of body an upload, names once, examples as they are."""

from __future__ import annotations

from typing import Any

import pytest

from cadgate.openapi.arrays import with_items


@pytest.fixture(scope="module")
def document(shipped: dict[str, Any]) -> dict[str, Any]:
    return shipped


def test_examples_are_no_schemas() -> None:
    modifier = {"type": "array", "count": 5}
    schema = {
        "type": "object",
        "properties": {"example": {"type": "array", "prefixItems": [{"type": "number"}]}, "type": {"const": "array"}},
        "examples": [modifier],
        "default": modifier,
    }
    made = with_items({"Modifier": schema}, named=True)["Modifier"]
    assert (made["examples"], made["default"]) == ([modifier], modifier)
    assert made["properties"]["example"] == {"type": "array", "items": {"type": "number"}}
    assert made["properties"]["type"] == {"const": "array"}


def test_no_two_schemas_have_one_title(document: dict[str, Any]) -> None:
    """Generators name classes by it, and leave out every answer that needs the second one."""
    titles = [schema["title"] for schema in document["components"]["schemas"].values() if "title" in schema]
    assert len(titles) == len(set(titles))


def test_an_upload_and_an_artifact_are_operations_of_their_own(document: dict[str, Any]) -> None:
    kinds = {
        path: list(operations["post"].get("requestBody", {}).get("content", {}))
        for path, operations in document["paths"].items()
        if "post" in operations
    }
    for path in ("/blender/import", "/blender/scene/open", "/freecad/import", "/freecad/documents/open"):
        assert kinds[f"/api/v1{path}"] == ["multipart/form-data"]
        assert kinds[f"/api/v1{path}/artifact"] == ["application/json"]
        upload, artifact = (document["paths"][f"/api/v1{path}{more}"]["post"] for more in ("", "/artifact"))
        assert artifact["operationId"] == f"{upload['operationId']}_artifact"
        assert artifact["x-cadgate-method"] == upload["x-cadgate-method"]
