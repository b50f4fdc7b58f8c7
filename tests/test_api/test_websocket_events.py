"""Events of `/ws/{adapter}`: who caused them, who gets them, in what order, and what happens to slow readers."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from tests.gateway import Gateway
from tests.live import live

pytestmark = pytest.mark.anyio
each_adapter = pytest.mark.parametrize("adapter", ["blender", "freecad"])
CREATE = {"blender": "primitives/cube", "freecad": "primitives/box"}
CODE = {
    "blender": "o = bpy.data.objects.new({0!r}, None); bpy.context.scene.collection.objects.link(o)",
    "freecad": "App.ActiveDocument.addObject('Part::Box', {0!r}); App.ActiveDocument.recompute()",
}


@pytest.fixture
def routes(blender: httpx.Client, freecad: httpx.Client, adapter: str) -> httpx.Client:
    """The adapter's routes, with an empty document."""
    return {"blender": blender, "freecad": freecad}[adapter]


async def post(routes: httpx.Client, path: str, **body: object) -> dict[str, object]:
    answer = await asyncio.to_thread(routes.post, path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["result"]


@each_adapter
async def test_what_rest_does_is_told_once_to_every_subscriber_and_soon(
    gateway: Gateway, routes: httpx.Client, adapter: str
) -> None:
    async with live(gateway, adapter) as first, live(gateway, adapter) as second, live(gateway, adapter) as deaf:
        for client in (first, second):
            answer = await client.ask(type="subscribe", id="s", topics=["objects"])
            assert answer["result"] == {"topics": ["objects"]}
        waits: list[float] = []
        for number in range(10):
            made = await post(routes, CREATE[adapter], name=f"Told{number}")
            answered = time.monotonic()
            events = [await client.receive() for client in (first, second)]
            waits.append(time.monotonic() - answered)
            for event in events:
                assert event.keys() == {"type", "topic", "data", "seq"}
                assert (
                    event["data"].items()
                    >= {"action": "created", "name": f"Told{number}", "type": made["type"]}.items()
                )
            assert events[0] == events[1]
            if adapter == "freecad":
                assert events[0]["data"]["document"] == "Test"
        assert sorted(waits)[5] < 0.05
        assert (await deaf.ask(type="ping", id=1))["type"] == "pong"


@each_adapter
async def test_changes_and_deletions_are_told_too(gateway: Gateway, routes: httpx.Client, adapter: str) -> None:
    async with live(gateway, adapter) as client:
        await client.ask(type="subscribe", id="s", topics=["objects"])
        await post(routes, CREATE[adapter], name="Thing")
        await client.event("objects", action="created", name="Thing")
        moved = await asyncio.to_thread(routes.patch, "/objects/Thing", json={"location": [1, 2, 3]})
        assert moved.status_code == 200
        await client.event("objects", action="changed", name="Thing")
        assert (await asyncio.to_thread(routes.delete, "/objects/Thing")).status_code == 200
        await client.event("objects", action="deleted", name="Thing")


async def test_nothing_is_told_of_requests_that_freecad_refused(gateway: Gateway, freecad: httpx.Client) -> None:
    await post(freecad, "/primitives/box", name="A")
    away = {"method": "objects.update", "params": {"name": "A", "location": [9, 9, 9]}}
    gone = {"method": "objects.delete", "params": {"name": "A"}}
    nobody = {"method": "objects.get", "params": {"name": "Nobody"}}
    tiny = {"method": "primitives.box", "params": {"name": "Tiny", "length": 1e-8}}
    good = {"method": "primitives.box", "params": {"name": "Good"}}
    async with live(gateway, "freecad") as client:
        await client.ask(type="subscribe", id="s", topics=["objects", "scene"])
        for verb, path, body in (
            ("PATCH", "/objects/A", {"properties": {"Length": 0}}),
            ("PATCH", "/objects/A", {"location": [1, 2, 3], "properties": {"Length": -1}}),
            ("POST", "/primitives/box", {"name": "Tiny", "length": 1e-8}),
            ("POST", "/batch", {"atomic": True, "calls": [away, nobody]}),
            ("POST", "/batch", {"atomic": True, "calls": [gone, nobody]}),
        ):
            answer = await asyncio.to_thread(freecad.request, verb, path, json=body)
            assert answer.status_code in (404, 422), answer.text
            assert (await client.receive_or_pong())["type"] == "pong", (path, body)
        await post(freecad, "/batch", calls=[good, tiny, away])
        first, second = await client.receive(), await client.receive()
        assert [(each["data"]["action"], each["data"]["name"]) for each in (first, second)] == [
            ("created", "Good"),
            ("changed", "A"),
        ]
        assert (await client.receive_or_pong())["type"] == "pong"


async def test_what_happens_to_whole_documents_of_freecad_is_told(gateway: Gateway, freecad: httpx.Client) -> None:
    async with live(gateway, "freecad") as client:
        await client.ask(type="subscribe", id="s", topics=["scene"])
        await post(freecad, "/documents", name="Second")
        assert (await client.receive())["data"] == {"action": "created", "document": "Second"}
        await post(freecad, "/documents/Second/activate")
        assert (await client.receive())["data"] == {"action": "activated", "document": "Second"}
        await post(freecad, "/primitives/box", name="A")
        await client.ask(type="subscribe", id="o", topics=["objects"])
        assert (await asyncio.to_thread(freecad.delete, "/documents/Second")).is_success
        told = [(await client.receive())["data"] for _ in range(3)]
        assert {"action": "deleted", "document": "Second"} in told
        assert {"action": "activated", "document": "Test"} in told
        assert {"action": "deleted", "name": "A", "type": "Part::Box", "document": "Second"} in told
        assert (await client.receive_or_pong())["type"] == "pong"


@each_adapter
async def test_what_code_and_calls_of_other_clients_do_is_told(
    gateway: Gateway, routes: httpx.Client, adapter: str
) -> None:
    async with live(gateway, adapter) as watcher, live(gateway, adapter) as worker:
        await watcher.ask(type="subscribe", id="s", topics=["objects"])
        assert (await worker.run(CODE[adapter].format("ByCode")))[2]["status"] == "success"
        await watcher.event("objects", action="created", name="ByCode")
        params = {"name": "ByCall"}
        await worker.ask(type="call", id="c", method=CREATE[adapter].replace("/", "."), params=params)
        await watcher.event("objects", action="created", name="ByCall")


@each_adapter
async def test_an_event_comes_once_however_many_calls_are_in_flight(
    gateway: Gateway, routes: httpx.Client, adapter: str
) -> None:
    async with live(gateway, adapter) as client:
        await client.ask(type="subscribe", id="s", topics=["objects"])
        names = {f"Many{number}" for number in range(24)}
        await asyncio.gather(*(post(routes, CREATE[adapter], name=name) for name in names))
        await post(routes, CREATE[adapter], name="Last")
        events = await client.until(lambda one: one["data"]["name"] == "Last")
        created = [one["data"]["name"] for one in events if one["data"]["action"] == "created"]
        assert sorted(created) == sorted({*names, "Last"})
        numbers = [one["seq"] for one in events]
        assert numbers == sorted(set(numbers))


async def test_unsubscribing_ends_it_and_topics_are_told(gateway: Gateway, blender: httpx.Client) -> None:
    async with live(gateway, "blender") as client:
        await client.ask(type="subscribe", id=1, topics=["objects", "status"])
        more = await client.ask(type="subscribe", id=2, topics=["clients", "objects"])
        assert more["result"] == {"topics": ["objects", "status", "clients"]}
        left = await client.ask(type="unsubscribe", id=3, topics=["objects", "scene"])
        assert left["result"] == {"topics": ["status", "clients"]}
        await post(blender, CREATE["blender"])
        assert (await client.receive_or_pong())["type"] == "pong"


async def test_a_broadcast_reaches_the_other_clients_of_the_adapter(gateway: Gateway) -> None:
    data = {"cursor": [1, 2.5, None], "text": "grüße"}
    async with live(gateway, "blender") as sender, live(gateway, "blender") as other, live(gateway, "freecad") as apart:
        for client in (sender, other, apart):
            await client.ask(type="subscribe", id="s", topics=["clients"])
        answer = await sender.ask(type="broadcast", id="b", data=data)
        assert (answer["status"], answer["result"]) == ("success", {"delivered": 1})
        event = await other.receive()
        assert (event["topic"], event["data"]) == ("clients", data)
        await sender.send(type="broadcast", id="b", data="to me too", include_self=True)
        both = [await sender.receive(), await sender.receive()]
        assert [one["data"] for one in both if one["type"] == "event"] == ["to me too"]
        assert (await other.receive())["data"] == "to me too"
        assert (await apart.receive_or_pong())["type"] == "pong"


@each_adapter
async def test_long_work_is_told_as_busy_and_then_up(gateway: Gateway, adapter: str) -> None:
    async with live(gateway, adapter) as watcher, live(gateway, adapter) as worker:
        await watcher.ask(type="subscribe", id="s", topics=["status"])
        await worker.send(type="execute", id=1, code="import time; time.sleep(1.3)")
        busy = await watcher.event("status", status="busy")
        assert busy["data"]["method"] == "session.execute"
        await watcher.event("status", status="up")


async def test_output_can_be_watched_by_others(gateway: Gateway) -> None:
    async with live(gateway, "freecad") as watcher, live(gateway, "freecad") as worker:
        await watcher.ask(type="subscribe", id="s", topics=["output"])
        await worker.run("print('hello')")
        event = await watcher.event("output", text="hello\n")
        assert event["data"]["name"] == "stdout"


async def test_a_client_that_comes_back_gets_what_it_missed(gateway: Gateway, freecad: httpx.Client) -> None:
    async with live(gateway, "freecad") as client:
        await client.ask(type="subscribe", id="s", topics=["objects"])
        await post(freecad, CREATE["freecad"], name="Seen")
        seen = await client.event("objects", name="Seen")
    await post(freecad, CREATE["freecad"], name="MissedA")
    await post(freecad, CREATE["freecad"], name="MissedB")
    async with live(gateway, "freecad") as client:
        answer = await client.ask(type="subscribe", id="s", topics=["objects"], since=seen["seq"])
        assert (answer["result"]["topics"], answer["result"]["reload"]) == (["objects"], False)
        missed = [await client.receive(), await client.receive()]
        assert [one["data"]["name"] for one in missed] == ["MissedA", "MissedB"]
        assert missed[-1]["seq"] == answer["result"]["seq"]
        unknown = await client.ask(type="subscribe", id="s", topics=["objects"], since=seen["seq"] + 1_000_000)
        assert unknown["result"]["reload"] is True


async def test_a_slow_reader_loses_its_oldest_events_never_its_results_and_is_told_how_many(gateway: Gateway) -> None:
    async with live(gateway, "blender", max_queue=1) as slow, live(gateway, "blender") as sender:
        await slow.ask(type="subscribe", id="s", topics=["clients"])
        await slow.socket.send('{"type": "ping", "id": "begin"}')
        filler = "z" * 200_000
        for number in range(80):
            await sender.ask(type="broadcast", id="b", data={"number": number, "filler": filler})
        await slow.socket.send('{"type": "call", "id": "kept", "method": "objects.list"}')
        await sender.ask(type="broadcast", id="b", data={"number": 80, "filler": ""})
        messages = await slow.until(lambda one: one["type"] == "event" and one["data"]["number"] == 80, 30)
        if not any(one["type"] == "result" for one in messages):
            messages += await slow.until(lambda one: one["type"] == "result")
        events = [one for one in messages if one["type"] == "event"]
        numbers = [one["data"]["number"] for one in events]
        assert numbers == sorted(numbers)
        dropped = sum(one.get("dropped", 0) for one in events)
        assert dropped > 0
        assert dropped + len(events) == 81
        assert [one["id"] for one in messages if one["type"] == "result"] == ["kept"]


@each_adapter
async def test_a_restart_is_told(gateway: Gateway, routes: httpx.Client, adapter: str) -> None:
    async with live(gateway, adapter) as client:
        await client.ask(type="subscribe", id="s", topics=["status"])
        assert (await asyncio.to_thread(routes.post, "/restart")).status_code == 202
        down = await client.event("status", status="down")
        assert down["data"]["reason"] == "it was killed by the gateway: asked for by a client"
        up = await client.event("status", status="restarted")
        assert isinstance(up["data"]["pid"], int)
