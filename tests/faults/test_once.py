"""The same key gives the same answer and does the work once: over deaths of the application and of the gateway."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from tests.faults.conftest import Session
from tests.live import live

CREATE = {"blender": "primitives.cube", "freecad": "primitives.box"}
CODE = {
    "blender": "import bpy; bpy.context.scene.collection.objects.link(bpy.data.objects.new('Coded', None)); 'made'",
    "freecad": "import FreeCAD; FreeCAD.ActiveDocument.addObject('App::FeaturePython', 'Coded').Name",
}


def requests(adapter: str) -> dict[str, tuple[str, Any]]:
    """By key: the path and the body of a change."""
    create = CREATE[adapter]
    three = [{"method": create, "params": {}}] * 3
    return {
        "one": ("/" + create.replace(".", "/"), {}),
        "each": ("/batch", {"calls": [*three, {"method": "objects.delete", "params": {"name": "nobody"}}]}),
        "all": ("/batch", {"calls": three, "atomic": True}),
        "code": ("/batch", {"calls": [{"method": "session.execute", "params": {"code": CODE[adapter]}}]}),
        "undo": ("/undo", None),
    }


@pytest.mark.anyio
async def test_changes_that_are_sent_again_are_answered_and_not_made_again(session: Session) -> None:
    client, create = session.client, CREATE[session.adapter]
    first: dict[str, Any] = {}
    for key, (path, body) in requests(session.adapter).items():
        answer = client.post(path, json=body, headers={"Idempotency-Key": key})
        assert answer.is_success, answer.text
        first[key] = told(answer.json())
    message = {"type": "call", "id": 1, "method": create, "params": {}, "idempotency_key": "socket"}
    async with live(session.gateway, session.adapter) as socket:
        called = await socket.ask(**message)
    names = everything(session)

    async def again() -> None:
        for key, (path, body) in requests(session.adapter).items():
            answer = client.post(path, json=body, headers={"Idempotency-Key": key})
            assert told(answer.json()) == first[key], key
        other = client.post("/" + create.replace(".", "/"), json={"name": "Other"}, headers={"Idempotency-Key": "one"})
        assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_conflict")
        async with live(session.gateway, session.adapter) as socket:
            assert (await socket.ask(**message))["result"] == called["result"]
        assert everything(session) == names

    await again()
    session.kill()
    await again()
    session.gateway.signal(signal.SIGKILL)
    session.gateway.wait()
    session.gateway.start()
    await again()
    assert session.gateway.stop() == 0
    session.gateway.start()
    await again()


def told(answer: dict[str, Any]) -> Any:
    """An answer without what belongs to the request alone."""
    results = answer["result"].get("results", ())
    for each in results:
        each.get("error", {}).pop("request_id", None)
    return answer


def everything(session: Session) -> list[str]:
    return sorted(each["name"] for each in session.client.get("/objects").json()["result"]["objects"])
