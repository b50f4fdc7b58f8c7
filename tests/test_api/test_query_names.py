"""A query parameter that a route does not know is refused before anything is done, with the name that was meant."""

from __future__ import annotations

import httpx
import pytest

from tests.gateway import Gateway

UNKNOWN = [
    ("POST", "/api/v1/blender/primitives/cube", "dryrun", "dry_run"),
    ("POST", "/api/v1/blender/primitives/cube", "dry-run", "dry_run"),
    ("POST", "/api/v1/freecad/primitives/box", "DryRun", "dry_run"),
    ("POST", "/api/v1/freecad/primitives/box", "documents", "document"),
    ("POST", "/api/v1/freecad/batch", "documnet", "document"),
    ("POST", "/api/v1/freecad/undo", "doc", None),
    ("POST", "/api/v1/blender/render", "transparent", None),
    ("POST", "/api/v1/blender/export", "format", None),
    ("POST", "/api/v1/freecad/import", "unit", None),
    ("POST", "/api/v1/blender/restart", "dry_runs", None),
    ("DELETE", "/api/v1/blender/scene", "dryrun", "dry_run"),
    ("GET", "/api/v1/blender/scene", "dry_run", None),
    ("GET", "/api/v1/blender/objects", "limits", "limit"),
    ("GET", "/api/v1/freecad/objects", "field", "fields"),
    ("GET", "/api/v1/freecad/documents", "document", None),
    ("GET", "/api/v1/blender/methods", "search", None),
    ("GET", "/health", "adapter", None),
    ("GET", "/health/blender", "verbose", None),
    ("GET", "/plugins", "name", None),
    ("GET", "/version", "v", None),
    ("GET", "/metrics", "name", None),
    ("GET", "/api/v1/artifacts", "limt", "limit"),
]


@pytest.mark.parametrize(("verb", "path", "name", "meant"), UNKNOWN)
def test_an_unknown_query_parameter_is_422_and_names_the_nearest(
    http: httpx.Client, verb: str, path: str, name: str, meant: str | None
) -> None:
    answer = http.request(verb, f"{path}?{name}=true", json={} if verb == "POST" else None)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["code"] == "validation_error"
    assert [one["loc"] for one in error["details"]["errors"]] == [["query", name]]
    if meant is not None:
        assert error["details"]["did_you_mean"] == [meant]
        assert repr(meant) in error["message"]


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_a_misspelt_dry_run_makes_nothing(http: httpx.Client, adapter: str) -> None:
    body = {"name": "NotMade"}
    creation = {"blender": "primitives/cube", "freecad": "primitives/box"}[adapter]
    assert http.post(f"/api/v1/{adapter}/{creation}?dryrun=true", json=body).status_code == 422
    assert http.get(f"/api/v1/{adapter}/objects/NotMade").status_code == 404


def test_all_unknown_parameters_are_named_once(http: httpx.Client) -> None:
    answer = http.get("/api/v1/blender/objects?limit=1&a=1&b=&a=2")
    assert [one["loc"][1] for one in answer.json()["error"]["details"]["errors"]] == ["a", "b"]


def test_pages_accept_any_query(gateway: Gateway) -> None:
    with gateway.client() as client:
        for page in ("/docs", "/redoc", "/console/blender"):
            assert client.get(f"{page}?theme=dark").status_code == 200


def test_documented_parameters_are_accepted_on_every_route(http: httpx.Client) -> None:
    """Of each operation the whole documented query is sent as text: no parameter is called unknown."""
    for path, operations in http.get("/openapi.json").json()["paths"].items():
        for verb, operation in operations.items():
            names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
            if not names:
                continue
            answer = http.request(verb, path.replace("{", "").replace("}", ""), params=dict.fromkeys(names, "no-value"))
            assert "is unknown" not in answer.json().get("error", {}).get("message", ""), (verb, path, names)


def test_a_query_that_says_null_is_refused_with_what_may_be_sent(http: httpx.Client) -> None:
    answer = http.get("/api/v1/sessions?state=null")
    assert answer.status_code == 422
    assert "query.state" in answer.json()["error"]["message"]
    assert "suspended" in answer.json()["error"]["message"]
