"""Connections of `/ws/{adapter}`: how they begin and end, what is refused, and that nothing of them stays."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cadgate.security.keys import KeyFile
from tests.gateway import COLD_WORKERS, NO_SPARES, Gateway, eventually
from tests.live import live

ADAPTERS = ("blender", "freecad")
each_adapter = pytest.mark.parametrize("adapter", ADAPTERS)


@pytest.mark.anyio
@each_adapter
async def test_a_connection_begins_with_a_hello(gateway: Gateway, adapter: str) -> None:
    async with live(gateway, adapter) as client:
        assert client.hello.keys() == {
            "type",
            "adapter",
            "session",
            "connection",
            "protocol",
            "heartbeat_seconds",
            "execute",
        }
        assert (client.hello["type"], client.hello["adapter"], client.hello["protocol"]) == ("hello", adapter, 1)


@pytest.mark.anyio
async def test_a_ping_gets_its_id_back(gateway: Gateway) -> None:
    async with live(gateway, "blender") as client:
        assert await client.ask(type="ping", id="p1") == {"type": "pong", "id": "p1"}
        assert await client.ask(type="ping", id=7) == {"type": "pong", "id": 7}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("text", "code", "identifier"),
    [
        ("{", "malformed_json", None),
        ("", "malformed_json", None),
        ("[" * 100 + "]" * 100, "malformed_json", None),
        ("7", "validation_error", None),
        ("null", "validation_error", None),
        ('{"id": 1}', "validation_error", 1),
        ('{"type": "nonsense", "id": "a"}', "validation_error", "a"),
        ('{"type": ["execute"], "id": "a"}', "validation_error", "a"),
        ('{"type": "execute", "id": "a"}', "validation_error", "a"),
        ('{"type": "execute", "code": "1"}', "validation_error", None),
        ('{"type": "execute", "id": "a", "code": 5}', "validation_error", "a"),
        ('{"type": "execute", "id": {}, "code": "1"}', "validation_error", None),
        ('{"type": "execute", "id": "a", "code": "1", "more": 1}', "validation_error", "a"),
        ('{"type": "execute", "id": "a", "code": "1", "timeout_seconds": -1}', "validation_error", "a"),
        ('{"type": "execute", "id": "a", "code": "1", "timeout_seconds": NaN}', "validation_error", "a"),
        ('{"type": "subscribe", "id": "a", "topics": ["nothing"]}', "validation_error", "a"),
        ('{"type": "interrupt", "id": "a"}', "not_found", "a"),
        (b"\x00\x01", "bad_request", None),
    ],
)
async def test_a_message_that_cannot_be_taken_is_answered_and_the_connection_stays(
    gateway: Gateway, text: str | bytes, code: str, identifier: str | int | None
) -> None:
    async with live(gateway, "freecad") as client:
        await client.socket.send(text)
        answer = await client.receive()
        assert (answer["type"], answer["error"]["code"], answer.get("id")) == ("error", code, identifier)
        assert answer["error"].keys() == {"code", "message", "details", "retryable", "request_id"}
        assert (await client.ask(type="ping", id=1))["type"] == "pong"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"type": "execute", "code": "1"}, {"timeout_seconds": "5"}),
        ({"type": "execute", "code": "1"}, {"timeout_seconds": True}),
        ({"type": "execute", "code": "1"}, {"cancel_on_disconnect": "true"}),
        ({"type": "call", "method": "objects.list"}, {"timeout_seconds": "5"}),
        ({"type": "call", "method": "objects.list"}, {"cancel_on_disconnect": 1}),
        ({"type": "call", "method": "objects.list"}, {"dry_run": "true"}),
        ({"type": "broadcast", "data": 1}, {"include_self": "yes"}),
        ({"type": "subscribe", "topics": ["objects"]}, {"since": "5"}),
    ],
)
async def test_no_field_of_a_message_is_converted(
    gateway: Gateway, message: dict[str, Any], field: dict[str, Any]
) -> None:
    async with live(gateway, "blender") as client:
        answer = await client.ask(**message, id=1, **field)
        assert (answer["type"], answer["error"]["code"]) == ("error", "validation_error")
        assert answer["error"]["details"]["errors"][0]["loc"] == list(field)
        assert (await client.ask(type="call", id=2, method="objects.list", timeout_seconds=5))["status"] == "success"


@pytest.mark.anyio
async def test_a_message_above_the_limit_is_refused_and_the_connection_stays(gateway: Gateway) -> None:
    async with live(gateway, "blender") as client:
        answer = await client.ask(type="execute", id=1, code="#" * (16 * 1024 * 1024))
        assert (answer["type"], answer["error"]["code"]) == ("error", "payload_too_large")
        assert (await client.ask(type="ping", id=1))["type"] == "pong"
        with pytest.raises(ConnectionClosed) as ended:
            await client.ask(type="execute", id=1, code="#" * (65 * 1024 * 1024))
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1009


@pytest.mark.anyio
async def test_a_foreign_origin_is_refused_before_the_upgrade(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with live(gateway, "blender", origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["error"]["code"] == "forbidden_origin"
    async with live(gateway, "blender", origin=gateway.url):
        pass


@pytest.mark.anyio
async def test_an_unknown_adapter_is_404_before_the_upgrade(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with live(gateway, "nothing"):
            pass
    assert refused.value.response.status_code == 404
    assert json.loads(refused.value.response.body)["error"]["code"] == "not_found"


@pytest.mark.anyio
async def test_the_list_shows_connections_while_they_are_open(gateway: Gateway, http: httpx.Client) -> None:
    async with live(gateway, "blender") as client:
        await client.ask(type="subscribe", id=1, topics=["status", "objects"])
        listed = (await asyncio.to_thread(http.get, "/ws")).json()["result"]
        mine = next(one for one in listed["connections"] if one["id"] == client.hello["connection"])
        assert (mine["adapter"], mine["topics"], mine["received"]) == ("blender", ["status", "objects"], 1)
        identifier = client.hello["connection"]
    eventually(lambda: identifier not in http.get("/ws").text, what="the end of the connection in the list")


@pytest.mark.anyio
async def test_a_connection_too_many_is_429_and_there_is_room_again_when_one_ends(tmp_path: Path) -> None:
    settings = {"CADGATE_WEBSOCKET_CONNECTIONS_PER_ADAPTER": "3", "CADGATE_WEBSOCKET_CONNECTIONS": "4"}
    gateway = Gateway(tmp_path / "state", environment={**settings, **COLD_WORKERS, **NO_SPARES}).start(ready=False)
    try:
        async with AsyncExitStack() as stack:
            for _ in range(3):
                await stack.enter_async_context(live(gateway, "blender"))
            with pytest.raises(InvalidStatus) as refused:
                await stack.enter_async_context(live(gateway, "blender"))
            assert refused.value.response.status_code == 429
            assert "connections_per_adapter" in json.loads(refused.value.response.body)["error"]["details"]["limit"]
            await stack.enter_async_context(live(gateway, "freecad"))
            with pytest.raises(InvalidStatus):
                await stack.enter_async_context(live(gateway, "freecad"))
        with gateway.client() as http:
            eventually(lambda: http.get("/ws").json()["result"]["total"] == 0, what="the end of all connections")
        async with live(gateway, "blender"):
            pass
    finally:
        gateway.stop()


@pytest.mark.anyio
async def test_a_heartbeat_comes_and_a_silent_peer_is_dropped(tmp_path: Path) -> None:
    gateway = Gateway(
        tmp_path / "state", environment={"CADGATE_WEBSOCKET_HEARTBEAT_SECONDS": "0.2", **COLD_WORKERS, **NO_SPARES}
    )
    gateway.start(ready=False)
    try:
        async with live(gateway, "blender") as client:
            assert client.hello["heartbeat_seconds"] == 0.2
            async with asyncio.timeout(10):
                assert json.loads(await client.socket.recv()) == {"type": "heartbeat"}
        # A peer whose program hangs: its system takes what comes, and nobody answers.
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(
            b"GET /ws/blender HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        async with asyncio.timeout(10):
            assert b"1011" not in await reader.readuntil(b"\r\n\r\n")
            assert b"keepalive" in await reader.read(-1)
        writer.close()
    finally:
        gateway.stop()


@pytest.mark.anyio
async def test_a_stopping_gateway_gives_running_code_its_result_and_closes_with_1001(own_gateway: Gateway) -> None:
    own_gateway.start()
    async with live(own_gateway, "blender") as client, live(own_gateway, "freecad") as idle:
        await client.send(type="execute", id="long", code="print('on')\nimport time\ntime.sleep(600)")
        assert (await client.receive())["text"] == "on\n"
        stopping = asyncio.create_task(asyncio.to_thread(own_gateway.stop))
        answer = await client.receive()
        assert (answer["type"], answer["id"], answer["status"]) == ("result", "long", "error")
        for one in (client, idle):
            with pytest.raises(ConnectionClosed) as ended:
                await one.receive()
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1001
        assert await stopping == 0


@pytest.mark.slow
@pytest.mark.anyio
@each_adapter
async def test_many_connections_one_after_the_other_leave_nothing_behind(
    gateway: Gateway, http: httpx.Client, adapter: str, long_form: bool
) -> None:
    count = 1000 if long_form else 120

    def held() -> tuple[int, int]:
        """Open files and kilobytes of the gateway."""
        status = Path(f"/proc/{gateway.pid}/status").read_text()
        memory = int(status.split("VmRSS:")[1].split()[0])
        return len(list(Path(f"/proc/{gateway.pid}/fd").iterdir())), memory

    async def round_trip(number: int) -> None:
        async with live(gateway, adapter) as client:
            await client.ask(type="subscribe", id="s", topics=["objects", "output"])
            assert (await client.run(f"{number} * 2"))[2]["result"]["value"] == number * 2

    for number in range(10):
        await round_trip(number)
    before = held()
    for number in range(count):
        await round_trip(number)
    eventually(lambda: http.get("/ws").json()["result"]["total"] == 0, what="the end of all connections")
    eventually(lambda: held()[0] <= before[0] + 2, what="the files of all connections closed")
    assert held()[1] - before[1] < 2_000 + 6 * count


def test_asyncapi_describes_every_message_with_a_schema_that_exists(http: httpx.Client) -> None:
    document = http.get("/asyncapi.json").json()
    assert document["asyncapi"] == "3.0.0"
    messages = document["components"]["messages"]
    names = {message["name"] for message in messages.values()}
    assert {"execute", "call", "interrupt", "subscribe", "unsubscribe", "broadcast", "ping"} <= names
    assert {"hello", "stream", "result", "event", "pong", "heartbeat", "error"} <= names
    text = json.dumps(document)
    for reference in {part.split('"')[0] for part in text.split('"$ref": "')[1:]}:
        target = document
        for segment in reference.removeprefix("#/").split("/"):
            target = target[segment]
        assert target


@pytest.mark.anyio
async def test_what_the_server_sends_fits_the_schemas_of_asyncapi(gateway: Gateway, http: httpx.Client) -> None:
    document = (await asyncio.to_thread(http.get, "/asyncapi.json")).json()
    schemas = document["components"]["schemas"]

    def check(message: dict[str, object]) -> None:
        names = [key for key, one in document["components"]["messages"].items() if one["name"] == message["type"]]
        validators = [
            jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})
            for name in names
        ]
        assert any(validator.is_valid(message) for validator in validators), message

    async with live(gateway, "blender") as client:
        check(client.hello)
        await client.send(type="subscribe", id=1, topics=["objects", "output"])
        await client.send(type="execute", id="x", code="print(1); 1/0")
        await client.send(type="ping", id=3)
        await client.socket.send("nonsense")
        seen: set[str] = set()
        while not {"result", "stream", "event", "pong", "error"} <= seen:
            message = await client.receive()
            check(message)
            seen.add(message["type"])


def test_a_console_page_uses_nothing_from_elsewhere(http: httpx.Client) -> None:
    page = http.get("/console/blender")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("<!doctype", "")
    for asset in ("console.js", "console.css"):
        answer = http.get(f"/console-assets/{asset}")
        assert answer.status_code == 200
        assert "https://" not in answer.text
    assert http.get("/console/nothing").status_code == 404
    assert http.get("/console-assets/nothing.js").status_code == 404


class Keyed(Gateway):
    """A gateway that wants keys, asked with one that may only read."""

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir, environment={"CADGATE_AUTH": "token", **COLD_WORKERS, **NO_SPARES})
        text, _ = KeyFile(state_dir).create("looker", ["read"])
        self.headers = {"Authorization": f"Bearer {text}"}


@pytest.mark.anyio
async def test_a_key_without_the_scope_may_look_and_not_execute(tmp_path: Path) -> None:
    gateway = Keyed(tmp_path / "state")
    try:
        gateway.start()
        with pytest.raises(InvalidStatus) as refused:
            async with live(gateway, "freecad"):
                pass
        assert refused.value.response.status_code == 401
        async with live(gateway, "freecad", additional_headers=gateway.headers) as client:
            execute = await client.ask(type="execute", id=1, code="1")
            assert (execute["type"], execute["error"]["code"]) == ("result", "forbidden")
            call = await client.ask(type="call", id=2, method="session.execute", params={"code": "1"})
            assert (call["type"], call["error"]["code"]) == ("result", "forbidden")
            assert (await client.ask(type="broadcast", id=3, data=1))["error"]["code"] == "forbidden"
            assert (await client.ask(type="call", id=4, method="objects.list"))["status"] == "success"
            assert (await client.ask(type="subscribe", id=5, topics=["objects"]))["status"] == "success"
    finally:
        gateway.stop()
