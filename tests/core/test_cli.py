"""The commands as people run them: processes, exit codes, lines. Most with a gateway that has no applications."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from cadgate.cli.lock import AlreadyRunning, Holder, StateLock, holder_of
from cadgate.cli.processes import Family, lives
from cadgate.errors import ConfigError
from tests.commands import cadgate
from tests.core.fake_packages import Site, fake_site
from tests.gateway import alive, eventually, free_port

pytestmark = pytest.mark.slow

QUIET = "[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n"


class Machine:
    """A folder to work in, a state folder, a port: what one set of commands shares."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state_dir = folder / "state"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("CADGATE_")}
        self.environment |= {"CADGATE_STATE_DIR": str(self.state_dir), "CADGATE_PORT": str(self.port)}
        self.plugins(QUIET)

    def plugins(self, text: str) -> None:
        (self.folder / "plugins.toml").write_text(text)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "cadgate", *arguments]

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with both outputs captured."""
        return cadgate(*arguments, environment={**self.environment, **environment}, cwd=self.folder)

    def pid(self) -> int:
        """The gateway that holds the state folder."""
        holder = holder_of(self.state_dir)
        assert holder is not None
        return holder.pid


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Nothing of it is left running."""
    made = Machine(tmp_path)
    yield made
    if holder_of(made.state_dir) is not None:
        assert made.run("down", "--timeout", "10").returncode == 0


@pytest.fixture
def site(tmp_path: Path, machine: Machine) -> Iterator[Site]:
    """A folder for packages that the commands find too."""
    with fake_site(tmp_path / "site") as made:
        machine.environment["PYTHONPATH"] = str(made.folder)
        yield made


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """The only line on stderr."""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


# --- looking ---------------------------------------------------------------------------------------------------------


def test_plugins_prints_a_line_per_adapter_without_a_gateway(machine: Machine, site: Site) -> None:
    site.add("good", version="2.0")
    site.add("broken", "\n\n1 / 0\n")
    result = machine.run("plugins")
    assert (result.returncode, result.stderr) == (0, "")
    lines = {line.split()[0]: line.split(maxsplit=4)[1:] for line in result.stdout.splitlines()}
    assert lines["blender"][:2] == ["disabled", "cadgate-blender"]
    assert lines["good"] == ["active", "fake-good", "2.0"]
    assert lines["broken"][:3] == ["failed", "fake-broken", "1.2"]
    assert lines["broken"][3].startswith("fake-broken 1.2: ZeroDivisionError")
    assert set(lines) == {"blender", "freecad", "good", "broken"}


def test_commands_that_only_look_do_not_load_the_server() -> None:
    """It takes as long as all the rest of their start."""
    looking = ("job_commands", "keys", "leftovers", "lifecycle", "reports", "switch")
    code = (
        f"import sys; from cadgate.cli import {', '.join(looking)}; print({{'fastapi', 'uvicorn'}} & {{*sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


def test_version_names_the_gateway_and_the_packages_of_its_adapters(machine: Machine) -> None:
    lines = machine.run("version").stdout.splitlines()
    assert lines[0].startswith("cadgate ")
    assert any(line.startswith("cadgate-blender ") for line in lines)


@pytest.mark.real
def test_doctor_finds_the_applications(machine: Machine) -> None:
    machine.plugins("")
    result = machine.run("doctor")
    assert result.returncode == 0, result.stdout
    assert "freecadcmd" in result.stdout
    assert f"{machine.port} on 127.0.0.1 is free" in result.stdout


def test_doctor_prints_the_command_that_mends_what_is_missing(machine: Machine) -> None:
    machine.plugins("[adapters.blender]\nenabled = false\n")
    (machine.folder / ".env").write_text("FREECAD_CMD=/nowhere/freecadcmd\n")
    with socket.create_server(("127.0.0.1", machine.port)):
        result = machine.run("doctor")
    assert result.returncode == 1
    assert "is in use by another program" in result.stdout
    assert "freecad: unset FREECAD_CMD, or let it name freecadcmd" in result.stdout.splitlines()


def test_doctor_tells_of_an_external_application_that_does_not_listen(machine: Machine) -> None:
    port = free_port()
    machine.plugins(
        f'[adapters.freecad]\nenabled = false\n[adapters.blender]\nmode = "external"\nport = {port}\ntoken = "x"\n'
    )
    result = machine.run("doctor")
    assert result.returncode == 1
    assert f"external, but nothing answers at 127.0.0.1:{port}" in result.stdout


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["serve", "up", "plugins", "status", "down"])
def test_an_unknown_key_stops_every_command_with_one_line_and_exit_code_2(machine: Machine, command: str) -> None:
    machine.plugins("[gateway]\nprot = 8000\n")
    result = machine.run(command)
    assert (result.returncode, result.stdout) == (2, "")
    expected = f"cadgate: {machine.folder}/plugins.toml: [gateway] prot: unknown key; did you mean 'port'?"
    assert one_line(result) == expected


