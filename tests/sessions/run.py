"""The run: clients make random calls in random sessions, while applications and the gateway are killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tests.gateway import Gateway
from tests.sessions.model import Model
from tests.test_api.keyed import Holder

AGAIN = frozenset((408, 429, 500, 502, 503, 504))
PATIENCE = 60.0
MAKE = {"blender": "/primitives/cube", "freecad": "/primitives/box"}
CODE = {
    "blender": "import bpy\no = bpy.data.objects.new({name!r}, bpy.data.meshes.new({name!r}))\n"
    "o.location.x = {x}\nbpy.context.scene.collection.objects.link(o)",
    "freecad": "o = App.ActiveDocument.addObject('Part::Box', {name!r})\n"
    "o.Placement.Base = App.Vector({x}, 0, 0)\nApp.ActiveDocument.recompute()",
}
WEIGHTS = {
    "create": 40, "change": 14, "remove": 8, "undo": 10, "execute": 2, "repeat": 8, "fork": 3, "suspend": 6,
    "compare": 6, "end": 2, "strange": 1,
}  # fmt: skip


@dataclass
class Plan:
    """How large the run is."""

    seed: int
    calls: int
    sessions: int
    clients: int
    applications: tuple[str, ...]
    kill_application: int
    """One in so many calls is followed by the kill of an application."""
    kill_gateway: int
    """The same for the gateway; 0: never."""


class Run:
    """One run on a gateway that wants keys, of two owners."""

    def __init__(self, plan: Plan, gateway: Gateway, owners: tuple[Holder, Holder]) -> None:
        self.plan = plan
        self.gateway = gateway
        self.owners = owners
        self.random = random.Random(plan.seed)
        self.models: dict[str, Model] = {}
        self.ended: list[Model] = []
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self._free: set[str] = set()
        self._freed = asyncio.Event()
        """Set when a session has become free."""
        self._numbers = itertools.count(1)
        self._left = plan.calls
        self._clients: list[httpx.AsyncClient] = []
        self._up = asyncio.Event()
        self._up.set()

    async def run(self) -> None:
        """Make the sessions, call, compare everything at the end."""
        for owner in self.owners:
            self._clients.append(
                httpx.AsyncClient(
                    base_url=self.gateway.url + "/api/v1", headers=owner.headers, timeout=120, trust_env=False
                )
            )
        for number in range(self.plan.sessions):
            await self._make(self.plan.applications[number % len(self.plan.applications)], number % 2)
        async with asyncio.TaskGroup() as group:
            for _ in range(self.plan.clients):
                group.create_task(self._client())
        for model in list(self.models.values()):
            await self._compare(model)
        await self._check_lists()
        for client in self._clients:
            await client.aclose()

    # --- requests ------------------------------------------------------------------------------------------------

    def _key(self) -> str:
        return f"{self.plan.seed}-{next(self._numbers)}"

    async def _ask(self, owner: int, verb: str, path: str, *, key: str | None = None, **options: Any) -> httpx.Response:
        """Send a request until it is answered for good."""
        headers = {**options.pop("headers", {}), **({"Idempotency-Key": key} if key else {})}
        until = time.monotonic() + PATIENCE
        while True:
            await self._up.wait()
            with suppress(httpx.TransportError):
                answer = await self._clients[owner].request(verb, path, headers=headers, **options)
                if answer.status_code not in AGAIN:
                    return answer
                if time.monotonic() > until:
                    self.wrong.append(f"{verb} {path}: still {answer.status_code} {answer.text[:300]}")
                    return answer
            if time.monotonic() > until:
                raise TimeoutError(f"{verb} {path}")
            await asyncio.sleep(0.1)

    async def _in(self, model: Model, verb: str, path: str, *, key: str | None = None, **options: Any) -> Any:
        return await self._ask(
            model.owner, verb, f"/{model.application}{path}", key=key, headers={"Cadgate-Session": model.id}, **options
        )

    def _make_free(self, session: str) -> None:
        self._free.add(session)
        self._freed.set()

    # --- actions -------------------------------------------------------------------------------------------------

    async def _client(self) -> None:
        while self._left > 0:
            self._left -= 1
            if not self.models:
                return  # all were deleted
            if not self._free:
                self._freed.clear()
                await self._freed.wait()
                continue
            chosen = self.random.choice(sorted(self._free))
            action = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            self._free.discard(chosen)
            model = self.models[chosen]
            try:
                await getattr(self, f"_{action}")(model)
                self.done[action] += 1
            finally:
                if chosen in self.models:
                    self._make_free(chosen)
            await self._perhaps_kill(model)

    async def _make(self, application: str, owner: int) -> None:
        answer = await self._ask(owner, "POST", "/sessions", json={"application": application}, key=self._key())
        assert answer.status_code in (201, 202), answer.text
        model = Model(answer.json()["result"]["id"], application, owner)
        if model.id in self.models:
            self.wrong.append(f"the id {model.id} was given twice")
        self.models[model.id] = model
        self._make_free(model.id)

    async def _create(self, model: Model) -> None:
        name, x = f"N{next(self._numbers)}", float(self.random.randrange(100))
        await self._mutate(model, MAKE[model.application], {"name": name, "location": [x, 0, 0]}, name, x)

    async def _mutate(self, model: Model, path: str, body: dict[str, object], name: str, x: float) -> None:
        key = self._key()
        answer = await self._in(model, "POST", path, json=body, key=key)
        if answer.status_code == 201:
            model.change(name, x)
            model.answers[key] = (path, body, answer.json()["result"])
        else:
            self.wrong.append(f"create in {model.id}: {answer.status_code} {answer.text[:300]}")

    async def _change(self, model: Model) -> None:
        if not model.objects:
            return
        name, x = self.random.choice(sorted(model.objects)), float(self.random.randrange(100, 200))
        answer = await self._in(model, "PATCH", f"/objects/{name}", json={"location": [x, 0, 0]}, key=self._key())
        if answer.status_code == 200:
            model.change(name, x)
        else:
            self.wrong.append(f"change of {name} in {model.id}: {answer.status_code} {answer.text[:300]}")

    async def _remove(self, model: Model) -> None:
        if not model.objects:
            return
        name = self.random.choice(sorted(model.objects))
        answer = await self._in(model, "DELETE", f"/objects/{name}", key=self._key())
        if answer.status_code == 200:
            model.change(name, None)
        else:
            self.wrong.append(f"removal of {name} in {model.id}: {answer.status_code} {answer.text[:300]}")

    async def _undo(self, model: Model) -> None:
        answer = await self._in(model, "POST", "/undo", key=self._key())
        if answer.status_code == 200 and model.past:
            model.undo()
        elif answer.status_code == 409 and (not model.past or model.application in UNDO_IS_BOUNDED):
            return
        else:
            self.wrong.append(f"undo in {model.id}: {answer.status_code} {answer.text[:300]}")

    async def _execute(self, model: Model) -> None:
        name, x = f"E{next(self._numbers)}", float(self.random.randrange(100))
        if not model.objects:
            return  # FreeCAD's document is made with the first object
        code = CODE[model.application].format(name=name, x=x)
        calls = {"calls": [{"method": "session.execute", "params": {"code": code}}]}
        answer = await self._in(model, "POST", "/batch", json=calls, key=self._key())
        result: dict[str, Any] = answer.json()["result"]["results"][0] if answer.status_code == 200 else {}
        if result.get("status") == "success":
            model.change(name, x)
        elif result.get("error", {}).get("code") != "application_restarted":
            self.wrong.append(f"code in {model.id}: {answer.status_code} {answer.text[:300]}")
        else:
            await self._adopt(model, name, x)

    async def _adopt(self, model: Model, name: str, x: float) -> None:
        """Find out whether code ran that was not answered."""
        if name in await self._objects(model):
            model.change(name, x)

    async def _repeat(self, model: Model) -> None:
        if not model.answers:
            return
        key = self.random.choice(sorted(model.answers))
        path, body, first = model.answers[key]
        answer = await self._in(model, "POST", path, json=body, key=key)
        if answer.status_code != 201 or answer.json()["result"] != first:
            self.wrong.append(f"key {key} in {model.id}: {answer.status_code} {answer.text[:300]}, not {first}")

    async def _fork(self, model: Model) -> None:
        if len(self.models) >= self.plan.sessions * 2:
            return
        answer = await self._ask(model.owner, "POST", f"/sessions/{model.id}/fork", key=self._key())
        if answer.status_code in (201, 202):
            fork = model.forked(answer.json()["result"]["id"])
            self.models[fork.id] = fork
            self._make_free(fork.id)
        else:
            self.wrong.append(f"fork of {model.id}: {answer.status_code} {answer.text[:300]}")

    async def _suspend(self, model: Model) -> None:
        answer = await self._ask(model.owner, "POST", f"/sessions/{model.id}/suspend")
        if answer.status_code != 200:
            self.wrong.append(f"suspension of {model.id}: {answer.status_code} {answer.text[:300]}")

    async def _strange(self, model: Model) -> None:
        """The other owner asks for it."""
        other = 1 - model.owner
        answer = await self._ask(other, "GET", f"/{model.application}/objects", headers={"Cadgate-Session": model.id})
        if answer.status_code != 404:
            self.wrong.append(f"another owner got {model.id}: {answer.status_code} {answer.text[:300]}")

    async def _end(self, model: Model) -> None:
        del self.models[model.id]
        answer = await self._ask(model.owner, "DELETE", f"/sessions/{model.id}", key=self._key())
        gone = await self._ask(model.owner, "GET", f"/sessions/{model.id}")
        if answer.status_code not in (200, 410) or gone.status_code != 410:
            self.wrong.append(f"end of {model.id}: {answer.status_code} {gone.status_code} {answer.text[:300]}")
        self.ended.append(model)
        await self._make(model.application, model.owner)

    # --- checks --------------------------------------------------------------------------------------------------

    async def _objects(self, model: Model) -> dict[str, float]:
        answer = await self._in(model, "GET", "/objects?fields=name,location")
        if answer.status_code != 200:
            self.wrong.append(f"list of {model.id}: {answer.status_code} {answer.text[:300]}")
            return {}
        return {each["name"]: each["location"][0] for each in answer.json()["result"]["objects"]}

    async def _compare(self, model: Model) -> None:
        found = await self._objects(model)
        if found != model.objects:
            lost = {name: x for name, x in model.objects.items() if found.get(name) != x}
            more = {name: x for name, x in found.items() if model.objects.get(name) != x}
            self.wrong.append(f"{model.application} {model.id}: lost or changed {lost}, instead {more}")

    async def _check_lists(self) -> None:
        for owner in (0, 1):
            answer = await self._ask(owner, "GET", "/sessions")
            listed = {each["id"]: each["damages"] for each in answer.json()["result"]["sessions"]}
            expected = {each.id for each in self.models.values() if each.owner == owner}
            if set(listed) != expected:
                self.wrong.append(f"owner {owner} has {set(listed) ^ expected} too many or too few")
            self.wrong += [f"damages of {identifier}: {each}" for identifier, each in listed.items() if each]

    # --- kills ---------------------------------------------------------------------------------------------------

    async def _perhaps_kill(self, model: Model) -> None:
        if self.plan.kill_application and self.random.randrange(self.plan.kill_application) == 0:
            shown = await self._ask(model.owner, "GET", f"/sessions/{model.id}")
            pid = shown.json().get("result", {}).get("pid")
            if pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.kills["application"] += 1
        if self.plan.kill_gateway and self._up.is_set() and self.random.randrange(self.plan.kill_gateway) == 0:
            self._up.clear()
            self.gateway.signal(signal.SIGKILL)
            await asyncio.to_thread(self.gateway.wait)
            await asyncio.to_thread(self.gateway.start, ready=False)
            self.kills["gateway"] += 1
            self._up.set()


UNDO_IS_BOUNDED = ("freecad",)
"""Applications that keep only their last changes for undo."""
