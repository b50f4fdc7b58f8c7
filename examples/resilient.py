"""Makes many changes, each exactly once, whatever dies in between.

    python examples/resilient.py --count 500

Each request has its own key, so it can be sent again until it is answered. Needs httpx, and a gateway at CADGATE_URL
(http://127.0.0.1:8000).
"""

from __future__ import annotations

import argparse
import os
import time
import uuid
from typing import Any

import httpx

URL = os.environ.get("CADGATE_URL", "http://127.0.0.1:8000")
PATIENCE_SECONDS = 60


def once(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a POST that is done once, sent again as long as the gateway says that this can help."""
    key = {"Idempotency-Key": str(uuid.uuid4())}
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        pause, why = 0.2, ""
        try:
            answer = client.post(path, json=body, headers=key)
            if answer.is_success:
                return answer.json()["result"]
            error = answer.json()["error"]
            if not error["retryable"]:
                raise SystemExit(f"{error['code']}: {error['message']}")
            pause, why = float(answer.headers.get("Retry-After", pause)), error["code"]
        except httpx.TransportError as error:
            why = f"{type(error).__name__}: the gateway does not answer"
        if time.monotonic() > until:
            raise SystemExit(f"gave up: {why}")
        print("again:", why, flush=True)
        time.sleep(pause)


def main() -> None:
    """Put a row of cubes into the scene."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    given = parser.parse_args()
    with httpx.Client(base_url=f"{URL}/api/v1/blender", timeout=60) as blender:
        for number in range(given.count):
            once(blender, "/primitives/cube", {"name": f"Row {number}", "size": 0.5, "location": [number, 0, 0]})
            print("made", number, flush=True)


if __name__ == "__main__":
    main()
