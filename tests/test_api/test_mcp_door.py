"""The agents' door on the real applications: tools, results, errors, keys, in each mode of the SDK's client."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.shared.exceptions import MCPError

from tests.agents.agent import MODES, Agent, agent, text_of
from tests.agents.sketchpad import ALONE, install
from tests.gateway import NO_SPARES, Gateway, eventually
from tests.test_api.keyed import Holder, new_key, revoke

pytestmark = pytest.mark.anyio

NAMES = [
    "search",
    "describe",
    "call",
    "batch",
    "execute",
    "look",
    "measure",
    "export",
    "import",
    "sessions",
    "jobs",
    "docs",
]


@pytest.fixture(params=MODES)
async def each_mode(request: pytest.FixtureRequest, gateway: Gateway) -> AsyncIterator[Agent]:
    """An agent in each protocol mode."""
    async with agent(gateway.url, mode=request.param) as made:
        yield made


@pytest.fixture
async def one(gateway: Gateway) -> AsyncIterator[Agent]:
    """An agent in the default mode."""
    async with agent(gateway.url) as made:
        yield made


def told(client: httpx.Client, path: str) -> Any:
    """What REST answers."""
    return client.get(path).json()["result"]


# --- what is listed --------------------------------------------------------------------------------------------------


async def test_the_list_of_tools_is_short_and_complete(each_mode: Agent) -> None:
    listed = await each_mode.client.list_tools()
    assert [tool.name for tool in listed.tools if tool.name in NAMES] == NAMES
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True).encode()) <= 10_000
    again = await each_mode.client.list_tools()
    assert again.tools == listed.tools
    for tool in listed.tools:
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is not None
        assert tool.description


async def test_annotations_say_what_destroys(one: Agent) -> None:
    hints = {name: tool.annotations for name, tool in one.tools.items() if tool.annotations is not None}
    for name in ("search", "describe", "measure", "docs"):
        assert hints[name].read_only_hint, name
    for name in ("call", "batch", "execute"):
        assert hints[name].destructive_hint, name
        assert not hints[name].read_only_hint, name
    assert not hints["export"].destructive_hint


@pytest.mark.parametrize("application", ["blender", "freecad"])
async def test_every_method_is_described_found_and_called(
    request: pytest.FixtureRequest, one: Agent, application: str
) -> None:
    # With what another test has left, an example's "Cube" may be a lamp, which no modifier fits.
    client: httpx.Client = request.getfixturevalue(application)
    methods = told(client, "/methods")["methods"]
    sizes: list[int] = []
    for method in methods:
        described = await one.done("describe", application=application, method=method["name"])
        assert described["method"] == method["name"]
        assert set(described["params"].get("properties", {})) >= set(method["params"].get("properties", {}))
        assert described["mutates"] == method["mutates"]
        sizes.append(len(json.dumps(described)))
        found = await one.done("search", query=method["name"], application=application, limit=3)
        assert method["name"] in [each["method"] for each in found["methods"]], method["name"]
        # Objects of the example may be missing, but the call has reached the method; `use` checks the result's schema.
        called = (await one.use("call", **described["example"], dry_run=True)).structured_content
        refused = called.get("error", {"code": None})["code"]
        assert refused not in ("not_found", "bad_request", "validation_error", "internal_error"), (method, called)
    assert sorted(sizes)[len(sizes) // 2] < 8_500


@pytest.mark.parametrize(
    ("query", "application", "method"),
    [
        ("round the edges of a part", "freecad", "features.fillet"),
        ("make a cubbe", "blender", "primitives.cube"),
        ("drill a threaded hole", "freecad", "features.hole"),
        ("subtract one solid from another", "freecad", "boolean.subtract"),
        ("bevel modifier", "blender", "modifiers.add"),
        ("take a picture of the scene", "blender", "render.still"),
        ("give an object a colour", "blender", "materials.create"),
        ("how heavy is it: mass and centre of gravity", "freecad", "objects.measure"),
        ("distance between two parts", "freecad", "objects.distance"),
        ("undo", "freecad", "session.undo"),
        ("hollow out a solid", "freecad", "features.thickness"),
    ],
)
async def test_words_find_the_method(one: Agent, query: str, application: str, method: str) -> None:
    found = await one.done("search", query=query, application=application)
    assert method in [each["method"] for each in found["methods"]]


# --- calls -----------------------------------------------------------------------------------------------------------


async def test_search_describe_call_makes_a_part(each_mode: Agent, freecad: httpx.Client) -> None:
    found = await each_mode.done("search", query="add a box", application="freecad")
    assert "primitives.box" in [each["method"] for each in found["methods"]]
    described = await each_mode.done("describe", application="freecad", method="primitives.box")
    assert (await each_mode.done("call", **described["example"]))["type"] == "Part::Box"
    made = await each_mode.call("freecad", "primitives.box", name="Plate", length=40, width=30, height=5)
    assert made["volume"] == pytest.approx(6000)
    assert told(freecad, "/objects/Plate")["volume"] == pytest.approx(6000)


async def test_a_value_of_the_context_goes_with_params(one: Agent, freecad: httpx.Client) -> None:
    await one.call("freecad", "documents.create", name="Other")
    described = await one.done("describe", application="freecad", method="primitives.box")
    assert "document" in described["params"]["properties"]
    made = await one.call("freecad", "primitives.box", document="Other")
    assert made["document"] == "Other"
    measured = await one.done("measure", application="freecad", object=made["name"], document="Other")
    assert measured["volume"] == pytest.approx(1000)


async def test_a_batch_tells_each_result(one: Agent, blender: httpx.Client) -> None:
    calls = [
        {"method": "primitives.cube", "params": {"name": "A"}},
        {"method": "objects.get", "params": {"name": "nobody"}},
        {"method": "objects.get", "params": {"name": "A"}},
    ]
    result = await one.use("batch", application="blender", calls=calls)
    statuses = [each["status"] for each in result.structured_content["result"]["results"]]
    assert statuses == ["success", "error", "success"]
    assert "calls.1" in text_of(result)
    error = await one.refused("batch", application="blender", calls=[*calls[1:2], *calls[:1]], atomic=True)
    assert (error["code"], error["details"]["index"]) == ("object_not_found", 0)
    assert [each["name"] for each in told(blender, "/objects")["objects"]] == ["A"]


async def test_code_returns_its_value_and_what_it_printed(one: Agent, blender: httpx.Client) -> None:
    made = await one.done("execute", application="blender", code="print('a'); print('b')\n6 * 7")
    assert (made["value"], made["output"]) == (42, "a\nb\n")
    error = await one.refused("execute", application="blender", code="print('so far')\nnobody")
    assert error["code"] == "execution_failed"
    assert "NameError" in error["message"]
    assert error["details"]["output"] == "so far\n"


async def test_a_part_of_one_application_becomes_an_object_of_the_other(
    one: Agent, blender: httpx.Client, freecad: httpx.Client
) -> None:
    await one.call("freecad", "primitives.box", length=40, width=30, height=5)
    written = await one.use("export", application="freecad", format="stl")
    artifact = written.structured_content["result"]["artifact"]
    links = [block for block in written.content if block.type == "resource_link"]
    assert [link.name for link in links] == [artifact["name"]]
    assert artifact["id"] in links[0].uri
    taken = await one.done("import", application="blender", artifact=links[0].uri)
    assert taken["objects"][0]["dimensions"] == pytest.approx([40, 30, 5])


async def test_a_picture_is_image_content(one: Agent, blender: httpx.Client) -> None:
    await one.call("blender", "primitives.monkey")
    result = await one.use("call", application="blender", method="render.preview", params={"width": 64})
    pictures = [block for block in result.content if block.type == "image"]
    assert [picture.mime_type for picture in pictures] == ["image/png"]
    assert base64.b64decode(pictures[0].data).startswith(b"\x89PNG")


async def test_an_agent_looks_at_a_part(one: Agent, freecad: httpx.Client) -> None:
    error = await one.refused("look", application="freecad")
    assert error["code"] == "nothing_to_see"
    await one.call("freecad", "primitives.box", name="Plate", length=40, width=30, height=5)
    result = await one.use("look", application="freecad", views="iso, top", size="400")
    assert not result.is_error, text_of(result)
    sheet = result.structured_content["result"]
    assert max(sheet["width"], sheet["height"]) == 400
    assert [each["name"] for each in sheet["legend"]] == ["Plate"]
    pictures = [block for block in result.content if block.type == "image"]
    assert base64.b64decode(pictures[0].data).startswith(b"\x89PNG")


async def test_words_find_the_applications_own_types(one: Agent, freecad: httpx.Client) -> None:
    found = await one.done("search", query="ellipse", application="freecad")
    entry = next(each for each in found["api"] if each["name"] == "Part::Ellipse")
    described = await one.done("call", application="freecad", **entry["call"])
    assert "MajorRadius" in described["schema"]["properties"]


async def test_words_find_the_applications_own_operators(one: Agent, blender: httpx.Client) -> None:
    found = await one.done("search", query="bevel", application="blender")
    entry = next(each for each in found["api"] if each["name"] == "mesh.bevel")
    described = await one.done("call", application="blender", **entry["call"])
    assert "segments" in described["schema"]["properties"]


async def test_a_dry_run_changes_nothing(one: Agent, blender: httpx.Client) -> None:
    checked = await one.done("call", application="blender", method="primitives.cube", params={}, dry_run=True)
    assert checked == {"dry_run": True}
    assert told(blender, "/objects")["total"] == 0


async def test_the_same_key_is_the_same_call(one: Agent, blender: httpx.Client) -> None:
    once: dict[str, Any] = {
        "application": "blender",
        "method": "primitives.cube",
        "params": {},
        "idempotency_key": "k-1-mcp",
    }
    first = await one.done("call", **once)
    assert await one.done("call", **once) == first
    assert told(blender, "/objects")["total"] == 1
    error = await one.refused("call", **{**once, "params": {"size": 3}})
    assert error["code"] == "idempotency_conflict"


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "near"),
    [
        ("call", {"application": "freecad", "method": "primitives.bx"}, "not_found", "primitives.box"),
        ("call", {"application": "freecd", "method": "primitives.box"}, "not_found", "freecad"),
        (
            "call",
            {"application": "freecad", "method": "primitives.box", "params": {"lenght": 1}},
            "validation_error",
            "length",
        ),
        ("describe", {"application": "blender", "method": "createCube"}, "not_found", "primitives.cube"),
        ("call", {"application": "blender", "metod": "primitives.cube"}, "validation_error", "method"),
        ("docs", {"page": "eror"}, "not_found", "errors"),
        ("docs", {"page": "ERRORS"}, "not_found", "errors"),
    ],
)
async def test_an_error_names_the_nearest(
    one: Agent, tool: str, arguments: dict[str, Any], code: str, near: str
) -> None:
    result = await one.use(tool, **arguments)
    assert result.is_error
    error = result.structured_content["error"]
    assert error["code"] == code
    assert near in error["did_you_mean"]
    assert near in text_of(result)
    assert code in text_of(result)


async def test_an_object_that_is_not_there_is_named_with_the_nearest(one: Agent, blender: httpx.Client) -> None:
    await one.call("blender", "primitives.cube", name="Bracket")
    error = await one.refused("call", application="blender", method="objects.get", params={"name": "Braket"})
    assert (error["code"], error["did_you_mean"]) == ("object_not_found", ["Bracket"])


async def test_parameters_beside_params_are_refused_with_where_they_belong(one: Agent) -> None:
    error = await one.refused("call", application="blender", method="primitives.cube", size=3)
    assert error["code"] == "validation_error"
    assert "params" in error["message"]


async def test_a_method_of_another_application_is_said(one: Agent) -> None:
    error = await one.refused("call", application="freecad", method="render.still", params={})
    assert "blender" in error["message"]


async def test_an_unknown_tool_is_an_error_of_the_protocol(each_mode: Agent) -> None:
    with pytest.raises(MCPError, match="did you mean 'describe'"):
        await each_mode.client.call_tool("descibe", {})


# --- the gate --------------------------------------------------------------------------------------------------------

PING: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ACCEPTS = {"Accept": "application/json, text/event-stream"}


@pytest.mark.security
def test_the_gate_is_before_it(gateway: Gateway) -> None:
    with gateway.client() as client:
        foreign = client.post("/mcp", json=PING, headers={**ACCEPTS, "Host": "evil.example"})
        assert (foreign.status_code, foreign.json()["error"]["code"]) == (421, "misdirected_host")
        page = client.post("/mcp", json=PING, headers={**ACCEPTS, "Origin": "https://evil.example"})
        assert (page.status_code, page.json()["error"]["code"]) == (403, "forbidden_origin")
        assert client.post("/mcp", content="x", headers={"Content-Type": "text/plain"}).status_code == 415
        large = client.post("/mcp", json={**PING, "params": {"x": "y" * (2 << 20)}}, headers=ACCEPTS)
        assert (large.status_code, large.json()["error"]["code"]) == (413, "payload_too_large")
        assert client.get("/mcp", headers=ACCEPTS).status_code == 405
        assert client.put("/mcp", json=PING).status_code == 405


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that wants keys, with FreeCAD alone."""
    running = Gateway(
        tmp_path_factory.mktemp("keyed"),
        environment={"CADGATE_AUTH": "token", "CADGATE_BLENDER_ENABLED": "false", **NO_SPARES},
    )
    running.start(ready=False)
    try:
        with new_key(running, "read").client() as client:
            eventually(lambda: client.get("/ready").is_success, seconds=60, what="FreeCAD up")
        yield running
    finally:
        code = running.stop()
    assert code == 0, running.log.read_text()[-4000:]


