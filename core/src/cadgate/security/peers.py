"""Finds the user at the other end of a loopback connection, who owns the peer's socket. Linux only.

It asks the kernel by sock_diag (man 7 sock_diag) for the socket with the connection's two addresses, which takes about
10 µs on an open netlink socket. Where that is not available, it reads /proc/net/tcp.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from pathlib import Path

Address = tuple[str, int]

_SOCK_DIAG_BY_FAMILY = 20
_NETLINK_SOCK_DIAG = 4
_NLM_F_REQUEST = 1
_NO_COOKIE = b"\xff" * 8
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_PORTS = struct.Struct("!HH")
_ANSWER = struct.Struct("=BBBB")
_OWNER = struct.Struct("=II")
_STATES_WITH_OWNER = frozenset((1, 4, 5, 8, 9, 11))
"""ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING: not LISTEN, which a lookup falls back to."""

_HEADER_SIZE = 16
_SOCKID_AT = _HEADER_SIZE + 4
_OWNER_AT = _HEADER_SIZE + 64


class PeerLookupUnavailable(Exception):
    """This system cannot report who owns a socket."""


class Peers:
    """Looks up who owns the peer's end of a connection. One per event loop: not for use from several threads."""

    def __init__(self) -> None:
        self._netlink: socket.socket | None = None
        self._sequence = 0
        self._use_proc = False
        if not sys.platform.startswith("linux"):
            raise PeerLookupUnavailable(f"{sys.platform} has no sock_diag and no /proc/net/tcp")

    def uid(self, client: Address, server: Address) -> int | None:
        """Return the user id behind `client`, connected to `server`; None if no process has a live socket there.

        A socket whose process is gone belongs to nobody, although the kernel reports user 0 for it.

        :raises ValueError: for addresses that are not IP addresses.
        """
        family, local, remote = _packed(client[0], server[0])
        if not self._use_proc:
            try:
                return self._by_netlink(family, local, client[1], remote, server[1])
            except OSError:
                self.close()
                self._use_proc = True
        return _by_proc(family, local, client[1], remote, server[1])

    def _by_netlink(self, family: int, local: bytes, local_port: int, remote: bytes, remote_port: int) -> int | None:
        if self._netlink is None:
            self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG)
        self._sequence = self._sequence + 1 & 0xFFFFFFFF
        ends = _PORTS.pack(local_port, remote_port) + local.ljust(16, b"\0") + remote.ljust(16, b"\0")
        body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF) + ends + b"\0\0\0\0" + _NO_COOKIE
        head = _HEADER.pack(_HEADER_SIZE + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, self._sequence, 0)
        self._netlink.sendto(head + body, (0, 0))
        # The kernel answers within sendto; a late answer to an earlier, abandoned request is skipped.
        while True:
            answer = self._netlink.recv(512, socket.MSG_DONTWAIT)
            _, kind, _, sequence, _ = _HEADER.unpack_from(answer)
            if sequence == self._sequence:
                break
        if kind != _SOCK_DIAG_BY_FAMILY:
            (code,) = struct.unpack_from("=i", answer, _HEADER_SIZE)
            if -code == 2:  # ENOENT: there is no such socket
                return None
            raise OSError(-code, "sock_diag refused the request")
        _, state, _, _ = _ANSWER.unpack_from(answer, _HEADER_SIZE)
        uid, inode = _OWNER.unpack_from(answer, _OWNER_AT)
        if state not in _STATES_WITH_OWNER or inode == 0 or answer[_SOCKID_AT : _SOCKID_AT + 4] != ends[:4]:
            return None
        return uid

    def close(self) -> None:
        """Close the netlink socket; the next lookup opens another."""
        if self._netlink is not None:
            self._netlink.close()
            self._netlink = None


def _packed(client: str, server: str) -> tuple[int, bytes, bytes]:
    """Return the family and both addresses as the client's socket has them: IPv4-mapped IPv6 becomes IPv4."""
    try:
        if ":" not in client:
            return socket.AF_INET, socket.inet_pton(socket.AF_INET, client), socket.inet_pton(socket.AF_INET, server)
        mapped = "::ffff:"
        if client.startswith(mapped) and server.startswith(mapped):
            return _packed(client[len(mapped) :], server[len(mapped) :])
        ends = [socket.inet_pton(socket.AF_INET6, address.partition("%")[0]) for address in (client, server)]
    except OSError as error:
        raise ValueError(f"{client!r} and {server!r} are not two IP addresses of one family") from error
    return socket.AF_INET6, ends[0], ends[1]


def _by_proc(family: int, local: bytes, local_port: int, remote: bytes, remote_port: int) -> int | None:
    wanted = [f"{_proc_hex(local)}:{local_port:04X}", f"{_proc_hex(remote)}:{remote_port:04X}"]
    table = Path("/proc/self/net/tcp6" if family == socket.AF_INET6 else "/proc/self/net/tcp")
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError as error:
        raise PeerLookupUnavailable(f"{table} cannot be read: {error.strerror}") from error
    for line in lines:
        columns = line.split()
        if columns[1:3] == wanted and int(columns[3], 16) in _STATES_WITH_OWNER and columns[9] != "0":
            return int(columns[7])
    return None


def _proc_hex(address: bytes) -> str:
    words = struct.unpack(f"={len(address) // 4}I", address)
    return "".join(f"{word:08X}" for word in words)


def own_uid() -> int:
    """Return the user this process runs as."""
    return os.geteuid()
