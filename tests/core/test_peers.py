"""Whose socket is at the other end, and which hosts and origins a gateway takes for its own."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from cadgate.errors import CadgateError
from cadgate.security.origins import Origins, split_host
from cadgate.security.peers import Peers
from tests.gateway import eventually

pytestmark = pytest.mark.security


# --- the peer's user -------------------------------------------------------------------------------------------------


@pytest.fixture(params=["127.0.0.1", "::1"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection on the loopback: the client's end, and the server's."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.create_server((request.param, 0), family=family) as listener:
        client = socket.create_connection(listener.getsockname()[:2])
        accepted, _ = listener.accept()
        with client, accepted:
            yield client, accepted


@pytest.fixture
def lookup() -> Iterator[Peers]:
    made = Peers()
    yield made
    made.close()


def test_the_owner_of_the_peers_socket_is_found(ends: tuple[socket.socket, socket.socket], lookup: Peers) -> None:
    client, accepted = ends
    there, here = accepted.getpeername()[:2], accepted.getsockname()[:2]
    assert lookup.uid(there, here) == os.geteuid()
    client.shutdown(socket.SHUT_WR)
    assert lookup.uid(there, here) == os.geteuid()
    client.close()
    assert eventually(lambda: lookup.uid(there, here) is None)


def test_proc_says_the_same_where_netlink_is_not_there(
    ends: tuple[socket.socket, socket.socket], lookup: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError("no netlink")

    monkeypatch.setattr(lookup, "_by_netlink", refuse)
    client, accepted = ends
    there, here = accepted.getpeername()[:2], accepted.getsockname()[:2]
    assert lookup.uid(there, here) == os.geteuid()
    client.close()
    assert eventually(lambda: lookup.uid(there, here) is None)


def test_an_ipv4_client_of_an_ipv6_server_is_found(lookup: Peers) -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        client = socket.create_connection(("127.0.0.1", listener.getsockname()[1]))
        accepted, _ = listener.accept()
        with client, accepted:
            there = accepted.getpeername()[:2]
            assert there[0].startswith("::ffff:")
            assert lookup.uid(there, accepted.getsockname()[:2]) == os.geteuid()


def test_nobody_is_behind_a_port_that_only_listens(lookup: Peers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert lookup.uid(listener.getsockname(), ("127.0.0.1", 9)) is None
    assert lookup.uid(("127.0.0.1", 1), ("127.0.0.1", 2)) is None


@pytest.mark.parametrize(("client", "server"), [("testclient", "127.0.0.1"), ("127.0.0.1", "::1"), ("", "")])
def test_what_is_no_address_is_said(lookup: Peers, client: str, server: str) -> None:
    with pytest.raises(ValueError, match="addresses"):
        lookup.uid((client, 1), (server, 2))


def test_many_questions_share_one_netlink_socket(ends: tuple[socket.socket, socket.socket], lookup: Peers) -> None:
    _, accepted = ends
    there, here = accepted.getpeername()[:2], accepted.getsockname()[:2]
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(200):
        lookup.uid(there, here)
    assert len(os.listdir("/proc/self/fd")) == before + 1


# --- hosts and origins, by themselves --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "split"),
    [
        ("localhost", ("localhost", "")),
        ("LOCALHOST:80", ("localhost", "80")),
        ("[::1]", ("::1", "")),
        ("[::1]:80", ("::1", "80")),
        ("a.b", ("a.b", "")),
        ("", None),
        (":80", None),
        ("a:b", None),
        ("[::1", None),
        ("[::1]x", None),
        ("::1", None),
        ("a:\uff11", None),
        ("ä", None),
    ],
)
def test_a_host_is_a_name_and_a_port(given: str, split: tuple[str, str] | None) -> None:
    assert split_host(given) == split


def test_the_configured_address_is_a_known_host() -> None:
    origins = Origins("192.168.7.5", ["cad.example:8443", "[fe80::1]"], [])
    for host in (b"192.168.7.5:8000", b"cad.example", b"CAD.example:1", b"[fe80::1]:8000"):
        origins.check_host(host)
    with pytest.raises(CadgateError):
        origins.check_host(b"192.168.7.6")


def test_what_is_remembered_is_bounded() -> None:
    origins = Origins("localhost", [], [])
    for port in range(5000):
        origins.check_host(b"localhost:%d" % port)
        origins.check_origin(b"http://localhost:%d" % port, b"localhost:%d" % port, "http")
    assert len(origins._known_hosts) <= 256
    assert len(origins._known_pairs) <= 256
