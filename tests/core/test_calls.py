"""One call through every check: scope, deadline, idempotency, dry run, handlers, and a client that leaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from cadgate.contract.authority import LOCAL, Authority
from cadgate.contract.builtin import UNDO
from cadgate.contract.context import Caller, RequestContext
from cadgate.contract.methods import Scope
from cadgate.dispatch.application import Application
from cadgate.dispatch.calls import DryRunDone
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import (
    CadgateError,
    CommandExecutionError,
    ConnectionFailed,
    DeadlineExceeded,
    Forbidden,
    InternalError,
    Interrupted,
    NameTaken,
    RevisionMismatch,
)
from cadgate.main import create_app
from cadgate.plugins.discovery import Found
from tests.core.fake_app import becomes, fake_settings, running
from tests.core.served import quiet_settings, served
from tests.gateway import eventually

from cadgate_fake import models as m  # isort: skip
from cadgate_fake import routers  # isort: skip
from cadgate_fake.adapter import cadgate_adapter  # isort: skip

pytestmark = pytest.mark.anyio

HERE = RequestContext(request_id="test", caller=Caller(LOCAL))


def app_of(runtime: SessionRuntime, **context: Any) -> Application:
    return Application(runtime, replace(HERE, **context))


async def names(runtime: SessionRuntime) -> list[str]:
    listed = await app_of(runtime).call(m.LIST, m.Page(fields="name"))
    return [each["name"] for each in listed.objects if isinstance(each, dict)]


# --- checks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "params", "scope"),
    [
        (m.GET, m.ItemName(name="x"), "read"),
        (m.CREATE, m.ItemParams(), "write"),
        (m.EXECUTE_SCOPE, m.Empty(), "execute"),
        (m.WAIT, m.Seconds(), "read"),
        (m.IMPORT, m.ImportParams(names=[]), "write"),
    ],
)
async def test_a_call_needs_its_scope(runtime: SessionRuntime, method: Any, params: Any, scope: Scope) -> None:
    others = frozenset[Scope](each for each in get_args(Scope) if each != scope)
    with pytest.raises(Forbidden) as caught:
        await app_of(runtime, caller=Caller(Authority("key:test", others))).call(method, params)
    assert caught.value.details == {"required": scope, "scopes": sorted(others)}
    assert routers.runs == []
    if scope != "read":
        await app_of(runtime, caller=Caller(Authority("key:test", frozenset({scope})))).call(method, params)


async def test_results_are_validated_and_timed(runtime: SessionRuntime) -> None:
    times: list[tuple[float, float]] = []
    app = app_of(runtime, timing=lambda queue, work: times.append((queue, work)))
    made = await app.call(m.CREATE, m.ItemParams(name="A", value={"deep": [1, 2]}))
    assert (made.name, made.value, made.serial) == ("A", {"deep": [1, 2]}, 1)
    assert len(times) == 1
    assert min(times[0]) >= 0
    with pytest.raises(InternalError, match="answered something that is not a ItemInfo"):
        await app.call(m.WRONG, m.ItemParams(name="B", value="text"))


async def test_warnings_reach_the_result(runtime: SessionRuntime) -> None:
    made = await app_of(runtime).call(m.CREATE, m.ItemParams(value="warn"))
    assert [each.code for each in made.warnings] == ["odd_value"]


async def test_only_the_fields_that_were_set_travel_in_a_partial_method(runtime: SessionRuntime) -> None:
    await app_of(runtime).call(m.CREATE, m.ItemParams(name="A", value=5))
    changed = await app_of(runtime).call(m.UPDATE, m.ItemUpdate(name="A", note="set"))
    assert (changed.value, changed.note) == (5, "set")
    changed = await app_of(runtime).call(m.UPDATE, m.ItemUpdate(name="A", value=None))
    assert (changed.value, changed.note) == (None, "set")


async def test_values_of_the_request_go_with_every_call(runtime: SessionRuntime) -> None:
    app = app_of(runtime).bind(shelf="upper", nothing=None)
    assert (await app.call(m.CREATE, m.ItemParams())).shelf == "upper"
    assert dict(app.context.values) == {"shelf": "upper"}


async def test_a_lost_race_is_refused(runtime: SessionRuntime) -> None:
    made = await app_of(runtime).call(m.CREATE, m.ItemParams(name="A"))
    with pytest.raises(RevisionMismatch):
        await app_of(runtime, if_match="other").call(m.UPDATE, m.ItemUpdate(name="A", value=1))
    changed = await app_of(runtime, if_match=made.revision).call(m.UPDATE, m.ItemUpdate(name="A", value=1))
    assert changed.value == 1


# --- dry run -----------------------------------------------------------------------------------------------------


async def test_a_dry_run_checks_and_changes_nothing(runtime: SessionRuntime) -> None:
    await app_of(runtime).call(m.CREATE, m.ItemParams(name="Taken"))
    dry = app_of(runtime, dry_run=True, idempotency_key="dry")
    with pytest.raises(NameTaken):
        await dry.call(m.CREATE, m.ItemParams(name="Taken"))
    doing: list[tuple[Any, Any]] = [(m.CREATE, m.ItemParams(name="B")), (m.IMPORT, m.ImportParams(names=["C"]))]
    for method, params in doing:
        with pytest.raises(DryRunDone):
            await dry.call(method, params)
    assert await names(runtime) == ["Taken"]
    # The key is still free for the real thing.
    real = app_of(runtime, idempotency_key="dry")
    assert (await real.call(m.CREATE, m.ItemParams(name="B"))).name == "B"


@pytest.mark.parametrize("transactional", [False, True])
async def test_a_dry_undo_undoes_nothing(tmp_path: Path, transactional: bool) -> None:
    async with running(tmp_path, fake_settings(transactional=transactional)) as runtime:
        await app_of(runtime).call(m.CREATE, m.ItemParams(name="A"))
        with pytest.raises(DryRunDone):
            await app_of(runtime, dry_run=True).call(UNDO, m.Empty())
        assert await names(runtime) == ["A"]
        assert (await app_of(runtime).call(UNDO, m.Empty())).undone == "items.create"
        assert await names(runtime) == []


# --- deadlines ---------------------------------------------------------------------------------------------------


async def test_a_deadline_ends_a_call_in_the_application(runtime: SessionRuntime) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await app_of(runtime, deadline_seconds=0.1).call(m.SPIN, m.Empty())
    assert time.monotonic() - began < 3
    assert runtime.session.status().restarts == 0


async def test_a_deadline_ends_a_handler_and_what_it_waits_for(runtime: SessionRuntime) -> None:
    with pytest.raises(DeadlineExceeded):
        await app_of(runtime, deadline_seconds=0.1).call(m.WRITE_FILE, m.FileParams(seconds=60))
    assert list((runtime.workspace / ".staging").iterdir()) == []
    assert (await app_of(runtime).call(m.CREATE, m.ItemParams(name="Next"))).name == "Next"
    assert runtime.session.status().restarts == 0


async def test_a_handler_that_waits_for_nothing_of_ours_is_ended_too(tmp_path: Path) -> None:
    async with running(tmp_path, fake_settings(grace_seconds=0.01)) as runtime:
        routers.waits.clear()
        with pytest.raises(DeadlineExceeded):
            await app_of(runtime, deadline_seconds=0.05).call(m.WAIT, m.Seconds(seconds=60))
        assert routers.waits == ["begun", "cancelled"]


async def test_calls_inside_a_handler_have_what_is_left_of_its_time(runtime: SessionRuntime) -> None:
    app = app_of(runtime, deadline_at=time.monotonic() + 0.2)
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await app.call(m.SLEEP, m.Seconds(seconds=60))
    assert time.monotonic() - began < 2


# --- handlers ----------------------------------------------------------------------------------------------------


async def test_a_file_is_an_artifact_and_a_copy_in_the_workspace(runtime: SessionRuntime) -> None:
    written = await app_of(runtime).call(m.WRITE_FILE, m.FileParams(filepath="deep/er/list", text="content"))
    assert (written.artifact.name, written.artifact.size) == ("deep/er/list.txt", 7)
    assert runtime.served.artifacts.get(written.artifact.id).path.read_text() == "content"
    assert (runtime.workspace / "deep/er/list.txt").read_text() == "content"
    assert list((runtime.workspace / ".staging").iterdir()) == []


@pytest.mark.parametrize("text", ["nothing", "empty"])
async def test_a_file_that_was_not_written_is_a_failure_that_leaves_nothing(runtime: SessionRuntime, text: str) -> None:
    with pytest.raises(CommandExecutionError, match="reported success but wrote no file"):
        await app_of(runtime).call(m.WRITE_FILE, m.FileParams(filepath="a", text=text))
    assert not (runtime.workspace / "a.txt").exists()
    assert list((runtime.workspace / ".staging").iterdir()) == []
    assert runtime.served.artifacts.page(0, 10) == ([], 0)


async def test_a_file_that_is_being_written_survives_a_restart_of_the_session(runtime: SessionRuntime) -> None:
    staged = app_of(runtime).stage("render", default="x", suffix=".txt")
    async with staged:
        staged.path.write_text("half")
        os.kill(runtime.session.status().pid or 0, signal.SIGKILL)
        await becomes(lambda: runtime.session.status().restarts == 1 and runtime.session.ready.is_set())
        assert (await staged.commit()).size == 4


async def test_what_an_earlier_gateway_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "sessions" / "fake"
    for name in ("workspace/.staging/1234", "tmp", "workers/3/workspace"):
        (left / name).mkdir(parents=True)
        (left / name / "left").write_text("over")
    (left / "workspace" / "kept.txt").write_text("kept")
    async with running(tmp_path) as runtime:
        assert not list(left.rglob("left"))
        assert (runtime.workspace / "kept.txt").read_text() == "kept"


async def test_a_reading_handler_is_stopped_when_its_client_leaves(runtime: SessionRuntime) -> None:
    gone = asyncio.Event()

    async def leaving() -> None:
        await gone.wait()

    call = asyncio.create_task(app_of(runtime, caller=Caller(LOCAL, gone=leaving)).call(m.WAIT, m.Seconds(seconds=60)))
    await becomes(lambda: routers.waits == ["begun"])
    gone.set()
    with pytest.raises(Interrupted):
        await call
    assert routers.waits == ["begun", "cancelled"]


async def test_a_changing_handler_is_finished_when_its_client_leaves(runtime: SessionRuntime) -> None:
    async def left() -> None:
        return

    await app_of(runtime, caller=Caller(LOCAL, gone=left)).call(m.IMPORT, m.ImportParams(names=["A", "B"]))
    assert await names(runtime) == ["A", "B"]


async def test_a_death_in_the_middle_of_a_change_is_told_with_the_adapters_name(runtime: SessionRuntime) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        await app_of(runtime).call(m.CRASH_CREATE, m.ItemParams(name="A"))
    assert caught.value.code == "application_restarted"
    await runtime.session.ready.wait()


async def test_errors_keep_their_codes_and_details(runtime: SessionRuntime) -> None:
    await app_of(runtime).call(m.CREATE, m.ItemParams(name="Wheel"))
    with pytest.raises(CadgateError) as caught:
        await app_of(runtime).call(m.GET, m.ItemName(name="Whel"))
    assert (caught.value.code, caught.value.status) == ("item_not_found", 404)
    assert caught.value.details["did_you_mean"] == ["Wheel"]


# --- over real HTTP ----------------------------------------------------------------------------------------------


def test_a_browser_that_is_closed_stops_the_handler_that_reads_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    routers.waits.clear()
    found = Found("fake", "cadgate-fake", "1.0", "active", None, cadgate_adapter(), fake_settings())
    monkeypatch.setattr("cadgate.main.discover", lambda settings: [found])
    with served(create_app(quiet_settings(tmp_path))) as port:
        body = json.dumps({"seconds": 60}).encode()
        head = (
            "POST /api/v1/fake/wait HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(head.encode() + body)
            eventually(lambda: routers.waits == ["begun"], what="the handler")
        eventually(lambda: routers.waits == ["begun", "cancelled"], seconds=5, what="its end")
