"""Prompts and texts of adapters reach agents, in each mode of the client and on standard input and output."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from cadgate.plugin import Adapter, Prompt, Resource
from cadgate.plugins.validate import problems_of
from cadgate_freecad.adapter import cadgate_adapter
from tests.agents.agent import MODES, agent
from tests.agents.sketchpad import ALONE, install
from tests.gateway import Gateway
from tests.test_api.test_mcp_stdio import Machine

pytestmark = pytest.mark.anyio

ADDED = """    from cadgate.plugin import Prompt, Resource

    prompt = Prompt(
        name="doodle",
        title="Doodle",
        description="Draw something.",
        text="Draw {what}, {not this}.",
        arguments={"what": "What it is."},
    )
    resource = Resource(name="units", description="Its units.", text="# Units")
    return Adapter(prompts=[prompt], resources=[resource], """


def add(site: Path) -> None:
    """Let the adapter have a prompt and a text."""
    module = site / "cadgate_sketchpad" / "adapter.py"
    text = module.read_text()
    assert text.count("    return Adapter(") == 1
    module.write_text(text.replace("    return Adapter(", ADDED))


@pytest.mark.parametrize("mode", MODES)
async def test_a_prompt_is_listed_and_completed(gateway: Gateway, mode: str) -> None:
    async with agent(gateway.url, mode=mode) as one:
        listed = {each.name: each for each in (await one.client.list_prompts()).prompts}
        assert list(listed) == ["blender.scene", "blender.model", "freecad.part", "freecad.drawing"]
        arguments = listed["freecad.part"].arguments
        assert arguments is not None
        assert [(each.name, each.required) for each in arguments] == [("part", True)]
        made = await one.client.get_prompt("freecad.part", {"part": "a hook of {5} mm"})
        (message,) = made.messages
        assert message.role == "user"
        assert message.content.type == "text"
        assert "a hook of {5} mm" in message.content.text
        assert "{part}" not in message.content.text
        for name, given, words in (
            ("freecad.prt", {}, "did you mean 'freecad.part'"),
            ("freecad.part", {}, "needs 'part'"),
            ("freecad.part", {"part": "x", "size": "3"}, "no argument 'size'"),
        ):
            with pytest.raises(MCPError, match=words):
                await one.client.get_prompt(name, given)


async def test_the_methods_that_prompts_name_exist(gateway: Gateway) -> None:
    async with agent(gateway.url) as one:
        for name in ("parameters.set", "drawings.create"):
            await one.done("describe", application="freecad", method=name)
        for name in ("studio.set", "render.still", "uv.unwrap"):
            await one.done("describe", application="blender", method=name)


async def test_an_adapter_brings_prompts_and_texts(tmp_path: Path) -> None:
    site = install(tmp_path)
    add(site)
    running = Gateway(tmp_path / "state", plugins=ALONE, environment={"PYTHONPATH": str(site)}).start()
    try:
        async with agent(running.url) as one:
            assert [each.name for each in (await one.client.list_prompts()).prompts] == ["sketchpad.doodle"]
            made = await one.client.get_prompt("sketchpad.doodle", {"what": "a line"})
            assert getattr(made.messages[0].content, "text", None) == "Draw a line, {not this}."
            uris = [each.uri for each in (await one.client.list_resources()).resources]
            assert "cadgate://adapters/sketchpad/units" in uris
            read = await one.client.read_resource("cadgate://adapters/sketchpad/units")
            assert getattr(read.contents[0], "text", None) == "# Units"
    finally:
        assert running.stop() == 0, running.log.read_text()[-4000:]


async def test_prompts_come_on_standard_input_and_output(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    site = next(Path(each) for each in machine.environment["PYTHONPATH"].split(":"))
    add(site)
    try:
        async with Client(machine.server) as client:
            assert [each.name for each in (await client.list_prompts()).prompts] == ["sketchpad.doodle"]
            made = await client.get_prompt("sketchpad.doodle", {"what": "a line"})
            assert made.messages[0].role == "user"
            with pytest.raises(MCPError, match="needs 'what'"):
                await client.get_prompt("sketchpad.doodle", {})
    finally:
        machine.down()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prompts": ["x"]}, "prompts must be a list or tuple of cadgate.plugin.Prompt"),
        ({"prompts": [Prompt(name="A b", title="", description="", text="")]}, "a name is of a-z"),
        ({"prompts": [Prompt(name="a", title="", description="", text="", arguments={"b": ""})]}, "has no {b}"),
        ({"resources": [Resource(name="a", description="", text="")] * 2}, "resources has a name twice"),
    ],
)
def test_a_wrong_prompt_is_reported(changes: dict[str, Any], words: str) -> None:
    adapter: Adapter = dataclasses.replace(cadgate_adapter(), **changes)
    assert any(words in problem for problem in problems_of(adapter, "freecad")), sys.version
