"""Names of files from clients: two hundred hostile ones, any text, and links, none of which leave the workspace."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadgate.artifacts.paths import check_name, resolve
from cadgate.artifacts.store import ArtifactStore
from cadgate.errors import ArtifactNotFound, CommandExecutionError, PathNotAllowed

pytestmark = pytest.mark.security

TRICKS = [
    "..",
    "...",
    ".",
    "",
    " ",
    ". .",
    "..%2f",
    "%2e%2e",
    "%",
    "a%00b",
    "..\\",
    "\\",
    "C:",
    "C:\\Windows",
    "\\\\server\\share",
    "a\0b",
    "\0",
    "a\nb",
    "a\rb",
    "a\tb",
    "\x1b[31m",
    "a\x7f",
    "\x80",
    "\x9f",
    "\ud800",
    "x" * 256,
    "é" * 128,
    "a..b",
    "~/..",
    " leading",
    "trailing ",
    "stream:name",
    ".staging",
]
SHAPES = ["{}", "{}/f.txt", "d/{}", "d/{}/f.txt", "/{}", "{}/", "//{}"]
HOSTILE = sorted({shape.format(trick) for trick in TRICKS for shape in SHAPES} - {"d/.staging", "d/.staging/f.txt"})
FINE = [
    "f.txt",
    "parts/flange.step",
    "a b.glb",
    ".hidden",
    "-rf",
    "~root",
    "名前.stl",
    "é" * 127,
    "x" * 255,
    "a.b.c",
    "$HOME",
    "`id`",
    "a;b",
    "COM1",
]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "state" / "workspace"
    folder.mkdir(parents=True)
    return folder


def test_there_are_hostile_names_enough() -> None:
    assert len(HOSTILE) >= 200


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_with_a_reason_that_can_be_sent(workspace: Path, name: str) -> None:
    with pytest.raises(PathNotAllowed) as caught:
        resolve(workspace, name)
    assert (caught.value.code, caught.value.status) == ("path_not_allowed", 422)
    assert caught.value.message
    assert str(workspace) not in caught.value.message
    assert os.listdir(workspace) == []


@pytest.mark.parametrize("name", FINE)
def test_a_plain_name_leads_into_the_workspace(workspace: Path, name: str) -> None:
    assert resolve(workspace, name) == workspace / name


@given(st.text(max_size=40))
@settings(max_examples=400, deadline=None)
def test_whatever_the_text_is_the_path_stays_inside(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    workspace = tmp_path_factory.getbasetemp() / "anywhere"
    workspace.mkdir(exist_ok=True)
    try:
        found = resolve(workspace, name)
    except PathNotAllowed:
        return
    assert found.is_relative_to(workspace)
    assert found != workspace
    assert os.path.normpath(found) == str(found)


@given(st.lists(st.sampled_from([*TRICKS, "a", "b.txt", "/", "."]), max_size=5))
@settings(max_examples=400, deadline=None)
def test_tricks_put_together_stay_inside_too(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    workspace = tmp_path_factory.getbasetemp() / "tricks"
    workspace.mkdir(exist_ok=True)
    for name in ("/".join(parts), "".join(parts)):
        try:
            assert resolve(workspace, name).is_relative_to(workspace)
        except PathNotAllowed:
            continue


def test_a_name_that_is_too_long_in_all_is_refused() -> None:
    check_name("/".join(["abc"] * 256))
    with pytest.raises(PathNotAllowed, match="longer than 1024 bytes"):
        check_name("/".join(["abc"] * 257))


@pytest.mark.parametrize("target", ["/etc", "/etc/passwd", "..", "../other", ".", "loop", "loop2"])
def test_a_link_that_leads_out_or_round_is_refused(workspace: Path, target: str) -> None:
    (workspace / "loop").symlink_to("loop2")
    (workspace / "loop2").symlink_to("loop")
    (workspace / "link").symlink_to(target)
    for name in ("link", "link/f.txt"):
        if (name, target) != ("link/f.txt", "."):
            with pytest.raises(PathNotAllowed):
                resolve(workspace, name)


def test_a_link_that_stays_inside_is_followed(workspace: Path) -> None:
    (workspace / "folder").mkdir()
    (workspace / "link").symlink_to("folder")
    assert resolve(workspace, "link/f.txt") == workspace / "folder" / "f.txt"


def test_a_folder_and_a_path_through_a_file_are_refused(workspace: Path) -> None:
    (workspace / "folder").mkdir()
    (workspace / "file").write_text("x")
    for name in ("folder", "file/below", "file/far/below"):
        with pytest.raises(PathNotAllowed):
            resolve(workspace, name)
    assert resolve(workspace, "file") == workspace / "file"


def test_absolute_names_need_a_root_and_stay_below_it(workspace: Path, tmp_path: Path) -> None:
    root = tmp_path / "allowed"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    assert resolve(workspace, f"{root}/f.txt", (root,)) == root / "f.txt"
    assert resolve(workspace, "f.txt", (root,)) == workspace / "f.txt"
    for name in (f"{tmp_path}/f.txt", f"{root}/../f.txt", f"{root}", f"{root}/out/f.txt", f"{root}2/f.txt", "/", "//"):
        with pytest.raises(PathNotAllowed):
            resolve(workspace, name, (root,))
    with pytest.raises(PathNotAllowed):
        resolve(workspace, f"{root}/f.txt")


def test_a_suffix_that_is_added_counts_for_the_length(workspace: Path, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    with pytest.raises(PathNotAllowed, match="longer than 255 bytes"):
        store.stage(workspace, "x" * 253, suffix=".glb")
    assert store.stage(workspace, "x" * 251, suffix=".glb").name == "x" * 251 + ".glb"


async def _commit(store: ArtifactStore, workspace: Path, name: str) -> None:
    async with store.stage(workspace, name) as staged:
        staged.path.write_text("content")
        await staged.commit()


def test_a_file_that_cannot_be_put_under_its_name_leaves_no_artifact(workspace: Path, tmp_path: Path) -> None:
    """The name was free when it was checked; a folder has it when the file is ready."""
    store = ArtifactStore(tmp_path / "artifacts")

    async def main() -> None:
        async with store.stage(workspace, "name.txt") as staged:
            staged.path.write_text("content")
            (workspace / "name.txt").mkdir()
            with pytest.raises(PathNotAllowed):
                await staged.commit()

    anyio.run(main)
    assert store.page(0, 10) == ([], 0)
    assert sorted(os.listdir(workspace)) == [".staging", "name.txt"]


# --- an application that changes its folders while the gateway works in them ------------------------------------------


def _outside(tmp_path: Path) -> Path:
    """A file of the user's, which no link may lead to."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    return outside


