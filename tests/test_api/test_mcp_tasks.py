"""Long work as a task of the protocol's extension: the same as the job, by a client that knows tasks."""

from __future__ import annotations

from typing import Any, Literal

import httpx
import pytest
from mcp import Client, types
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.shared.exceptions import MCPError
from pydantic import Field

from tests.agents.agent import agent
from tests.gateway import Gateway

pytestmark = pytest.mark.anyio

EXTENSION = "io.modelcontextprotocol/tasks"


class TaskCreated(types.Result):
    """The result in place of that of the call."""

    result_type: Literal["task"] = Field(alias="resultType")
    task_id: str = Field(alias="taskId")
    status: str


class TaskParams(types.RequestParams):
    task_id: str = Field(serialization_alias="taskId")


class Tasks(ClientExtension):
    """What a client brings that knows tasks: it asks until the task is over."""

    identifier = EXTENSION

    def __init__(self) -> None:
        self.seen: list[TaskCreated] = []

    def claims(self) -> list[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=TaskCreated, resolve=self._resolve)]

    async def _resolve(self, created: TaskCreated, context: ClaimContext) -> types.CallToolResult:
        self.seen.append(created)
        while True:
            told = await ask(context.session, "tasks/get", created.task_id)
            if told["status"] != "working":
                return types.CallToolResult.model_validate(told["result"])


class Told(types.Result):
    model_config = {"extra": "allow"}


async def ask(session: Any, method: str, task: str) -> dict[str, Any]:
    request: Any = types.Request(method=method, params=TaskParams(task_id=task))
    answer = await session.send_request(request, Told)
    return answer.model_dump(by_alias=True)


async def test_a_job_is_a_task_for_whoever_knows_them(gateway: Gateway, freecad: httpx.Client) -> None:
    known = Tasks()
    arguments = {"application": "freecad", "format": "step", "background": True}
    async with agent(gateway.url) as one, Client(f"{gateway.url}/mcp", extensions=[known]) as client:
        assert EXTENSION in (client.server_capabilities.extensions or {})
        await one.call("freecad", "primitives.box")
        result = await client.call_tool("export", arguments)
        assert not result.is_error
        assert result.structured_content["result"]["artifact"]["name"].endswith(".step")
        (created,) = known.seen
        job = await one.done("jobs", job=created.task_id)
        assert (job["state"], job["method"]) == ("succeeded", "exchange.export")
        assert await ask(client.session, "tasks/update", created.task_id)
        with pytest.raises(MCPError, match="conflict"):
            await ask(client.session, "tasks/cancel", created.task_id)
        with pytest.raises(MCPError, match="job_not_found"):
            await ask(client.session, "tasks/get", "0" * 32)
        # A client that does not know them gets the job itself.
        assert (await one.done("export", **arguments))["state"] in ("queued", "running", "succeeded")
