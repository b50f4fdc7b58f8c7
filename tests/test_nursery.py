"""The process that forks the gateways of tests: what it starts is a gateway like others, and never outlives a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import cadgate
from tests.gateway import Gateway, alive, eventually, free_port
from tests.wheels import ROOT

pytestmark = pytest.mark.slow

QUIET = "[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n"
DIES = f"""
import os, sys
from pathlib import Path
from tests.gateway import Gateway
gateway = Gateway(Path(sys.argv[1]), plugins={QUIET!r}).start()
print(gateway.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_gateways_end_with_the_tests_however_those_end(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}){DIES}", tmp_path / "state"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    eventually(lambda: not alive(int(done.stdout)), what="the gateway's end")


def test_a_gateway_has_its_own_session_folder_settings_and_end(tmp_path: Path) -> None:
    one, other = (
        Gateway(tmp_path / name, plugins=QUIET, environment={"CADGATE_MAX_JOBS": str(jobs)}).start()
        for name, jobs in (("one", 7), ("other", 8))
    )
    assert os.getsid(one.pid) == one.pid
    assert Path(f"/proc/{one.pid}/cwd").readlink() == one.state_dir
    one.signal(signal.SIGKILL)
    assert one.wait() == -signal.SIGKILL
    assert not one.running
    assert other.running
    assert other.stop() == 0
    assert "listening on" in one.log.read_text()
    assert "stopped" in other.log.read_text()
    with pytest.raises(AssertionError, match=r"the gateway ended with [1-9]"):
        Gateway(tmp_path / "wrong", plugins=QUIET, environment={"CADGATE_MAX_JOBS": "none"}).start()


@pytest.mark.parametrize("arguments", [["version"], ["status"], ["plugins", "enable", "nothing"], ["nothing"]], ids=str)
def test_a_command_says_and_ends_with_what_it_does_when_it_is_started_by_itself(
    tmp_path: Path, arguments: list[str]
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CADGATE_")}
    environment |= {"CADGATE_STATE_DIR": str(tmp_path / "state"), "CADGATE_PORT": str(free_port())}
    forked = cadgate(*arguments, environment=environment, cwd=tmp_path)
    own = cadgate(*arguments, environment={**environment, "PYTHONSAFEPATH": "1"}, cwd=tmp_path)
    assert "-P" in own.args
    assert (forked.returncode, forked.stdout, forked.stderr) == (own.returncode, own.stdout, own.stderr)
