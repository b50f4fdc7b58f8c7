"""The command that makes a sandbox, and the settings that ask for one. The sandbox itself: tests/test_api."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from pydantic import ValidationError

from cadgate.clients.base_client import BaseSocketClient
from cadgate.contract.authority import LOCAL
from cadgate.contract.settings import AdapterSettings
from cadgate.errors import ApplicationUnavailable, ConnectionFailed
from cadgate.sessions import sandbox
from cadgate.sessions.launcher import LaunchPlan
from cadgate.sessions.sandbox import Sandbox
from tests.core.fake_app import fake_settings, running

from cadgate_fake import models as m  # isort: skip
from cadgate.contract.context import Caller, RequestContext  # isort: skip
from cadgate.dispatch.application import Application

pytestmark = pytest.mark.security


def inside(state: Path, script: str, **more: object) -> str:
    """What a shell prints in a sandbox whose state folder is `state`."""
    (state / "own").mkdir(parents=True, exist_ok=True)
    made = Sandbox(hidden=state, writable=(), **more)  # type: ignore[arg-type]
    command = made.command(LaunchPlan(["/bin/sh", "-c", script]), [state / "own"], [], state / "own")
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


def test_the_state_folder_is_hidden_also_inside_of_what_may_be_read(tmp_path: Path) -> None:
    shown, state = tmp_path / "shown", tmp_path / "shown" / "state"
    state.mkdir(parents=True)
    (shown / "a.txt").write_text("shown")
    (state / "keys.json").write_text("secret")
    printed = inside(state, f"cat {shown}/a.txt; ls -A {state}; cat {state}/keys.json || true", readable=(shown,))
    assert printed == "shownown\n"


def test_what_is_readable_is_not_writable_and_the_rest_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    (tmp_path / "other").mkdir()
    printed = inside(
        tmp_path / "state",
        f"ls {tmp_path}; touch {tmp_path}/shown/x || echo no; touch own.txt && echo yes; cat /proc/net/dev | wc -l",
        readable=(tmp_path / "shown",),
    )
    assert printed == "shown\nstate\nno\nyes\n3\n"
    assert (tmp_path / "state" / "own" / "own.txt").exists()


def test_the_state_folder_is_hidden_also_inside_of_what_may_be_written(tmp_path: Path) -> None:
    """`allowed_roots` may hold it."""
    state = tmp_path / "home" / "state"
    state.mkdir(parents=True)
    (state / "keys.json").write_text("secret")
    (state / "own").mkdir()
    made = Sandbox(hidden=state, writable=(tmp_path / "home",))
    script = f"cat {state}/keys.json; touch {state}/planted {tmp_path}/home/made {state}/own/made; ls -A {state}"
    command = made.command(LaunchPlan(["/bin/sh", "-c", script]), [state / "own"], [], state / "own")
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout == "own\n"
    assert (tmp_path / "home" / "made").exists()
    assert (state / "own" / "made").exists()


def test_a_python_in_the_home_folder_does_not_show_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    (tmp_path / "lib").mkdir()
    (tmp_path / "private").mkdir()
    shown = sandbox._program_folders(sys.executable)
    assert tmp_path / "lib" in shown
    assert not [folder for folder in shown if (tmp_path / "private").is_relative_to(folder)]


def test_a_program_that_was_unpacked_is_shown_with_its_libraries(tmp_path: Path) -> None:
    program = tmp_path / "squashfs-root" / "usr" / "bin" / "freecadcmd"
    program.parent.mkdir(parents=True)
    program.touch()
    assert sandbox._program_folders(str(program)) == [program.parent]
    (program.parent.parent / "lib").mkdir()
    assert sandbox._program_folders(str(program)) == [program.parent.parent]


def test_what_a_launcher_names_is_readable(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("shown")
    (tmp_path / "state" / "own").mkdir(parents=True)
    plan = LaunchPlan(["/bin/cat", str(tmp_path / "data" / "a.txt")], readable=[tmp_path / "data"])
    command = Sandbox(hidden=tmp_path / "state", writable=()).command(
        plan, [tmp_path / "state" / "own"], [], tmp_path / "state" / "own"
    )
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout == "shown"


def test_a_program_in_the_home_folder_does_not_show_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "ada")
    program = tmp_path / "ada" / "blender"
    program.parent.mkdir()
    program.touch()
    assert sandbox._program_folders(str(program)) == [program]
    program = tmp_path / "ada" / "blender-4.5" / "blender"
    program.parent.mkdir()
    program.touch()
    assert sandbox._program_folders(str(program)) == [program.parent]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mode": "external", "port": 5, "token": "x", "sandbox": "bubblewrap"}, "external"),
        ({"sandbox_readable": ["relative"]}, "absolute"),
        ({"sandbox_readable": ["/not/there"]}, "/not/there"),
        ({"sandbox": "docker"}, "bubblewrap"),
    ],
)
def test_settings_that_cannot_be_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AdapterSettings.model_validate(values)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (None, "not installed"),
        ("exit 1", "exit code 1"),
        ("echo 'No permissions to create new namespace' >&2; exit 1", "No permissions"),
    ],
)
def test_why_there_can_be_no_sandbox_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, told: str
) -> None:
    if program is not None:
        (tmp_path / "bwrap").write_text(f"#!/bin/sh\n{program}\n")
        (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox.problem.cache_clear()
    with pytest.raises(ApplicationUnavailable, match=told) as refused:
        sandbox.require()
    assert refused.value.details["remedy"] == "apt-get install -y bubblewrap"
    monkeypatch.undo()
    sandbox.require()


def test_an_external_application_is_nobodys_to_shut_in() -> None:
    for way in ("auto", "none"):
        settings = AdapterSettings(mode="external", port=5, token="x", sandbox=way)
        assert sandbox.confinement("fake", settings) is None
        assert sandbox.sandbox_for(settings, Path("/none"), ()) is None


def test_another_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    sandbox.problem.cache_clear()
    with pytest.raises(ApplicationUnavailable, match="Linux only"):
        sandbox.require()


def test_a_client_speaks_through_an_abstract_socket_and_says_when_nobody_does() -> None:
    listener, address = sandbox.listen()
    assert listener.family == socket.AF_UNIX
    listener.close()

    async def main() -> None:
        client = BaseSocketClient(address, 0, "secret")
        with pytest.raises(ConnectionFailed, match=address):
            await client.connect()

    anyio.run(main)


@pytest.mark.anyio
async def test_any_adapter_runs_in_a_sandbox(tmp_path: Path) -> None:
    repository = Path(__file__).parents[2]
    settings = fake_settings(sandbox="bubblewrap", sandbox_readable=(repository,), workers=1)
    async with running(tmp_path / "state", settings) as runtime:
        app = Application(runtime, RequestContext(request_id="test", caller=Caller(LOCAL)))
        assert (await app.call(m.CREATE, m.ItemParams(name="a"))).name == "a"
        await app.call(m.WRITE_FILE, m.FileParams(filepath="f.txt"))
        assert (runtime.workspace / "f.txt").exists()
        await app.call(m.WORKER, m.How(how="work.answer:bytes:5"))