@pytest.mark.parametrize("how", ["link", "hard link", "folder", "pipe", "dangling"])
def test_what_is_no_plain_file_does_not_become_an_artifact(workspace: Path, tmp_path: Path, how: str) -> None:
    outside, store = _outside(tmp_path), ArtifactStore(tmp_path / "artifacts")

    async def main() -> None:
        async with store.stage(workspace, "name.txt") as staged:
            if how == "link":
                staged.path.symlink_to(outside / "secret.txt")
            elif how == "hard link":
                os.link(outside / "secret.txt", staged.path)
            elif how == "folder":
                staged.path.mkdir()
            elif how == "pipe":
                os.mkfifo(staged.path)
            else:
                staged.path.symlink_to(outside / "not there")
            with pytest.raises(CommandExecutionError):
                await staged.commit()

    anyio.run(main)
    assert store.page(0, 10) == ([], 0)
    assert sorted(os.listdir(workspace)) == [".staging"]
    assert [path.read_text() for path in outside.iterdir()] == ["secret"]


def test_links_beside_the_file_are_not_taken_with_it(workspace: Path, tmp_path: Path) -> None:
    outside, store = _outside(tmp_path), ArtifactStore(tmp_path / "artifacts")

    async def main() -> list[str]:
        async with store.stage(workspace, "name.txt") as staged:
            staged.path.write_text("content")
            (staged.folder / "textures").mkdir()
            (staged.folder / "textures" / "own.png").write_text("own")
            (staged.folder / "link.txt").symlink_to(outside / "secret.txt")
            (staged.folder / "folder").symlink_to(outside)
            os.link(outside / "secret.txt", staged.folder / "hard.txt")
            await staged.commit()
            return [artifact.name for artifact in await staged.related()]

    assert anyio.run(main) == ["textures/own.png"]


