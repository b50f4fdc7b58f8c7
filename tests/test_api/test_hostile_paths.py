"""Hostile names by every door that takes one, on the real applications: nothing outside of the workspace is touched.

Which parameters are paths stands in tables here. What the tables do not know fails: whoever adds one says what it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.core.test_paths import HOSTILE
from tests.gateway import Gateway
from tests.live import live

pytestmark = pytest.mark.security

PATHS: dict[tuple[str, str], tuple[str, str, dict[str, Any]]] = {
    ("blender bake.image", "output"): (
        "POST",
        "/api/v1/blender/objects/Cube/bake",
        {"kind": "ao", "size": 16, "samples": 1, "object": "Cube"},
    ),
    ("blender exchange.export", "filepath"): ("POST", "/api/v1/blender/export", {"format": "stl"}),
    ("blender render.animation", "output"): (
        "POST",
        "/api/v1/blender/render/animation",
        {"engine": "workbench", "resolution": [8, 8], "frame_end": 1},
    ),
    ("blender render.still", "output"): ("POST", "/api/v1/blender/render", {"resolution": [8, 8], "samples": 1}),
    ("blender scene.save", "filepath"): ("POST", "/api/v1/blender/scene/save", {}),
    ("freecad documents.save", "filepath"): ("POST", "/api/v1/freecad/documents/Hostile/save", {"name": "Hostile"}),
    ("freecad exchange.export", "filepath"): ("POST", "/api/v1/freecad/export", {"format": "stl"}),
}
"""Parameters of methods that name a file, with the route and what else it takes."""

REFUSED = {"path_not_allowed", "validation_error"}
"""An empty name and one of thousands of characters are none for the models already."""

IDENTIFIERS = {"artifact", "since", "table"}
"""Names of things in the store: tried as such below."""

NO_PATHS = {
    "active", "add", "angle", "angle1", "angle2", "angle3", "application", "area", "arguments", "assembly", "at",
    "background", "base", "body",
    "camera", "center", "circumradius", "code", "collection", "color", "colors", "constraint", "corner",
    "density", "depth", "description", "diameter", "distance", "drawing", "edges", "emission_color", "group",
    "groups", "highlight",
    "look", "map", "materials", "method", "mode", "of", "operator", "options", "part", "search", "selected", "session",
    "source", "sources", "target", "title", "view_transform", "views", "workbench",
    "end", "expression", "expressions", "face", "faces", "fields", "font",
    "head_depth", "head_diameter", "height", "label",
    "length", "length_reverse", "location", "material", "mirror_object", "modifier", "name", "new_name", "object",
    "object1", "object2", "objects", "offset", "on", "on_face", "parameters", "parent", "path", "path_edges",
    "pitch", "points",
    "properties", "radius", "radius1", "radius2", "radius3", "remove", "size", "size2", "sketch", "spacing", "start",
    "text", "thickness", "to", "tool", "type", "unit", "value", "width", "x2max", "x2min", "xmax", "xmin",
    "ymax", "ymin",
    "z2max", "z2min", "zmax", "zmin",
}  # fmt: skip
"""Parameters that take text and name no file. (`path` is the curve of a sweep, or a property.)

`properties`, `arguments` and `value` may hold what Blender takes for a file: those are refused by kind, in tests of
operators and data.
"""

UPLOADS = {
    "/api/v1/artifacts",
    "/api/v1/blender/fonts",
    "/api/v1/blender/import",
    "/api/v1/blender/materials/{name}/texture",
    "/api/v1/blender/meshes",
    "/api/v1/blender/node-groups",
    "/api/v1/blender/scene/open",
    "/api/v1/blender/world/image",
    "/api/v1/convert",
    "/api/v1/freecad/documents/open",
    "/api/v1/freecad/import",
}
"""Routes that take a file with a name."""


# --- the tables ------------------------------------------------------------------------------------------------------


def texts(schema: dict[str, Any], definitions: dict[str, Any], name: str, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of everything in a schema that takes free text."""
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference in seen:
        return
    if reference:
        yield from texts(definitions[reference], definitions, name, (*seen, reference))
    inner = [each for key in ("anyOf", "oneOf", "allOf", "prefixItems") for each in schema.get(key, ())]
    inner += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for each in inner:
        yield from texts(each, definitions, name, seen)
    for key, each in schema.get("properties", {}).items():
        yield from texts(each, definitions, key, seen)
    said = any(key in schema for key in ("type", "anyOf", "oneOf", "allOf", "$ref", "enum", "const"))
    if not said or (schema.get("type") == "string" and "enum" not in schema and "const" not in schema):
        yield name


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_every_parameter_that_takes_text_is_known_to_be_a_path_or_not(http: httpx.Client, adapter: str) -> None:
    found: set[tuple[str, str]] = set()
    for method in http.get(f"/api/v1/{adapter}/methods").json()["result"]["methods"]:
        schema = method["params"]
        found |= {(f"{adapter} {method['name']}", name) for name in texts(schema, schema.get("$defs", {}), "")}
    paths = {each for each in found if each[1] not in NO_PATHS | IDENTIFIERS}
    assert paths == {each for each in PATHS if each[0].startswith(adapter)}


