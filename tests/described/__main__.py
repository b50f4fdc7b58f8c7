"""`python -m tests.described [N]`: many values for every route, with all that is on an edge, by schemathesis' own run.

The tests send a few of these; this takes a quarter of an hour, and looks at a gateway that wants keys as well. It ends
with 1 where a finding is not explained.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.gateway import Gateway, eventually
from tests.test_api.keyed import new_key

EXAMPLES = "20"
START_SECONDS = 180
SLOW = "/(restart|render)$"
SMALL = {"CADGATE_BLENDER_MAX_RENDER_PIXELS": "4096", "CADGATE_BLENDER_MAX_SAMPLES": "64"}
"""Pictures that are allowed are made in a moment; what is asked for beyond is refused, as everywhere."""


def run(gateway: Gateway, *options: str, without: str = "/restart$") -> int:
    command = (
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
        "run", f"{gateway.url}/openapi.json", *options, "--continue-on-failure", "--exclude-path-regex", without,
        "--request-timeout", "600", "--suppress-health-check", "all",
    )  # fmt: skip
    root = Path(__file__).parent.parent.parent
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.described.checks", "PYTHONPATH": str(root)}
    return subprocess.run(command, cwd=gateway.state_dir, env=environment, check=False).returncode


def without_keys(folder: Path, examples: str) -> int:
    gateway = Gateway(folder, environment=SMALL).start()
    try:
        return run(
            gateway, "--checks", "described", "--phases", "examples,coverage,fuzzing", "--max-examples", examples
        )
    finally:
        gateway.stop()


def with_keys(folder: Path) -> int:
    """Whether every route asks for the key: what is sent with one is sent again without, and with a wrong one."""
    gateway = Gateway(folder, environment={**SMALL, "CADGATE_AUTH": "token"}).start(ready=False)
    try:
        holder = new_key(gateway)
        with holder.client() as client:
            eventually(lambda: client.get("/ready").status_code == 200, seconds=START_SECONDS, what="the applications")
        header = f"Authorization: {holder.headers['Authorization']}"
        return run(
            gateway,
            "-H",
            header,
            "--checks",
            "ignored_auth",
            "--phases",
            "fuzzing",
            "--max-examples",
            "1",
            without=SLOW,
        )
    finally:
        gateway.stop()


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="described-"))
    keyed = with_keys(folder / "keyed")
    return keyed or without_keys(folder / "open", sys.argv[1] if len(sys.argv) > 1 else EXAMPLES)


if __name__ == "__main__":
    sys.exit(main())
