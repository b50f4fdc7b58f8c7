"""OpenAPI: complete for every route, one tag per adapter, whatever one adapter's models do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from fastapi._compat.v2 import ModelField
from fastapi.openapi.models import OpenAPI
from jsonschema_rs import Draft202012Validator, meta

import cadgate
from cadgate.main import create_app
from cadgate.openapi import document as document_module
from cadgate.openapi.flat_models import without_validators
from cadgate.web.routing import QUERY_NAMES
from tests.core.fake_packages import Site
from tests.core.served import quiet_settings

pytestmark = pytest.mark.anyio

ADAPTER = '''
from typing import Annotated, Any, Callable
from fastapi import Depends
from cadgate.plugin import Application, Method, ObjectInfo as BaseObjectInfo, Params, Result, Success, application

Alpha = Annotated[Application, Depends(application("{name}"))]


class ObjectInfo(BaseObjectInfo):
    """An object of {name}."""

    {field}: int = 1


class MakeParams(Params):
    """What to make."""

    size: float = 2


MAKE = Method("things.make", MakeParams, ObjectInfo, mutates=True)
SHOW = Method("things.show", MakeParams, ObjectInfo)


@router.operation("POST", "/things", MAKE, status_code=201)
async def make_thing(params: MakeParams, app: Alpha) -> Success[ObjectInfo]:
    """Make a thing.

    Some more about it.
    """
    return Success(await app.call(MAKE, params))


@router.operation("GET", "/things/{{name:name}}", SHOW)
async def show_thing(name: str, app: Alpha) -> Success[ObjectInfo]:
    """Show a thing."""
    return Success(await app.call(SHOW, MakeParams()))
'''

UNDESCRIBABLE = '''
class Odd(Result):
    """No JSON Schema can say this."""

    call: Callable[[], int]


@router.get("/odd", response_model=None)
async def odd(value: Annotated[Any, Depends(lambda: 1)]) -> None:
    """Return nothing."""


@router.post("/odder", response_model=Odd)
async def odder() -> None:
    """Return something odd."""
'''


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            yield path, verb, operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_the_document_is_openapi_and_its_references_lead_somewhere(shipped: dict[str, Any]) -> None:
    OpenAPI.model_validate(shipped)
    schemas = shipped["components"]["schemas"]
    for reference in references(shipped):
        assert reference.removeprefix("#/components/schemas/") in schemas
    for name, schema in schemas.items():
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
        meta.validate(schema)


def test_it_is_what_fastapi_makes_with_a_validator_for_every_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    original = ModelField.__post_init__

    def counting(field: ModelField) -> None:
        made.append(field.name)
        original(field)

    monkeypatch.setattr(ModelField, "__post_init__", counting)
    documents: list[str] = []
    counts: list[int] = []
    for quicker in (without_validators, nullcontext):
        monkeypatch.setattr(document_module, "without_validators", quicker)
        app = create_app(quiet_settings(tmp_path))
        made.clear()
        documents.append(json.dumps(app.openapi()))
        counts.append(len(made))
    assert documents[0] == documents[1]
    assert counts[0] < counts[1] / 2


def test_it_says_what_it_is(shipped: dict[str, Any]) -> None:
    assert shipped["info"]["title"] == "cadgate"
    assert shipped["info"]["version"] == cadgate.__version__
    assert shipped["info"]["description"]


def _schemas(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value
        value = {key: each for key, each in value.items() if key not in ("example", "examples")}
        for each in value.values():
            yield from _schemas(each)
    elif isinstance(value, list):
        for each in value:
            yield from _schemas(each)


def test_every_array_says_what_it_holds_and_how_many(shipped: dict[str, Any]) -> None:
    arrays = [each for each in _schemas({**shipped["paths"], **shipped["components"]}) if each["type"] == "array"]
    assert len(arrays) > 200
    assert [each for each in arrays if "items" not in each or "prefixItems" in each] == []
    location = shipped["components"]["schemas"]["CubeParams"]["properties"]["location"]
    assert (location["items"]["type"], location["minItems"], location["maxItems"]) == ("number", 3, 3)


OWN_WORDS = {"Array", "Boolean", "Date", "Error", "Function", "Map", "Number", "Object", "Plugin", "Promise", "Record"}
OWN_WORDS |= {"Set", "String", "Symbol", "Value", "List", "Dict", "Any", "Partial", "Required", "Request", "Response"}


def test_no_schema_has_the_name_of_a_type_of_a_language(shipped: dict[str, Any]) -> None:
    assert OWN_WORDS & shipped["components"]["schemas"].keys() == set()


def test_the_type_that_comes_without_asking_is_listed_first(shipped: dict[str, Any]) -> None:
    preview = shipped["paths"]["/api/v1/blender/render/preview"]["get"]["responses"]["200"]["content"]
    assert list(preview) == ["image/png", "application/json"]
    assert preview["image/png"]["schema"] == {"type": "string", "format": "binary"}
    render = shipped["paths"]["/api/v1/blender/render"]["post"]["responses"]["200"]["content"]
    assert next(iter(render)) == "application/json"
    artifact = shipped["paths"]["/api/v1/artifacts/{id}"]["get"]["responses"]["200"]["content"]
    assert list(artifact) == ["application/octet-stream", "*/*"]
    assert "x-bytes-first" not in json.dumps(shipped)


def test_there_is_one_tag_per_adapter_with_its_text(shipped: dict[str, Any]) -> None:
    tags = {tag["name"]: tag["description"] for tag in shipped["tags"]}
    assert list(tags) == ["gateway", "blender", "freecad"]
    assert [group["tags"] for group in shipped["x-tagGroups"]] == [["gateway"], ["blender", "freecad"]]
    assert all(tags.values())
    for path, verb, operation in operations(shipped):
        segments = path.split("/")
        gateways = ("artifacts", "convert", "formats", "jobs", "sessions")
        own = segments[3] if segments[1:3] == ["api", "v1"] and segments[3] not in gateways else "gateway"
        assert operation["tags"] == [own], (path, verb)


def test_every_operation_is_described(shipped: dict[str, Any]) -> None:
    for path, verb, operation in operations(shipped):
        where = f"{verb} {path}"
        assert operation["summary"].strip(), where
        assert "\n" not in operation["summary"], where
        assert operation["description"].strip(), where
        for parameter in operation.get("parameters", []):
            assert parameter["schema"], where


def test_operation_ids_are_the_adapter_and_the_function(shipped: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(shipped)]
    assert len(ids) == len(set(ids))
    assert shipped["paths"]["/api/v1/blender/primitives/cube"]["post"]["operationId"] == "blender_create_cube"
    for _, _, operation in operations(shipped):
        assert operation["operationId"].startswith(operation["tags"][0] + "_")


def test_every_failure_is_documented_as_the_envelope_with_an_example(shipped: dict[str, Any]) -> None:
    failure = Draft202012Validator({**shipped["components"]["schemas"]["Failure"], "components": shipped["components"]})
    for path, verb, operation in operations(shipped):
        failures = {status: said for status, said in operation["responses"].items() if status[0] in "45"}
        assert {"401", "403", "421", "500"} <= set(failures), (path, verb)
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= set(failures), (path, verb)
        if operation["tags"] != ["gateway"]:
            assert {"429", "503", "504"} <= set(failures), (path, verb)
        for said in failures.values():
            content = said["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Failure"}
            failure.validate(content["example"])
    assert "HTTPValidationError" not in shipped["components"]["schemas"]


def test_a_mutation_documents_its_headers_and_its_dry_run(shipped: dict[str, Any]) -> None:
    cube = shipped["paths"]["/api/v1/blender/primitives/cube"]["post"]
    known = {(one["in"], one["name"]) for one in cube["parameters"]}
    assert {
        ("header", "Idempotency-Key"),
        ("header", "X-Deadline-Ms"),
        ("header", "If-Match"),
        ("query", "dry_run"),
    } <= known
    dry_run = {"$ref": "#/components/schemas/DryRunAnswer"}
    assert dry_run in cube["responses"]["201"]["content"]["application/json"]["schema"]["anyOf"]
    assert cube["responses"]["200"]["content"]["application/json"]["schema"] == dry_run
    listing = shipped["paths"]["/api/v1/blender/objects"]["get"]
    assert {one["name"] for one in listing["parameters"]}.isdisjoint({"dry_run", "If-Match", "Idempotency-Key"})


def test_every_operation_that_takes_a_dry_run_allows_its_answer(shipped: dict[str, Any]) -> None:
    answer = {"status": "success", "result": {"dry_run": True}}
    seen: set[str] = set()
    for path, verb, operation in operations(shipped):
        parameters = operation.get("parameters", ())
        if not any((one["in"], one["name"]) == ("query", "dry_run") for one in parameters):
            continue
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        problems = [one.message for one in Draft202012Validator(with_components(schema, shipped)).iter_errors(answer)]
        assert not problems, (verb, path, problems)
        seen.add(f"{verb} {path}")
    for adapter in ("blender", "freecad"):
        assert {f"post /api/v1/{adapter}/{name}" for name in ("export", "look", "restart", "undo", "batch")} <= seen


def test_every_accepted_query_parameter_is_documented_and_no_other(shipped: dict[str, Any], shipped_app: Any) -> None:
    """What is accepted is what the error for an unknown name lists."""
    accepted = {
        (route.path_format, verb.lower()): getattr(route, QUERY_NAMES)
        for route in shipped_app.routes
        for verb in getattr(route, "methods", None) or ()
        if getattr(route, QUERY_NAMES, None) is not None
    }
    seen = 0
    for path, verb, operation in operations(shipped):
        documented = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        if (path, verb) in accepted:
            assert documented - {"session"} == accepted[path, verb] - {"session"}, (verb, path)
            seen += 1
    assert seen > 100


def test_json_requests_and_answers_have_examples_that_are_valid(shipped: dict[str, Any]) -> None:
    seen = 0
    validators: dict[str, Draft202012Validator] = {}
    for path, verb, operation in operations(shipped):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            content = body.get("content", {}).get("application/json")
            if not content or not content["schema"]:
                continue
            examples = (
                [content["example"]] if "example" in content else [one["value"] for one in content["examples"].values()]
            )
            named = json.dumps(content["schema"])
            if named not in validators:
                validators[named] = Draft202012Validator(with_components(content["schema"], shipped))
            validator = validators[named]
            for example in examples:
                problems = [error.message for error in validator.iter_errors(example)]
                assert not problems, (verb, path, example, problems)
                seen += 1
    assert seen > 100


def with_components(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A schema with the components that it needs: a validator looks at all that there are, which takes its time."""
    known = document["components"]["schemas"]
    needed: dict[str, Any] = {}
    found = list(references(schema))
    while found:
        name = found.pop().removeprefix("#/components/schemas/")
        if name not in needed:
            needed[name] = known[name]
            found += references(known[name])
    return {**schema, "components": {"schemas": needed}}


