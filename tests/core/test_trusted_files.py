"""Files that a request trusts: asked for by every door with a scope of its own, and said in the audit log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from cadgate.contract.authority import Authority
from cadgate.contract.builtin import Batch, BatchCall
from cadgate.contract.context import Caller, RequestContext
from cadgate.contract.methods import Method, Scope, execute_if_trusted
from cadgate.dispatch.application import Application
from cadgate.dispatch.batch import prepare, run_batch
from cadgate.errors import Forbidden
from cadgate.models.common import Trustable
from cadgate.security.audit import AuditLog
from tests.core.fake_app import fake_settings, running
from tests.core.test_audit import HERE, lines

from cadgate_fake import models as m  # isort: skip

pytestmark = [pytest.mark.anyio, pytest.mark.security]


class Opening(m.ItemParams, Trustable):
    """What a method that opens a file is asked for, as far as the fake application knows it."""

    trusted: bool = Field(False, exclude=True)


OPEN = Method("items.create", Opening, m.ItemInfo, mutates=True, scope_of=execute_if_trusted)
WRITER: frozenset[Scope] = frozenset({"read", "write"})


def told(folder: Path) -> list[tuple[str, bool]]:
    return [(line["outcome"], line.get("trusted", False)) for line in lines(folder)]


async def batch(runtime: Any, context: RequestContext, *, atomic: bool, **params: Any) -> Any:
    return await run_batch(
        runtime, context, Batch(calls=[BatchCall(method="items.create", params=params)], atomic=atomic)
    )


async def test_a_trusted_file_needs_execute_by_every_door(tmp_path: Path) -> None:
    async with running(tmp_path / "state", fake_settings()) as runtime:
        runtime.served.audit = AuditLog(tmp_path)
        runtime.served.methods["items.create"] = OPEN
        writer = replace(HERE, caller=Caller(Authority("writer", WRITER)))
        app = Application(runtime, writer)
        with pytest.raises(Forbidden, match=r"the scope 'execute', which items.create of a trusted file needs"):
            await app.call(OPEN, Opening(name="a", trusted=True))
        with pytest.raises(Forbidden):
            prepare(runtime.served, writer, "items.create", {"name": "a", "trusted": True})
        with pytest.raises(Forbidden):
            await batch(runtime, writer, atomic=True, name="a", trusted=True)
        results = await batch(runtime, writer, atomic=False, name="a", trusted=True)
        assert results.results[0].error.code == "forbidden"
        assert told(tmp_path) == [("forbidden", True)] * 4
        assert (await app.call(OPEN, Opening(name="a"))).name == "a"
        assert (await Application(runtime, HERE).call(OPEN, Opening(name="b", trusted=True))).name == "b"
        assert told(tmp_path)[4:] == [("success", False), ("success", True)]


async def test_who_may_only_execute_may_not_open(tmp_path: Path) -> None:
    async with running(tmp_path / "state", fake_settings()) as runtime:
        only = replace(HERE, caller=Caller(Authority("executor", frozenset({"execute"}))))
        with pytest.raises(Forbidden, match="'write'"):
            await Application(runtime, only).call(OPEN, Opening(name="a", trusted=True))


async def test_a_trusted_file_needs_code_to_be_allowed(tmp_path: Path) -> None:
    async with running(tmp_path / "state", fake_settings(allow_execute=False)) as runtime:
        app = Application(runtime, HERE)
        with pytest.raises(Forbidden, match=r"items\.create of a trusted file is disabled: `allow_execute = false`"):
            await app.call(OPEN, Opening(name="a", trusted=True))
        assert (await app.call(OPEN, Opening(name="a"))).name == "a"
