"""Pages of artifacts: newest first, by owner, and without a look at what is not on the page."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from cadgate.artifacts.own import OwnArtifacts
from cadgate.artifacts.store import ArtifactStore
from cadgate.contract.authority import Authority

ADA, BEN = "key:ada", "key:ben"


def stored(store: ArtifactStore, folder: Path, name: str, owner: str) -> str:
    path = folder / name
    path.write_text(name)
    return store.adopt(path, name, owner=owner).id


def names(store: ArtifactStore, owner: str | None, offset: int = 0, limit: int = 100) -> tuple[list[str], int]:
    artifacts, total = store.page_of(offset, limit, owner)
    return [each.name for each in artifacts], total


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """Five files of two owners, the oldest first."""
    store = ArtifactStore(tmp_path / "artifacts")
    for number in range(5):
        identifier = stored(store, tmp_path, f"{number}.txt", BEN if number % 2 else ADA)
        os.utime(store.root / identifier, (1000 + number, 1000 + number))
    return store


def test_pages_are_the_newest_first_of_everybody_or_one_owner(store: ArtifactStore, tmp_path: Path) -> None:
    for _ in range(2):  # searched, then remembered
        assert names(store, None) == (["4.txt", "3.txt", "2.txt", "1.txt", "0.txt"], 5)
        assert names(store, ADA) == (["4.txt", "2.txt", "0.txt"], 3)
        assert names(store, BEN, 1, 1) == (["1.txt"], 2)
        assert names(store, "key:nobody") == ([], 0)
        assert names(store, ADA, 7, 5) == ([], 3)
    stored(store, tmp_path, "5.txt", BEN)
    assert names(store, BEN) == (["5.txt", "3.txt", "1.txt"], 3)
    assert names(store, None, 0, 2) == (["5.txt", "4.txt"], 6)


def test_what_was_removed_is_on_no_page(store: ArtifactStore) -> None:
    ids = {each.name: each.id for each in store.page(0, 10)[0]}
    store.delete(ids["3.txt"], BEN)
    assert names(store, None) == (["4.txt", "2.txt", "1.txt", "0.txt"], 4)
    assert names(store, BEN) == (["1.txt"], 1)
    store.delete(ids["1.txt"], BEN)
    assert names(store, BEN) == ([], 0)


def test_the_next_gateway_lists_the_same(store: ArtifactStore) -> None:
    again = ArtifactStore(store.root)
    assert names(again, None) == names(store, None)
    assert names(again, BEN) == names(store, BEN)


def test_those_that_are_too_old_are_not_counted(store: ArtifactStore) -> None:
    limited = ArtifactStore(store.root, ttl_seconds=time.time() - 1002.5)
    assert names(limited, None) == (["4.txt", "3.txt"], 2)
    assert names(limited, ADA) == (["4.txt"], 1)


def test_a_page_of_one_owner_reads_nothing_of_others(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.page(0, 10)

    def refuse(*_: Any) -> None:
        raise AssertionError("the folder was searched again")

    monkeypatch.setattr(os, "scandir", refuse)
    read: list[str] = []
    get, owner_of = ArtifactStore.get, ArtifactStore.owner_of
    monkeypatch.setattr(ArtifactStore, "get", lambda self, one: (read.append(one), get(self, one))[1])
    monkeypatch.setattr(ArtifactStore, "owner_of", lambda self, one: (read.append(one), owner_of(self, one))[1])
    mine = OwnArtifacts.of(store, Authority(identity=BEN, scopes=frozenset({"read"})))
    artifacts, _ = mine.page(0, 10)
    assert {each.name for each in artifacts} == {"3.txt", "1.txt"}
    assert set(read) == {each.id for each in artifacts}
