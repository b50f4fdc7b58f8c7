"""`cadgate exec`: output, tracebacks and exit codes of scripts, as a shell sees them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.commands import cadgate
from tests.gateway import Gateway


def execute(gateway: Gateway, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CADGATE_")}
    environment["CADGATE_STATE_DIR"] = str(gateway.state_dir)
    return cadgate("exec", *arguments, environment=environment, cwd=gateway.state_dir, given=text)


@pytest.mark.parametrize("adapter", ["blender", "freecad"])
def test_a_scripts_output_arrives_on_its_streams(gateway: Gateway, tmp_path: Path, adapter: str) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys\nif __name__ == '__main__':\n    print('grüße'); print('aside', file=sys.stderr)\n")
    done = execute(gateway, adapter, str(script))
    assert (done.returncode, done.stdout, done.stderr) == (0, "grüße\n", "aside\n")


def test_an_error_is_exit_code_1_with_a_traceback_that_names_the_script(gateway: Gateway, tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("print('before')\n1 / 0\n")
    done = execute(gateway, "freecad", str(script))
    assert (done.returncode, done.stdout) == (1, "before\n")
    assert f'File "{script}", line 2' in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize(("code", "expected"), [("sys.exit()", 0), ("sys.exit(5)", 5), ("sys.exit('no')", 1)])
def test_a_script_that_exits_gives_its_exit_code(gateway: Gateway, code: str, expected: int) -> None:
    assert execute(gateway, "freecad", "-", text=f"import sys\n{code}").returncode == expected


def test_a_script_is_stopped_at_its_timeout(gateway: Gateway) -> None:
    done = execute(gateway, "freecad", "-", "--timeout", "0.2", text="while True: pass")
    assert done.returncode == 3
    assert "deadline_exceeded" in done.stderr


def test_what_cannot_be_run_is_one_line(gateway: Gateway, tmp_path: Path) -> None:
    for arguments in (("nothing", "-"), ("freecad", str(tmp_path / "missing.py"))):
        done = execute(gateway, *arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("cadgate: ")
        assert done.stderr.count("\n") == 1
