"""Artifacts keep the names that files have, come back under them, and are kept as long and as much as settings say."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from cadgate.artifacts.store import ArtifactStore
from cadgate.errors import ArtifactNotFound, LimitExceeded
from cadgate.models.responses import Artifact
from tests.core.served import error_of

pytestmark = pytest.mark.anyio

ARTIFACTS = "/api/v1/artifacts"


async def stored(client: httpx.AsyncClient, name: str, data: bytes = b"solid", key: str | None = None) -> Artifact:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = await client.post(ARTIFACTS, files={"file": (name, data)}, headers=headers)
    assert answer.status_code == 201, answer.text
    return Artifact.model_validate(answer.json()["result"])


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "in_ascii"),
    [
        ("part.step", "part.step"),
        ("100% done.step", "100_ done.step"),
        ('5" pipe.step', "5_ pipe.step"),
        ("%41.step", "_41.step"),
        ("Träger ü.stl", "Trager u.stl"),
        ("部品.step", "file.step"),
        ("деталь №7.step", "No7.step"),
        ("قطعة.glb", "file.glb"),
        ("🧊.png", "file.png"),
        ("it's; a=b, c.step", "it's; a=b, c.step"),
        ("no suffix", "no suffix"),
        (".hidden", "file.hidden"),
        ("~$draft#1.step", "~$draft#1.step"),
    ],
)
async def test_a_name_comes_back_in_both_forms(client: httpx.AsyncClient, name: str, in_ascii: str) -> None:
    artifact = await stored(client, name)
    assert artifact.name == name
    for verb in ("GET", "HEAD"):
        disposition = (await client.request(verb, artifact.url)).headers["content-disposition"]
        found = re.fullmatch(r'attachment; filename="([^"\\]+)"; filename\*=UTF-8\'\'([A-Za-z0-9%._~-]+)', disposition)
        assert found is not None, disposition
        assert (found[1], unquote(found[2])) == (in_ascii, name)


@pytest.mark.parametrize(
    "name", ["..", ".", " ", " lead.stl", "a..b", "a:b", "a\nb.step", "a\rb", "x" * 256, "\u0085.step", "ü" * 128]
)
async def test_what_no_file_can_be_called_is_refused(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.post(ARTIFACTS, files={"file": (name, b"solid")})
    assert (answer.status_code, error_of(answer.content)["code"]) == (422, "path_not_allowed")


# --- ids -------------------------------------------------------------------------------------------------------------


async def test_an_id_is_never_born_again(client: httpx.AsyncClient) -> None:
    first = await stored(client, "a.stl", key="a")
    removal = {"Idempotency-Key": "b"}
    assert (await client.delete(first.url, headers=removal)).status_code == 200
    second = await stored(client, "a.stl", key="a")
    assert second.id != first.id
    assert (await client.delete(first.url, headers=removal)).status_code == 200, "the first one is gone, as it says"
    assert (await client.get(first.url)).status_code == 404
    assert (await client.get(second.url)).content == b"solid"
    other = await client.delete(second.url, headers=removal)
    assert (other.status_code, error_of(other.content)["code"]) == (422, "idempotency_conflict")
    assert (await client.get(second.url)).status_code == 200
    assert await stored(client, "a.stl", key="a") == second


async def test_a_key_is_free_for_another_file_when_its_file_is_gone(client: httpx.AsyncClient) -> None:
    first = await stored(client, "a.stl", b"one", key="c")
    await client.delete(first.url)
    second = await stored(client, "b.stl", b"two", key="c")
    assert (await client.get(second.url)).content == b"two"


def keep(store: ArtifactStore, name: str, data: bytes, key: str | None = None) -> Artifact:
    path, base = store.upload_path(name)
    path.write_bytes(data)
    artifact = store.adopt(path, base)
    return artifact if key is None else store.keyed(artifact, key)


def test_the_file_of_a_key_is_known_after_a_restart(tmp_path: Path) -> None:
    first = keep(ArtifactStore(tmp_path / "a"), "a.stl", b"one", "k")
    store = ArtifactStore(tmp_path / "a")
    assert keep(store, "a.stl", b"one", "k") == first
    assert store.page(0, 10) == ([first], 1)
    store.delete(first.id)
    assert not list((tmp_path / "a" / ".keys").iterdir())


# --- room and age ----------------------------------------------------------------------------------------------------


def test_what_is_too_much_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "a", max_bytes=100)
    first = keep(store, "a.stl", b"x" * 60)
    with pytest.raises(LimitExceeded, match="max_artifact_bytes") as caught:
        keep(store, "b.stl", b"x" * 41)
    assert caught.value.details == {"size": 41, "used": 60, "maximum": 100}
    assert store.page(0, 10) == ([first], 1)
    assert not list((tmp_path / "a").glob(".*.part"))
    keep(store, "c.stl", b"x" * 40)
    store.delete(first.id)
    keep(store, "d.stl", b"x" * 60)
    with pytest.raises(LimitExceeded):
        keep(ArtifactStore(tmp_path / "a", max_bytes=100), "e.stl", b"x")


def test_what_is_too_old_is_gone_and_makes_room(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "a", max_bytes=100, ttl_seconds=3600)
    old, young = keep(store, "old.stl", b"x" * 60, "k"), keep(store, "young.stl", b"x" * 40)
    before = time.time() - 3700
    os.utime(tmp_path / "a" / old.id, (before, before))
    with pytest.raises(ArtifactNotFound):
        store.get(old.id)
    assert store.page(0, 10) == ([young], 1)
    new = keep(store, "old.stl", b"x" * 60, "k")
    assert new.id != old.id
    assert not (tmp_path / "a" / old.id).exists()
