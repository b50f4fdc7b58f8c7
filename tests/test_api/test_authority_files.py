"""Whose files are whose: which scope writes them, and that nobody replaces or removes what another key wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateway import NO_SPARES, Gateway
from tests.test_api.keyed import Holder, new_key, up

pytestmark = pytest.mark.security

WRITES = [
    ("blender", "/export", {"format": "stl", "filepath": "{}.stl"}),
    ("blender", "/render", {"output": "{}.png", "engine": "workbench", "resolution": [32, 32], "samples": 1}),
    ("blender", "/scene/save", {"filepath": "{}.blend"}),
    ("freecad", "/export", {"format": "step", "filepath": "{}.step"}),
    ("freecad", "/documents/Owned/save", {"filepath": "{}.FCStd"}),
]
each_file = pytest.mark.parametrize(("adapter", "path", "body"), WRITES)


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of `allowed_roots`."""
    return tmp_path_factory.mktemp("allowed")


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory, outside: Path) -> Iterator[Gateway]:
    running = Gateway(
        tmp_path_factory.mktemp("owners"),
        environment={"CADGATE_AUTH": "token", "CADGATE_ALLOWED_ROOTS": str(outside), **NO_SPARES},
    )
    first = new_key(running)
    running.start(ready=False)
    up(first)
    with first.client("/api/v1") as client:
        assert client.post("/blender/primitives/cube", json={}).status_code == 201
        assert client.post("/freecad/documents", json={"name": "Owned"}).status_code == 201
        assert client.post("/freecad/primitives/box", json={}).status_code == 201
    yield running
    if running.running:
        assert running.stop() == 0, running.log.read_text()[-4000:]


@pytest.fixture(scope="module")
def ada(keyed: Gateway) -> Holder:
    return new_key(keyed)


@pytest.fixture(scope="module")
def ben(keyed: Gateway) -> Holder:
    return new_key(keyed)


def named(body: dict[str, object], name: str) -> dict[str, object]:
    return {key: value.format(name) if isinstance(value, str) else value for key, value in body.items()}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@each_file
def test_a_key_that_only_reads_writes_no_file(keyed: Gateway, adapter: str, path: str, body: dict[str, object]) -> None:
    with new_key(keyed, "read").client(f"/api/v1/{adapter}") as client:
        assert code_of(client.post(path, json=named(body, "read-only"))) == (403, "forbidden")
    workspace = keyed.state_dir / "sessions" / adapter / "workspace"
    assert not list(workspace.glob("read-only*"))


@each_file
@pytest.mark.parametrize("absolute", [False, True])
def test_a_file_of_another_key_is_not_replaced(
    keyed: Gateway,
    outside: Path,
    ada: Holder,
    ben: Holder,
    adapter: str,
    path: str,
    body: dict[str, object],
    absolute: bool,
) -> None:
    where = outside if absolute else keyed.state_dir / "sessions" / adapter / "workspace"
    name = f"{outside}/shared-{adapter}" if absolute else "shared"
    with ada.client(f"/api/v1/{adapter}") as client:
        first = client.post(path, json=named(body, name))
        assert first.status_code == 200, first.text
        suffix = Path(str(first.json()["result"]["artifact"]["name"])).suffix
        (written,) = where.glob(f"shared*{suffix}")
        before = (written.stat().st_ino, written.stat().st_mtime_ns)
    with ben.client(f"/api/v1/{adapter}") as client:
        refused = client.post(path, json=named(body, name))
        assert code_of(refused) == (409, "conflict")
        assert "another name" in refused.json()["error"]["message"]
    assert (written.stat().st_ino, written.stat().st_mtime_ns) == before
    with ada.client(f"/api/v1/{adapter}") as client:
        assert client.post(path, json=named(body, name)).status_code == 200
    assert written.stat().st_ino != before[0]


def test_a_file_that_the_user_put_there_is_not_replaced(outside: Path, ada: Holder) -> None:
    mine = outside / "mine.stl"
    mine.write_text("my own")
    with ada.client("/api/v1/blender") as client:
        answer = client.post("/export", json={"format": "stl", "filepath": str(mine)})
    assert code_of(answer) == (409, "conflict")
    assert mine.read_text() == "my own"