def test_every_route_that_takes_a_file_is_known(http: httpx.Client) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    taking = {
        path
        for path, verbs in paths.items()
        for operation in verbs.values()
        if set(operation.get("requestBody", {}).get("content", {})) - {"application/json"}
    }
    assert taking == UPLOADS


def test_every_parameter_of_a_query_is_known_too(http: httpx.Client) -> None:
    found: set[str] = set()
    document = http.get("/openapi.json").json()
    for verbs in document["paths"].values():
        for operation in verbs.values():
            for each in operation.get("parameters", []):
                if each["in"] == "query":
                    found |= set(texts(each["schema"], document["components"]["schemas"], each["name"]))
    assert found <= NO_PATHS | IDENTIFIERS | {"document", "parallel_to", "facing"}


# --- what a hostile name could touch ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def decoy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the user's, which links in the workspaces lead to."""
    path = tmp_path_factory.mktemp("decoy") / "decoy.stl"
    path.write_text("untouched")
    return path


@pytest.fixture(scope="module")
def names(gateway: Gateway, decoy: Path) -> Iterator[list[str]]:
    """The names of the core's own test, and those that are hostile on this machine: absolute ones, siblings, links."""
    state, links = gateway.state_dir, []
    for adapter in ("blender", "freecad"):
        workspace = state / "sessions" / adapter / "workspace"
        (workspace.parent / "workspace2").mkdir(exist_ok=True)
        for name, target in (
            ("out", decoy.parent), ("etc", Path("/etc")), ("up", Path("..")),
            ("linked.stl", decoy), ("linked.png", decoy), ("linked.blend", decoy), ("linked.FCStd", decoy),
        ):  # fmt: skip
            (workspace / name).symlink_to(target)
            links.append(workspace / name)
    yield [
        # JSON cannot say a surrogate (400), and with the suffix that is added the other two are plain names.
        *(name for name in HOSTILE if "\ud800" not in name and not name.endswith(("trailing ", ".staging"))),
        *(str(path) for path in (decoy, state / "keys.json", state / "logs" / "audit.log", "/dev/null", "/dev/shm/x")),
        str(state / "sessions/blender/workspace/inside.stl"),
        "../workspace2/x", "../workspace2", "..//workspace2/x", "....//x", "x/../../workspace2/x",
        "out/decoy.stl", "out/new.stl", "linked", "etc/passwd", "etc/cadgate.stl", "up/home/x", "up/journal/x",
        "/proc/self/environ", "/proc/self/cwd/x", "file:///etc/passwd", "\\\\?\\C:\\x", "//server/share/x", "NUL:",
        "x" * 5000, "a/" * 600 + "x", "%2e%2e%2fx", "..%c0%afx", "\uff0e\uff0e/x\0", "x\u2028/..", "~/x/..",
    ]  # fmt: skip
    for link in links:
        link.unlink()
    for adapter in ("blender", "freecad"):
        (state / "sessions" / adapter / "workspace2").rmdir()


