"""`cadgate new-adapter`: what it writes is an adapter that installs, works, passes every test, and leaves no trace."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from cadgate.cli.new_adapter import CannotMake, Names, new_adapter, rendered
from cadgate.testing import Gateway

ROOT = Path(__file__).parent.parent
BESIDES = "[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n"
SECONDS = 60
NAMES = ("sketch", "my-cad", "other_cad2", "a234567890-a234567890-a234567890-a23456")


def run(*command: object, cwd: Path | None = None) -> str:
    """What a command prints; fails with all that it printed when it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CADGATE_", "PYTEST_"))}
    arguments = [str(part) for part in command]
    done = subprocess.run(
        arguments, cwd=cwd, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- what is written -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_has_nothing_that_a_linter_complains_of(tmp_path: Path, name: str) -> None:
    assert new_adapter(name, tmp_path) == 0
    folder = tmp_path / f"cadgate-{name}"
    run(sys.executable, "-m", "ruff", "check", "--no-cache", ".", cwd=folder)
    run(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", ".", cwd=folder)


def test_it_uses_the_public_modules_only(tmp_path: Path) -> None:
    imported: dict[str, set[str]] = {"app": set(), "gateway": set(), "tests": set()}
    for path, text in rendered(Names("sketch")):
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


def test_the_half_inside_the_application_is_python_3_8() -> None:
    for path, text in rendered(Names("sketch")):
        if "app" in path.parts and path.suffix == ".py":
            ast.parse(text, feature_version=(3, 8))


def test_the_next_steps_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_adapter("my-cad", tmp_path)
    told = capsys.readouterr().out
    assert told.startswith(f"{tmp_path / 'cadgate-my-cad'} is an adapter that works")
    for part in (
        "pip install -e './cadgate-my-cad[dev]'",
        "cadgate plugins",
        "pytest",
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


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "cadgate-sketch").mkdir()
    with pytest.raises(CannotMake, match="is there already"):
        new_adapter("sketch", tmp_path)
    assert list((tmp_path / "cadgate-sketch").iterdir()) == []


def test_a_refusal_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "cadgate", "new-adapter", "Not A Name"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


# --- its life --------------------------------------------------------------------------------------------------------


def test_a_new_adapter_lives_from_its_making_to_its_end(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    build = [*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path / "dist"]
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    install = [*pip, "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # Dependencies are those of the tests. Their .pth files are not read, so the gateway itself comes from its wheel.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(*build, ROOT / "core")
    run(*install, *(tmp_path / "dist").glob("cadgate-*.whl"))
    cadgate = [python, "-P", "-m", "cadgate"]

    # Made by the installed command, from the templates in the wheel.
    run(*cadgate, "new-adapter", "my-cad", cwd=tmp_path)
    project = tmp_path / "cadgate-my-cad"
    run(*build, project)
    run(*install, *(tmp_path / "dist").glob("cadgate_my_cad-*.whl"))
    (tmp_path / "plugins.toml").write_text(BESIDES)
    assert "my-cad       active    cadgate-my-cad     0.1.0\n" in run(*cadgate, "plugins", cwd=tmp_path)

    # Its own tests, and those that every adapter must pass; `-P` leaves its sources out: it is the installed one.
    tests = run(python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=project)
    assert " passed" in tests
    assert "skipped" not in tests

    gateway = Gateway(tmp_path / "state", plugins=BESIDES, python=python).start()
    with gateway.client("/api/v1/my-cad") as client:
        made = client.post("/objects", json={"name": "Lid", "size": [40, 20, 2]})
        assert (made.status_code, made.json()["result"]["volume"]) == (201, 1600)
    assert gateway.stop() == 0, gateway.log.read_text()[-4000:]

    run(*pip, "--python", python, "uninstall", "--quiet", "--yes", "cadgate-my-cad")
    assert "my-cad" not in run(*cadgate, "plugins", cwd=tmp_path)
    assert list(site.glob("*my_cad*")) == []
    gateway = Gateway(tmp_path / "state", plugins=BESIDES, python=python).start()
    with gateway.client() as client:
        assert "my-cad" not in client.get("/plugins").text
        assert "my-cad" not in client.get("/openapi.json").text
        assert client.get("/api/v1/my-cad/objects").status_code == 404
    assert gateway.stop() == 0, gateway.log.read_text()[-4000:]
