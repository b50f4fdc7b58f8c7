"""The connections that the main thread reads while it is idle, and the I/O thread while it works."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from cadgate.appserver.connection import Connection
from cadgate.appserver.idle_reader import IdleReader

Pair = tuple[Connection, socket.socket]


@pytest.fixture
def reader() -> Iterator[IdleReader]:
    made = IdleReader()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Connection(ours), theirs


def is_readable(reader: IdleReader) -> bool:
    return bool(select.select([reader.fileno()], [], [], 0)[0])


def test_input_is_reported_to_either_thread_until_it_is_read(reader: IdleReader, pair: Pair) -> None:
    connection, peer = pair
    reader.add(connection)
    assert not is_readable(reader)
    peer.send(b"x")
    assert is_readable(reader)
    assert reader.wait(0) == reader.ready() == reader.ready() == [connection]
    connection.sock.recv(1)
    assert (reader.wait(0), reader.ready(), is_readable(reader)) == ([], [], False)


def test_a_wake_up_that_came_too_late_is_no_input(reader: IdleReader, pair: Pair) -> None:
    reader.add(pair[0])
    reader.waiting = True
    reader.wake()
    reader.waiting = False
    assert not is_readable(reader)
    assert reader.ready() == []
    assert reader.wait(None) == []


def test_nobody_is_woken_who_does_not_wait(reader: IdleReader) -> None:
    reader.wake()
    assert reader.wait(0) == []
    reader.waiting = True
    reader.wake()
    assert reader.wait(None) == []
    assert reader.wait(0) == []


def test_a_connection_that_ended_is_forgotten_by_both(reader: IdleReader, pair: Pair) -> None:
    connection, peer = pair
    reader.add(connection)
    peer.close()
    assert reader.wait(0) == reader.ready() == [connection]
    reader.remove(connection)
    reader.remove(connection)
    assert (reader.wait(0), reader.ready(), is_readable(reader)) == ([], [], False)