def outside(gateway: Gateway, decoy: Path) -> dict[str, str]:
    """Every file that no request may touch, with its hash: the state folder without what requests do write there."""
    mine = {"journal", "tmp", "home", "cache", "workers", "logs", "artifacts", "jobs"}
    roots = [gateway.state_dir, decoy.parent, Path("/dev/shm")]
    others = Path(os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp"))  # the files of tests that run meanwhile
    of_other_runs = "cadgate-tests-"
    found: dict[str, str] = {}
    for root in roots:
        for folder, inner, files in os.walk(root):
            inner[:] = [
                each
                for each in inner
                if each not in mine and Path(folder, each) != others and not each.startswith(of_other_runs)
            ]
            for name in files:
                path = Path(folder) / name
                if path.is_file() and name != "test-gateway.log":
                    found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.fixture(scope="module")
def stocked(gateway: Gateway) -> None:
    """Something to export in both applications."""
    with gateway.client() as client:
        assert client.delete("/api/v1/blender/scene").status_code == 200
        assert client.post("/api/v1/blender/materials", json={"name": "Baked"}).status_code == 201
        assert client.post("/api/v1/blender/primitives/cube", json={"material": "Baked"}).status_code == 201
        client.post("/api/v1/freecad/documents", json={"name": "Hostile"})
        assert client.post("/api/v1/freecad/documents/Hostile/activate").status_code == 200
        assert client.post("/api/v1/freecad/primitives/box", json={}).status_code == 201


def send(client: httpx.Client, path: str, body: Any, verb: str = "POST") -> httpx.Response:
    """As JSON of ASCII alone, which can say every text."""
    return client.request(verb, path, content=json.dumps(body), headers={"Content-Type": "application/json"})


def test_there_are_enough_of_them(names: list[str]) -> None:
    assert len(set(names)) >= 220


@pytest.mark.parametrize("parameter", sorted(PATHS), ids=lambda parameter: parameter[0])
@pytest.mark.usefixtures("stocked")
def test_no_route_writes_where_a_hostile_name_says(
    gateway: Gateway, names: list[str], decoy: Path, parameter: tuple[str, str]
) -> None:
    verb, path, more = PATHS[parameter]
    more = {key: value for key, value in more.items() if f"/{value}/" not in path}
    before = outside(gateway, decoy)
    with gateway.client() as client:
        for name in names:
            answer = send(client, path, {**more, parameter[1]: name}, verb)
            assert answer.status_code == 422, (name, answer.text)
            assert answer.json()["error"]["code"] in REFUSED, (name, answer.text)
            assert str(gateway.state_dir) not in answer.text.replace(name, "")
        good = client.request(verb, path, json={**more, parameter[1]: f"good/{parameter[0].split()[1]}"})
        assert good.status_code in (200, 202), good.text
        if good.status_code == 202:
            job = client.get(good.headers["Location"], params={"wait": 30}).json()["result"]
            assert job["state"] == "succeeded", job
    after = outside(gateway, decoy)
    written = set(after) - set(before)
    assert {Path(each).parent.name for each in written} <= {"good", "owners"}
    assert {each: after.get(each) for each in before} == before


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_no_batch_and_no_websocket_writes_there_either(
    gateway: Gateway, names: list[str], decoy: Path, adapter: str
) -> None:
    before = outside(gateway, decoy)
    calls = [
        {"method": method.split()[1], "params": {**more, key: name}}
        for (method, key), (_, _, more) in PATHS.items()
        if method.startswith(adapter)
        for name in names
    ]
    with gateway.client() as client:
        results = send(client, f"/api/v1/{adapter}/batch", {"calls": calls}).json()["result"]["results"]
    assert [
        call for call, one in zip(calls, results, strict=True) if one.get("error", {}).get("code") not in REFUSED
    ] == []

    async def ask() -> set[str]:
        async with live(gateway, adapter) as client:
            answers = [await client.ask(type="call", id=number, **call) for number, call in enumerate(calls)]
            return {answer.get("error", {}).get("code", "none") for answer in answers}

    assert asyncio.run(ask()) <= REFUSED
    assert outside(gateway, decoy) == before


@pytest.mark.parametrize("route", sorted(UPLOADS))
@pytest.mark.usefixtures("stocked")
def test_no_upload_is_stored_where_its_name_says(gateway: Gateway, names: list[str], decoy: Path, route: str) -> None:
    before = outside(gateway, decoy)
    with gateway.client() as client:
        client.post("/api/v1/blender/materials", json={"name": "Hostile"})
        store = gateway.state_dir / "artifacts"
        for name in names:
            shown = name.encode("utf-8", "surrogatepass").replace(b"\\", b"\\\\").replace(b'"', b"%22")
            shown = shown.replace(b"\r", b"%0D").replace(b"\n", b"%0A")
            head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + shown + b'"\r\n\r\n'
            answer = client.post(
                route.replace("{name}", "Hostile"),
                content=head + b"no file of any kind\r\n--x--\r\n",
                headers={"Content-Type": "multipart/form-data; boundary=x"},
            )
            assert answer.status_code in (201, 400, 415, 422), (name, answer.text)
            if answer.status_code == 201:
                kept = answer.json()["result"]
                assert "/" not in kept["name"]
                assert kept["name"] == name.replace("\\", "/").rsplit("/", 1)[-1] or kept["name"] == "upload", name
        assert all(len(entry.name) == 32 for entry in store.iterdir() if not entry.name.startswith("."))
        assert not [entry for entry in store.iterdir() if entry.suffix == ".upload"]
    assert outside(gateway, decoy) == before


@pytest.mark.usefixtures("stocked")
def test_no_artifact_is_found_by_a_path(gateway: Gateway, names: list[str], decoy: Path) -> None:
    before = outside(gateway, decoy)
    with gateway.client() as client:
        for name in names:
            encoded = quote(name.encode("utf-8", "surrogatepass"), safe="")
            for verb in ("GET", "DELETE"):
                answer = client.request(verb, f"/api/v1/artifacts/{encoded}")
                # The client itself makes the list's path of `.` and the like.
                assert answer.status_code in (400, 404, 405, 431) or "artifacts" in answer.json()["result"], name
                assert "x-artifact-id" not in answer.headers
            for path in ("/api/v1/blender/import", "/api/v1/freecad/import", "/api/v1/freecad/documents/open"):
                answer = send(client, path, {"artifact": name})
                assert (answer.status_code, answer.json()["error"]["code"]) == (404, "artifact_not_found"), name
    assert outside(gateway, decoy) == before
