"""Agents with sessions and jobs of their own: two never mix, keys see their own alone, long work goes on by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from mcp.shared.exceptions import MCPError

from tests.agents.agent import agent
from tests.gateway import NO_SPARES, Gateway, eventually
from tests.test_api.keyed import new_key

pytestmark = pytest.mark.anyio

FREECAD_ONLY = {"CADGATE_BLENDER_ENABLED": "false"}


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that wants keys, with FreeCAD alone, and no session for everybody."""
    environment = {"CADGATE_AUTH": "token", "CADGATE_SHARED_DEFAULT": "false", **FREECAD_ONLY, **NO_SPARES}
    running = Gateway(tmp_path_factory.mktemp("keyed"), environment=environment).start(ready=False)
    try:
        with new_key(running, "read").client() as client:
            eventually(lambda: client.get("/ready").is_success, seconds=60, what="FreeCAD up")
        yield running
    finally:
        code = running.stop()
    assert code == 0, running.log.read_text()[-4000:]


async def test_two_agents_in_two_sessions_never_mix(gateway: Gateway) -> None:
    async with agent(gateway.url) as one, agent(gateway.url, mode="legacy") as other:
        made = [
            await each.done("sessions", action="create", application="freecad", name=name, idempotency_key=f"s-{name}")
            for each, name in ((one, "first"), (other, "second"))
        ]
        first, second = (each["id"] for each in made)
        again = await one.done(
            "sessions", action="create", application="freecad", name="first", idempotency_key="s-first"
        )
        assert again["id"] == first != second

        async def work(session: str, length: int) -> None:
            async with agent(gateway.url) as worker:
                for _ in range(8):
                    made = await worker.done(
                        "call",
                        application="freecad",
                        session=session,
                        method="primitives.box",
                        params={"length": length, "width": 1, "height": 1},
                    )
                    assert made["volume"] == pytest.approx(length)

        await asyncio.gather(work(first, 2), work(second, 3))
        for session, length in ((first, 2), (second, 3)):
            listed = await one.done(
                "call", application="freecad", session=session, method="objects.list", params={"limit": 100}
            )
            assert [each["volume"] for each in listed["objects"]] == pytest.approx([length] * 8)
        forked = await one.done("sessions", action="fork", session=first)
        assert forked["id"] not in (first, second)
        counts = await one.done(
            "batch", application="freecad", session=forked["id"], calls=[{"method": "objects.list"}]
        )
        assert counts["results"][0]["result"]["total"] == 8
        listed = await one.done("sessions", application="freecad")
        assert {first, second, forked["id"]} <= {each["id"] for each in listed["sessions"]}
        for session in (first, second, forked["id"]):
            assert (await one.done("sessions", action="delete", session=session))["deleted"] == session
        error = await one.refused("call", application="freecad", session=first, method="objects.list")
        assert (error["code"], error["details"]["reason"]) == ("session_ended", "deleted")
        error = await one.refused("sessions", action="get")
        assert "session" in error["message"]


@pytest.mark.security
async def test_a_key_sees_its_own_alone(keyed: Gateway) -> None:
    mine, theirs = new_key(keyed, "read,write"), new_key(keyed, "read,write,execute")
    async with agent(keyed.url, key=mine.text) as one, agent(keyed.url, key=theirs.text, mode="legacy") as other:
        error = await one.refused("call", application="freecad", method="objects.list")
        assert error["code"] == "session_not_found"
        session = (await one.done("sessions", action="create", application="freecad"))["id"]
        here = {"application": "freecad", "session": session}
        await one.done("call", **here, method="primitives.box")
        artifact = (await one.done("export", **here, format="step"))["artifact"]
        job = await one.done("export", **here, format="brep", background=True)

        assert (await other.done("sessions"))["total"] == 0
        assert (await other.done("jobs"))["total"] == 0
        for tool, arguments in (
            ("call", {**here, "method": "objects.list"}),
            ("batch", {**here, "calls": [{"method": "objects.list"}]}),
            ("execute", {**here, "code": "1"}),
            ("measure", {**here, "object": "Box"}),
            ("export", {**here, "format": "step"}),
            ("import", {**here, "artifact": artifact["id"]}),
            ("sessions", {"action": "get", "session": session}),
            ("sessions", {"action": "delete", "session": session}),
            ("sessions", {"action": "create", "application": "freecad", "from": {"session": session}}),
        ):
            assert (await other.refused(tool, **arguments))["code"] == "session_not_found", (tool, arguments)
        for action in ("get", "cancel", "retry"):
            assert (await other.refused("jobs", action=action, job=job["id"]))["code"] == "job_not_found"
        with pytest.raises(MCPError, match="no resource"):
            await other.client.read_resource(f"cadgate://artifacts/{artifact['id']}")
        uris = [str(each.uri) for each in (await other.client.list_resources()).resources]
        assert not [uri for uri in uris if "artifacts" in uri]
        own = (await other.done("sessions", action="create", application="freecad"))["id"]
        error = await other.refused("import", application="freecad", session=own, artifact=artifact["id"])
        assert error["code"] == "artifact_not_found"

        ended = await one.done("jobs", job=job["id"], wait=60)
        assert ended["state"] == "succeeded"
    reader = new_key(keyed, "read")
    async with agent(keyed.url, key=reader.text) as reading:
        for tool, arguments in (
            ("sessions", {"action": "create", "application": "freecad"}),
            ("jobs", {"action": "cancel", "job": job["id"]}),
        ):
            assert (await reading.refused(tool, **arguments))["code"] == "forbidden"


async def test_long_work_is_a_job(gateway: Gateway) -> None:
    async with agent(gateway.url) as one:
        session = (await one.done("sessions", action="create", application="freecad"))["id"]
        here = {"application": "freecad", "session": session}
        await one.done("call", **here, method="primitives.box", params={"length": 3})
        job = await one.done("export", **here, format="step", background=True, idempotency_key="e-1")
        assert (job["method"], job["session"]) == ("exchange.export", session)
        result = await one.use("jobs", job=job["id"], wait=60)
        ended = result.structured_content["result"]
        assert ended["state"] == "succeeded"
        assert [block.name for block in result.content if block.type == "resource_link"] == [
            ended["result"]["artifact"]["name"]
        ]
        again = await one.done("export", **here, format="step", background=True, idempotency_key="e-1")
        assert again["id"] == job["id"]
        whole = await one.done("batch", **here, calls=[{"method": "objects.list"}], background=True)
        ended = await one.done("jobs", action="get", job=whole["id"], wait=60)
        assert ended["result"]["results"][0]["result"]["total"] == 1
        listed = await one.done("jobs", session=session)
        assert {each["id"] for each in listed["jobs"]} == {job["id"], whole["id"]}
        error = await one.refused("jobs", action="retry", job=job["id"])
        assert error["code"] == "conflict"
        await one.done("sessions", action="delete", session=session)
