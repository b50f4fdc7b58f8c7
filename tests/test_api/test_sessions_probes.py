"""What belongs to another key is answered as what never was: in status, body, headers, and the time that it takes."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.gateway import Gateway, eventually
from tests.test_api.keyed import NEVER, Holder, new_key, own_sessions, without_own

PAIRS = 50
"""How often each probe asks for both, the one first that a coin names."""
CHANCE = 1e-7
"""How improbable the faster ones must be for equal times, so that the times are not equal."""

Ids = dict[str, str]
PROBES: list[tuple[str, str, Any]] = [
    ("GET", "/sessions/SESSION", None),
    ("PATCH", "/sessions/SESSION", {"name": "x"}),
    ("DELETE", "/sessions/SESSION", None),
    ("POST", "/sessions/SESSION/suspend", None),
    ("POST", "/sessions/SESSION/fork", {}),
    ("POST", "/sessions", {"application": "freecad", "from": {"session": "SESSION"}}),
    ("POST", "/sessions", {"application": "freecad", "from": {"artifact": "ARTIFACT"}}),
    ("GET", "/freecad/objects/AdasBox?session=SESSION", None),
    ("POST", "/freecad/primitives/box?session=SESSION", {"name": "AdasBox"}),
    ("GET", "/freecad/look.png?session=SESSION", None),
    ("GET", "/artifacts/ARTIFACT", None),
    ("GET", "/freecad/methods?session=SESSION", None),
    ("DELETE", "/artifacts/ARTIFACT", None),
    ("POST", "/freecad/import?session=OWN", {"artifact": "ARTIFACT"}),
    ("POST", "/convert?to=stl", {"artifact": "ARTIFACT"}),
    ("GET", "/jobs/JOB", None),
    ("GET", "/jobs/JOB?wait=20", None),
    ("GET", "/jobs/JOB/events", None),
    ("DELETE", "/jobs/JOB", None),
    ("POST", "/jobs/JOB/retry", None),
]


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with own_sessions(tmp_path_factory.mktemp("probes") / "state") as running:
        yield running


def made_session(client: httpx.Client) -> str:
    made = client.post("/sessions", json={"application": "freecad"})
    assert made.status_code == 201, made.text
    return str(made.json()["result"]["id"])


@pytest.fixture(scope="module")
def adas(keyed: Gateway) -> Ids:
    """A session with an object, an artifact and a job of Ada's."""
    with new_key(keyed).client("/api/v1") as client:
        session = made_session(client)
        client.post(f"/freecad/primitives/box?session={session}", json={"name": "AdasBox"}).raise_for_status()
        done = client.post(f"/freecad/export?session={session}", json={"format": "step"}).raise_for_status()
        later = {"Prefer": "respond-async"}
        job = client.post(f"/freecad/export?session={session}", json={"format": "brep"}, headers=later)
        identifier = job.raise_for_status().json()["result"]["id"]

        def over() -> bool:
            return bool(client.get(f"/jobs/{identifier}?wait=20").json()["result"]["finished"])

        eventually(over, seconds=110, what="the end of the job")
        return {"SESSION": session, "ARTIFACT": done.json()["result"]["artifact"]["id"], "JOB": identifier}


@pytest.fixture(scope="module")
def ben(keyed: Gateway) -> Holder:
    return new_key(keyed)


@pytest.fixture(scope="module")
def own(ben: Holder) -> str:
    with ben.client("/api/v1") as client:
        return made_session(client)


def improbability(larger: int, count: int) -> float:
    """How probable it is that of `count` throws of a coin at least so many, or so few, show the same side."""
    tail = max(larger, count - larger)
    return min(1.0, 2 * sum(math.comb(count, each) for each in range(tail, count + 1)) / 2**count)


def test_the_judge_of_times_sees_a_difference_and_none_where_there_is_none() -> None:
    assert improbability(PAIRS // 2, PAIRS) > 0.99
    assert improbability(35, PAIRS) > CHANCE
    assert improbability(46, PAIRS) < CHANCE
    assert improbability(4, PAIRS) < CHANCE


@pytest.mark.parametrize(("verb", "path", "body"), PROBES, ids=[f"{verb} {path}" for verb, path, _ in PROBES])
def test_anothers_is_answered_as_what_never_was_and_as_fast(
    adas: Ids, ben: Holder, own: str, verb: str, path: str, body: Any
) -> None:
    (kind,) = [each for each in adas if each in path or each in json.dumps(body)]

    def asking(client: httpx.Client, identifier: str) -> Callable[[], httpx.Response]:
        url = path.replace(kind, identifier).replace("OWN", own)
        sent = None if body is None else json.loads(json.dumps(body).replace(kind, identifier))
        return lambda: client.request(verb, url, json=sent)

    with ben.client("/api/v1") as client:
        ask_theirs, ask_never = asking(client, adas[kind]), asking(client, NEVER)
        theirs = without_own(ask_theirs(), adas[kind])
        assert theirs == without_own(ask_never(), NEVER)
        assert (theirs[0], theirs[1]["error"]["code"]) == (404, f"{kind.lower()}_not_found")
        coin = random.Random(path)
        slower = 0
        for _ in range(PAIRS):
            took: dict[bool, float] = {}
            for is_theirs in (True, False) if coin.random() < 0.5 else (False, True):
                ask = ask_theirs if is_theirs else ask_never
                began = time.perf_counter()
                ask()
                took[is_theirs] = time.perf_counter() - began
            slower += took[True] > took[False]
    assert improbability(slower, PAIRS) > CHANCE, f"theirs was slower {slower} times of {PAIRS}"
