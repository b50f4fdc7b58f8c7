"""Some of the tasks of `python -m tests.agents`, which does all."""

from __future__ import annotations

import httpx
import pytest

from tests.agents.tasks import TASKS
from tests.agents.transcript import done
from tests.gateway import Gateway

pytestmark = pytest.mark.anyio

SHORT = (
    "bracket_to_step",
    "find_and_fix_a_failed_fillet",
    "misspell_everything",
    "continue_after_a_crash",
    "part_into_a_scene",
    "see_what_is_wrong",
)


def test_there_are_twenty_tasks() -> None:
    assert len(TASKS) == 20
    assert set(SHORT) < set(TASKS)


@pytest.mark.parametrize("name", SHORT)
async def test_a_task_is_done_through_mcp_alone(
    gateway: Gateway, blender: httpx.Client, freecad: httpx.Client, name: str
) -> None:
    counted = await done(gateway, name)
    assert counted.error is None, counted.error
    assert counted.calls < 15
    assert counted.received < 60_000 or name == "see_what_is_wrong"
