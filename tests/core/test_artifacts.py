"""Files: stored, listed, downloaded in parts, removed; and every hostile name or id that a client can think of."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import stat
import time
from contextlib import suppress
from pathlib import Path

import anyio
import httpx
import pytest
from fastapi import FastAPI

from cadgate.artifacts import store as store_module
from cadgate.artifacts.store import ArtifactStore
from cadgate.errors import ArtifactNotFound, CommandExecutionError
from tests.core.served import error_of, exchange, probed_app, quiet_settings, served
from tests.gateway import eventually

pytestmark = pytest.mark.anyio

ARTIFACTS = "/api/v1/artifacts"
DATA = bytes(range(256)) * 64


HALF = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf of it'


async def stored(client: httpx.AsyncClient, name: str = "part.step", data: bytes = DATA) -> dict[str, object]:
    answer = await client.post(ARTIFACTS, files={"file": (name, data)})
    assert answer.status_code == 201, answer.text
    return answer.json()["result"]


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


# --- over HTTP -------------------------------------------------------------------------------------------------------


async def test_an_upload_is_described_and_comes_back_the_same(client: httpx.AsyncClient) -> None:
    artifact = await stored(client)
    digest = hashlib.sha256(DATA).hexdigest()
    assert artifact == {
        "id": artifact["id"],
        "name": "part.step",
        "media_type": "model/step",
        "size": len(DATA),
        "sha256": digest,
        "url": f"{ARTIFACTS}/{artifact['id']}",
    }
    answer = await client.get(str(artifact["url"]))
    assert answer.content == DATA
    assert answer.headers["etag"] == f'"{digest}"'
    assert answer.headers["content-type"] == "model/step"
    assert answer.headers["x-artifact-id"] == artifact["id"]
    assert answer.headers["content-disposition"] == "attachment; filename=\"part.step\"; filename*=UTF-8''part.step"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_head_says_the_same_without_the_bytes(client: httpx.AsyncClient) -> None:
    url = str((await stored(client))["url"])
    answer = await client.head(url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(DATA))


@pytest.mark.parametrize(
    ("wanted", "status", "content"),
    [
        ("bytes=0-9", 206, DATA[:10]),
        ("bytes=100-199", 206, DATA[100:200]),
        ("bytes=-5", 206, DATA[-5:]),
        ("bytes=16380-", 206, DATA[16380:]),
        ("bytes=0-999999", 206, DATA),
    ],
)
async def test_a_part_of_a_file_can_be_had(client: httpx.AsyncClient, wanted: str, status: int, content: bytes) -> None:
    url = str((await stored(client))["url"])
    answer = await client.get(url, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers["content-range"].endswith(f"/{len(DATA)}")


@pytest.mark.parametrize("wanted", ["bytes=99999-", "bytes=16384-16390", "bytes=-0"])
async def test_a_part_that_is_not_there_is_416_in_the_envelope(client: httpx.AsyncClient, wanted: str) -> None:
    url = str((await stored(client))["url"])
    answer = await client.get(url, headers={"Range": wanted})
    assert (answer.status_code, error_of(answer.content)["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(DATA)}"
    assert error_of(answer.content)["details"] == {"size": len(DATA)}


@pytest.mark.parametrize(
    "wanted", ["bytes=20-10", "bytes=x-y", "bytes=", "bytes=-", "lines=1-2", "bytes=0-1,5-6", "bytes"]
)
async def test_what_is_no_range_gets_the_whole(client: httpx.AsyncClient, wanted: str) -> None:
    url = str((await stored(client))["url"])
    answer = await client.get(url, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (200, DATA)


async def test_a_part_of_a_file_that_changed_since_is_the_whole(client: httpx.AsyncClient) -> None:
    artifact = await stored(client)
    for given, status in ((f'"{artifact["sha256"]}"', 206), ('"other"', 200)):
        answer = await client.get(str(artifact["url"]), headers={"Range": "bytes=0-9", "If-Range": given})
        assert answer.status_code == status


async def test_an_unchanged_file_is_not_sent_again(client: httpx.AsyncClient) -> None:
    artifact = await stored(client)
    url, etag = str(artifact["url"]), f'"{artifact["sha256"]}"'
    for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = await client.get(url, headers={"If-None-Match": given})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert (await client.get(url, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_the_list_is_paged_newest_first(client: httpx.AsyncClient) -> None:
    for one in (await client.get(ARTIFACTS)).json()["result"]["artifacts"]:
        await client.delete(one["url"])
    names = [f"file{i}.stl" for i in range(5)]
    for name in names:
        await stored(client, name)
    page = (await client.get(ARTIFACTS, params={"limit": 2, "offset": 1})).json()["result"]
    assert page["total"] == 5
    assert [one["name"] for one in page["artifacts"]] == ["file3.stl", "file2.stl"]
    assert (await client.get(ARTIFACTS, params={"offset": 99})).json()["result"] == {"artifacts": [], "total": 5}


async def test_a_file_is_stored_once_for_a_key_also_by_another_gateway(client: httpx.AsyncClient, app: FastAPI) -> None:
    async def send(key: str, data: bytes, name: str = "a.stl") -> httpx.Response:
        files = {"file": (name, data, "application/octet-stream")}
        return await client.post(ARTIFACTS, files=files, headers={"Idempotency-Key": key})

    before = (await client.get(ARTIFACTS)).json()["result"]["total"]
    first = await send("k", DATA)
    assert first.status_code == 201
    app.state.artifacts = ArtifactStore(app.state.artifacts.root)
    assert (await send("k", DATA)).json() == first.json()
    for data, name in ((b"other", "a.stl"), (DATA, "b.stl")):
        other = await send("k", data, name)
        assert (other.status_code, error_of(other.content)["code"]) == (422, "idempotency_conflict")
    assert (await send("another", DATA)).json()["result"]["id"] != first.json()["result"]["id"]
    assert (await client.get(ARTIFACTS)).json()["result"]["total"] == before + 2
    assert (await client.get(first.json()["result"]["url"])).content == DATA


async def test_a_file_is_removed_once_for_a_key(client: httpx.AsyncClient) -> None:
    one, two = [str((await stored(client))["url"]) for _ in range(2)]
    key = {"Idempotency-Key": "gone"}
    first = await client.delete(one, headers=key)
    assert first.status_code == 200
    assert (await client.delete(one, headers=key)).json() == first.json()
    assert (await client.delete(one)).status_code == 404
    other = await client.delete(two, headers=key)
    assert (other.status_code, error_of(other.content)["code"]) == (422, "idempotency_conflict")
    assert (await client.get(two)).status_code == 200


async def test_a_removed_file_is_gone(client: httpx.AsyncClient) -> None:
    artifact = await stored(client)
    answer = await client.delete(str(artifact["url"]))
    assert answer.json() == {"status": "success", "result": {"deleted": artifact["id"]}}
    for method in ("GET", "HEAD", "DELETE"):
        assert (await client.request(method, str(artifact["url"]))).status_code == 404
    assert error_of((await client.get(str(artifact["url"]))).content)["code"] == "artifact_not_found"


@pytest.mark.parametrize(
    "identifier",
    [
        "nobody",
        "0" * 32,
        "..%2F..%2Fetc%2Fpasswd",
        "%2E%2E",
        "%2Fetc%2Fpasswd",
        "A" * 32,
        "0" * 31 + "%0A",
        "0" * 33,
        "x" * 4000,
        "%F0%9F%A7%8A",
        "*",
    ],
)
async def test_a_hostile_id_is_404(client: httpx.AsyncClient, identifier: str) -> None:
    for method in ("GET", "DELETE"):
        answer = await client.request(method, f"{ARTIFACTS}/{identifier}")
        assert (answer.status_code, error_of(answer.content)["code"]) == (404, "artifact_not_found")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\me\\part.step", "part.step"),
        ("/etc/passwd", "passwd"),
        ("../../part.step", "part.step"),
        ("Träger ü.stl", "Träger ü.stl"),
        ("no suffix", "no suffix"),
    ],
)
async def test_only_the_last_segment_of_a_name_is_kept(client: httpx.AsyncClient, given: str, kept: str) -> None:
    artifact = await stored(client, given)
    assert artifact["name"] == kept
    assert (await client.get(str(artifact["url"]))).content == DATA


@pytest.mark.parametrize("name", ["..", "...", "a..b", "a\x7f.stl", "a:b", "x" * 256, " lead.stl"])
async def test_a_hostile_name_is_422_and_nothing_is_stored(client: httpx.AsyncClient, app: FastAPI, name: str) -> None:
    before = set(app.state.artifacts.root.iterdir())
    answer = await client.post(ARTIFACTS, files={"file": (name, DATA)})
    assert (answer.status_code, error_of(answer.content)["code"]) == (422, "path_not_allowed")
    assert set(app.state.artifacts.root.iterdir()) == before


async def test_an_empty_file_and_a_missing_field_are_422(client: httpx.AsyncClient, app: FastAPI) -> None:
    before = set(app.state.artifacts.root.iterdir())
    empty = await client.post(ARTIFACTS, files={"file": ("a.stl", b"")})
    assert (empty.status_code, error_of(empty.content)["code"]) == (422, "validation_error")
    for wrong in ({"files": {"other": ("a.stl", DATA)}}, {"data": {"file": "text"}, "files": {"x": ("", b"1")}}):
        answer = await client.post(ARTIFACTS, **wrong)  # type: ignore[arg-type]
        assert answer.status_code in (400, 422)
        assert error_of(answer.content)["code"] in ("validation_error", "bad_request")
    assert set(app.state.artifacts.root.iterdir()) == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/form-data; boundary=x", HALF),
        ("multipart/form-data; boundary=x", b""),
    ],
)
async def test_a_broken_upload_is_refused_and_nothing_is_stored(
    client: httpx.AsyncClient, app: FastAPI, kind: str, body: bytes
) -> None:
    before = set(app.state.artifacts.root.iterdir())
    answer = await client.post(ARTIFACTS, content=body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 422)
    assert error_of(answer.content)["code"] in ("bad_request", "validation_error")
    assert set(app.state.artifacts.root.iterdir()) == before


async def test_json_is_no_upload(client: httpx.AsyncClient) -> None:
    answer = await client.post(ARTIFACTS, json={"file": "a"})
    assert (answer.status_code, error_of(answer.content)["code"]) == (415, "unsupported_media_type")


def test_an_upload_above_the_limit_is_413(port: int) -> None:
    head = f"POST {ARTIFACTS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    status, _, body = exchange(port, f"{head}Content-Length: 300001\r\n\r\n".encode())
    assert (status, error_of(body)["code"]) == (413, "payload_too_large")


def test_an_upload_may_be_larger_than_json(port: int) -> None:
    with httpx.Client(base_url=f"http://localhost:{port}") as client:
        answer = client.post(ARTIFACTS, files={"file": ("big.stl", b"x" * 250_000)})
        assert answer.status_code == 201
        assert len(client.get(answer.json()["result"]["url"]).content) == 250_000


def test_an_upload_whose_client_leaves_keeps_nothing(tmp_path: Path) -> None:
    app = probed_app(quiet_settings(tmp_path))
    root: Path = app.state.artifacts.root
    head = (
        f"POST {ARTIFACTS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    with served(app) as port:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(head.encode() + HALF + b"x" * 3_000_000)
            eventually(lambda: list(root.glob(".*.upload")), what="the beginning of the upload")
        eventually(lambda: not list(root.iterdir()), what="the end of what was uploaded")
        with httpx.Client(base_url=f"http://localhost:{port}") as client:
            assert client.get(ARTIFACTS).json()["result"] == {"artifacts": [], "total": 0}
            counted = client.get("/metrics").text
    assert f'method="POST",route="{ARTIFACTS}",status="499"}} 1.0' in counted


# --- the store -------------------------------------------------------------------------------------------------------


async def test_what_is_staged_becomes_an_artifact_and_a_file_of_the_workspace(
    store: ArtifactStore, tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    async with store.stage(workspace, "out/scene", suffix=".glb") as staged:
        staged.path.write_bytes(b"glTF")
        (staged.folder / "wood.png").write_bytes(b"png")
        artifact = await staged.commit()
        related = await staged.related()
    assert (artifact.name, artifact.media_type, artifact.size) == ("out/scene.glb", "model/gltf-binary", 4)
    assert [one.name for one in related] == ["wood.png"]
    assert (workspace / "out" / "scene.glb").read_bytes() == b"glTF"
    assert store.get(artifact.id).path.read_bytes() == b"glTF"
    assert list((workspace / ".staging").iterdir()) == []


async def test_what_was_not_written_is_an_error_and_leaves_nothing(store: ArtifactStore, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    async with store.stage(workspace, "scene.glb") as staged:
        with pytest.raises(CommandExecutionError, match="no file"):
            await staged.commit()
        staged.path.touch()
        with pytest.raises(CommandExecutionError, match="no file"):
            await staged.commit()
    assert not (workspace / "scene.glb").exists()
    assert list((workspace / ".staging").iterdir()) == []
    assert store.page(0, 10) == ([], 0)


async def test_an_error_names_a_staged_file_without_its_folder(store: ArtifactStore, tmp_path: Path) -> None:
    with pytest.raises(CommandExecutionError) as caught:
        async with store.stage(tmp_path, "scene.glb") as staged:
            raise CommandExecutionError(f"Cannot open file '{staged.path}'")
    assert caught.value.message == "Cannot open file 'scene.glb'"


@pytest.mark.parametrize("full", [errno.ENOSPC, errno.EDQUOT])
async def test_an_upload_that_the_disk_does_not_take_is_422_and_leaves_nothing(
    app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, full: int
) -> None:
    def take(*_: object) -> None:
        raise OSError(full, os.strerror(full))

    before = sorted(app.state.artifacts.root.iterdir())
    monkeypatch.setattr(store_module, "take", take)
    answer = await client.post(ARTIFACTS, files={"file": ("part.step", DATA)})
    error = error_of(answer.text)
    assert (answer.status_code, error["code"]) == (422, "command_failed")
    assert os.strerror(full) in error["message"]
    assert sorted(app.state.artifacts.root.iterdir()) == before


async def test_a_failure_while_staging_keeps_the_file_that_was_there(store: ArtifactStore, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "scene.glb").write_bytes(b"old")
    with suppress(ZeroDivisionError):
        async with store.stage(workspace, "scene.glb") as staged:
            staged.path.write_bytes(b"half")
            raise ZeroDivisionError
    assert (workspace / "scene.glb").read_bytes() == b"old"


def test_artifacts_are_for_their_owner_only(store: ArtifactStore, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    artifact = store.adopt(tmp_path / "a", "a")
    for folder in (store.root, store.root / artifact.id):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_leftovers_of_a_gateway_that_died_are_removed(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    old, new = store.root / ".1234.upload", store.root / ".5678.upload"
    folder = store.root / ".9abc.removed"
    folder.mkdir()
    for path in (old, new, folder / "data"):
        path.write_bytes(b"half")
    long_ago = time.time() - 90_000
    for path in (old, folder):
        os.utime(path, (long_ago, long_ago))
    ArtifactStore(tmp_path / "artifacts")
    assert [path.name for path in store.root.iterdir()] == [".5678.upload"]


def test_a_damaged_artifact_is_not_found_and_hides_no_other(store: ArtifactStore, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"1")
    good, bad = (store.adopt(tmp_path / name, name) for name in ("a", "b"))
    (store.root / bad.id / "artifact.json").write_text("{")
    with pytest.raises(ArtifactNotFound):
        store.get(bad.id)
    assert [one.id for one in store.page(0, 10)[0]] == [good.id]


async def test_a_download_that_runs_survives_a_removal(store: ArtifactStore, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    artifact = store.adopt(tmp_path / "a", "a")
    with store.get(artifact.id).path.open("rb") as file:
        first = file.read(10)
        await anyio.to_thread.run_sync(store.delete, artifact.id)
        assert first + file.read() == DATA
    assert list(store.root.iterdir()) == []
