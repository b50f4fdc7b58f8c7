"""What the process of an application gets from the gateway, and what it may say back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from cadgate.error_bodies import error_body
from cadgate.errors import (
    ApplicationRestarted,
    ApplicationUnavailable,
    CadgateError,
    DeadlineExceeded,
    Interrupted,
    Overloaded,
)
from cadgate.sessions import spawn as spawn_module
from cadgate.sessions.process import ApplicationProcess, StartFailed
from cadgate.sessions.spawn import spawn
from tests.core.fake_app import becomes, fake_session, fake_settings, launch_of
from tests.core.sessions import processes_below

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_is_left")]


async def test_the_environment_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYENV_ROOT", "CADGATE_PORT", "MY_SECRET", "LD_PRELOAD"):
        monkeypatch.setenv(name, "/somewhere")
    monkeypatch.setenv("PATH", "/somewhere/bin")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    async with fake_session(tmp_path) as watched:
        told = (await watched.session.calls.exchange("work.environment", {}, 10))["result"]["value"]
    environment = told["environment"]
    assert environment.pop("LANG") == "de_DE.UTF-8"
    assert environment.pop("PATH") == spawn_module.SYSTEM_PATH
    assert environment.pop("HOME") == str(tmp_path / "session" / "home")
    assert "/somewhere" not in str(environment)
    assert "CADGATE_BOOT" not in environment
    assert told["cwd"] == str(tmp_path / "session" / "workspace")
    assert told["path"][0] == str(tmp_path / "session" / "lib")
    assert sorted(os.listdir(tmp_path / "session" / "lib")) == ["cadgate", "cadgate_fake"]
    assert told["group"] == told["pid"] != os.getpgid(0)
    # Standard streams, lifeline, log and its tail, listener, a connection, selector and waker of the I/O thread, two
    # selectors and a waker of the main thread, and the list itself: nothing of ours.
    assert len(told["descriptors"]) <= 16


async def test_the_folders_of_a_session_are_the_users_own(tmp_path: Path) -> None:
    async with fake_session(tmp_path):
        for name in ("workspace", "home", "tmp", "lib"):
            assert (tmp_path / "session" / name).stat().st_mode & 0o777 == 0o700


async def test_a_log_that_grew_too_large_is_put_aside_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawn_module, "MAX_LOG", 10_000)
    async with fake_session(tmp_path) as watched:
        await watched.session.calls.exchange("work.print", {"lines": 20}, 10)
    assert not (tmp_path / "fake.1.log").exists()
    async with fake_session(tmp_path):
        assert (tmp_path / "fake.1.log").stat().st_size > 20_000
        assert (tmp_path / "fake.log").stat().st_size < 1000


async def test_a_program_around_the_application_may_outlive_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell script that starts it holds the same pipes open for as long as the application runs."""
    wrapper = tmp_path / "wrapper.sh"
    wrapper.write_text('#!/bin/sh\n"$@"\nexit $?\n')
    wrapper.chmod(0o700)
    launch = launch_of(tmp_path, fake_settings())
    object.__setattr__(launch.plan, "argv", [str(wrapper), *launch.plan.argv])
    process = await asyncio.wait_for(ApplicationProcess.launch(launch, lambda method, params: None), 5)
    assert await process.client.call("session.ping", {}) == {"pong": True}
    await process.stop(5)
    assert process.exited.result() == 0


async def test_cancelling_a_launch_at_any_moment_leaves_no_process(tmp_path: Path) -> None:
    launch = launch_of(tmp_path, fake_settings(), journal=False)
    for moment in range(25):
        task = asyncio.create_task(ApplicationProcess.launch(launch, lambda method, params: None))
        await asyncio.sleep(moment / 150)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            process = await task
            await process.stop(5)
    await becomes(lambda: not processes_below(tmp_path))
    reapers = [each for each in threading.enumerate() if each.name.startswith("cadgate-reap")]
    await becomes(lambda: not any(each.is_alive() for each in reapers))


def test_a_process_that_ends_after_the_loop_leaves_no_pipe_open(tmp_path: Path) -> None:
    process = asyncio.run(ApplicationProcess.stand_by(launch_of(tmp_path, fake_settings())))
    process.kill()


async def test_options_that_cannot_be_handed_over_are_a_defect_that_leaks_nothing(tmp_path: Path) -> None:
    launch = launch_of(tmp_path, fake_settings())
    before = len(os.listdir("/proc/self/fd"))
    for options, error in (({"a": {1}}, TypeError), ({"a": "x" * 100_000}, ValueError)):
        object.__setattr__(launch, "options", options)
        with pytest.raises(error):
            spawn(launch, "secret")
    object.__setattr__(launch, "options", {})
    object.__setattr__(launch.plan, "argv", ["bad\0name"])
    with pytest.raises(ValueError, match="null byte"):
        spawn(launch, "secret")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("said", ["", "{}", "[]", "nonsense", '{"port": null}', '{"port": "x"}', '{"port'])
async def test_whatever_a_program_says_instead_of_being_ready_is_a_failed_start(tmp_path: Path, said: str) -> None:
    launch = launch_of(tmp_path, fake_settings())
    script = (
        "import json, os\n"
        "boot = json.loads(os.read(int(os.environ['CADGATE_BOOT']), 100000))\n"
        f"os.write(boot['ready'], {said.encode()!r})\n"
    )
    object.__setattr__(launch.plan, "argv", [sys.executable, "-I", "-S", "-c", script])
    with pytest.raises(StartFailed) as caught:
        await ApplicationProcess.launch(launch, lambda method, params: None)
    assert caught.value.crashed is (said == "")


def test_errors_of_sessions_are_those_of_the_tree() -> None:
    for kind in (ApplicationUnavailable, ApplicationRestarted, DeadlineExceeded, Interrupted, Overloaded):
        assert issubclass(kind, CadgateError)
        assert json.dumps(error_body(kind("text"), None))
