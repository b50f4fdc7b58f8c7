"""Names of files in the workspace, and under the roots that are allowed besides."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadgate.artifacts.paths import check_name, resolve
from cadgate.errors import PathNotAllowed
from cadgate.web.downloads import wants

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["a", "a/b/c.glb", "Träger.step", ".hidden", "a b.stl", "x" * 255, "a.b.c"])
def test_sane_names_lead_into_the_workspace(tmp_path: Path, name: str) -> None:
    assert resolve(tmp_path, name).is_relative_to(tmp_path.resolve())


@pytest.mark.parametrize(
    "name",
    ["", "/", "/etc/passwd", "..", "../a", "a/../b", "a/..", "a//b", "a/", ".", "a/./b", "...", "a..b", "%2e", "a\\b",
     "a\0b", "a\nb", "x" * 256, "a/" * 600 + "b", "\ud800", "C:x", " a", "a "],
)  # fmt: skip
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PathNotAllowed) as refused:
        resolve(tmp_path, name)
    assert refused.value.status == 422


def test_a_link_out_of_the_workspace_is_refused(tmp_path: Path) -> None:
    workspace, outside = tmp_path / "workspace", tmp_path / "outside"
    workspace.mkdir()
    outside.mkdir()
    (workspace / "link").symlink_to(outside)
    (workspace / "file").symlink_to(outside / "new")
    for name in ("link/a", "file"):
        with pytest.raises(PathNotAllowed, match="outside"):
            resolve(workspace, name)


def test_absolute_names_lead_under_allowed_roots_only(tmp_path: Path) -> None:
    allowed = tmp_path / "models"
    allowed.mkdir()
    workspace = tmp_path / "workspace"
    assert resolve(workspace, f"{allowed}/a.stl", (allowed,)) == (allowed / "a.stl").resolve()
    for name in (f"{tmp_path}/a.stl", f"{allowed}/../a.stl", f"{allowed}s/a.stl"):
        with pytest.raises(PathNotAllowed):
            resolve(workspace, name, (allowed,))
    with pytest.raises(PathNotAllowed):
        resolve(workspace, f"{allowed}/a.stl")


def test_a_name_with_a_surrogate_is_refused_with_a_message_that_can_be_sent() -> None:
    with pytest.raises(PathNotAllowed) as refused:
        check_name("a\ud800")
    assert refused.value.message


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("image/png", True),
        ("IMAGE/PNG;q=0.9, */*", True),
        ("image/*", True),
        ("image/png, application/json", True),
        ("image/png;q=0.5, application/json;q=0.4", True),
        ("application/json, image/png;q=0.1", False),
        ("image/png;q=0, application/json", False),
        ("image/*;q=0.8, image/png;q=0", False),
        ("image/png;q=high", False),
        ("*/*", False),
        ("application/json", False),
        ("", False),
        ("model/step", False),
    ],
)
def test_bytes_are_sent_only_to_who_asks_for_them(accept: str, wanted: bool) -> None:
    assert wants(accept, "image/png") is wanted
