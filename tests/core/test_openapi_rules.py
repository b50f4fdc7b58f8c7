"""Rules that linters have for OpenAPI, without a linter. The long form, by Spectral: `python -m tests.clients`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cadgate.config.settings import Settings
from cadgate.main import create_app

VERBS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return create_app(Settings(state_dir=tmp_path_factory.mktemp("state"))).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in document["paths"].items():
        yield from ((path, verb, operation) for verb, operation in verbs.items())


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def test_every_component_is_used(document: dict[str, Any]) -> None:
    used = {each["$ref"].rpartition("/")[2] for each in objects(document) if isinstance(each.get("$ref"), str)}
    assert document["components"]["schemas"].keys() - used == set()


def test_paths_and_their_parameters_agree(document: dict[str, Any]) -> None:
    for path, verb, operation in operations(document):
        assert verb in VERBS
        assert not re.search(r"\?|.+/$", path), path
        parameters = operation.get("parameters", [])
        told = [(one["in"], one["name"]) for one in parameters]
        assert max(Counter(told).values(), default=1) == 1, (verb, path)
        named = {name for place, name in told if place == "path"}
        assert named == set(re.findall(r"{(\w+)}", path)), (verb, path)
        assert all(one["required"] for one in parameters if one["in"] == "path"), (verb, path)
        assert {"200", "201", "202", "303"} & operation["responses"].keys(), (verb, path)
        if verb in ("get", "delete", "head"):
            assert "requestBody" not in operation, (verb, path)


def test_tags_groups_and_security_are_declared(document: dict[str, Any]) -> None:
    tags = [tag["name"] for tag in document["tags"]]
    assert len(tags) == len(set(tags))
    assert sorted(tags) == sorted(tag for group in document["x-tagGroups"] for tag in group["tags"])
    schemes = document["components"]["securitySchemes"].keys()
    for _, _, operation in operations(document):
        assert set(operation["tags"]) <= set(tags)
    for each in [document, *(operation for _, _, operation in operations(document))]:
        assert {name for one in each.get("security", ()) for name in one} <= schemes
    assert document["info"]["contact"]
    assert document["servers"]


def test_choices_are_of_their_type_and_given_once(document: dict[str, Any]) -> None:
    kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
    seen = 0
    for each in objects([document["paths"], document["components"]]):
        if isinstance(each.get("enum"), list) and isinstance(each.get("type"), str):
            assert len(each["enum"]) == len(set(each["enum"])), each
            assert all(isinstance(value, kinds[each["type"]]) for value in each["enum"]), each
            seen += 1
    assert seen > 20


def test_texts_hold_no_markup_that_runs(document: dict[str, Any]) -> None:
    for each in objects(document):
        for key in ("description", "summary", "title"):
            assert "<script" not in str(each.get(key, "")).lower()
