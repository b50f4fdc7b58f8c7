"""Attacks by saying that a file is trusted, which is running what is in it: by every door, in every way to say it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.field import OPEN, Field
from tests.attack.promises_files import REGISTERED, SAVE

_PARTS = (
    "import FreeCAD\ndoc = FreeCAD.newDocument('A')\ndoc.addObject('Part::Box', 'B')\ndoc.recompute()\ndoc.saveAs(out)"
)
FILES = {"blender": ("a.blend", REGISTERED + SAVE), "freecad": ("a.FCStd", _PARTS)}
METHODS = {"blender": ("scene.open", "exchange.import"), "freecad": ("documents.open", "exchange.import")}


def trusted(adapter: str, field: Field) -> Outcome:
    """No key without `execute` gets a file read as it is; with `allow_execute` off, none at all."""
    name, code = FILES[adapter]
    data = field.prepare(adapter, code)
    with field.client(scopes="read,write") as client:
        artifact = client.post("/artifacts", files={"file": (name, data)}).json()["result"]["id"]
    tried = 0
    for scopes in (field.scopes,) if field.allows_execute else (field.scopes, "read,write,execute"):
        for said, ok in _ways(field, adapter, scopes, artifact, name, data):
            tried += 1
            if ok:
                return broke(f"a key {scopes} opened a file as trusted: {said}")
    return field.assert_quiet(f"refused, {tried} times: 403 forbidden", adapter)


def _ways(field: Field, adapter: str, scopes: str, artifact: str, name: str, data: bytes) -> Iterator[tuple[str, bool]]:
    """What was sent, and whether it was done."""
    with field.client(f"/api/v1/{adapter}", scopes=scopes) as client:
        for path in (OPEN[adapter], "/import"):
            upload = {"file": (name, data)}
            answers: dict[str, httpx.Response] = {
                "in the query": client.post(path, files=upload, params={"trusted": "true"}),
                "in the query, twice": client.post(f"{path}?trusted=false&trusted=true", files=upload),
                "in the form": client.post(path, files=upload, data={"trusted": "true"}),
                "in the form, as 1": client.post(path, files=upload, data={"trusted": "1"}),
                "in the body": client.post(path, json={"artifact": artifact, "trusted": True}),
            }
            for words, answer in answers.items():
                yield f"{path}, {words}", answer.is_success
        for method in METHODS[adapter]:
            call = {"method": method, "params": {"artifact": artifact, "trusted": True}}
            answer = client.post("/batch", json={"calls": [call]})
            results: list[dict[str, Any]] = (
                answer.json().get("result", {}).get("results", []) if answer.is_success else []
            )
            yield f"{method} in a batch", any(each["status"] == "success" for each in results)
    with field.socket(adapter, scopes=scopes) as live:
        for method in METHODS[adapter]:
            params = {"artifact": artifact, "trusted": True}
            live.send(json.dumps({"type": "call", "id": method, "method": method, "params": params}))
            message = json.loads(live.recv(timeout=30))
            while message.get("id") != method and message["type"] != "error":
                message = json.loads(live.recv(timeout=30))
            yield f"{method} by a WebSocket", message.get("status") == "success"


ATTACKS = [Attack(f"trusted-file-in-{adapter}", "trusted", adapter, partial(trusted, adapter)) for adapter in FILES]
