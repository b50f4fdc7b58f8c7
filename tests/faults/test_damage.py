"""Damage to a session's files, and a disk that takes nothing, on the real applications: told, and nothing else lost."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import httpx
import pytest

from tests.faults.conftest import Session
from tests.faults.whole_state import assert_same, execute
from tests.gateway import alive, eventually, innermost

CREATE = {"blender": "/primitives/cube", "freecad": "/primitives/box"}
CODE = {
    "blender": "import bpy; bpy.data.materials.new('Made by code')",
    "freecad": "import FreeCAD; FreeCAD.newDocument('Made_by_code')",
}


def create(session: Session, name: str) -> httpx.Response:
    return session.client.post(CREATE[session.adapter], json={"name": name})


def names(session: Session) -> list[str]:
    return [each["name"] for each in session.client.get("/objects").json()["result"]["objects"]]


def newest(session: Session) -> Path:
    return max(path for path in session.journal.iterdir() if path.name.startswith("gen-"))


def kill_and_damage(session: Session, path: Path, how: str) -> None:
    """Damage a file while nobody has it, as a disk or a power failure does. The gateway is down meanwhile."""
    pid = session.pid
    session.gateway.signal(signal.SIGKILL)
    session.gateway.wait()
    eventually(lambda: not alive(pid), what="the end of the application")
    whole = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "cut an entry":
        path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    else:
        place = len(whole) * 2 // 3
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
    session.gateway.start()


CASES = [
    ("blender", "log", "flip"),
    ("blender", "snapshot", "cut"),
    ("blender", "tail", "flip"),
    ("freecad", "log", "cut an entry"),
    ("freecad", "log", "missing"),
    ("freecad", "about.json", "missing"),
]


@pytest.mark.parametrize(("adapter", "name", "how"), CASES)
def test_damage_is_told_by_health_and_what_is_before_it_is_there(session: Session, name: str, how: str) -> None:
    assert create(session, "A").status_code == 201
    # Executed code is kept by a snapshot alone: what comes after it cannot be had without it.
    execute(session.client, CODE[session.adapter])
    for each in "BCDEF":
        assert create(session, each).status_code == 201
        if each == "B":
            execute(session.client, CODE[session.adapter].replace("code", "more_code"))
    folder = newest(session)
    suffix = next(path.suffix for path in folder.iterdir() if path.name.startswith("snapshot"))
    path = session.journal / "tail" if name == "tail" else folder / (name + suffix if name == "snapshot" else name)
    kill_and_damage(session, path, how)
    health = session.gateway.health(session.adapter)["result"]
    assert health["status"] == "up"
    (damage, *_) = health["damages"]
    assert damage["where"]
    assert damage["why"]
    found = "".join(sorted(each for each in names(session)))
    if name == "tail":
        assert found == "ABCDEF"
    elif how == "flip":
        # How many entries are before it depends on their lengths.
        assert "ABCDEF".startswith(found)
        assert "AB" <= found < "ABCDEF"
    else:
        assert found == ("ABCDE" if how == "cut an entry" else "AB")
    assert create(session, "After").status_code == 201
    session.kill()
    assert "After" in names(session)


def test_a_disk_that_takes_nothing_fails_the_change_takes_it_back_and_is_told_by_health(session: Session) -> None:
    """The limit on the size of files stands for the full disk: writes fail with EFBIG where that one says ENOSPC."""
    session.state.prepare()
    assert create(session, "A").status_code == 201
    assert create(session, "B").status_code == 201
    before = session.state.read()
    pid = session.pid
    log = (newest(session) / "log").stat().st_size
    inside = innermost(pid)
    unlimited = resource.prlimit(inside, resource.RLIMIT_FSIZE)
    resource.prlimit(inside, resource.RLIMIT_FSIZE, (log + 20, unlimited[1]))
    refused = create(session, "Refused")
    assert refused.status_code == 422, refused.text
    assert "could not be saved" in refused.json()["error"]["message"]
    # Code, whose effect only a snapshot can keep, fails to be kept too, and says so.
    body = {"calls": [{"method": "session.execute", "params": {"code": CODE[session.adapter]}}]}
    told = session.client.post("/batch", json=body).json()["result"]["results"][0]
    assert told["result"]["warnings"][0]["code"] == "not_saved"
    still = create(session, "Refused_too")
    assert still.status_code == 422
    assert "refuses changes until" in still.json()["error"]["message"]
    problems = session.gateway.health(session.adapter)["result"]["problems"]
    assert any("cannot be written" in each or "no snapshot" in each for each in problems)
    assert session.pid == pid, "it lives"

    resource.prlimit(inside, resource.RLIMIT_FSIZE, unlimited)
    assert create(session, "C").status_code == 201
    assert "problems" not in session.gateway.health(session.adapter)["result"]
    after = session.state.read()
    session.kill()
    assert_same(after, session.state.read(), "after room was made and a death")
    assert set(names(session)) >= {"A", "B", "C"}
    assert not {"Refused", "Refused_too"} & set(names(session))
    assert before != after
