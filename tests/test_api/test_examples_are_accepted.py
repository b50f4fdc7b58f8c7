"""Every example of every body in the document is right: its own route does not refuse it for what it is."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

UNSAFE = {"/restart", "/execute"}
SMALL: dict[str, Any] = {"resolution": [16, 16], "samples": 1}
"""Of a picture, which cannot be tried without being made."""
PLACES = {"name": "Nobody", "modifier": "Bevel", "material": "Nobody", "key": "nothing", "mate": "1"}


def bodies(document: dict[str, Any]) -> list[tuple[str, str, Any, bool]]:
    """Verb, path and example of every JSON body, and whether it can be tried without being done."""
    schemas = document["components"]["schemas"]
    found: list[tuple[str, str, Any, bool]] = []
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None or any(path.endswith(one) for one in UNSAFE):
                continue
            schema = content.get("schema", {})
            schema = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
            examples = [*schema.get("examples", ())]
            examples += [one["value"] for one in content.get("examples", {}).values()]
            examples += [content["example"]] if "example" in content else []
            dry = any(one["name"] == "dry_run" for one in operation.get("parameters", ()))
            found += [(verb, path, one, dry) for one in examples]
    return found


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_every_example_is_accepted_by_its_own_route(http: httpx.Client, request: Any, adapter: str) -> None:
    request.getfixturevalue(adapter)
    tried = 0
    for verb, path, example, dry in bodies(http.get("/openapi.json").json()):
        if f"/{adapter}/" not in path:
            continue
        for name, value in PLACES.items():
            path = path.replace(f"{{{name}}}", value)
        if path.endswith("/render"):
            example = {**example, **SMALL}
        answer = http.request(verb, path, params={"dry_run": "true"} if dry else None, json=example)
        tried += 1
        assert answer.status_code < 500, (path, example, answer.text)
        if answer.status_code in (400, 415, 422):
            error = answer.json()["error"]
            assert error["code"] != "validation_error", (path, example, error)
    assert tried > 25