def test_a_name_that_nobody_chose_gives_way(keyed: Gateway, ada: Holder, ben: Holder) -> None:
    written = keyed.state_dir / "sessions" / "blender" / "workspace" / "scene.ply"
    with ada.client("/api/v1/blender") as client:
        assert client.post("/export", json={"format": "ply"}).status_code == 200
    before = written.stat().st_ino
    with ben.client() as client:
        answer = client.post("/api/v1/blender/export", json={"format": "ply"})
        assert answer.status_code == 200
        assert client.get(answer.json()["result"]["artifact"]["url"]).status_code == 200
    assert written.stat().st_ino == before


def test_a_preview_keeps_nothing_for_a_key_that_only_reads(keyed: Gateway, ada: Holder) -> None:
    workspace = keyed.state_dir / "sessions" / "blender" / "workspace"
    with ada.client() as client:
        before = client.get("/api/v1/artifacts").json()["result"]["total"]
    with new_key(keyed, "read").client("/api/v1/blender") as client:
        picture = client.get("/render/preview", params={"width": 32})
        assert picture.content.startswith(b"\x89PNG")
        kept = client.get("/render/preview", params={"width": 32}, headers={"Accept": "application/json"})
        assert code_of(kept) == (403, "forbidden")
        calls: list[dict[str, object]] = [{"method": "render.preview", "params": {}}]
        (item,) = client.post("/batch", json={"calls": calls}).json()["result"]["results"]
        assert item["error"]["code"] == "forbidden"
    assert not (workspace / "preview.png").exists()
    with ada.client() as client:
        assert client.get("/api/v1/artifacts").json()["result"]["total"] == before


def test_an_artifact_is_removed_by_whoever_stored_it(ada: Holder, ben: Holder) -> None:
    with ada.client("/api/v1") as first, ben.client("/api/v1") as second:
        stored = first.post("/artifacts", files={"file": ("a.txt", b"ada's")}).json()["result"]
        assert code_of(second.delete(f"/artifacts/{stored['id']}")) == (404, "artifact_not_found")
        assert first.get(f"/artifacts/{stored['id']}").content == b"ada's"
        assert first.delete(f"/artifacts/{stored['id']}").status_code == 200


def test_an_idempotency_key_of_one_key_says_nothing_to_another(ada: Holder, ben: Holder) -> None:
    keyed = {"Idempotency-Key": "the-same"}
    with ada.client("/api/v1") as first, ben.client("/api/v1") as second:
        one = first.post("/artifacts", files={"file": ("a.txt", b"one")}, headers=keyed)
        other = second.post("/artifacts", files={"file": ("b.txt", b"other")}, headers=keyed)
        assert (one.status_code, other.status_code) == (201, 201)
        assert one.json()["result"]["id"] != other.json()["result"]["id"]


def test_whose_a_file_is_outlives_the_gateway(keyed: Gateway, ada: Holder, ben: Holder) -> None:
    with ada.client("/api/v1/blender") as client:
        assert client.post("/export", json={"format": "stl", "filepath": "kept.stl"}).status_code == 200
    assert keyed.stop() == 0
    keyed.start(ready=False)
    up(ada)
    with ben.client("/api/v1/blender") as client:
        assert code_of(client.post("/export", json={"format": "stl", "filepath": "kept.stl"})) == (409, "conflict")
    with ada.client("/api/v1/blender") as client:
        assert client.post("/export", json={"format": "stl", "filepath": "kept.stl"}).status_code == 200


def test_a_conversion_needs_write_and_ones_own_file_and_trusts_none(keyed: Gateway, ada: Holder) -> None:
    writer, reader = new_key(keyed, "read,write"), new_key(keyed, "read")
    corners = b"vertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n"
    triangle = b"solid a\nfacet normal 0 0 1\nouter loop\n" + corners + b"endloop\nendfacet\nendsolid a\n"
    with writer.client("/api/v1") as client:
        own = client.post("/artifacts", files={"file": ("a.stl", triangle)}).json()["result"]["id"]
        trusted = client.post("/convert?to=obj", json={"artifact": own, "options": {"trusted": True}})
        assert (trusted.status_code, trusted.json()["error"]["code"]) == (422, "validation_error")
        assert "'trusted'" in trusted.json()["error"]["message"]
        done = client.post("/convert?to=obj", json={"artifact": own})
        assert done.status_code == 200, done.text
        assert done.json()["result"]["path"] == ["freecad"]
    with reader.client("/api/v1") as client:
        assert client.get("/formats").status_code == 200
        assert client.post("/convert?to=obj", json={"artifact": own}).status_code == 403
    with ada.client("/api/v1") as client:
        missing = client.post("/convert?to=obj", json={"artifact": own})
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "artifact_not_found")
