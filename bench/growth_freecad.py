"""How the cost of FreeCAD's routes grows with a document's objects, a shape's faces, and the age of a session."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from bench.growth import MANY, ONE, Row, Scene, work_of
from bench.rest import wait_for_rest
from tests.freecad_calls import run
from tests.gateway import Gateway


class Model(Scene):
    """A session of FreeCAD behind a gateway."""

    def fill(self, count: int) -> None:
        """Add boxes until there are `count` objects."""
        have = json.loads(self.send("GET", "/objects?limit=1&fields=name").content)["result"]["total"]
        calls = [
            {"method": "primitives.box", "params": {"location": [12 * (n % 50), 12 * (n // 50), 0]}}
            for n in range(have, count)
        ]
        for begin in range(0, len(calls), 1000):
            self.send("POST", "/batch", {"calls": calls[begin : begin + 1000]})

    def clear(self) -> None:
        """Close all documents, and open one."""
        for each in json.loads(self.send("GET", "/documents").content)["result"]["documents"]:
            self.send("DELETE", f"/documents/{each['name']}")
        self.send("POST", "/documents", {"name": "Growth"})

    def age(self, undos: int) -> None:
        for _ in range(undos):
            self.send("POST", "/primitives/box", {})
            self.send("POST", "/undo", {})


def one_object(model: Model, counts: Sequence[int], rounds: int, age: int, *, files: bool = True) -> list[Row]:
    """Measure operations on one object, among `counts` of them."""
    send = model.send
    box = {"length": 20, "name": "One", "location": [0, 0, 900]}
    tool = {"radius": 2, "height": 40, "location": [5, 5, 890], "name": "Tool"}
    cut = {"object1": "One", "object2": "Tool", "name": "Drilled"}
    rectangle = [{"type": "polyline", "points": [[0, 0], [4, 0], [4, 4]], "closed": True}]
    steps: list[tuple[str, Callable[[], Any]]] = [
        ("create", lambda: send("POST", "/primitives/box", box)),
        ("create a tool", lambda: send("POST", "/primitives/cylinder", tool)),
        ("get", lambda: send("GET", "/objects/One")),
        ("measure", lambda: send("GET", "/objects/One/measures")),
        ("move", lambda: send("PATCH", "/objects/One", {"location": [0, 0, 900.5]})),
        ("resize", lambda: send("PATCH", "/objects/One", {"properties": {"Length": 21}})),
        ("boolean", lambda: send("POST", "/boolean/subtract", cut)),
        ("resize what a boolean is made from", lambda: send("PATCH", "/objects/One", {"properties": {"Length": 22}})),
        ("duplicate", lambda: send("POST", "/objects/One/duplicate", {"name": "Two"})),
        ("sketch", lambda: send("POST", "/sketches", {"name": "Sketch", "geometry": rectangle})),
        ("delete a sketch", lambda: send("DELETE", "/objects/Sketch")),
        ("delete a copy", lambda: send("DELETE", "/objects/Two")),
        ("delete a boolean", lambda: send("DELETE", "/objects/Drilled")),
        ("delete a tool", lambda: send("DELETE", "/objects/Tool")),
        ("delete", lambda: send("DELETE", "/objects/One")),
    ]
    export = {"format": "step", "objects": ["One"]}
    found: dict[str, list[float]] = {what: [] for what, _ in steps}
    model.clear()
    model.age(age)
    for count in counts:
        model.fill(count)
        times = [[model.seconds(work) for _, work in steps] for _ in range(rounds)]
        for (what, _), least in zip(steps, map(min, zip(*times, strict=True)), strict=True):
            found[what].append(least)
        if files:
            send("POST", "/primitives/box", box)
            model.rest()
            write = [model.seconds(lambda: send("POST", "/export", export), in_worker=True) for _ in range(rounds)]
            found.setdefault("export as step", []).append(min(write))
            send("DELETE", "/objects/One")
    suffix = f", after {age} undos" if age else ""
    # FreeCAD's own `removeObject` asks every object of the document whether it refers to the deleted one.
    limits = {what: None if what.startswith("delete") else ONE for what in found}
    return [Row(f"one object: {what}{suffix}", counts, found[what], limits[what]) for what in found]


def all_objects(model: Model, counts: Sequence[int], rounds: int, age: int) -> list[Row]:
    """Measure operations on all objects."""
    found: list[float] = []
    model.clear()
    model.age(age)
    for count in counts:
        model.fill(count)
        found.append(min(model.seconds(lambda: model.send("GET", "/objects?limit=10000")) for _ in range(rounds)))
    suffix = f", after {age} undos" if age else ""
    return [Row(f"all objects: list{suffix}", counts, found, MANY, since=100)]


def faces(model: Model, sizes: Sequence[int], rounds: int) -> list[Row]:
    """Measure prisms of about that many faces, and a hole in each."""
    send = model.send
    pin = {"radius": 1, "height": 40, "location": [0, 0, -10], "name": "Pin"}
    found: dict[str, list[float]] = {"prism": [], "drill": []}
    model.clear()
    for size in sizes:
        prism = {"sides": size - 2, "circumradius": 50, "height": 10, "name": "Prism"}
        made: list[float] = []
        drilled: list[float] = []
        for _ in range(rounds):
            made.append(model.seconds(lambda body=prism: send("POST", "/primitives/prism", body)))
            send("POST", "/primitives/cylinder", pin)
            cut = {"object1": "Prism", "object2": "Pin", "name": "Drilled"}
            drilled.append(model.seconds(lambda body=cut: send("POST", "/boolean/subtract", body)))
            for name in ("Drilled", "Pin", "Prism"):
                send("DELETE", f"/objects/{name}")
        found["prism"].append(min(made))
        found["drill"].append(min(drilled))
    return [Row(f"faces: {what}", sizes, times, MANY) for what, times in found.items()]


def chain(model: Model, gateway: Gateway, holes: int, rounds: int) -> tuple[float, float]:
    """Return the seconds of a PATCH of a plate with `holes` cuts, and of FreeCAD's own recompute of these."""
    model.clear()
    calls: list[dict[str, Any]] = [
        {"method": "primitives.box", "params": {"name": "Plate", "length": 400, "width": 100, "height": 10}}
    ]
    for number in range(holes):
        place = [10 + 12 * number % 380, 20 + 20 * (number % 4), -10]
        pin = {"name": f"Pin{number}", "radius": 4, "height": 40, "location": place}
        first = "Plate" if number == 0 else f"Cut{number - 1}"
        cut = {"object1": first, "object2": f"Pin{number}", "name": f"Cut{number}"}
        calls += [{"method": "primitives.cylinder", "params": pin}, {"method": "boolean.subtract", "params": cut}]
    model.send("POST", "/batch", {"calls": calls})
    raw = f"""
import time
began = time.thread_time()
for number in range({holes}):
    App.ActiveDocument.getObject(f"Cut{{number}}").recompute()
time.thread_time() - began
"""
    patched: list[float] = []
    recomputed: list[float] = []
    for turn in range(rounds):
        body = {"properties": {"Height": 11 + turn}}
        patched.append(model.seconds(lambda body=body: model.send("PATCH", "/objects/Plate", body)))
        recomputed.append(float(run(gateway, raw)))
    return min(patched), min(recomputed)


def measured(gateway: Gateway, counts: Sequence[int], rounds: int, age: int, *, short: bool) -> list[Row]:
    """Measure everything, as `bench.growth` prints it."""
    sizes = (100, 300, 1000)
    rows: list[Row] = []
    with gateway.client("/api/v1/freecad") as client:
        pid = gateway.application_pid("freecad")
        model = Model(client, work_of(pid), lambda: wait_for_rest(pid))
        rows += faces(model, sizes, min(rounds, 2))
        holes = (5, 10, 20) if short else (5, 10, 20, 30)
        changed, alone = zip(*(chain(model, gateway, each, 2) for each in holes), strict=True)
        rows.append(Row("a chain of cuts: change of the root", holes, list(changed), None))
        rows.append(Row("a chain of cuts: FreeCAD's own part", holes, list(alone), None))
        for each in dict.fromkeys((0, age)):
            rows += one_object(model, counts, rounds, each)
            rows += all_objects(model, counts, rounds, each)
    return rows
