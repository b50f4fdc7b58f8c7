"""The tasks of `python -m tests.agents`, and the table that it writes."""

from __future__ import annotations

import httpx
import pytest

from tests import written_tables
from tests.agents.__main__ import COMMAND
from tests.agents.tasks import TASKS
from tests.agents.transcript import done
from tests.gateway import Gateway

pytestmark = pytest.mark.anyio


def test_there_are_twenty_tasks_and_the_document_has_what_each_took() -> None:
    assert len(TASKS) == 20
    rows = [line.split("|")[1].strip() for line in written_tables.written("AGENTS.md", COMMAND).splitlines()[2:]]
    assert rows == [*(f"`{name}`" for name in TASKS), "**all**", "`tools/list`"]


@pytest.mark.parametrize("name", TASKS)
async def test_a_task_is_done_through_mcp_alone(
    gateway: Gateway, blender: httpx.Client, freecad: httpx.Client, name: str
) -> None:
    counted = await done(gateway, name)
    assert counted.error is None, counted.error
    assert counted.calls < 15
    assert counted.received < 60_000