@pytest.mark.security
async def test_scopes_are_those_of_the_methods(keyed: Gateway) -> None:
    reader, writer = new_key(keyed, "read"), new_key(keyed, "read,write")
    with keyed.client() as client:
        assert client.post("/mcp", json=PING, headers=ACCEPTS).status_code == 401
    async with agent(keyed.url, key=reader.text) as reading:
        assert (await reading.call("freecad", "documents.list"))["documents"] is not None
        for tool, more in (
            ("call", {"method": "primitives.box"}),
            ("export", {"format": "step"}),
            ("execute", {"code": "1"}),
        ):
            error = await reading.refused(tool, application="freecad", **more)
            assert error["code"] == "forbidden", tool
        refused = await reading.done("batch", application="freecad", calls=[{"method": "primitives.box"}])
        assert refused["results"][0]["error"]["code"] == "forbidden"
    async with agent(keyed.url, key=writer.text) as writing:
        assert (await writing.call("freecad", "primitives.box"))["volume"] == pytest.approx(1000)
        assert (await writing.refused("execute", application="freecad", code="1"))["code"] == "forbidden"
    writes_only = new_key(keyed, "write")
    async with agent(keyed.url, key=writes_only.text) as blind:
        assert (await blind.refused("search", query="box"))["code"] == "forbidden"


