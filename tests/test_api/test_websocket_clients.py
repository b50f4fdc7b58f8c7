"""Many clients at once on the WebSocket, clients that vanish or do not read, and calls by it."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from tests.gateway import Gateway
from tests.live import Message, live, printed
from tests.test_api.test_websocket_execution import each_adapter

pytestmark = pytest.mark.anyio


@each_adapter
async def test_twenty_clients_at_once_each_get_their_own_output_and_value(gateway: Gateway, adapter: str) -> None:
    async def one(number: int) -> None:
        async with live(gateway, adapter) as client:
            for turn in range(3):
                out, _, result = await client.run(f"print('client {number} {turn}'); {number} * 1000 + {turn}")
                assert (out, result["result"]["value"]) == (f"client {number} {turn}\n", number * 1000 + turn)

    await asyncio.gather(*(one(number) for number in range(20)))


async def test_a_client_that_vanishes_leaves_its_code_running_unless_it_asked_otherwise(
    gateway: Gateway, http: httpx.Client
) -> None:
    async def left(**more: object) -> None:
        async with live(gateway, "freecad") as client:
            code = "finished = False\nprint('on')\nimport time; time.sleep(0.7)\nfinished = True"
            await client.send(type="execute", id=1, code=code, **more)
            await client.until(lambda one: one["type"] == "stream")
            client.socket.transport.abort()

    async with live(gateway, "freecad") as watcher:
        await left()
        assert (await watcher.run("finished"))[2]["result"]["value"] is True
        began = time.monotonic()
        await left(cancel_on_disconnect=True)
        assert (await watcher.run("finished"))[2]["result"]["value"] is False
        assert time.monotonic() - began < 0.7
        listed = (await asyncio.to_thread(http.get, "/ws")).json()["result"]
        assert [one["id"] for one in listed["connections"]] == [watcher.hello["connection"]]


async def test_a_client_that_stops_reading_delays_nobody_and_gets_its_results_later(gateway: Gateway) -> None:
    async with live(gateway, "freecad", max_queue=1) as slow, live(gateway, "freecad") as other:
        for number in range(3):
            await slow.send(type="execute", id=number, code="for i in range(100): print('y' * 40_000)")
        began = time.monotonic()
        assert (await asyncio.wait_for(other.run("5"), 20))[2]["result"]["value"] == 5
        assert time.monotonic() - began < 15
        messages: list[Message] = []
        for number in range(3):
            messages += await slow.until(lambda one: one["type"] == "result", 30)
            assert messages[-1]["id"] == number
        for number in range(3):
            own = [one for one in messages if one["id"] == number]
            assert printed(own, "stdout") == ("y" * 40_000 + "\n") * 100
            assert own[-1]["type"] == "result"


async def test_a_call_has_the_same_checks_and_errors_as_rest(gateway: Gateway, blender: httpx.Client) -> None:
    async with live(gateway, "blender") as client:

        async def call(method: str, **params: object) -> dict[str, object]:
            return await client.ask(type="call", id="c", method=method, params=params)

        made = await call("primitives.cube", name="Live")
        assert made["status"] == "success"
        assert made["result"] == (await asyncio.to_thread(blender.get, "/objects/Live")).json()["result"]
        taken = await call("primitives.cube", name="Live")
        assert taken["error"]["code"] == "name_taken"
        wrong = await call("primitives.cube", size="big")
        assert (wrong["type"], wrong["error"]["code"]) == ("result", "validation_error")
        assert wrong["error"]["details"]["errors"][0]["loc"] == ["size"]
        assert (await call("primitives.nothing"))["error"]["code"] == "not_found"
        assert (await call("objects.get", name="Nothing"))["error"]["code"] == "object_not_found"
        dry = await client.ask(type="call", id="d", method="objects.delete", params={"name": "Live"}, dry_run=True)
        assert dry["result"] == {"dry_run": True}
        twice = [
            await client.ask(type="call", id="k", method="primitives.cube", params={}, idempotency_key="ws-1")
            for _ in range(2)
        ]
        assert twice[0] == twice[1]


async def test_a_document_is_named_in_the_params_of_a_freecad_call(gateway: Gateway, freecad: httpx.Client) -> None:
    await asyncio.to_thread(freecad.post, "/documents", json={"name": "Second"})
    async with live(gateway, "freecad") as client:
        params = {"name": "There", "document": "Second"}
        assert (await client.ask(type="call", id=1, method="primitives.box", params=params))["status"] == "success"
        active = await client.ask(type="call", id=2, method="objects.list")
        assert active["result"]["total"] == 0
        assert (await client.run("App.ActiveDocument.Name"))[2]["result"]["value"] == "Test"


async def test_execution_may_not_stand_in_an_atomic_batch(blender: httpx.Client) -> None:
    call = {"method": "session.execute", "params": {"code": "1"}}
    refused = await asyncio.to_thread(blender.post, "/batch", json={"calls": [call], "atomic": True})
    assert (refused.status_code, refused.json()["error"]["details"]["index"]) == (422, 0)
    done = await asyncio.to_thread(blender.post, "/batch", json={"calls": [call]})
    assert done.json()["result"]["results"][0]["result"]["value"] == 1


async def test_what_code_changed_can_be_undone(gateway: Gateway, freecad: httpx.Client) -> None:
    async with live(gateway, "freecad") as client:
        await client.run("App.ActiveDocument.addObject('Part::Box', 'Gone'); App.ActiveDocument.recompute()")
        assert (await asyncio.to_thread(freecad.get, "/objects/Gone")).status_code == 200
        assert (await asyncio.to_thread(freecad.post, "/undo")).status_code == 200
        assert (await asyncio.to_thread(freecad.get, "/objects/Gone")).status_code == 404