# --- several adapters ------------------------------------------------------------------------------------------------


@pytest.fixture
def document(site: Site, tmp_path: Path) -> dict[str, Any]:
    """The document of a gateway with three adapters: two alike, and one with models that cannot be described."""
    site.add("alpha", ADAPTER.format(name="alpha", field="apples"))
    site.add("beta", ADAPTER.format(name="beta", field="berries"))
    site.add("gamma", ADAPTER.format(name="gamma", field="grapes") + UNDESCRIBABLE)
    settings = quiet_settings(tmp_path / "state")
    app = create_app(settings)
    assert {one.name: one.status for one in app.state.plugins if one.status != "disabled"} == {
        "alpha": "active",
        "beta": "active",
        "gamma": "active",
    }
    return app.openapi()


def _result_of(document: dict[str, Any], adapter: str) -> dict[str, Any]:
    """The schema of what an adapter's /things answers."""
    answer = document["paths"][f"/api/v1/{adapter}/things"]["post"]["responses"]["201"]
    success = answer["content"]["application/json"]["schema"]["anyOf"][0]["$ref"]
    schemas = document["components"]["schemas"]
    result = schemas[success.removeprefix("#/components/schemas/")]["properties"]["result"]["$ref"]
    return schemas[result.removeprefix("#/components/schemas/")]


