"""Small files in the dialects of many programs, each uploaded to Blender, and what came compared with what is in it."""

from __future__ import annotations

from typing import Any

import httpx
import numpy
import pytest

from tests.blender_code import evaluate
from tests.corpus import FileCase
from tests.corpus.blender import CASES
from tests.gateway import Gateway

BOX = """
graph = bpy.context.evaluated_depsgraph_get()
points = []
for instance in graph.object_instances:
    if instance.object.type == "MESH":
        points += [(instance.matrix_world @ v.co)[:] for v in instance.object.data.vertices]
[[min(p[i] for p in points) for i in range(3)], [max(p[i] for p in points) for i in range(3)]] if points else None
"""


@pytest.fixture(scope="module")
def application(http: httpx.Client) -> str:
    """The application and its version."""
    return http.get("/version").json()["result"]["adapters"]["blender"]["application"]


def test_the_corpus_is_large_and_names_each_file_once() -> None:
    assert len(CASES) >= 75
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_file_gives_what_is_in_it(blender: httpx.Client, gateway: Gateway, application: str, case: FileCase) -> None:
    answer = blender.post("/import", files={"file": (case.name, case.make())}, params=dict(case.query))
    want = case.expected_of(application)
    if want.error is not None:
        error: dict[str, Any] = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (422, want.error)
        for word in want.error_words:
            assert word in error["message"]
        assert blender.get("/objects").json()["result"]["total"] == 0
        return
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    objects = result["objects"]
    assert sorted(each["code"] for each in result["warnings"]) == sorted(want.warnings), result["warnings"]
    for word in want.warning_words:
        assert any(word in each["message"] for each in result["warnings"])
    if want.names is not None:
        assert sorted(each["name"] for each in objects) == sorted(want.names)
    if want.objects is not None:
        assert len(objects) == want.objects
    if want.kinds is not None:
        assert sorted(each["type"] for each in objects) == sorted(want.kinds)
    if want.faces is not None:
        assert sum(each["faces"] or 0 for each in objects) == want.faces
    if want.box is not None:
        have = evaluate(gateway, BOX)
        assert numpy.allclose(have, want.box, atol=max(want.tolerance, 1e-4)), have
