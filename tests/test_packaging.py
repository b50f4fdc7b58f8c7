"""The three wheels, installed beside nothing but their dependencies, serve both applications by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway import COLD_WORKERS, NO_SPARES, Gateway, eventually
from tests.wheels import Environment, run


@pytest.fixture(scope="module")
def clean_python(tmp_path_factory: pytest.TempPathFactory, wheels: list[Path]) -> Path:
    """A new environment with the wheels in it."""
    return Environment(tmp_path_factory.mktemp("wheels"), wheels).python


def test_the_wheels_hold_everything_and_nothing_comes_from_the_source_tree(clean_python: Path, tmp_path: Path) -> None:
    names = "cadgate, cadgate_blender, cadgate_freecad"
    code = f"import {names}; print(*(module.__file__ for module in ({names})))"
    for file in run(clean_python, "-c", code, cwd=tmp_path).split():
        assert Path(file).is_relative_to(clean_python.parent.parent)


def test_a_gateway_from_wheels_serves_both_applications(clean_python: Path, tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "state", python=clean_python, environment={**COLD_WORKERS, **NO_SPARES}).start()
    try:
        with gateway.client("/api/v1") as client:
            assert client.post("/blender/primitives/cube", json={}).status_code == 201
            assert client.post("/freecad/primitives/box", json={}).status_code == 201
            assert client.get("/blender/objects").json()["result"]["total"] == 1
        link = tmp_path / "state" / "sessions" / "freecad" / "lib" / "cadgate_freecad"
        assert eventually(link.resolve, what="the link to the package").is_relative_to(clean_python.parent.parent)
    finally:
        assert gateway.stop() == 0
