"""Fixtures of the core's own tests: packages made for a test, and a gateway without applications in its process."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from cadgate.dispatch.session import SessionRuntime
from cadgate.security.keys import KeyFile
from tests.core.fake_app import Control, RawApplication, Wire, fake_settings, raw_application, running
from tests.core.fake_packages import Site
from tests.core.lives import Lives
from tests.core.served import in_process, probed_app, quiet_settings, served
from tests.core.sessions import processes_below
from tests.gateway import eventually

from cadgate_fake import routers  # isort: skip - found by what fake_app does


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


@pytest.fixture
def control(tmp_path: Path) -> Control:
    """What the tests' own application is told to do wrong."""
    return Control(tmp_path)


@pytest.fixture
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """A test ends with every process of its own gone, and every descriptor closed."""
    before = descriptors()
    yield
    eventually(lambda: not processes_below(tmp_path), seconds=5, what="the end of every process")
    left: dict[str, str] = {}

    def closed() -> bool:
        left.clear()
        left.update({number: what for number, what in descriptors().items() if number not in before})
        return len(left) <= len(before.keys() - descriptors().keys())

    try:
        eventually(closed, seconds=5, what="closed descriptors")
    except AssertionError as error:
        raise AssertionError(f"still open: {left}") from error


def descriptors() -> dict[str, str]:
    """What this process has open, by number."""
    found: dict[str, str] = {}
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):
            found[number] = os.readlink(f"/proc/self/fd/{number}")
    return found


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Lives]:
    with closing(Lives(tmp_path / "journal")) as made:
        yield made


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    """The keys of a gateway whose state is in the folder of the test."""
    return KeyFile(tmp_path)


@pytest.fixture
async def runtime(tmp_path: Path, control: Control) -> AsyncIterator[SessionRuntime]:
    """A session of the tests' own application."""
    routers.runs.clear()
    routers.waits.clear()
    async with running(tmp_path, fake_settings(control)) as made:
        yield made


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawApplication]:
    """One application for all tests that do not break it. It gives peers up after half a second."""
    settings = fake_settings(send_timeout_seconds=0.5, hello_timeout_seconds=0.5)
    with raw_application(tmp_path_factory.mktemp("application"), settings) as made:
        yield made
        assert made.popen.poll() is None, made.log


@pytest.fixture
def wire(application: RawApplication) -> Iterator[Wire]:
    """A connection that may speak."""
    with application.connect() as made:
        yield made


@pytest.fixture
def stranger(application: RawApplication) -> Iterator[Wire]:
    """A connection that has not proved itself."""
    with Wire(application.about["port"]) as made:
        yield made
