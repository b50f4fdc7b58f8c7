"""What the description of the API promises and values from it showed: examples, names, uploads, numbers at the edge."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.gateway import Gateway

FACET = b"facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n"
STL = b"solid a\n" + FACET + b"endsolid a\n"


def test_a_count_beyond_all_numbers_is_above_the_limit(freecad: httpx.Client) -> None:
    answer = freecad.post("/primitives/helix", json={"pitch": 5e-324, "height": 2, "radius": 1})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], error["details"]["value"], error["details"]["maximum"]) == ("limit_exceeded", None, 1000)
    assert "beyond all numbers" in error["message"]


def _examples(schema: dict[str, Any]) -> list[Any]:
    inner = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return schema.get("examples") or [value for one in inner for value in _examples(one)]


def test_every_example_of_a_query_is_accepted_by_its_own_route(http: httpx.Client, blender: Any, freecad: Any) -> None:
    tried = 0
    for path, operations in http.get("/openapi.json").json()["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", ()):
            if parameter["in"] != "query" or "{" in path:
                continue
            for example in _examples(parameter["schema"]):
                answer = http.get(path, params={parameter["name"]: example})
                assert answer.status_code in (200, 404), (path, parameter["name"], example, answer.text)
                tried += 1
    assert tried >= 3


@pytest.mark.parametrize("path", ["/artifacts", "/blender/import", "/freecad/documents/open"])
@pytest.mark.parametrize("extra", [{"data": {"trust": "true"}}, {"files": {"second": ("b.stl", STL)}}], ids=str)
def test_another_field_of_an_upload_is_refused(gateway: Gateway, path: str, extra: dict[str, Any]) -> None:
    with gateway.client("/api/v1") as client:
        before = client.get("/artifacts").json()["result"]["total"]
        files = {"file": ("a.stl", STL), **extra.get("files", {})}
        answer = client.post(path, files=files, data=extra.get("data"))
        assert answer.status_code == 422
        error = answer.json()["error"]
        assert error["code"] == "validation_error"
        assert error["details"]["errors"][0]["loc"] == ["body", next(iter(extra.get("data") or extra["files"]))]
        assert "send 'file'" in error["message"]
        assert ("'trusted'" in error["message"]) == (path != "/artifacts")
        assert client.get("/artifacts").json()["result"]["total"] == before


def test_a_key_that_was_used_is_named_as_it_was_sent(gateway: Gateway) -> None:
    with gateway.client("/api/v1") as client:
        kept = [client.post("/artifacts", files={"file": ("a.stl", STL)}).json()["result"]["id"] for _ in range(2)]
        once = {"Idempotency-Key": "once"}
        assert client.delete(f"/artifacts/{kept[0]}", headers=once).status_code == 200
        answer = client.delete(f"/artifacts/{kept[1]}", headers=once)
        assert answer.status_code == 422
        assert answer.json()["error"]["message"].startswith("The idempotency key 'once' was used")
        client.delete(f"/artifacts/{kept[1]}")