# --- another adapter -------------------------------------------------------------------------------------------------


async def test_a_third_adapters_methods_appear_by_installing_it(tmp_path: Path) -> None:
    site = install(tmp_path)
    running = Gateway(tmp_path / "state", plugins=ALONE, environment={"PYTHONPATH": str(site)}).start()
    try:
        async with agent(running.url) as third:
            assert third.tools["call"].input_schema["properties"]["application"]["enum"] == ["sketchpad"]
            with running.client("/api/v1/sketchpad") as client:
                methods = [each["name"] for each in told(client, "/methods")["methods"]]
            found = await third.done("search", query="", application="sketchpad", limit=50)
            assert sorted(each["method"] for each in found["methods"]) == sorted(methods)
            creating = next(name for name in methods if name.endswith(".create"))
            described = await third.done("describe", application="sketchpad", method=creating)
            made = await third.done("call", **described["example"])
            assert made["name"]
            error = await third.refused("export", application="sketchpad")
            assert error["code"] == "not_found"
    finally:
        assert running.stop() == 0, running.log.read_text()[-4000:]


@pytest.mark.security
async def test_a_revoked_key_ends_at_once(keyed: Gateway) -> None:
    holder = new_key(keyed, "read,write")
    async with agent(keyed.url, key=holder.text) as one:
        await one.call("freecad", "documents.list")
        revoke(holder)
        refused = await asyncio.to_thread(refused_soon, keyed, holder)
        assert refused["code"] == "unauthenticated"


def refused_soon(gateway: Gateway, holder: Holder) -> dict[str, Any]:
    """The error that a revoked key gets, a second later at most."""
    with gateway.client() as client:

        def refusal() -> httpx.Response | None:
            answer = client.post("/mcp", json=PING, headers=ACCEPTS | holder.headers)
            return answer if answer.status_code == 401 else None

        return eventually(refusal, seconds=1, what="the refusal").json()["error"]