@pytest.mark.parametrize("command", ["serve", "plugins"])
def test_a_wrong_setting_of_an_adapter_is_one_line_and_exit_code_2(machine: Machine, command: str) -> None:
    machine.plugins("[adapters.freecad]\nenabled = false\n[adapters.blender]\nworkers = 'many'\n")
    result = machine.run(command)
    assert result.returncode == 2
    assert f"{machine.folder}/plugins.toml: [adapters.blender] workers: " in one_line(result)


def test_a_wrong_setting_of_an_adapter_reaches_who_calls_up(machine: Machine) -> None:
    machine.plugins("[adapters.freecad]\nenabled = false\n[adapters.blender]\nworkers = 'many'\n")
    result = machine.run("up")
    assert result.returncode == 2
    assert "[adapters.blender] workers: " in one_line(result)


def test_a_named_plugins_toml_that_is_missing_stops_the_start(machine: Machine) -> None:
    result = machine.run("serve", CADGATE_PLUGINS="nowhere.toml")
    assert result.returncode == 2
    assert f"{machine.folder}/nowhere.toml: no such file" in one_line(result)


def test_a_taken_port_is_one_line_and_exit_code_1(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", machine.port)):
        result = machine.run("serve")
    assert result.returncode == 1
    assert f"port {machine.port} on 127.0.0.1 is in use by another program" in one_line(result)


def test_a_taken_port_reaches_who_calls_up(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", machine.port)):
        result = machine.run("up")
    assert result.returncode == 1
    assert "is in use by another program" in one_line(result)


def test_a_host_that_is_not_of_this_machine_is_one_line(machine: Machine) -> None:
    result = machine.run("serve", "--host", "nowhere.invalid", CADGATE_AUTH="token")
    assert result.returncode == 2
    assert "option --host: 'nowhere.invalid'" in one_line(result)


def test_a_state_folder_that_cannot_be_made_is_one_line(machine: Machine) -> None:
    (machine.folder / "file").write_text("")
    result = machine.run("serve", "--state-dir", "file/state")
    assert result.returncode == 2
    assert "option --state-dir: the folder" in one_line(result)


# --- from start to end -----------------------------------------------------------------------------------------------


def test_up_starts_a_gateway_that_outlives_it_and_down_ends_it(machine: Machine) -> None:
    result = machine.run("up")
    assert result.returncode == 0, result.stderr
    assert f"docs         {machine.url}/docs" in result.stdout.splitlines()
    pid = machine.pid()
    assert "cadgate serve" in " ".join(psutil.Process(pid).cmdline())
    assert os.getsid(pid) == pid
    assert httpx.get(f"{machine.url}/health").json()["status"] == "success"

    again = machine.run("up")
    assert again.returncode == 0
    assert f"the gateway is already running (process {pid})" in again.stdout
    assert machine.pid() == pid

    second = machine.run("serve", "--port", "0")
    assert second.returncode == 1
    assert f"the gateway with process id {pid} holds it and listens on {machine.url}" in one_line(second)

    status = machine.run("status")
    assert (status.returncode, len(status.stdout.splitlines())) == (0, 1)
    assert status.stdout.startswith("gateway      up ")

    down = machine.run("down")
    assert (down.returncode, down.stdout) == (0, f"the gateway (process {pid}) has ended\n")
    assert not alive(pid)
    log = (machine.state_dir / "logs" / "gateway.log").read_text()
    assert f"listening on {machine.url}" in log
    assert log.splitlines()[-1] == f"cadgate: stopped (process {pid}, by SIGTERM)"
    assert "Traceback" not in log


def test_down_and_status_without_a_gateway(machine: Machine) -> None:
    machine.plugins("[adapters.freecad]\nenabled = false\n")
    down = machine.run("down")
    assert down.returncode == 0
    assert down.stdout == f"no gateway runs with the state folder {machine.state_dir}\n"
    status = machine.run("status")
    assert status.returncode == 1
    assert [line.split()[:2] for line in status.stdout.splitlines()] == [["gateway", "down"], ["blender", "down"]]


def test_serve_on_port_0_says_where_it_listens_and_sigterm_is_exit_code_0(machine: Machine) -> None:
    process = subprocess.Popen(
        machine.command("serve", "--port", "0"), env=machine.environment, cwd=machine.folder, stderr=subprocess.PIPE
    )
    try:
        holder = eventually(lambda: (one := holder_of(machine.state_dir)) and one.url and one, what="an address")
        assert isinstance(holder, Holder)
        assert holder.pid == process.pid
        assert holder.url is not None
        assert httpx.get(f"{holder.url}/health").status_code == 200
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert holder_of(machine.state_dir) is None


def test_an_application_that_is_not_installed_is_told_with_its_remedy_and_is_no_failure(machine: Machine) -> None:
    machine.plugins("[adapters.blender]\nenabled = false\n")
    result = machine.run("up", FREECAD_CMD="/nowhere/freecadcmd")
    assert result.returncode == 0, result.stderr
    status = machine.run("status")
    assert status.returncode == 1
    assert len(status.stdout.splitlines()) == 2
    for output in (result, status):
        (line,) = [line for line in output.stdout.splitlines() if line.startswith("freecad      ")]
        assert line.startswith("freecad      unavailable ")
        assert line.endswith("; to fix it: unset FREECAD_CMD, or let it name freecadcmd")


@pytest.mark.real
def test_a_broken_adapter_keeps_up_from_nothing_but_itself(machine: Machine, site: Site) -> None:
    machine.plugins("[adapters.freecad]\nenabled = false\n[adapters.blender]\nworkers = 0\nrecovery_spares = 0\n")
    site.add("broken", "\n\n1 / 0\n")
    result = machine.run("up")
    assert result.returncode == 0, result.stderr
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "ZeroDivisionError" in lines["broken"]
    assert "cadgate: broken does not answer" in result.stderr
    assert httpx.get(f"{machine.url}/health/blender").status_code == 200
    assert machine.run("status").returncode == 1


@pytest.mark.real
def test_down_kills_what_does_not_end_with_all_that_it_started(machine: Machine) -> None:
    machine.plugins("[adapters.freecad]\nenabled = false\n")
    assert machine.run("up").returncode == 0
    gateway = psutil.Process(machine.pid())
    children = eventually(lambda: gateway.children(recursive=True), what="Blender")
    os.kill(gateway.pid, signal.SIGSTOP)
    result = machine.run("down", "--timeout", "0.5")
    assert result.returncode == 0, result.stderr
    assert "it did not end within 0.5 s and was killed" in result.stdout
    assert [process.pid for process in (gateway, *children) if alive(process.pid)] == []


# --- keys ------------------------------------------------------------------------------------------------------------


def test_other_machines_are_only_let_in_with_keys(machine: Machine) -> None:
    result = machine.run("serve", "--host", "0.0.0.0", CADGATE_AUTH="token")
    assert result.returncode == 2
    assert "there is no key: create one with `cadgate keys create NAME`" in one_line(result)


def test_commands_can_look_at_a_gateway_that_wants_keys_and_others_cannot(machine: Machine) -> None:
    machine.environment["CADGATE_AUTH"] = "token"
    made = machine.run("keys", "create", "laptop", "--scopes", "read")
    key = made.stdout.strip()
    assert made.stdout == f"{key}\n"
    assert machine.run("up").returncode == 0
    assert machine.run("status").returncode == 0
    assert httpx.get(f"{machine.url}/health").status_code == 401
    header = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{machine.url}/health", headers=header).status_code == 200

    identifier = key.split("_")[1]
    listed = machine.run("keys", "list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == [identifier]
    assert machine.run("keys", "revoke", identifier).returncode == 0
    assert machine.run("keys", "revoke", identifier).returncode == 1
    assert httpx.get(f"{machine.url}/health", headers=header).status_code == 401
    assert machine.run("down").returncode == 0
    assert json.loads((machine.state_dir / "keys.json").read_text()) == {"keys": []}


def test_an_unknown_scope_makes_no_key(machine: Machine) -> None:
    result = machine.run("keys", "create", "x", "--scopes", "everything")
    assert (result.returncode, result.stdout) == (1, "")
    assert "must be one or more of execute, read, write" in one_line(result)


# --- the lock, the processes -----------------------------------------------------------------------------------------


def test_the_lock_says_who_holds_it_and_is_free_afterwards(tmp_path: Path) -> None:
    assert holder_of(tmp_path) is None
    with StateLock(tmp_path) as lock:
        assert holder_of(tmp_path) == Holder(os.getpid())
        lock.publish("http://127.0.0.1:1", "secret")
        assert holder_of(tmp_path) == Holder(os.getpid(), "http://127.0.0.1:1", "secret")
        assert "secret" not in repr(holder_of(tmp_path))
        assert lock.path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(AlreadyRunning, match=f"process id {os.getpid()} holds it and listens on http://127"):
            StateLock(tmp_path)
    assert holder_of(tmp_path) is None
    with StateLock(tmp_path):
        assert holder_of(tmp_path) == Holder(os.getpid())


def test_a_file_in_place_of_the_state_folder_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(ConfigError, match=r"^state_dir: the folder .* cannot be used: Not a directory$"):
        StateLock(tmp_path / "state")


def test_a_process_that_nobody_collected_does_not_live() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        process = psutil.Process(child.pid)
        eventually(lambda: process.status() == psutil.STATUS_ZOMBIE, what="the end of the child")
        assert not lives(process)
        assert Family(process).wait(0)
    assert not lives(process)
    assert Family.of(child.pid) is None
