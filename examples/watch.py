"""Prints what happens in an application, whoever does it.

    python examples/watch.py blender

Needs websockets, and a gateway at CADGATE_URL (http://127.0.0.1:8000).
"""

from __future__ import annotations

import argparse
import json
import os

from websockets.sync.client import connect

URL = os.environ.get("CADGATE_URL", "http://127.0.0.1:8000")


def main() -> None:
    """Subscribe, and print a line per event."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adapter", help="blender, freecad")
    parser.add_argument("--topics", default="objects,render,status", help="comma separated")
    parser.add_argument("--count", type=int, help="end after this many events")
    given = parser.parse_args()
    with connect(f"{URL.replace('http', 'ws', 1)}/ws/{given.adapter}") as socket:
        socket.send(json.dumps({"type": "subscribe", "id": 1, "topics": given.topics.split(",")}))
        left = given.count
        for text in socket:
            message = json.loads(text)
            if message["type"] == "error":
                raise SystemExit(message["error"]["message"])
            if message["type"] == "result":
                if message["status"] == "error":
                    raise SystemExit(message["error"]["message"])
                print("watching", *message["result"]["topics"], flush=True)
            if message["type"] == "event":
                values = " ".join(f"{key}={value}" for key, value in message["data"].items())
                print(message["topic"], values, flush=True)
                if left is not None:
                    left -= 1
                    if left <= 0:
                        return


if __name__ == "__main__":
    main()