def test_a_staging_folder_that_became_a_link_is_not_followed(workspace: Path, tmp_path: Path) -> None:
    outside, store = _outside(tmp_path), ArtifactStore(tmp_path / "artifacts")

    async def main() -> None:
        async with store.stage(workspace, "secret.txt") as staged:
            staged.folder.rmdir()
            staged.folder.symlink_to(outside)
            with pytest.raises(OSError, match="directory"):
                await staged.commit()
            with pytest.raises(OSError, match="directory"):
                staged.create("planted.obj")

    anyio.run(main)
    assert os.listdir(outside) == ["secret.txt"]
    (workspace / ".staging").rename(workspace / "moved")
    (workspace / ".staging").symlink_to(outside)

    async def again() -> None:
        async with store.stage(workspace, "secret.txt"):
            pytest.fail("it was staged outside")

    with pytest.raises(OSError, match="directory"):
        anyio.run(again)
    assert os.listdir(outside) == ["secret.txt"]


def test_a_folder_that_became_a_link_after_the_check_is_not_written_through(workspace: Path, tmp_path: Path) -> None:
    outside, store = _outside(tmp_path), ArtifactStore(tmp_path / "artifacts")
    (workspace / "parts").mkdir()

    async def main() -> None:
        async with store.stage(workspace, "parts/deep/secret.txt") as staged:
            staged.path.write_text("overwritten")
            (workspace / "parts").rmdir()
            (workspace / "parts").symlink_to(outside)
            with pytest.raises(PathNotAllowed):
                await staged.commit()

    anyio.run(main)
    assert (os.listdir(outside), (outside / "secret.txt").read_text()) == (["secret.txt"], "secret")


def test_what_is_given_to_an_application_never_replaces_or_follows_what_is_there(
    workspace: Path, tmp_path: Path
) -> None:
    outside, store = _outside(tmp_path), ArtifactStore(tmp_path / "artifacts")

    async def main() -> None:
        async with store.stage(workspace, "import") as staged:
            (staged.folder / "link.obj").symlink_to(outside / "secret.txt")
            with pytest.raises(FileExistsError):
                staged.create("link.obj")
            with staged.create("new.obj") as file:
                file.write(b"new")
            assert (staged.folder / "new.obj").read_bytes() == b"new"

    anyio.run(main)
    assert (outside / "secret.txt").read_text() == "secret"


def test_the_same_name_written_by_many_is_always_one_whole_file(workspace: Path, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(_commit, store, workspace, "deep/same.txt")

    anyio.run(main)
    assert (workspace / "deep/same.txt").read_text() == "content"
    assert os.listdir(workspace / "deep") == ["same.txt"]
    assert store.page(0, 100)[1] == 10


def test_removing_the_same_artifact_twice_at_once_is_not_found_once(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    for _ in range(20):
        path = tmp_path / "file.txt"
        path.write_text("content")
        identifier = store.adopt(path, "file.txt").id
        barrier = threading.Barrier(4)

        def remove(identifier: str, barrier: threading.Barrier) -> str:
            barrier.wait()
            try:
                store.delete(identifier)
            except ArtifactNotFound:
                return "not found"
            return "removed"

        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(remove, [identifier] * 4, [barrier] * 4))
        assert sorted(told) == ["not found"] * 3 + ["removed"]
    assert store.page(0, 10) == ([], 0)


def test_a_leftover_that_cannot_be_removed_does_not_stop_the_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "artifacts"
    root.mkdir()
    for name in (".a.part", ".b.upload"):
        (root / name).write_text("left")
        os.utime(root / name, (0, 0))

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert ArtifactStore(root).page(0, 10) == ([], 0)
