"""`python -m bench.clients`: how many requests a second eight clients are served, as shares of FastAPI's, in one run.

One process generates the load for all cases alike: each client has a keep-alive connection and sends its next request
when its answer has arrived. FastAPI's route that does nothing, cubes and boxes take turns, so that other jobs on the
machine count for all three. Prints requests per second, and fails if cubes or boxes have less than their share.
"""

from __future__ import annotations

import argparse
import selectors
import socket
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from bench.path import ALONE, CASES, ROOT, Bare, Case, Tree

SHARES = {"cube": 1 / 3, "box": 1600 / 9000}
"""The least share of FastAPI's requests per second."""


class Client:
    """One keep-alive connection with at most one request on its way."""

    def __init__(self, port: int, case: Case) -> None:
        verb, path, body, _ = case
        data = b"" if body is None else b"{}"
        head = f"{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(data)}\r\n"
        self._request = (head + "Content-Type: application/json\r\n\r\n").encode() + data
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answer = b""

    def send(self) -> None:
        self.sock.sendall(self._request)

    def is_answered(self) -> bool:
        """Read what has arrived; return whether that completes the answer."""
        data = self.sock.recv(1 << 16)
        assert data, "the server closed the connection"
        answer = self._answer + data
        end = answer.find(b"\r\n\r\n")
        begin = answer.lower().find(b"content-length: ", 0, end) + len(b"content-length: ")
        if end < 0 or len(answer) < end + 4 + int(answer[begin : answer.index(b"\r\n", begin)]):
            self._answer = answer
            return False
        assert answer.startswith(b"HTTP/1.1 20"), answer
        self._answer = b""
        return True


def per_second(port: int, case: Case, clients: int, count: int) -> float:
    """Let the clients send `count` requests in all; return how many were answered in a second."""
    connected = [Client(port, case) for _ in range(clients)]
    with selectors.DefaultSelector() as selector:
        for each in connected:
            selector.register(each.sock, selectors.EVENT_READ, each)
        left, waiting, began = count, 0, time.perf_counter()
        for each in connected:
            each.send()
            left, waiting = left - 1, waiting + 1
        while waiting:
            for key, _ in selector.select():
                if key.data.is_answered():
                    waiting -= 1
                    if left > 0:
                        key.data.send()
                        left, waiting = left - 1, waiting + 1
        seconds = time.perf_counter() - began
    for each in connected:
        each.sock.close()
    return count / seconds


def measure(tree: Tree, rounds: int, count: int, clients: int) -> dict[str, list[float]]:
    """Return the requests per second of each round, by case."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    bare = Bare()
    try:
        tree.start()
        for number in range(rounds + 1):
            for label in ("alone", *SHARES):
                case = ALONE if label == "alone" else CASES[label]
                port = bare.port if label == "alone" else tree.gateway.port
                each = per_second(port, case, clients, count)
                if number:  # the first round warms up
                    found[label].append(each)
    finally:
        tree.stop()
        bare.stop()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.clients", description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=2000, help="requests in a round of a case")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cadgate-clients-") as folder:
        tree = Tree("here", ROOT, Path(folder) / "gateway", "local")
        found = measure(tree, given.rounds, given.count, given.clients)
    alone = statistics.median(found.pop("alone"))
    print(f"| {given.clients} clients | a second | share of FastAPI's | wanted |")
    print("| --- | --: | --: | --: |")
    print(f"| FastAPI alone, POST | {alone:.0f} | 1 | |")
    shares = {label: statistics.median(rates) / alone for label, rates in found.items()}
    for label, share in shares.items():
        print(f"| {label} | {share * alone:.0f} | {share:.3f} | {SHARES[label]:.3f} |")
    return int(any(share < SHARES[label] for label, share in shares.items()))


if __name__ == "__main__":
    sys.exit(main())
