"""`cadgate new-adapter`: what it writes is an adapter that installs, works, passes every test, and leaves no trace."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from cadgate.cli.new_adapter import KINDS, CannotMake, Names, new_adapter, rendered
from cadgate.testing import Gateway
from tests.wheels import Environment, run

BESIDES = "[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n"
NAMES = ("sketch", "my-cad", "other_cad2", "a234567890-a234567890-a234567890-a23456")


# --- what is written -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_has_nothing_that_a_linter_complains_of(tmp_path: Path, name: str, kind: str) -> None:
    assert new_adapter(name, tmp_path, kind) == 0
    folder = tmp_path / f"cadgate-{name}"
    run(sys.executable, "-m", "ruff", "check", "--no-cache", ".", cwd=folder)
    run(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", ".", cwd=folder)


@pytest.mark.parametrize("kind", KINDS)
def test_it_uses_the_public_modules_only(kind: str) -> None:
    imported: dict[str, set[str]] = {"app": set(), "gateway": set(), "tests": set()}
    for path, text in rendered(Names("sketch", kind)):
        if path.suffix == ".py":
            half = "tests" if path.parts[0] == "tests" else "app" if "app" in path.parts else "gateway"
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ImportFrom) and node.module:
                    imported[half].add(node.module)
                elif isinstance(node, ast.Import):
                    imported[half].update(alias.name for alias in node.names)
    foreign = {
        half: {name for name in names if name.partition(".")[0] not in {*sys.stdlib_module_names, "cadgate_sketch"}}
        for half, names in imported.items()
    }
    assert foreign == {
        "app": {"cadgate.appserver", "cadgate.appserver.boot"},
        "gateway": {"cadgate.plugin", "fastapi", "pydantic"},
        "tests": {"cadgate.testing.conformance", "httpx", "pytest"},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_half_inside_the_application_is_python_3_8(kind: str) -> None:
    for path, text in rendered(Names("sketch", kind)):
        if "app" in path.parts and path.suffix == ".py":
            ast.parse(text, feature_version=(3, 8))


def test_the_next_steps_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_adapter("my-cad", tmp_path)
    told = capsys.readouterr().out
    assert told.startswith(f"{tmp_path / 'cadgate-my-cad'} is a working adapter")
    for part in (
        f"{sys.executable} -m pip install -e './cadgate-my-cad[dev]'",
        f"{sys.executable} -m cadgate plugins",
        f"(cd cadgate-my-cad && {sys.executable} -m pytest)",
        f"{sys.executable} -m cadgate up",
        "src/cadgate_my_cad/launcher.py",
    ):
        assert part in told


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", "Sketch", "1st", "a b", "a--b", "-a", "a/b", "../a", "ö", "a" * 41, "a.b", "artifacts", "gateway"]
)
def test_a_name_that_no_adapter_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotMake) as caught:
        new_adapter(name, tmp_path)
    assert f"{name!r} cannot be an adapter's name: " in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_name_whose_classes_would_hide_those_of_the_gateway_is_refused(tmp_path: Path) -> None:
    for name, hidden in (("adapter", "AdapterSettings"), ("base-socket", "BaseSocketClient")):
        with pytest.raises(CannotMake, match=hidden):
            new_adapter(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_an_installed_adapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotMake, match="an adapter 'blender' is installed already: cadgate-blender"):
        new_adapter("blender", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_kind_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotMake, match="'viewer' is no kind of adapter: it is one of document, converter"):
        new_adapter("sketch", tmp_path, "viewer")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "cadgate-sketch").mkdir()
    with pytest.raises(CannotMake, match="exists already"):
        new_adapter("sketch", tmp_path)
    assert list((tmp_path / "cadgate-sketch").iterdir()) == []


def test_a_refusal_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "cadgate", "new-adapter", "Not A Name"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


# --- its life --------------------------------------------------------------------------------------------------------


def test_a_new_adapter_lives_from_its_making_to_its_end(tmp_path: Path, wheels: list[Path]) -> None:
    environment = Environment(tmp_path, wheels)
    (tmp_path / "plugins.toml").write_text(BESIDES)
    before = served(environment)

    # Made by the installed command, from the templates in the wheel, outside of this repository.
    environment.cadgate("new-adapter", "my-cad")
    project = tmp_path / "cadgate-my-cad"
    environment.build_and_install(project)
    assert "my-cad       active    cadgate-my-cad     0.1.0\n" in environment.cadgate("plugins")

    # Its own tests, and those that every adapter must pass, without an edit.
    tests = environment.tests(project)
    assert " passed" in tests
    assert "skipped" not in tests

    gateway = Gateway(tmp_path / "state", plugins=BESIDES, python=environment.python).start()
    with gateway.client() as client:
        made = client.post("/api/v1/my-cad/objects", json={"name": "Lid", "size": [40, 20, 2]})
        assert (made.status_code, made.json()["result"]["volume"]) == (201, 1600)
        assert client.get("/health/my-cad").json()["result"]["status"] == "up"
        (plugin,) = (one for one in plugins_of(client) if one["name"] == "my-cad")
        assert (plugin["package"], plugin["version"], plugin["status"]) == ("cadgate-my-cad", "0.1.0", "active")
        document = client.get("/openapi.json").json()
        assert "my-cad" in [tag["name"] for tag in document["tags"]]
        assert "my-cad" in client.get("/version").text
        assert "my-cad" in client.get("/metrics").text
    assert gateway.stop() == 0, gateway.log.read_text()[-4000:]

    environment.uninstall("cadgate-my-cad")
    assert list(environment.site.glob("*my_cad*")) == []
    assert served(environment) == before


@pytest.mark.timeout(300)
def test_a_new_converter_converts_and_passes_the_tests_of_every_adapter(tmp_path: Path, wheels: list[Path]) -> None:
    environment = Environment(tmp_path, wheels)
    environment.cadgate("new-adapter", "my-files", "--kind", "converter")
    project = tmp_path / "cadgate-my-files"
    environment.build_and_install(project)
    assert "my-files     active    cadgate-my-files   0.1.0\n" in environment.cadgate("plugins")
    tests = environment.tests(project, seconds=250)
    assert " passed" in tests
    assert "failed" not in tests


def plugins_of(client: httpx.Client) -> list[dict[str, str]]:
    return client.get("/plugins").json()["result"]["plugins"]


def served(environment: Environment) -> dict[str, Any]:
    """All that a gateway with the two other adapters switched off says of itself; times and ids left out."""
    told: dict[str, Any] = {"command": environment.cadgate("plugins"), "doctor": "my-cad" in doctor(environment)}
    gateway = Gateway(environment.folder / "state", plugins=BESIDES, python=environment.python).start()
    with gateway.client() as client:
        told["plugins"] = plugins_of(client)
        told["openapi"] = client.get("/openapi.json").json()
        told["asyncapi"] = client.get("/asyncapi.json").json()["channels"]
        told["version"] = client.get("/version").json()["result"]["adapters"]
        told["health"] = client.get("/health").json()["result"]["adapters"]
        told["metrics"] = "my-cad" in client.get("/metrics").text
        for path in ("/api/v1/my-cad/objects", "/health/my-cad", "/ws/my-cad", "/console/my-cad"):
            told[path] = client.get(path).status_code
    assert gateway.stop() == 0, gateway.log.read_text()[-4000:]
    return told


def doctor(environment: Environment) -> str:
    """What `cadgate doctor` prints; it fails where something is missing."""
    command = [str(environment.python), "-P", "-m", "cadgate", "doctor"]
    done = subprocess.run(command, cwd=environment.folder, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr
