"""FreeCAD's import of the files of many programs: what came is what the file holds, and what did not come is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.corpus import Expected, FileCase
from tests.corpus.freecad import CASES
from tests.gateway import Gateway


@pytest.fixture(scope="module")
def corpus(gateway: Gateway) -> Iterator[httpx.Client]:
    with gateway.client("/api/v1/freecad") as client:
        yield client


@pytest.fixture(scope="module")
def application(http: httpx.Client) -> str:
    """Which FreeCAD it is, such as `FreeCAD 1.0.0`."""
    return http.get("/version").json()["result"]["adapters"]["freecad"]["application"]


@pytest.fixture
def freecad(corpus: httpx.Client) -> Iterator[httpx.Client]:
    """A client with a new document that is the only one."""
    assert corpus.post("/documents", json={"name": "Corpus"}).status_code == 201
    assert corpus.post("/documents/Corpus/activate").status_code == 200
    yield corpus
    assert corpus.delete("/documents/Corpus").status_code == 200


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_file_comes_as_it_is_or_the_answer_says_what_did_not(
    freecad: httpx.Client, application: str, case: FileCase
) -> None:
    answer = freecad.post("/import", files={"file": (case.name, case.make())}, params=dict(case.query))
    expected = case.expected_of(application)
    if expected.error is not None:
        assert answer.status_code == 422, answer.text
        error = answer.json()["error"]
        assert error["code"] == expected.error, error
        for word in expected.error_words:
            assert word in error["message"], error["message"]
        assert freecad.get("/objects").json()["result"]["total"] == 0
        return
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    assert [each["code"] for each in result["warnings"]] == list(expected.warnings), result["warnings"]
    told = " ".join(each["message"] for each in result["warnings"])
    for word in expected.warning_words:
        assert word in told, told
    compare(freecad, result, expected)


def compare(freecad: httpx.Client, result: dict[str, Any], expected: Expected) -> None:
    objects: list[dict[str, Any]] = result["objects"]
    if expected.format is not None:
        assert result["format"] == expected.format
    if expected.objects is not None:
        assert len(objects) == expected.objects
    if expected.names is not None:
        assert [each["label"] for each in objects] == list(expected.names)
    if expected.colors is not None:
        assert [each["color"] for each in objects] == list(expected.colors)
    if expected.kinds is not None:
        assert [each["shape_type"] for each in objects] == list(expected.kinds)
    for key in ("volume", "area"):
        wanted: float | None = getattr(expected, key)
        if wanted is not None:
            found = sum(each[key] for each in objects)
            assert found == pytest.approx(wanted, rel=expected.tolerance, abs=1e-9), key
    boxes = [each["bounding_box"] for each in objects if each["bounding_box"]]
    if expected.box is not None:
        low = [min(box["min"][axis] for box in boxes) for axis in range(3)]
        high = [max(box["max"][axis] for box in boxes) for axis in range(3)]
        same_box({"min": low, "max": high}, expected.box, expected.tolerance)
    for label, wanted_box in (expected.boxes or {}).items():
        [only] = [each for each in objects if each["label"] == label]
        same_box(only["bounding_box"], wanted_box, expected.tolerance)
    extra = dict(expected.extra)
    for wanted_box in extra.pop("boxes", []):
        nearest = min(boxes, key=lambda box: sum(abs(a - b) for a, b in zip(box["min"], wanted_box[0], strict=True)))
        same_box(nearest, wanted_box, expected.tolerance)
        boxes.remove(nearest)
    if expected.length is not None or expected.faces is not None or extra:
        measures = [freecad.get(f"/objects/{each['name']}/measures").json()["result"] for each in objects]
        if expected.length is not None:
            found = sum(each["length"] for each in measures)
            assert found == pytest.approx(expected.length, rel=max(expected.tolerance, 1e-6)), "length"
        if expected.faces is not None:
            extra["faces"] = expected.faces
        for key, count in extra.items():
            assert sum(each["counts"][key] for each in measures) == count, key


def same_box(found: dict[str, Any], wanted: Any, tolerance: float) -> None:
    size = max(1.0, *(abs(each) for each in (*wanted[0], *wanted[1])))
    assert found["min"] == pytest.approx(list(wanted[0]), abs=tolerance * size)
    assert found["max"] == pytest.approx(list(wanted[1]), abs=tolerance * size)