def test_models_of_one_name_in_two_adapters_stay_apart(document: dict[str, Any]) -> None:
    assert "apples" in _result_of(document, "alpha")["properties"]
    assert "berries" in _result_of(document, "beta")["properties"]
    assert not any("__" in name for name in document["components"]["schemas"])
    assert "MakeParams" in document["components"]["schemas"]


def test_models_that_cannot_be_described_cost_their_route_only(document: dict[str, Any]) -> None:
    OpenAPI.model_validate(document)
    assert "grapes" in _result_of(document, "gamma")["properties"]
    assert "cannot be described" in document["paths"]["/api/v1/gamma/odder"]["post"]["description"]
    assert document["paths"]["/api/v1/gamma/odd"]["get"]["description"] == "Return nothing."
    for name in references(document):
        assert name.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_summary_and_description_come_from_the_docstring(document: dict[str, Any]) -> None:
    make = document["paths"]["/api/v1/alpha/things"]["post"]
    assert make["summary"] == "Make a thing"
    assert make["description"] == "Make a thing.\n\nSome more about it."
    assert make["operationId"] == "alpha_make_thing"
    assert make["x-cadgate-method"] == "things.make"


def test_names_in_paths_are_plain_parameters(document: dict[str, Any]) -> None:
    assert "/api/v1/alpha/things/{name}" in document["paths"]


# --- pages -----------------------------------------------------------------------------------------------------------


async def test_the_served_document_is_the_same(client: httpx.AsyncClient, app: Any) -> None:
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.content) == json.loads(json.dumps(app.openapi()))


async def test_many_first_requests_at_once_generate_it_once(
    client: httpx.AsyncClient, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.openapi, "_made", None)
    generated: list[str] = []
    original = document_module._document

    def counting(*arguments: Any) -> dict[str, Any]:
        generated.append("one")
        return original(*arguments)

    monkeypatch.setattr(document_module, "_document", counting)
    answers: list[httpx.Response] = []

    async def ask() -> None:
        answers.append(await client.get("/openapi.json"))

    async with anyio.create_task_group() as tasks:
        for _ in range(60):
            tasks.start_soon(ask)
    assert [answer.status_code for answer in answers] == [200] * 60
    assert len({answer.content for answer in answers}) == 1
    assert generated == ["one"]
