"""What hinders the first start, in one line with what to do: accounts, places, libraries, files of Windows, proxies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cadgate.cli.switch import changed
from cadgate.config.settings import load_settings
from cadgate.contract.settings import AdapterSettings
from cadgate.errors import ConfigError
from cadgate.sessions import start_hints
from cadgate.sessions.launcher import LaunchPlan
from cadgate.sessions.process import ApplicationProcess, StartFailed
from cadgate.sessions.sandbox import sandbox_for
from tests.core.fake_app import fake_settings, launch_of
from tests.gateway import free_port

pytestmark = pytest.mark.slow

NOBODY = 54321
"""A user id without an account."""


def cadgate(folder: Path, *command: str, before: tuple[str, ...] = (), **environment: str) -> tuple[int, str, str]:
    """Exit code and both outputs of a command, in an environment that holds nothing else."""
    done = subprocess.run(
        [*before, sys.executable, "-P", "-m", "cadgate", *command],
        env={"PATH": os.environ["PATH"], **environment}, cwd=folder, capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def shut_in(*options: str) -> tuple[str, ...]:
    """The start of a command that sees this machine in another way."""
    program = shutil.which("bwrap")
    assert program is not None, "bubblewrap is not installed: apt-get install -y bubblewrap"
    return (program, "--unshare-user", "--dev-bind", "/", "/", *options)


AS_NOBODY = ("--uid", str(NOBODY), "--gid", str(NOBODY))


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_user_without_an_account_and_a_home_is_told_what_to_set(tmp_path: Path, command: str) -> None:
    code, _, said = cadgate(tmp_path, command, before=shut_in(*AS_NOBODY))
    assert (code, len(said.splitlines())) == (2, 1), said
    assert "HOME is not set" in said
    assert "set CADGATE_STATE_DIR to a folder of yours" in said


@pytest.mark.parametrize(("command", "below"), [(["up"], ""), (["keys", "create", "x"], "state")], ids=str)
def test_a_place_that_is_read_only_is_named(tmp_path: Path, command: list[str], below: str) -> None:
    place = tmp_path / "place"
    place.mkdir()
    before = shut_in("--ro-bind", str(place), str(place))
    code, _, said = cadgate(tmp_path, *command, before=before, CADGATE_STATE_DIR=str(place / below))
    assert (code, len(said.splitlines())) == (2, 1), said
    assert said.startswith("cadgate: environment variable CADGATE_STATE_DIR: the folder ")
    assert said.rstrip().endswith("cannot be used: Read-only file system")


def test_a_home_that_is_read_only_is_named_with_what_to_set(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    code, _, said = cadgate(tmp_path, "up", before=shut_in("--ro-bind", str(home), str(home)), HOME=str(home))
    assert (code, len(said.splitlines())) == (2, 1), said
    assert "set CADGATE_STATE_DIR to a folder of yours" in said


def test_whoever_has_no_name_has_one_in_the_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = AdapterSettings(sandbox="bubblewrap")
    made = sandbox_for(settings, tmp_path, ())
    assert made is not None
    assert made.accounts is None
    monkeypatch.setattr(os, "getuid", lambda: NOBODY)
    made = sandbox_for(settings, tmp_path, ())
    assert made is not None
    assert made.accounts is not None
    assert f"\ncadgate:x:{NOBODY}:" in made.accounts.read_text()
    assert made.accounts.read_text().startswith(Path("/etc/passwd").read_text().rstrip())
    command = made.command(LaunchPlan(argv=["true"]), (), (), tmp_path)
    place = command.index(str(made.accounts))
    assert command[place - 1 : place + 2] == ["--ro-bind", str(made.accounts), "/etc/passwd"]


# --- applications ----------------------------------------------------------------------------------------------------


def program(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


async def failure(folder: Path, path: Path) -> str:
    """Why an application that is this program does not start, without a sandbox."""
    launch = replace(launch_of(folder, fake_settings()), plan=LaunchPlan(argv=[str(path), "entry.py"]))
    with pytest.raises(StartFailed) as caught:
        await ApplicationProcess.launch(launch, lambda _method, _params: None)
    return str(caught.value)


@pytest.mark.anyio
async def test_a_missing_library_is_named_with_its_package(tmp_path: Path) -> None:
    said = "error while loading shared libraries: libXi.so.6: cannot open shared object file: No such file or directory"
    told = await failure(tmp_path, program(tmp_path, "blender", f"echo '{said}' >&2", "exit 127"))
    assert told.endswith("the library libXi.so.6 is missing; on Debian and Ubuntu: apt-get install -y libxi6")


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libEGL.so.1", "libegl1"),
        ("libxkbcommon.so.0", "libxkbcommon0"),
        ("libSM.so.6", "libsm6"),
        ("libTKernel.so.7.6", "libtkernel7"),
        ("libpython3.11.so.1.0", "libpython3.11-1"),
        ("libicu_x.so", "libicu-x"),
    ],
)
def test_packages_are_called_as_debian_calls_them(library: str, package: str) -> None:
    told = start_hints.missing_library(f"ImportError: {library}: cannot open shared object file: No such file")
    assert told is not None
    assert told.endswith(f"apt-get install -y {package}")


@pytest.mark.anyio
async def test_a_program_that_does_not_see_the_state_folder_is_told_of(tmp_path: Path) -> None:
    told = await failure(tmp_path, program(tmp_path, "freecadcmd", "exit 1"))
    assert "its script did not run, perhaps because it cannot see the state folder" in told
    assert "set CADGATE_STATE_DIR to a folder that it can see" in told
    assert str(tmp_path) not in told


@pytest.mark.anyio
async def test_a_snap_is_told_of_as_what_it_is(tmp_path: Path) -> None:
    snap = program(tmp_path, "snap", "exit 1")
    link = tmp_path / "freecad.cmd"
    link.symlink_to(snap)
    assert "snap and flatpak hide /tmp and the hidden folders of your home from it" in await failure(tmp_path, link)
    inside = start_hints.hint(LaunchPlan(argv=[str(link)]), never_ran=True, sandboxed=True)
    assert inside is not None
    assert 'install it another way, or set sandbox = "none"' in inside


@pytest.mark.anyio
async def test_a_user_without_an_account_is_told_where_no_sandbox_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: NOBODY)
    told = await failure(tmp_path, program(tmp_path, "freecadcmd", "exit 1"))
    assert f"the user id {NOBODY} is in no /etc/passwd" in told


@pytest.mark.anyio
async def test_what_ran_and_ended_is_not_blamed_on_what_it_sees(tmp_path: Path) -> None:
    told = await failure(
        tmp_path, program(tmp_path, "freecadcmd", "read line < /proc/self/fd/$CADGATE_BOOT", "echo done", "exit 1")
    )
    assert told == "it ended while it started: the last line of its output is 'done'"


# --- files of Windows ------------------------------------------------------------------------------------------------

MARK = "\ufeff"


def test_settings_may_have_a_byte_order_mark_and_line_ends_of_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [each for each in os.environ if each.startswith("CADGATE_")]:
        monkeypatch.delenv(name)
    (tmp_path / "plugins.toml").write_bytes(f"{MARK}[gateway]\r\nport = 8123\r\n".encode())
    (tmp_path / ".env").write_bytes(f"{MARK}CADGATE_STATE_DIR={tmp_path}\r\nCADGATE_LOG_LEVEL=error\r\n".encode())
    settings = load_settings()
    assert (settings.port, settings.state_dir, settings.log_level) == (8123, tmp_path, "error")


def test_a_switch_leaves_them_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "plugins.toml"
    path.write_bytes(
        f"{MARK}# mine\r\n[gateway]\r\nport = 8123\r\n\r\n[adapters.freecad]\r\nenabled = true\r\n".encode()
    )
    code, _, said = cadgate(tmp_path, "plugins", "disable", "freecad", HOME=str(tmp_path), CADGATE_PLUGINS=str(path))
    assert code == 0, said
    wanted = f"{MARK}# mine\r\n[gateway]\r\nport = 8123\r\n\r\n[adapters.freecad]\r\nenabled = false\r\n"
    assert path.read_bytes() == wanted.encode()
    assert changed("", "freecad", False, path).startswith("[adapters.freecad]")


def test_settings_in_another_encoding_are_told_how_to_be_saved(tmp_path: Path) -> None:
    (tmp_path / "plugins.toml").write_bytes("[gateway]\r\n".encode("utf-16"))
    with pytest.raises(ConfigError, match=r"plugins\.toml: not UTF-8 text \(byte 0\).*: save it as UTF-8"):
        load_settings(plugins=tmp_path / "plugins.toml")


# --- proxies ---------------------------------------------------------------------------------------------------------

QUIET = "[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n"


@pytest.mark.parametrize("bypass", ["", "localhost,127.0.0.1", "*"])
def test_a_proxy_that_clients_would_ask_is_told_and_keeps_no_command_from_the_gateway(
    tmp_path: Path, bypass: str
) -> None:
    (tmp_path / "plugins.toml").write_text(QUIET)
    environment: dict[str, Any] = {
        "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": bypass, "CADGATE_STATE_DIR": str(tmp_path / "state"), "CADGATE_PORT": str(free_port()),
    }  # fmt: skip
    try:
        code, printed, said = cadgate(tmp_path, "up", before=(), **environment)
        assert code == 0, printed + said
        assert re.search(r"^gateway +up ", printed, re.MULTILINE)
        assert ("export NO_PROXY=127.0.0.1,localhost" in said) == (not bypass)
        code, printed, said = cadgate(tmp_path, "status", before=(), **environment)
        assert code == 0, printed + said
    finally:
        assert cadgate(tmp_path, "down", before=(), **environment)[0] == 0
