"""A file that comes with a request is a part of it: sent again it is the same request; refused, it leaves none."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.gateway import eventually
from tests.pictures import png

_CORNERS = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
_FACES = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))


def tetrahedron(size: float = 1.0) -> bytes:
    """A tetrahedron as binary STL, made from its definition."""
    facets = [
        struct.pack("<12fH", 0, 0, 0, *(size * value for corner in face for value in _CORNERS[corner]), 0)
        for face in _FACES
    ]
    return bytes(80) + struct.pack("<I", len(facets)) + b"".join(facets)


def multipart(name: str, data: bytes, boundary: str) -> tuple[bytes, str]:
    """The body of an upload and its Content-Type."""
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def send(
    client: httpx.Client, path: str, name: str, data: bytes, key: str | None, boundary: str = "one", **headers: str
) -> httpx.Response:
    body, kind = multipart(name, data, boundary)
    keyed = {} if key is None else {"Idempotency-Key": key}
    return client.post(path, content=body, headers={"Content-Type": kind, **keyed, **headers})


def stored(http: httpx.Client) -> int:
    """How many artifacts there are."""
    return http.get("/api/v1/artifacts", params={"limit": 1}).json()["result"]["total"]


def names(client: httpx.Client) -> set[str]:
    return {each["name"] for each in client.get("/objects").json()["result"]["objects"]}


def new_key() -> str:
    return secrets.token_hex(8)


def blend(blender: httpx.Client, http: httpx.Client) -> bytes:
    """The scene as a .blend file."""
    artifact = blender.post("/scene/save", json={}).json()["result"]["artifact"]
    data = http.get(artifact["url"]).content
    http.delete(artifact["url"])
    return data


def fcstd(freecad: httpx.Client, http: httpx.Client) -> bytes:
    """The document as an FCStd file."""
    artifact = freecad.post("/documents/Test/save", json={}).json()["result"]["artifact"]
    data = http.get(artifact["url"]).content
    http.delete(artifact["url"])
    return data


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_an_import_sent_again_with_its_key_is_done_once_whatever_the_boundary(
    http: httpx.Client, request: pytest.FixtureRequest, adapter: str
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    before, key = stored(http), new_key()
    first = send(client, "/import", "part.stl", tetrahedron(), key)
    assert first.status_code == 200, first.text
    after, present = stored(http), names(client)
    assert after == before + 1
    for boundary in ("one", "another"):
        again = send(client, "/import", "part.stl", tetrahedron(), key, boundary)
        assert (again.status_code, again.json()) == (200, first.json())
    assert (stored(http), names(client)) == (after, present)


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_the_same_key_with_another_file_name_or_option_is_a_conflict(
    http: httpx.Client, request: pytest.FixtureRequest, adapter: str
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    key = new_key()
    assert send(client, "/import", "part.stl", tetrahedron(), key).status_code == 200
    after, present = stored(http), names(client)
    others = (
        ("/import", "part.stl", tetrahedron(2)),
        ("/import", "other.stl", tetrahedron()),
        ("/import?trusted=true", "part.stl", tetrahedron()),
    )
    for path, name, data in others:
        refused = send(client, path, name, data, key)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "idempotency_conflict"), (path, name)
    assert (stored(http), names(client)) == (after, present)


@pytest.mark.parametrize(
    ("adapter", "path", "name", "content"),
    [
        ("blender", "/scene/open", "s.blend", blend),
        ("freecad", "/documents/open", "d.FCStd", fcstd),
        ("blender", "/materials/Mat/texture?slot=color", "t.png", None),
        ("blender", "/world/image", "w.png", None),
    ],
)
def test_every_upload_sent_again_with_its_key_gets_its_first_answer(
    http: httpx.Client,
    request: pytest.FixtureRequest,
    adapter: str,
    path: str,
    name: str,
    content: Callable[[httpx.Client, httpx.Client], bytes] | None,
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    if adapter == "blender":
        client.post("/materials", json={"name": "Mat", "on_conflict": "replace"})
    data = png((255, 0, 0)) if content is None else content(client, http)
    before, key = stored(http), new_key()
    first = send(client, path, name, data, key)
    assert first.status_code in (200, 201), first.text
    again = send(client, path, name, data, key, "another")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert stored(http) == before + 1


def test_a_mesh_sent_again_as_raw_arrays_or_as_large_json_is_made_once(
    http: httpx.Client, blender: httpx.Client
) -> None:
    raw = b"CGM1" + struct.pack("<III", 4, 4, 12) + struct.pack("<12f", *(v for c in _CORNERS for v in c))
    raw += struct.pack("<4I", 3, 3, 3, 3) + struct.pack("<12I", *(v for f in _FACES for v in f))
    many = [[x % 300, x // 300, 0] for x in range(90_000)]
    faces = [[i, i + 1, i + 301, i + 300] for i in range(89_000) if i % 300 != 299]
    before = stored(http)
    for path, sent in (
        ("/meshes?name=Raw", {"content": raw, "headers": {"Content-Type": "application/octet-stream"}}),
        ("/meshes", {"json": {"name": "Grid", "vertices": many, "faces": faces}, "headers": {}}),
    ):
        options: dict[str, Any] = {**sent, "headers": {**sent["headers"], "Idempotency-Key": new_key()}}
        first = blender.post(path, **options)
        assert first.status_code == 201, first.text
        again = blender.post(path, **options)
        assert (again.status_code, again.json()) == (201, first.json())
    assert names(blender) == {"Raw", "Grid"}
    assert stored(http) <= before + 1


def test_an_upload_for_a_job_sent_again_is_the_same_job(http: httpx.Client, blender: httpx.Client) -> None:
    before, key = stored(http), new_key()
    first = send(blender, "/import", "part.stl", tetrahedron(), key, Prefer="respond-async")
    again = send(blender, "/import", "part.stl", tetrahedron(), key, "another", Prefer="respond-async")
    assert (first.status_code, again.status_code) == (202, 202)
    job = first.json()["result"]["id"]
    assert again.json()["result"]["id"] == job

    def ended() -> bool:
        return http.get(f"/api/v1/jobs/{job}", params={"wait": 10}).json()["result"]["state"] == "succeeded"

    eventually(ended, what="the import")
    assert names(blender) == {"part"}
    # The same request without the preference is answered with what the job has done.
    waited = send(blender, "/import", "part.stl", tetrahedron(), key)
    assert waited.status_code == 200, waited.text
    assert names(blender) == {"part"}
    assert stored(http) == before + 1


def test_a_key_that_was_refused_is_refused_again_and_no_file_stays(http: httpx.Client, blender: httpx.Client) -> None:
    before, key = stored(http), new_key()
    first = send(blender, "/import", "part.glb", tetrahedron(), key)
    assert first.status_code == 422
    again = send(blender, "/import", "part.glb", tetrahedron(), key)
    assert (again.status_code, again.json()["error"]["message"]) == (422, first.json()["error"]["message"])
    assert stored(http) == before


@pytest.mark.parametrize(
    ("adapter", "name"), [("blender", "part.glb"), ("freecad", "part.step"), ("blender", "part.unknown")]
)
def test_a_refused_import_keeps_nothing_of_its_upload(
    http: httpx.Client, request: pytest.FixtureRequest, adapter: str, name: str
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    before = stored(http)
    data = b"ISO-10303-21;\nHEADER;\n" if name.endswith(".step") else b"nothing of the kind"
    assert send(client, "/import", name, data, None).status_code == 422
    assert stored(http) == before
    bad_option = send(client, "/import?bogus=1", "part.stl", tetrahedron(), None)
    assert bad_option.status_code == 422
    assert stored(http) == before


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_a_dry_run_of_an_import_keeps_nothing_of_its_upload(
    http: httpx.Client, request: pytest.FixtureRequest, adapter: str
) -> None:
    client: httpx.Client = request.getfixturevalue(adapter)
    before = stored(http)
    dry = send(client, "/import?dry_run=true", "part.stl", tetrahedron(), None)
    assert (dry.status_code, dry.json()["result"]) == (200, {"dry_run": True})
    assert (stored(http), names(client)) == (before, set())


def test_a_refused_conversion_keeps_nothing_of_its_upload(http: httpx.Client) -> None:
    before = stored(http)
    refused = send(http, "/api/v1/convert?to=nonsense", "part.stl", tetrahedron(), None)
    assert refused.status_code == 422
    assert stored(http) == before


def test_a_failed_job_keeps_its_upload_for_another_attempt(http: httpx.Client, blender: httpx.Client) -> None:
    before = stored(http)
    refused = send(blender, "/import", "part.glb", tetrahedron(), None, Prefer="respond-async, wait=30")
    assert refused.status_code in (202, 422), refused.text
    assert stored(http) == before + 1
