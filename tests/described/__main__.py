"""`python -m tests.described [N]`: many values for every route, with all that is on an edge, by schemathesis' own run.

The tests send a few of these; this takes a quarter of an hour. It ends with 1 where a finding is not explained.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.gateway import Gateway

EXAMPLES = "20"


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="described-"))
    gateway = Gateway(folder / "state").start()
    try:
        command = (
            sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
            "run", f"{gateway.url}/openapi.json", "--checks", "described", "--phases", "examples,coverage,fuzzing",
            "--max-examples", sys.argv[1] if len(sys.argv) > 1 else EXAMPLES, "--continue-on-failure",
            "--exclude-path-regex", "/restart$", "--request-timeout", "600", "--suppress-health-check", "all",
        )  # fmt: skip
        root = Path(__file__).parent.parent.parent
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.described.checks", "PYTHONPATH": str(root)}
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    finally:
        gateway.stop()


sys.exit(main())
