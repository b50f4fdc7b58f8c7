"""The gateway's side of the wire: connecting, losing the connection at every moment, and never mixing answers up."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cadgate.appserver import framing
from cadgate.clients import connection as connection_module
from cadgate.errors import (
    CommandExecutionError,
    ConnectionFailed,
    IdempotencyConflict,
    NameTaken,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    ValidationFailed,
)
from tests.core.fake_app import SECRET, RawApplication, becomes, item, raw_application
from tests.core.stands import Stand, connected, echo, lose, say, standing, write
from tests.gateway import free_port

from cadgate_fake.client import FakeClient, FakeConnectionError  # isort: skip

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawApplication]:
    with raw_application(tmp_path_factory.mktemp("application")) as made:
        yield made


@pytest.fixture
async def client(application: RawApplication) -> AsyncIterator[FakeClient]:
    async with connected(application.about["port"]) as made:
        yield made


# --- connecting --------------------------------------------------------------------------------------------------


async def test_it_connects_calls_and_disconnects(application: RawApplication) -> None:
    client = FakeClient("127.0.0.1", application.about["port"], SECRET)
    assert client.connected is False
    await client.connect()
    assert client.connected is True
    assert client.about["application"] == "Fake 1.0"
    assert await client.call("session.ping", {}) == {"pong": True}
    await client.disconnect()
    assert client.connected is False
    with pytest.raises(FakeConnectionError):
        await client.call("session.ping", {})


async def test_a_command_and_its_response_can_be_had_apart_and_in_any_order(client: FakeClient) -> None:
    tickets = [await client.send_command("work.sleep", {"seconds": n / 1000}) for n in range(10)]
    for number, ticket in reversed(list(enumerate(tickets))):
        assert await client.receive_response(ticket) == {"value": number / 1000}


async def test_it_says_what_it_is(client: FakeClient) -> None:
    assert repr(client) == f"<FakeClient 127.0.0.1:{client.port} <ConnectionPool open=1 of 2, in flight=0>>"
    ticket = await client.send_command("work.sleep", {"seconds": 0.05})
    assert repr(client) == f"<FakeClient 127.0.0.1:{client.port} <ConnectionPool open=1 of 2, in flight=1>>"
    await client.receive_response(ticket)
    assert SECRET not in repr(client)


async def test_it_waits_until_somebody_listens() -> None:
    port = free_port()
    client = FakeClient("127.0.0.1", port, SECRET)
    connecting = asyncio.create_task(client.connect())
    done, _ = await asyncio.wait({connecting}, timeout=0.1)
    assert not done
    stand = Stand(echo)
    await stand.serve(port)
    try:
        await asyncio.wait_for(connecting, 5)
        assert await client.call("any", {"a": 1}) == {"a": 1}
        await client.disconnect()
    finally:
        await stand.close()


async def test_nobody_listening_is_the_adapters_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cadgate.clients.base_client.CONNECT_SECONDS", 0.1)
    port = free_port()
    with pytest.raises(FakeConnectionError, match=rf"No application answers at 127\.0\.0\.1:{port} \(") as caught:
        await FakeClient("127.0.0.1", port, SECRET).connect()
    assert caught.value.details == {"host": "127.0.0.1", "port": port}


async def test_a_wrong_secret_is_told(application: RawApplication) -> None:
    client = FakeClient("127.0.0.1", application.about["port"], "guessed")
    with pytest.raises(FakeConnectionError, match="it has a different secret"):
        await client.connect()


async def test_a_refused_hello_is_a_connection_error(
    application: RawApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cadgate.clients.base_client.PROTOCOL", 9)
    with pytest.raises(FakeConnectionError, match="speaks protocol 1, not 9"):
        await FakeClient("127.0.0.1", application.about["port"], SECRET).connect()


async def test_a_server_that_does_not_greet_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cadgate.clients.base_client.CONNECT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = FakeClient("127.0.0.1", silent.getsockname()[1], SECRET)
        with pytest.raises(FakeConnectionError, match="no answer to the hello in time"):
            await client.connect()


async def test_closing_while_it_connects_leaves_no_connection(application: RawApplication) -> None:
    client = FakeClient("127.0.0.1", application.about["port"], SECRET)
    connecting = asyncio.create_task(client.connect())
    await asyncio.sleep(0)
    await client.disconnect()
    with pytest.raises(FakeConnectionError):
        await client.call("session.ping", {})
    await asyncio.wait({connecting})
    assert connecting.exception() is not None
    assert client.connected is False


# --- losing the connection ---------------------------------------------------------------------------------------


async def test_a_read_is_sent_again() -> None:
    async with standing(lose(2)) as stand, connected(stand.port) as client:
        assert await client.call("items.get", {"name": "x"}) == {"name": "x"}
        assert [each["method"] for each in stand.received] == ["items.get"] * 3


async def test_a_read_that_is_lost_every_time_is_given_up() -> None:
    async with standing(lose(99)) as stand, connected(stand.port) as client:
        with pytest.raises(FakeConnectionError, match="was lost"):
            await client.call("items.get", {"name": "x"})
        assert len(stand.received) == 3


async def test_a_mutation_with_an_id_is_sent_again_as_it_was() -> None:
    async with standing(lose(1)) as stand, connected(stand.port) as client:
        meta = {"mutates": True, "key": "k1", "hash": "h1"}
        assert await client.call("items.create", item("x"), **meta) == item("x")
        first, second = stand.received
        assert (first["meta"], first["params"]) == (meta, second["params"]) == (second["meta"], second["params"])


async def test_a_mutation_without_an_id_is_not_sent_again() -> None:
    async with standing(lose(1)) as stand, connected(stand.port) as client:
        with pytest.raises(FakeConnectionError, match="was lost"):
            await client.call("items.create", item("x"), mutates=True)
        assert len(stand.received) == 1
        assert await client.call("items.get", {"name": "y"}) == {"name": "y"}


async def test_a_mutation_that_was_lost_after_it_was_done_is_done_once(
    application: RawApplication, client: FakeClient
) -> None:
    """The connection breaks while the application works; it is alive and finishes."""
    meta: dict[str, Any] = {"mutates": True, "key": uuid4().hex, "hash": "h"}
    working = asyncio.create_task(client.call("items.slow", item(None, 0.1), **meta))
    await becomes(lambda: client._pool.connections[0].in_flight == 1)
    client._pool.connections[0]._transport.abort()
    made = await working
    listed = await client.call("items.list", {"limit": 1000, "offset": 0, "fields": "name"})
    assert [each["name"] for each in listed["objects"]].count(made["name"]) == 1
    meta["hash"] = "other"
    with pytest.raises(IdempotencyConflict):
        await client.call("items.slow", item(None, 0.2), **meta)


async def test_the_end_of_the_application_ends_every_call_in_flight(tmp_path: Path) -> None:
    with raw_application(tmp_path) as application:
        async with connected(application.about["port"]) as client:
            calls = [asyncio.create_task(client.call("work.sleep", {"seconds": 60}, mutates=True)) for _ in range(5)]
            await becomes(lambda: sum(each.in_flight for each in client._pool.connections) == 5)
            application.kill()
            await asyncio.wait_for(client.wait_lost(), 5)
            for result in await asyncio.gather(*calls, return_exceptions=True):
                assert isinstance(result, FakeConnectionError)


async def test_disconnecting_ends_every_call_in_flight(client: FakeClient) -> None:
    call = asyncio.create_task(client.call("work.sleep", {"seconds": 0.2}))
    await becomes(lambda: bool(client._pool.connections[0].in_flight))
    await client.disconnect()
    with pytest.raises(FakeConnectionError):
        await call


# --- answers -----------------------------------------------------------------------------------------------------


async def test_errors_come_back_as_those_of_the_gateway(client: FakeClient) -> None:
    with pytest.raises(NotFound) as caught:
        await client.call("items.get", {"name": "nobody"})
    assert (caught.value.code, caught.value.status) == ("item_not_found", 404)
    await client.call("items.create", item("Twin"), mutates=True, key=uuid4().hex, hash=None)
    with pytest.raises(NameTaken):
        await client.call("items.create", item("Twin"), mutates=True, key=uuid4().hex)
    await client.call("items.delete", {"name": "Twin"}, mutates=True)


async def test_a_cancelled_call_never_gives_its_answer_to_the_next(client: FakeClient) -> None:
    for number in range(300):
        call = asyncio.create_task(client.call("work.sleep", {"seconds": 0}))
        for _ in range(number % 4):
            await asyncio.sleep(0)
        call.cancel()
        assert await client.call("work.answer", {"how": f"bytes:{number}"}) == {"value": "x" * number}
    await becomes(lambda: all(each.in_flight == 0 for each in client._pool.connections))
    assert all(not each._waiting for each in client._pool.connections)


async def test_answers_in_another_order_find_their_calls() -> None:
    held: list[tuple[dict[str, Any], asyncio.StreamWriter]] = []

    async def backwards(message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        held.append((message, writer))
        if len(held) == 3:
            for each, to in reversed(held):
                say(to, each["id"], each["params"])

    async with standing(backwards) as stand, connected(stand.port, pool_size=1) as client:
        calls = [client.call("any", {"n": n}) for n in range(3)]
        assert await asyncio.gather(*calls) == [{"n": 0}, {"n": 1}, {"n": 2}]


async def test_late_and_unknown_answers_are_dropped() -> None:
    async def babble(message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        for number in (99, 0, -1, None):
            write(writer, {"jsonrpc": "2.0", "id": number, "result": "stray"})
        say(writer, message["id"], "mine")
        say(writer, message["id"], "again")

    async with standing(babble) as stand, connected(stand.port) as client:
        for _ in range(3):
            assert await client.call("any", {}) == "mine"


@pytest.mark.parametrize("garbage", [b"\x00\x00\x00\x03abc", b"\xff\xff\xff\xff", b'\x00\x00\x00\x02"x'])
async def test_garbage_ends_the_connection_and_the_call(garbage: bytes) -> None:
    async def answer(message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)

    async with standing(answer) as stand, connected(stand.port) as client:
        with pytest.raises(ConnectionFailed):
            await client.call("any", {}, mutates=True)


async def test_an_answer_that_is_nested_deeply_is_no_defect_of_the_connection(client: FakeClient) -> None:
    deep = (await client.call("work.answer", {"how": "nested:300"}))["value"]
    depth = 0
    while isinstance(deep, list):
        deep, depth = deep[0], depth + 1
    assert (deep, depth) == ("bottom", 300)
    assert client._pool.connections[0].usable


async def test_an_answer_that_nobody_can_parse_fails_its_own_call_alone() -> None:
    async def answer(message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if message["method"] == "deep":
            depth = 100_000
            result = "[" * depth + "]" * depth
            body = f'{{"jsonrpc": "2.0", "id": {message["id"]}, "result": {result}}}'.encode()
            writer.write(struct.pack(">I", len(body)) + body)
        else:
            say(writer, message["id"], "fine")

    async with standing(answer) as stand, connected(stand.port, pool_size=1) as client:
        with pytest.raises(CommandExecutionError, match="nested too deeply"):
            await client.call("deep", {})
        assert await client.call("any", {}) == "fine"
        assert stand.connections == 1


async def test_large_numbers_survive(client: FakeClient) -> None:
    assert await client.call("work.answer", {"how": "big"}) == {"value": 2**80}


async def test_what_no_frame_can_hold_is_refused_before_it_is_sent(
    client: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "MAX_FRAME", 10_000)
    with pytest.raises(PayloadTooLarge, match="cannot be sent to the application"):
        await client.call("items.create", item("x", "y" * 20_000), mutates=True, key="large")
    with pytest.raises(ValidationFailed, match="cannot be written as JSON"):
        await client.call("items.create", item("\ud800"), mutates=True, key="surrogate")
    assert await client.call("session.ping", {}) == {"pong": True}
    assert client._pool.connections[0].in_flight == 0


async def test_an_application_that_does_not_read_is_not_sent_more_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "MAX_UNSENT", 10_000_000)

    async def stop_reading(message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]

    async with standing(stop_reading) as stand, connected(stand.port, pool_size=1) as client:
        calls = [asyncio.create_task(client.call("any", {"data": "x" * 1_000_000})) for _ in range(60)]
        done, pending = await asyncio.wait(calls, return_when=asyncio.FIRST_EXCEPTION)
        assert any(isinstance(each.exception(), Overloaded) for each in done)
        for each in pending:
            each.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


async def test_a_listener_that_fails_costs_no_answer(application: RawApplication) -> None:
    heard: list[str] = []

    def listen(method: str, params: dict[str, Any]) -> None:
        heard.append(method)
        raise ValueError("a defect of the listener")

    async with connected(application.about["port"], on_notification=listen) as client:
        assert await client.call("work.emit", {"topic": "objects", "count": 3, "size": 1}) == {"value": 3}
        assert heard == ["event"] * 3
        assert client.connected


# --- the pool ----------------------------------------------------------------------------------------------------


async def test_the_pool_grows_while_it_is_busy_up_to_its_size_and_opens_again_what_was_lost(
    application: RawApplication,
) -> None:
    async with connected(application.about["port"], pool_size=3) as client:
        calls = [asyncio.create_task(client.call("work.sleep", {"seconds": 0.01})) for _ in range(20)]
        await asyncio.gather(*calls)
        while len(client._pool.connections) < 3:
            await asyncio.gather(*(client.call("session.ping", {}) for _ in range(5)))
        await asyncio.gather(*(client.call("session.ping", {}) for _ in range(20)))
        assert len(client._pool.connections) == 3
        for each in list(client._pool.connections):
            each.close()
        assert await client.call("session.ping", {}) == {"pong": True}
        assert len(client._pool.connections) == 1


async def test_nobody_waits_for_a_second_connection_that_an_application_at_work_does_not_greet() -> None:
    """Native code may hold the interpreter's lock for minutes; calls on the first connection wait for it anyway."""
    stand = Stand(echo)
    gate = asyncio.Event()
    converse = stand._converse

    async def only_the_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if stand.connections:
            stand.connections += 1
            await gate.wait()
            writer.close()
        else:
            await converse(reader, writer)

    stand._converse = only_the_first  # type: ignore[method-assign]
    await stand.serve()
    try:
        async with connected(stand.port) as client:
            calls = [client.call("any", {"n": n}) for n in range(5)]
            assert await asyncio.wait_for(asyncio.gather(*calls), 2) == [{"n": n} for n in range(5)]
            await becomes(lambda: stand.connections == 2)
    finally:
        gate.set()
        await stand.close()


async def test_many_first_calls_at_once_open_one_connection() -> None:
    async with standing(echo) as stand:
        client = FakeClient("127.0.0.1", stand.port, SECRET, pool_size=1)
        await asyncio.gather(*(client.call("any", {}) for _ in range(10)))
        assert stand.connections == 1
        await client.disconnect()


async def test_ordered_calls_are_worked_on_in_their_order(application: RawApplication) -> None:
    async with connected(application.about["port"], pool_size=3) as client:
        busy = [asyncio.create_task(client.call("session.ping", {})) for _ in range(10)]
        names = [f"O{uuid4().hex}-{number}" for number in range(50)]
        made = await asyncio.gather(
            *(client.call("items.create", item(name), mutates=True, key=name, ordered=True) for name in names)
        )
        await asyncio.gather(*busy)
        serials = [each["serial"] for each in made]
        assert serials == sorted(serials)
