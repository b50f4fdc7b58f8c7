"""The sandbox around the real applications: where it is, what still works, what code in them no longer can do."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cadgate.security.keys import KeyFile
from tests.gateway import COLD_WORKERS, Gateway, alive, eventually
from tests.live import live

pytestmark = pytest.mark.security

APPLICATIONS = ["blender", "freecad"]
PLUGINS = "".join(
    f'[adapters.{name}]\nsandbox = "bubblewrap"\nworkers = 0\ngrace_seconds = 1\n' for name in APPLICATIONS
)

TRIED = """
import json, os, socket
def tried(action):
    try:
        return "did it: " + repr(action())[:200]
    except BaseException as error:
        return type(error).__name__
"""


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose applications run in sandboxes."""
    state = tmp_path_factory.mktemp("shut")
    KeyFile(state).create("a key that code must not see")
    made = Gateway(state, plugins=PLUGINS).start()
    yield made
    assert made.stop() == 0, made.log.read_text()[-4000:]


def run(gateway: Gateway, adapter: str, code: str, **more: Any) -> Any:
    """The result message of executed code."""

    async def running() -> Any:
        async with live(gateway, adapter) as client:
            return (await client.run(code, **more))[2]

    return asyncio.run(running())


def told(gateway: Gateway, adapter: str, code: str) -> Any:
    """The value of the last expression."""
    answer = run(gateway, adapter, TRIED + code)
    assert answer["status"] == "success", answer
    return answer["result"]["value"]


