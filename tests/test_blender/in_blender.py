"""Run pieces of the adapter's inner half in a Blender of their own, and get what they say as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HEAD = """
import json, sys
import bpy
from cadgate.appserver.context import Call, current, enter_call
from cadgate_blender.app import limits
limits.LIMITS.update(max_import_bytes=1 << 30)
enter_call(Call(None, 1, "test", {}, {}))
def answer(value):
    print("\\nANSWER " + json.dumps(value), flush=True)
"""


def in_blender(code: str, folder: Path) -> Any:
    """What `code` gives to `answer`."""
    script = folder / "script.py"
    script.write_text(f"folder = {str(folder)!r}\n{HEAD}{code}")
    done = subprocess.run(
        [sys.executable, "-P", str(script)], cwd=folder, capture_output=True, text=True, timeout=180, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert lines, (done.stdout + done.stderr)[-3000:]
    return json.loads(lines[-1].partition(" ")[2])
