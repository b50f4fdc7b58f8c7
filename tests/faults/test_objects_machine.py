"""Any order of requests for objects, undo, redo and deaths of the application, on the real ones, against a model.

`OBJECTS_MACHINE_EXAMPLES=200 pytest tests/faults/test_objects_machine.py` tries many at random; without it they are the
same each time, more of them with `--long`.
"""

from __future__ import annotations

import os
from copy import deepcopy
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.faults.conftest import Session

EXAMPLES = int(os.environ.get("OBJECTS_MACHINE_EXAMPLES", "0"))
NAMES = st.sampled_from(["A", "B", "C", "D"])
NUMBERS = st.integers(-4, 4).map(float)
LOCATIONS = st.tuples(NUMBERS, NUMBERS, NUMBERS).map(list)
PRIMITIVES = {"blender": ("/primitives/cube", "size"), "freecad": ("/primitives/box", "length")}

Objects = dict[str, dict[str, Any]]


class ObjectsMachine(RuleBasedStateMachine):
    """`model` is what must be there: name to location and size; `past` and `future` are what undo and redo lead to."""

    session: Session

    def __init__(self) -> None:
        super().__init__()
        if self.session.adapter == "blender":
            assert self.client.delete("/scene").status_code == 200
        else:
            for document in self.client.get("/documents").json()["result"]["documents"]:
                assert self.client.delete(f"/documents/{document['name']}").status_code == 200
            assert self.client.post("/documents", json={"name": "Machine"}).status_code == 201
        self.path, self.size = PRIMITIVES[self.session.adapter]
        self.model: Objects = {}
        self.past: list[Objects] = []
        self.future: list[Objects] = []

    @property
    def client(self) -> httpx.Client:
        return self.session.client

    def change(self) -> Objects:
        """The model, about to be changed by a request that worked."""
        self.past.append(deepcopy(self.model))
        self.future.clear()
        return self.model

    def expect(self, answer: httpx.Response, status: int, code: str) -> None:
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text

    # --- requests --------------------------------------------------------------------------------------------------

    @rule(name=NAMES, location=LOCATIONS, size=st.integers(1, 5))
    def create(self, name: str, location: list[float], size: int) -> None:
        answer = self.client.post(self.path, json={"name": name, "location": location, self.size: size})
        if name in self.model:
            self.expect(answer, 409, "name_taken")
            return
        assert answer.status_code == 201, answer.text
        self.change()[name] = {"location": location, "size": float(size)}

    @rule(name=NAMES, size=st.integers(1, 5))
    def replace(self, name: str, size: int) -> None:
        answer = self.client.post(self.path, json={"name": name, "on_conflict": "replace", self.size: size})
        assert answer.status_code == 201, answer.text
        self.change()[name] = {"location": [0.0, 0.0, 0.0], "size": float(size)}

    @rule(name=NAMES, location=LOCATIONS)
    def move(self, name: str, location: list[float]) -> None:
        answer = self.client.patch(f"/objects/{name}", json={"location": location})
        if name not in self.model:
            self.expect(answer, 404, "object_not_found")
            return
        assert answer.json()["result"]["location"] == location, answer.text
        self.change()[name]["location"] = location

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        answer = self.client.delete(f"/objects/{name}")
        if name not in self.model:
            self.expect(answer, 404, "object_not_found")
            return
        assert answer.json()["result"]["deleted"] == name, answer.text
        del self.change()[name]

    @rule(name=NAMES)
    def delete_at_another_revision(self, name: str) -> None:
        answer = self.client.delete(f"/objects/{name}", headers={"If-Match": "another"})
        if name in self.model:
            self.expect(answer, 412, "revision_mismatch")
        else:
            self.expect(answer, 404, "object_not_found")

    @rule(names=st.lists(NAMES, min_size=1, max_size=4), atomic=st.booleans())
    def batch(self, names: list[str], atomic: bool) -> None:
        calls = [{"method": self.path[1:].replace("/", "."), "params": {"name": name}} for name in names]
        answer = self.client.post("/batch", json={"calls": calls, "atomic": atomic})
        new = [name for index, name in enumerate(names) if name not in self.model and name not in names[:index]]
        size = 2.0 if self.session.adapter == "blender" else 10.0
        made = {name: {"location": [0.0, 0.0, 0.0], "size": size} for name in new}
        if atomic and len(new) < len(names):
            self.expect(answer, 409, "name_taken")
            return
        assert answer.status_code == 200, answer.text
        if new:
            self.change().update(made)

    @rule(name=NAMES, other=NAMES)
    def rename_or_copy(self, name: str, other: str) -> None:
        if self.session.adapter != "blender":
            return
        answer = self.client.patch(f"/objects/{name}", json={"name": other})
        if name not in self.model:
            self.expect(answer, 404, "object_not_found")
        elif other in self.model and other != name:
            self.expect(answer, 409, "name_taken")
        else:
            assert answer.json()["result"]["name"] == other, answer.text
            model = self.change()
            model[other] = model.pop(name)

    # --- history, deaths -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.past)
    @rule()
    def undo(self) -> None:
        assert self.client.post("/undo", json={}).status_code == 200
        self.future.append(self.model)
        self.model = self.past.pop()

    @precondition(lambda self: self.future)
    @rule()
    def redo(self) -> None:
        answer = self.client.post("/redo", json={})
        assert answer.status_code == 200, answer.text
        self.past.append(self.model)
        self.model = self.future.pop()

    @rule()
    def die(self) -> None:
        self.session.kill()
        # What could be undone before a death is the application's own affair: all that counts is what is there.
        self.past.clear()
        self.future.clear()

    @invariant()
    def is_as_the_model_says(self) -> None:
        told = self.client.get("/objects").json()["result"]
        found = {each["name"]: {"location": each["location"], "size": self.size_of(each)} for each in told["objects"]}
        assert told["total"] == len(found)
        assert found == self.model

    def size_of(self, told: dict[str, Any]) -> float:
        if self.session.adapter == "blender":
            return float(told["dimensions"][0])
        box = told["bounding_box"]
        return round(box["max"][0] - box["min"][0], 6)


@pytest.mark.timeout(max(600, 60 * EXAMPLES))
def test_objects_are_what_the_acknowledged_requests_made_of_them(session: Session, long_form: bool) -> None:
    machine = type("Machine", (ObjectsMachine,), {"session": session})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES or (10 if long_form else 3),
            stateful_step_count=20 if EXAMPLES else 15,
            derandomize=not EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType] - the class is a list of its own
        ),
    )
