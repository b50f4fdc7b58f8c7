"""The fault run: clients make changes of all kinds while applications and gateways are killed, and a model says what
must be there. Rounds of a quiet phase with one death, whose state before and after is compared whole, and a storm.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.faults.client import Client, Refused, SetAside
from tests.faults.load import LOADS, Load
from tests.faults.whole_state import WholeState, differences
from tests.gateway import Gateway, alive, eventually

CLIENTS = 4
QUIET_STEPS = 8
STORM_KILLS = 9
OTHER = {"blender": "freecad", "freecad": "blender"}


@dataclass
class Figures:
    """What a run found. `lost`, `doubled` and `failed` are lines for people; none is how it should be."""

    adapter: str
    seed: int
    kills: int = 0
    gateway_kills: int = 0
    restore_kills: int = 0
    calls: int = 0
    resent: int = 0
    edited: int = 0
    scripted: int = 0
    compared: int = 0
    undone: int = 0
    set_aside: int = 0
    objects: int = 0
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    different: list[str] = field(default_factory=list[str])
    failed: list[str] = field(default_factory=list[str])
    recoveries: list[float] = field(default_factory=list[float])
    """Milliseconds from a `kill -9` of the application to the first call that was answered."""
    gateway_recoveries: list[float] = field(default_factory=list[float])
    """The same from one of the gateway, which the run starts again at once."""

    @property
    def faultless(self) -> bool:
        return not (self.lost or self.doubled or self.different or self.failed)

    @property
    def deaths(self) -> int:
        return self.kills + self.gateway_kills + self.restore_kills


class Run:
    """A gateway with one adapter, its clients, and what kills them."""

    def __init__(self, adapter: str, seed: int, folder: Path) -> None:
        self.random = random.Random(f"{adapter} {seed}")
        self.figures = Figures(adapter, seed)
        self.adapter = adapter
        plugins = f"[adapters.{OTHER[adapter]}]\nenabled = false\n[adapters.{adapter}]\nworkers = 0\n"
        self.gateway = Gateway(folder / "state", plugins=plugins)
        self._journal = folder / "state" / "sessions" / adapter / "journal"
        self._sessions = folder / "state" / "sessions" / adapter / "workspace"
        self.loads: list[Load] = []

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self.gateway.start()
        clients = [
            Client(self.gateway, self.adapter, number, random.Random(self.random.random())) for number in range(CLIENTS)
        ]
        self.loads = [LOADS[self.adapter](client) for client in clients]
        try:
            with self.gateway.client(f"/api/v1/{self.adapter}") as http:
                self.state = WholeState(self.gateway, self.adapter, http)
                self.http = http
                yield
        finally:
            for client in clients:
                self.figures.calls += client.calls
                self.figures.resent += client.resent
                client.close()
            self.figures.scripted = sum(
                load.done.get(step, 0) for load in self.loads for step in ("leave_code", "scripted")
            )
            self.figures.set_aside = sum(load.set_aside for load in self.loads)
            self.figures.objects = sum(len(load.places) for load in self.loads)
            if self.gateway.running:
                self.gateway.stop()

    def go(self, kills: int) -> Figures:
        """Rounds until so many processes were killed. Stops at the first fault."""
        began = time.monotonic()
        with self.running():
            while self.figures.deaths < kills and self.figures.faultless:
                self.quiet(kills)
                self.undo()
                if self.figures.faultless:
                    self.edit()
                    self.check()
                if self.figures.deaths < kills and self.figures.faultless:
                    self.storm(min(STORM_KILLS, kills - self.figures.deaths))
                self.check()
        self.figures.seconds = time.monotonic() - began
        return self.figures

    # --- phases ----------------------------------------------------------------------------------------------------

    def quiet(self, kills: int) -> None:
        """Changes without a fault, then a death: the whole state must be the same after it."""
        self.state.prepare()
        self._at_work(lambda load: [load.step() for _ in range(QUIET_STEPS)])
        before = self.state.read()
        self.kill()
        found = differences(before, self.state.read())
        self.figures.compared += 1
        self.figures.different += [f"after death {self.figures.deaths}: {each}" for each in found]

    def undo(self) -> None:
        """A change, an undo and perhaps a redo, with deaths between: the states must be those around the change."""
        load = self.random.choice(self.loads)
        self.state.prepare()
        before = self.state.read()
        kind, body = load.creation(named=True)
        try:
            load.client.change("POST", f"/primitives/{kind}", body)
            after = self.state.read()
            load.client.change("POST", "/undo")
            self._compare(before, "undone")
            if self.random.random() < 0.5:
                self.kill()
                self._compare(before, "undone, after a death")
                return
            if self.adapter == "blender":
                # The journal does it again, also in another process. FreeCAD's own history ends with its process.
                self.kill()
            if self.gateway.health(self.adapter).get("result", {}).get("keeps") == "snapshots":
                # A driver or the like is in the scene: the reading of the state was kept, which ends redo there.
                self.figures.undone += 1
                return
            load.client.change("POST", "/redo")
            self._compare(after, "done again")
            self.kill()
            self._compare(after, "done again, after a death")
            load.client.change("DELETE", f"/objects/{body['name']}")
        except Refused as error:
            self.figures.failed.append(str(error))
        self.figures.undone += 1

    def _compare(self, wanted: object, when: str) -> None:
        found = differences(wanted, self.state.read())
        self.figures.compared += 1
        self.figures.different += [f"{when}: {each}" for each in found]

    def edit(self) -> None:
        """A file of the session is changed while nobody runs: told, and what an older generation and its log hold is
        there all the same."""
        if self.random.random() < 0.7:
            # So that there are entries, from which the snapshot at the end follows.
            self.loads[0].create()
            self.gateway.stop()
        else:
            self.gateway.signal(signal.SIGKILL)
            self.gateway.wait()
            eventually(lambda: not self.processes(), what="the end of the application")
        (newest,) = sorted(self._journal.glob("gen-*"))[-1:]
        path = self._journal / "tail"
        if b'"because":"after ' not in (newest / "log").read_bytes().splitlines()[0]:
            path = self.random.choice([newest / "about.json", *newest.glob("snapshot*")])
        whole = path.read_bytes()
        place = self.random.randrange(len(whole))
        if self.random.random() < 0.5:
            path.write_bytes(whole[:place])
        else:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        self.gateway.start()
        self._answers(time.monotonic())
        self.figures.edited += 1
        if not self.gateway.health(self.adapter)["result"].get("damages"):
            self.figures.different.append(f"{path.name} was edited, and health does not say so")

    def without_copies(self) -> None:
        """For the rest of its life the application writes its snapshots itself, as where the system makes no copies."""
        load = self.random.choice(self.loads)
        load.run(
            "import sys\nframe = sys._getframe()\n"
            "while not hasattr(frame.f_locals.get('self'), 'recovery'): frame = frame.f_back\n"
            "recovery = frame.f_locals['self'].recovery\nrecovery._copies = False\nrecovery.persistent_code = None"
        )

    def storm(self, kills: int) -> None:
        """Everybody at work while processes die."""
        over = threading.Event()

        def work(load: Load) -> None:
            while not over.is_set():
                load.step()

        with self._working(work, over):
            for _ in range(kills):
                select.select([], [], [], self.random.uniform(0, 0.6))
                if self.random.random() < 0.2:
                    with contextlib.suppress(SetAside):
                        self.without_copies()
                chance = self.random.random()
                if chance < 0.06:
                    self.kill_gateway()
                elif chance < 0.2:
                    self.kill_twice()
                else:
                    self.kill()

    def _at_work(self, work: object) -> None:
        with self._working(work, threading.Event()):  # type: ignore[arg-type]
            pass

    @contextlib.contextmanager
    def _working(self, work: object, over: threading.Event) -> Iterator[None]:
        def guarded(load: Load) -> None:
            try:
                work(load)  # type: ignore[operator]
            except (Refused, AssertionError, httpx.HTTPError) as error:
                self.figures.failed.append(f"client {load.client.number}: {error}")
            except Exception as error:  # noqa: BLE001 - a thread's failure is the run's
                self.figures.failed.append(f"client {load.client.number}: {type(error).__name__}: {error}")

        threads = [threading.Thread(target=guarded, args=(load,)) for load in self.loads]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            over.set()
            for each in threads:
                each.join()

    # --- deaths ----------------------------------------------------------------------------------------------------

    def processes(self) -> list[int]:
        """The session's application processes: what works in its workspace."""
        found: list[int] = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError):
                    # In a chroot the same folder has a longer path.
                    if os.readlink(f"/proc/{name}/cwd").endswith(str(self._sessions)) and alive(int(name)):
                        found.append(int(name))
        return found

    def _end(self, pid: int) -> float:
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not alive(pid), what=f"the end of {pid}")
        return began

    def _answers(self, since: float) -> float:
        """Milliseconds until a call is answered again."""

        def answered() -> bool:
            try:
                return self.http.get("/objects?limit=1").status_code == 200
            except httpx.TransportError:
                return False

        eventually(answered, seconds=90, what=f"an answer of {self.adapter}")
        return (time.monotonic() - since) * 1000

    def kill(self) -> None:
        pid = eventually(self.processes, seconds=60, what="a process to kill")[0]
        self.figures.recoveries.append(self._answers(self._end(pid)))
        self.figures.kills += 1

    def kill_twice(self) -> None:
        """The application, and the one that is being restored in its place."""
        self._end(eventually(self.processes, what="a process to kill")[0])
        self.figures.kills += 1
        second = eventually(self.processes, what="a process that restores")[0]
        select.select([], [], [], self.random.uniform(0, 0.5))
        with contextlib.suppress(ProcessLookupError):
            self._end(second)
            self.figures.restore_kills += 1
        self._answers(time.monotonic())

    def kill_gateway(self) -> None:
        began = time.monotonic()
        self.gateway.signal(signal.SIGKILL)
        self.gateway.wait()
        self.figures.gateway_kills += 1
        self.gateway.start(ready=False)
        self.figures.gateway_recoveries.append(self._answers(began))

    # --- the model ---------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Every object of every client's model is there, where it should be; no other is."""
        there: dict[str, list[float]] = {}
        total = 1
        while len(there) < total:
            page = self.loads[0].client.read(f"/objects?limit=5000&offset={len(there)}&fields=name,location")
            total = page["total"]
            there |= {each["name"]: each["location"] for each in page["objects"]}
            if not page["objects"]:
                break
        expected = {name: place for load in self.loads for name, place in load.places.items()}
        self.figures.lost += [f"{name} is not there" for name in expected if name not in there]
        self.figures.doubled += [f"{name} was made without an answer" for name in there if name not in expected]
        for name, place in expected.items():
            if (
                place is not None
                and name in there
                and any(abs(a - b) > 1e-4 for a, b in zip(place, there[name], strict=True))
            ):
                self.figures.lost.append(f"{name} should be at {place}, and is at {there[name]}")


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def table(all_figures: list[Figures]) -> str:
    """The table of docs/RELIABILITY.md."""
    rows: list[tuple[str, list[str]]] = [
        ("seed", [str(each.seed) for each in all_figures]),
        ("`kill -9` of the application", [str(each.kills) for each in all_figures]),
        ("… of one that is being restored", [str(each.restore_kills) for each in all_figures]),
        ("… of the gateway", [str(each.gateway_kills) for each in all_figures]),
        ("changes made", [f"{each.calls:,}" for each in all_figures]),
        ("times a change was sent again", [f"{each.resent:,}" for each in all_figures]),
        ("acknowledged changes lost", [str(len(each.lost)) for each in all_figures]),
        ("changes applied twice", [str(len(each.doubled)) for each in all_figures]),
        ("times code was left behind", [f"{each.scripted:,}" for each in all_figures]),
        ("files edited between two runs", [str(each.edited) for each in all_figures]),
        ("whole states compared", [str(each.compared) for each in all_figures]),
        ("differences between them", [str(len(each.different)) for each in all_figures]),
        ("errors that clients must not see", [str(len(each.failed)) for each in all_figures]),
        ("set aside after two deaths", [str(each.set_aside) for each in all_figures]),
        ("objects at the end", [f"{each.objects:,}" for each in all_figures]),
        ("recovery, p50", [f"{statistics.median(each.recoveries or [0]):,.0f} ms" for each in all_figures]),
        ("recovery, p95", [f"{percentile(each.recoveries, 0.95):,.0f} ms" for each in all_figures]),
        (
            "of the gateway and everything else, p50",
            [f"{percentile(each.gateway_recoveries, 0.5):,.0f} ms" for each in all_figures],
        ),
        ("seconds", [f"{each.seconds:,.0f}" for each in all_figures]),
    ]
    titles = [{"blender": "Blender", "freecad": "FreeCAD"}[each.adapter] for each in all_figures]
    lines = [f"| | {' | '.join(titles)} |", f"| --- |{' ---: |' * len(titles)}"]
    return "\n".join([*lines, *(f"| {label} | {' | '.join(values)} |" for label, values in rows)])
