"""Fixtures of the core's own tests: packages made for a test, and a gateway without applications in its process."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.core.fake_packages import Site
from tests.core.served import in_process, probed_app, quiet_settings, served


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder of packages, first on `sys.path` while the test runs."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    made = Site(folder)
    yield made
    for module in made.modules:
        sys.modules.pop(module, None)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """A gateway with the tests' routes and no application."""
    return probed_app(quiet_settings(tmp_path_factory.mktemp("state")))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app` without sockets."""
    async with in_process(app) as one:
        yield one


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real server with the tests' routes; `https://app.example` may call it from a browser."""
    settings = quiet_settings(
        tmp_path_factory.mktemp("state"),
        cors_origins=("https://app.example",),
        allowed_hosts=("cad.example",),
        max_body_bytes=100_000,
        max_upload_bytes=300_000,
    )
    with served(probed_app(settings)) as number:
        yield number
