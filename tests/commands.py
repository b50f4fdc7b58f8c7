"""Commands of the gateway as tests run them to their end: forked by `tests.nursery`, in a fraction of the time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.nursery import nursery


def cadgate(
    *arguments: str, environment: Mapping[str, str], cwd: Path, given: str = "", seconds: float = 90
) -> subprocess.CompletedProcess[str]:
    """Run `cadgate ARGUMENTS` in this folder, with this environment and no other.

    It is forked, unless the environment has something that Python looks at before it runs anything.

    :param given: what it reads from its standard input.
    """
    if _looked_at_first(environment) != _looked_at_first(os.environ):
        command = [sys.executable, "-P", "-m", "cadgate", *arguments]
        return subprocess.run(
            command,
            env=environment,
            cwd=cwd,
            input=given,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    with tempfile.TemporaryDirectory(prefix="cadgate-command-") as folder:
        reads, log, errors = (Path(folder, name) for name in ("in", "out", "err"))
        for path, text in ((reads, given), (log, ""), (errors, "")):
            path.write_text(text)
        child = nursery().start(dict(environment), cwd, log, arguments=arguments, errors=errors, given=reads)
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.send_signal(9)
            raise
        return subprocess.CompletedProcess(["cadgate", *arguments], code, log.read_text(), errors.read_text())


def _looked_at_first(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that change how Python starts."""
    return {name: value for name, value in environment.items() if value and name.startswith(("PYTHON", "LANG", "LC_"))}
