"""A minimal keep-alive HTTP client: its cost must not hide that of the gateway."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any


class HttpClient:
    """One keep-alive connection to a server on the loopback."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._port = port
        self._more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._sock = socket.create_connection(("127.0.0.1", port))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def request(self, verb: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Send one request; returns status and body."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Length: {len(data)}\r\n{self._more}"
        if body is not None:
            head += "Content-Type: application/json\r\n"
        self._sock.sendall(head.encode() + b"\r\n" + data)
        return self._answer()

    def _answer(self) -> tuple[int, bytes]:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._fill()
        head, rest = self._buffer[:end], self._buffer[end + 4 :]
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        self._buffer = rest
        while len(self._buffer) < length:
            self._fill()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return int(head.split(b" ", 2)[1]), body

    def _fill(self) -> None:
        data = self._sock.recv(1 << 16)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._buffer += data

    def close(self) -> None:
        self._sock.close()


class WireClient:
    """A direct client of the in-application server: a blocking socket and the framing, nothing else."""

    def __init__(self, port: int, secret: str) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._sock.makefile("rb")
        self._number = 0
        self.call("session.hello", {"secret": secret, "protocol": 1})

    def call(self, method: str, params: dict[str, Any], **meta: Any) -> Any:
        """Make one call. Raises AssertionError if the application answers with an error."""
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params, "meta": meta}
        body = json.dumps(message).encode()
        self._sock.sendall(struct.pack(">I", len(body)) + body)
        answer: dict[str, Any] = {}
        while answer.get("id") != self._number:
            (length,) = struct.unpack(">I", self._file.read(4))
            answer = json.loads(self._file.read(length))
        assert "error" not in answer, answer
        return answer["result"]

    def close(self) -> None:
        self._file.close()
        self._sock.close()