# --- what code cannot do ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", APPLICATIONS)
def test_code_cannot_open_a_network_connection(shut: Gateway, adapter: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [shut.port, listener.getsockname()[1], other.getsockname()[1]]
        addresses = [("127.0.0.1", port) for port in ports] + [("192.0.2.1", 80)]
        code = f"[tried(lambda: socket.create_connection(address, 2)) for address in {addresses!r}]"
        assert told(shut, adapter, code) == ["ConnectionRefusedError"] * 3 + ["OSError"]
        code = (
            "[tried(lambda: socket.getaddrinfo('example.com', 80)), sorted(name for _, name in socket.if_nameindex())]"
        )
        assert told(shut, adapter, code) == ["gaierror", ["lo"]]


@pytest.mark.parametrize("adapter", APPLICATIONS)
def test_no_socket_that_the_application_holds_leads_out(shut: Gateway, adapter: str) -> None:
    """A TCP socket of the gateway's network, a listening one too, could be disconnected and connected anywhere."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = f"""
import ctypes
found, libc = [], ctypes.CDLL(None)
for name in os.listdir("/proc/self/fd"):
    try:
        held = socket.socket(fileno=os.dup(int(name)))
    except OSError:
        continue
    libc.connect(held.fileno(), b"\\0" * 16, 16)
    found.append((held.family.name, tried(lambda: held.connect(("127.0.0.1", {listener.getsockname()[1]})))))
    held.close()
sorted(set(found))
"""
        found = told(shut, adapter, code)
        assert found, "the application has no socket at all?"
        assert {family for family, _ in found} == {"AF_UNIX"}
        assert not [outcome for _, outcome in found if outcome.startswith("did it")]


@pytest.mark.parametrize("adapter", APPLICATIONS)
def test_code_cannot_write_outside_of_its_folders(shut: Gateway, adapter: str, tmp_path: Path) -> None:
    session = shut.state_dir / "sessions" / adapter
    places = [
        tmp_path, shut.state_dir, shut.state_dir / "logs", shut.state_dir / "artifacts", session, session / "lib",
        session / "lib" / "cadgate", Path("/"), Path("/usr"), Path("/etc"), Path.home(), Path(sys.prefix), Path("/dev"),
    ]  # fmt: skip
    code = f"[tried(lambda: open(place + '/planted', 'w')) for place in {list(map(str, places))!r}]"
    answers = dict(zip(map(str, places), told(shut, adapter, code), strict=True))
    # Its /dev is of memory, and gone with it.
    assert {place for place, answer in answers.items() if answer.startswith("did it")} <= {"/dev"}
    assert not [place for place in places if (place / "planted").exists()]
    code = "[tried(lambda: open(place + '/planted', 'w').write('x')) for place in ('.', os.environ['HOME'], '/tmp')]"
    assert told(shut, adapter, code) == ["did it: 1"] * 3
    assert (session / "workspace" / "planted").read_text() == "x"
    assert not Path("/tmp/planted").exists()


@pytest.mark.parametrize("adapter", APPLICATIONS)
def test_code_cannot_read_keys_logs_or_the_users_files(shut: Gateway, adapter: str, tmp_path: Path) -> None:
    private = tmp_path / "private.txt"
    private.write_text("private")
    (Path.home() / ".cache").mkdir(exist_ok=True)
    secret = [
        shut.state_dir / "keys.json", shut.state_dir / "gateway.lock", shut.log, private, Path("/etc/shadow"),
        Path(f"/proc/{shut.pid}/environ"), shut.state_dir / "sessions" / APPLICATIONS[adapter == "blender"] / "journal",
        Path.home() / ".cache",
    ]  # fmt: skip
    assert all(path.exists() for path in secret)
    code = f"[tried(lambda: os.listdir(p) if os.path.isdir(p) else open(p).read()) for p in {list(map(str, secret))!r}]"
    assert set(told(shut, adapter, code)) == {"FileNotFoundError"}


@pytest.mark.parametrize("adapter", APPLICATIONS)
def test_code_sees_no_process_but_its_own_and_has_no_privileges(shut: Gateway, adapter: str) -> None:
    code = f"[tried(lambda: os.kill({shut.pid}, 0)), sum(name.isdigit() for name in os.listdir('/proc'))]"
    assert told(shut, adapter, code) == ["ProcessLookupError", 2]
    code = "[line.split()[1] for line in open('/proc/self/status') if line.startswith('Cap')]"
    assert set(told(shut, adapter, code)) == {"0" * 16}


# --- what still works ------------------------------------------------------------------------------------------------


def ok(response: httpx.Response) -> Any:
    assert response.status_code in (200, 201), response.text
    return response.json()["result"]


def test_blender_models_renders_exports_and_imports(shut: Gateway) -> None:
    with shut.client("/api/v1/blender") as client:
        ok(client.delete("/scene"))
        ok(client.post("/primitives/cube", json={"name": "Shut"}))
        ok(client.post("/materials", json={"name": "Red", "color": "#ff0000"}))
        ok(client.post("/materials/apply", json={"object": "Shut", "material": "Red"}))
        image = client.post(
            "/render", json={"resolution": [64, 48], "samples": 1, "engine": "cycles"}, headers={"Accept": "image/png"}
        )
        assert (image.status_code, image.content[:8]) == (200, b"\x89PNG\r\n\x1a\n")
        assert client.get("/render/preview", params={"width": 64}).content[:8] == b"\x89PNG\r\n\x1a\n"
        # What its graphics library compiled is kept for the next worker.
        assert any((shut.state_dir / "sessions/blender/cache").iterdir())
        texture = {"file": ("t.png", image.content, "image/png")}
        ok(client.post("/materials/Red/texture", files=texture))
        for format in ("glb", "obj", "blend", "usd"):
            made = ok(client.post("/export", json={"format": format, "filepath": f"out/{format}"}))
            assert (shut.state_dir / "sessions/blender/workspace/out" / f"{format}.{format}").stat().st_size > 0
            assert ok(client.post("/import", json={"artifact": made["artifact"]["id"]}))["objects"]
        ok(client.post("/undo"))


def test_freecad_models_exports_and_imports(shut: Gateway) -> None:
    with shut.client("/api/v1/freecad") as client:
        ok(client.post("/primitives/box", json={"name": "Shut"}))
        for format in ("step", "stl", "fcstd", "dxf"):
            made = ok(client.post("/export", json={"format": format, "objects": ["Shut"]}))
            assert ok(client.post("/import", json={"artifact": made["artifact"]["id"]}))["objects"]
        document = ok(client.get("/documents"))["documents"][0]["name"]
        ok(client.post(f"/documents/{document}/save", json={"filepath": "saved.FCStd"}))


@pytest.mark.parametrize(("adapter", "path"), [("blender", "/primitives/cube"), ("freecad", "/primitives/box")])
def test_a_crash_is_survived_and_the_number_told_is_the_hosts(shut: Gateway, adapter: str, path: str) -> None:
    with shut.client(f"/api/v1/{adapter}") as client:
        name = ok(client.post(path, json={}))["name"]
        pid = shut.application_pid(adapter)
        assert "bwrap" in Path(f"/proc/{pid}/cmdline").read_text()
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: shut.health(adapter).get("result", {}).get("pid") not in (None, pid), what="a new process")
        assert ok(client.get(f"/objects/{name}"))["name"] == name
        again = shut.application_pid(adapter)
        assert run(shut, adapter, "import os; os._exit(3)")["error"]["code"] == "application_restarted"
        eventually(lambda: shut.health(adapter).get("result", {}).get("pid") not in (None, again), what="a new process")
        assert ok(client.get(f"/objects/{name}"))["name"] == name


@pytest.mark.parametrize("adapter", APPLICATIONS)
def test_code_is_interrupted_and_stopped_in_a_sandbox(shut: Gateway, adapter: str) -> None:
    assert run(shut, adapter, "while True: pass", timeout_seconds=0.3)["error"]["code"] == "deadline_exceeded"
    stubborn = "import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass"
    pid = shut.application_pid(adapter)
    assert run(shut, adapter, stubborn, timeout_seconds=0.3)["error"]["code"] == "deadline_exceeded"
    eventually(lambda: shut.health(adapter).get("result", {}).get("pid") not in (None, pid), what="a new process")


# --- its end, and machines without it --------------------------------------------------------------------------------


def processes_of(gateway: Gateway) -> list[int]:
    """Every process that has the gateway's state folder in its arguments or its environment, but the gateway."""
    wanted, found = str(gateway.state_dir).encode(), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) not in (gateway.pid, os.getpid()):
            try:
                if wanted in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return [pid for pid in found if alive(pid)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_sandboxes_end_with_the_gateway_however_it_ends(own_gateway: Gateway, number: int) -> None:
    own_gateway._plugins = PLUGINS.replace("workers = 0", "workers = 0\nrecovery_spares = 0")
    own_gateway.start()
    assert len(processes_of(own_gateway)) >= 4
    own_gateway.signal(number)
    own_gateway.wait()
    eventually(lambda: processes_of(own_gateway) == [], seconds=10, what="the end of all sandboxes")


def test_without_bubblewrap_the_adapter_is_unavailable_with_the_command(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "state", environment={"PATH": str(tmp_path)}, plugins=PLUGINS).start(ready=False)
    try:
        for adapter in APPLICATIONS:
            health = eventually(lambda name=adapter: _unavailable(gateway, name), what="unavailable")
            assert "bubblewrap, which is not installed" in health["message"]
            assert health["details"]["remedy"] == "apt-get install -y bubblewrap"
        done = subprocess.run(
            [sys.executable, "-m", "cadgate", "doctor"], capture_output=True, text=True, cwd=gateway.state_dir,
            env={"PATH": str(tmp_path), "CADGATE_STATE_DIR": str(gateway.state_dir), "HOME": str(tmp_path)},
        )  # fmt: skip
        assert done.returncode == 1
        assert "blender: apt-get install -y bubblewrap" in done.stdout
    finally:
        gateway.stop()


NAMESPACES = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"


@pytest.mark.parametrize(
    ("program", "why", "remedy"),
    [
        (None, "bubblewrap, which is not installed", "apt-get install -y bubblewrap"),
        (NAMESPACES, "No permissions to create new namespace", "allow bubblewrap to create user namespaces"),
    ],
)
def test_by_default_applications_run_without_a_sandbox_where_there_can_be_none_and_all_say_so(
    tmp_path: Path, program: str | None, why: str, remedy: str
) -> None:
    if program is not None:
        (tmp_path / "bwrap").write_text(program)
        (tmp_path / "bwrap").chmod(0o755)
    variables = {"PATH": str(tmp_path), "CADGATE_BLENDER_ENABLED": "false", "CADGATE_FREECAD_RECOVERY_SPARES": "0"}
    variables |= COLD_WORKERS
    gateway = Gateway(tmp_path / "state", environment=variables).start()
    try:
        told = gateway.health("freecad")["result"]["sandbox"]
        assert (told["setting"], told["active"]) == ("auto", False)
        assert (
            "freecad runs without a sandbox, so code and files in it can do anything that this user can"
            in told["message"]
        )
        assert why in told["message"]
        assert told["remedy"].startswith(remedy)
        with gateway.client() as client:
            plugins = {each["name"]: each["sandbox"] for each in client.get("/plugins").json()["result"]["plugins"]}
        assert plugins == {"blender": None, "freecad": told}
        assert told["message"] in gateway.log.read_text()
        assert "bwrap" not in Path(f"/proc/{gateway.application_pid('freecad')}/cmdline").read_text()
        commands = {
            name: subprocess.run(
                [sys.executable, "-m", "cadgate", name], capture_output=True, text=True, cwd=gateway.state_dir,
                env={**variables, "CADGATE_STATE_DIR": str(gateway.state_dir), "HOME": str(tmp_path)},
            )
            for name in ("doctor", "up")
        }  # fmt: skip
    finally:
        assert gateway.stop() == 0
    assert {name: done.returncode for name, done in commands.items()} == {"doctor": 0, "up": 0}, commands
    assert any(line.startswith(f"freecad: {remedy}") for line in commands["doctor"].stdout.splitlines())
    assert f"note         {told['message']}" in commands["up"].stdout.splitlines()


def test_by_default_applications_run_in_a_sandbox_where_there_can_be_one(gateway: Gateway) -> None:
    for adapter in APPLICATIONS:
        assert gateway.health(adapter)["result"]["sandbox"] == {"setting": "auto", "active": True}
        assert "bwrap" in Path(f"/proc/{gateway.application_pid(adapter)}/cmdline").read_text()


def test_without_a_sandbox_where_it_is_switched_off(own_gateway: Gateway) -> None:
    own_gateway._plugins = '[adapters.blender]\nenabled = false\n[adapters.freecad]\nsandbox = "none"\n'
    own_gateway.start()
    told = own_gateway.health("freecad")["result"]["sandbox"]
    assert (told["setting"], told["active"]) == ("none", False)
    assert "bwrap" not in Path(f"/proc/{own_gateway.application_pid('freecad')}/cmdline").read_text()
    assert "without a sandbox" not in own_gateway.log.read_text()  # it was chosen


def test_an_application_that_its_sandbox_does_not_let_start_says_what_to_do(tmp_path: Path) -> None:
    """The program lies elsewhere than what it needs: in the sandbox that is not there."""
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    for path, text in (
        (tmp_path / "here" / "freecad", f'exec "{tmp_path}/there/real" "$@"'),
        (tmp_path / "there" / "real", 'exec freecadcmd "$@"'),
    ):
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    off = "[adapters.blender]\nenabled = false\n[adapters.freecad]\nrecovery_spares = 0\nworkers = 0\n"
    variables = {"FREECAD_CMD": str(tmp_path / "here" / "freecad")}
    gateway = Gateway(tmp_path / "state", plugins=off, environment=variables).start(ready=False)
    try:
        down = eventually(lambda: _down(gateway, "freecad"), seconds=60, what="down")
    finally:
        gateway.stop()
    assert "sandbox_readable" in down["message"]
    assert 'sandbox = "none"' in down["message"]
    assert "not found" in down["details"]["log_tail"]
    done = subprocess.run(
        [sys.executable, "-m", "cadgate", "doctor"], capture_output=True, text=True, cwd=gateway.state_dir,
        env={**os.environ, **variables, "CADGATE_STATE_DIR": str(gateway.state_dir)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "sandbox_readable" in "".join(done.stdout.split())
    assert list(gateway.state_dir.glob("doctor-*")) == []
    readable = f'{off}sandbox_readable = ["{tmp_path}/there"]\n'
    gateway = Gateway(tmp_path / "state", plugins=readable, environment=variables).start()
    assert gateway.health("freecad")["result"]["sandbox"]["active"]
    assert gateway.stop() == 0


def _down(gateway: Gateway, adapter: str) -> dict[str, Any] | None:
    error = gateway.health(adapter).get("error", {})
    return error if error.get("details", {}).get("state") == "down" else None


def _unavailable(gateway: Gateway, adapter: str) -> dict[str, Any] | None:
    error = gateway.health(adapter).get("error", {})
    return error if error.get("details", {}).get("state") == "unavailable" else None


def test_the_audit_log_still_names_what_ran_in_a_sandbox(shut: Gateway) -> None:
    lines = [json.loads(line) for line in (shut.state_dir / "logs" / "audit.log").read_text().splitlines()]
    assert {"session.execute", "render.still", "exchange.export"} <= {line["method"] for line in lines}
