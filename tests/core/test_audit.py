"""The audit log: a line for each change by every door, nothing of what was changed, and no harm from a full disk."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cadgate.cli.keys import create as create_key
from cadgate.cli.keys import revoke as revoke_key
from cadgate.contract.authority import LOCAL, Authority
from cadgate.contract.builtin import EXECUTE, UNDO, Batch, BatchCall, Code
from cadgate.contract.context import Caller, RequestContext
from cadgate.dispatch.application import Application
from cadgate.dispatch.batch import prepare, run_batch
from cadgate.dispatch.calls import DryRunDone
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import CadgateError, Forbidden
from cadgate.models.common import Empty
from cadgate.security.audit import AuditEvent, AuditLog, local_user
from cadgate.security.keys import KeyFile
from tests.core.fake_app import fake_settings, item, running
from tests.core.served import in_process, probed_app, quiet_settings

from cadgate_fake import models as m  # isort: skip

pytestmark = [pytest.mark.anyio, pytest.mark.security]

EVENT = AuditEvent(
    method="items.create", identity="local", peer="127.0.0.1:5", request_id="r", door="rest", adapter="fake"
)
HERE = RequestContext(request_id="test", caller=Caller(LOCAL, "127.0.0.1:5"))


def lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / "audit.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size`: the system cuts the write that would, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# --- the file --------------------------------------------------------------------------------------------------------


def test_a_line_says_who_when_what_and_how_it_ended(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    with log.recording(replace(EVENT, more={"index": 3})) as learned:
        learned["artifact"] = "id"
    (line,) = lines(tmp_path)
    assert line.pop("time").endswith("+00:00")
    assert line.pop("ms") >= 0
    assert line == {
        "method": "items.create", "adapter": "fake", "door": "rest", "identity": "local", **local_user(),
        "peer": "127.0.0.1:5", "request_id": "r", "index": 3, "artifact": "id", "outcome": "success", "status": 200,
    }  # fmt: skip
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_whoever_holds_a_key_is_named_by_its_id_alone(tmp_path: Path) -> None:
    AuditLog(tmp_path).record(replace(EVENT, identity="key:0123456789ab"), "success", 200, 0.0)
    (line,) = lines(tmp_path)
    assert line["identity"] == "key:0123456789ab"
    assert "uid" not in line


@pytest.mark.parametrize(
    ("error", "outcome", "status"),
    [(Forbidden("x"), "forbidden", 403), (RuntimeError("x"), "internal_error", 500), (DryRunDone(), "success", 200)],
)
def test_the_outcome_is_the_code_of_the_error(tmp_path: Path, error: Exception, outcome: str, status: int) -> None:
    log = AuditLog(tmp_path)
    with pytest.raises(type(error)), log.recording(EVENT, success_exception=DryRunDone):
        raise error
    assert [(line["outcome"], line["status"]) for line in lines(tmp_path)] == [(outcome, status)]


def test_a_log_that_was_switched_off_writes_nothing(tmp_path: Path) -> None:
    AuditLog(tmp_path / "logs", enabled=False).record(EVENT, "success", 200, 0.0)
    assert not (tmp_path / "logs").exists()


def test_a_log_that_grew_large_is_put_aside_and_only_so_many_are_kept(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, max_bytes=1000, keep=2)
    for number in range(40):
        log.record(replace(EVENT, request_id=str(number)), "success", 200, 0.0)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["audit.log", "audit.log.1", "audit.log.2"]
    kept = [
        json.loads(line)["request_id"]
        for name in reversed(names)
        for line in (tmp_path / name).read_text().splitlines()
    ]
    assert kept == [str(number) for number in range(40 - len(kept), 40)]
    assert all(path.stat().st_size < 1400 for path in tmp_path.iterdir())


def test_a_log_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.record(EVENT, "success", 200, 0.0)
    log.path.rename(tmp_path / "moved")
    log.record(EVENT, "success", 200, 0.0)
    log.path.unlink()
    log.record(EVENT, "success", 200, 0.0)
    assert len(lines(tmp_path)) == 1
    assert len((tmp_path / "moved").read_text().splitlines()) == 1


def test_a_line_that_was_prepared_long_before_goes_into_the_new_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, now = AuditLog(tmp_path), [100.0]
    monkeypatch.setattr("cadgate.security.audit.time.monotonic", lambda: now[0])
    recording = log.recording(lambda: EVENT)
    with recording:
        recording.prepare()
        assert lines(tmp_path) == [], "it has not ended"
        log.path.rename(tmp_path / "moved")
        now[0] += 1.0
    assert [line["outcome"] for line in lines(tmp_path)] == ["success"]
    assert (tmp_path / "moved").read_bytes() == b""


def test_an_event_is_made_once_whether_the_line_was_prepared_or_not(tmp_path: Path) -> None:
    log, made = AuditLog(tmp_path), list[str]()

    def event(name: str) -> AuditEvent:
        made.append(name)
        return replace(EVENT, request_id=name)

    with log.recording(lambda: event("a")) as _, log.recording(lambda: event("b")):
        pass
    prepared = log.recording(lambda: event("c"))
    with prepared:
        prepared.prepare()
        prepared.prepare()
    assert made == ["b", "a", "c"]
    assert [line["request_id"] for line in lines(tmp_path)] == made


def test_a_link_in_place_of_the_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "audit.log").symlink_to(tmp_path / "elsewhere")
    log = AuditLog(tmp_path)
    log.record(EVENT, "success", 200, 0.0)
    assert log.failing
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_disk_loses_whole_lines_and_says_how_many(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.record(EVENT, "success", 200, 0.0)
    size = log.path.stat().st_size
    with files_up_to(size + 10):
        for _ in range(3):
            log.record(EVENT, "success", 200, 0.0)
        assert (log.lost, bool(log.failing)) == (3, True)
        assert log.path.stat().st_size == size, "a part of a line stayed"
    log.record(EVENT, "success", 200, 0.0)
    assert (log.lost, log.failing) == (3, None)
    assert [line["method"] for line in lines(tmp_path)] == ["items.create", "audit.lost", "items.create"]
    assert lines(tmp_path)[1]["lines"] == 3


async def test_health_is_degraded_while_the_log_cannot_be_written(tmp_path: Path) -> None:
    app = probed_app(quiet_settings(tmp_path))
    async with in_process(app) as client:
        upload = {"file": ("a.stl", b"solid")}
        assert (await client.post("/api/v1/artifacts", files=upload)).status_code == 201
        health = (await client.get("/health")).json()["result"]
        assert (health["status"], health["audit"]) == ("healthy", {"status": "on", "lost": 0, "reason": None})
        with files_up_to(app.state.audit.path.stat().st_size):
            gone = (await client.get("/api/v1/artifacts")).json()["result"]["artifacts"][0]["url"]
            assert (await client.delete(gone)).status_code == 200
            health = (await client.get("/health")).json()["result"]
            assert (health["status"], health["audit"]["status"], health["audit"]["lost"]) == ("degraded", "failing", 1)
            assert "cadgate_audit_lines_lost 1.0" in (await client.get("/metrics")).text
        assert (await client.post("/api/v1/artifacts", files=upload)).status_code == 201
        assert (await client.get("/health")).json()["result"]["status"] == "healthy"


# --- what gets a line ------------------------------------------------------------------------------------------------


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[SessionRuntime]:
    async with running(tmp_path / "state", fake_settings()) as made:
        made.served.audit = AuditLog(tmp_path)
        yield made


async def test_changes_and_code_have_lines_and_reads_have_none(runtime: SessionRuntime, tmp_path: Path) -> None:
    app = Application(runtime, HERE)
    await app.call(m.CREATE, m.ItemParams(name="secret name", value="secret value"))
    await app.call(m.LIST, m.Page())
    with pytest.raises(CadgateError):
        await app.call(m.CREATE, m.ItemParams(name="secret name"))
    code = "'secret' + 'é'"
    await app.call(EXECUTE, Code(code=code))
    with pytest.raises(CadgateError):
        await app.call(EXECUTE, Code(code="1 / 0"))
    await app.call(UNDO, Empty())
    written = lines(tmp_path)
    assert [(line["method"], line["outcome"], line["status"]) for line in written] == [
        ("items.create", "success", 200),
        ("items.create", "name_taken", 409),
        ("session.execute", "success", 200),
        ("session.execute", "execution_failed", 422),
        ("session.undo", "success", 200),
    ]
    assert written[2]["code_sha256"] == hashlib.sha256(code.encode()).hexdigest()
    assert {line["peer"] for line in written} == {"127.0.0.1:5"}
    assert "secret" not in (tmp_path / "audit.log").read_text()


async def test_each_call_of_a_batch_has_its_line(runtime: SessionRuntime, tmp_path: Path) -> None:
    calls = [("items.create", item("a")), ("items.list", {}), ("items.create", item("a")), ("items.create", {"no": 1})]
    batch = Batch(calls=[BatchCall(method=method, params=params) for method, params in calls])
    await run_batch(runtime, HERE, batch)
    told = [(line["door"], line["index"], line["method"], line["outcome"]) for line in lines(tmp_path)]
    assert told == [("batch", 0, "items.create", "success"), ("batch", 2, "items.create", "name_taken")]


async def test_an_atomic_batch_that_fails_says_what_was_rolled_back(runtime: SessionRuntime, tmp_path: Path) -> None:
    batch = Batch(calls=[BatchCall(method="items.create", params=item("a")) for _ in range(2)], atomic=True)
    with pytest.raises(CadgateError):
        await run_batch(runtime, HERE, batch)
    assert [(line["index"], line["outcome"]) for line in lines(tmp_path)] == [(0, "rolled_back"), (1, "name_taken")]


async def test_what_a_key_may_not_do_has_a_line_too(runtime: SessionRuntime, tmp_path: Path) -> None:
    reader = replace(HERE, caller=replace(HERE.caller, authority=Authority("key:0123456789ab", frozenset({"read"}))))
    with pytest.raises(Forbidden):
        await Application(runtime, reader).call(m.CREATE, m.ItemParams())
    with pytest.raises(Forbidden):
        await Application(runtime, reader).call(EXECUTE, Code(code="1"))
    with pytest.raises(Forbidden):
        prepare(runtime.served, replace(reader, door="websocket"), "items.create", {})
    await run_batch(runtime, reader, Batch(calls=[BatchCall(method="items.create")]))
    told = [(line["door"], line["method"], line["outcome"], line["identity"]) for line in lines(tmp_path)]
    assert told == [
        ("rest", "items.create", "forbidden", "key:0123456789ab"),
        ("rest", "session.execute", "forbidden", "key:0123456789ab"),
        ("websocket", "items.create", "forbidden", "key:0123456789ab"),
        ("batch", "items.create", "forbidden", "key:0123456789ab"),
    ]


async def test_a_handler_has_one_line_for_all_that_it_does(runtime: SessionRuntime, tmp_path: Path) -> None:
    app = Application(runtime, HERE)
    await app.call(m.TWICE, m.ItemParams(name="a"))
    await app.call(m.WRITE_FILE, m.FileParams())
    with pytest.raises(CadgateError):
        await app.call(m.BROKEN_HANDLER, m.How(how="refuse"))
    with pytest.raises(DryRunDone):
        await Application(runtime, replace(HERE, dry_run=True)).call(m.CREATE, m.ItemParams(name="b"))
    written = lines(tmp_path)
    assert [line["method"] for line in written] == ["files.twice", "files.write", "files.broken", "items.create"]
    assert [line.get("dry_run") for line in written] == [None, None, None, True]


def test_keys_that_are_made_and_revoked_have_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = quiet_settings(tmp_path)
    assert create_key(settings, "laptop", "read,write") == 0
    text = capsys.readouterr().out.strip()
    (key,) = KeyFile(tmp_path).list()
    assert revoke_key(settings, key.id) == 0
    assert revoke_key(settings, "unknown") == 1
    written = lines(tmp_path / "logs")
    assert [(line["method"], line["door"], line.get("key")) for line in written] == [
        ("keys.create", "cli", key.id),
        ("keys.revoke", "cli", key.id),
        ("keys.revoke", "cli", None),
    ]
    assert written[0]["scopes"] == ["read", "write"]
    assert {line["uid"] for line in written} == {os.geteuid()}
    assert text.rpartition("_")[2] not in (tmp_path / "logs" / "audit.log").read_text()


# --- allow_execute = false -------------------------------------------------------------------------------------------


async def test_code_is_refused_where_the_adapters_settings_say_so(tmp_path: Path) -> None:
    async with running(tmp_path / "state", fake_settings(allow_execute=False)) as runtime:
        runtime.served.audit = AuditLog(tmp_path)
        app = Application(runtime, HERE)
        with pytest.raises(Forbidden, match=r"allow_execute = false.*\[adapters.fake\]") as refused:
            await app.call(EXECUTE, Code(code="1"))
        assert refused.value.details["setting"] == "adapters.fake.allow_execute"
        with pytest.raises(Forbidden, match="allow_execute"):
            prepare(runtime.served, HERE, "session.execute", {"code": "1"})
        results = await run_batch(
            runtime, HERE, Batch(calls=[BatchCall(method="session.execute", params={"code": "1"})])
        )
        assert results.results[0].status == "error"
        await app.call(m.CREATE, m.ItemParams(name="a"))
    assert [line["outcome"] for line in lines(tmp_path)] == ["forbidden"] * 3 + ["success"]
