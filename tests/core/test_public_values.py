"""Values that adapters build their models of: numbers as a query brings them, and what a file's suffix means."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import Field, ValidationError

from cadgate.plugin import Number, Params, QueryCount, QueryNumber, Suffixes, check_suffix, follow_suffix


class Measure(Params):
    tolerance: Annotated[QueryNumber, Field(gt=0, le=10)] = 0.1
    samples: Annotated[QueryCount, Field(ge=1, le=64)] = 4


app = FastAPI()


@app.get("/measure")
async def measure(query: Annotated[Measure, Query()]) -> Measure:
    return query


def get(path: str) -> httpx.Response:
    async def sent() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
            return await client.get(path)

    return asyncio.run(sent())


@pytest.mark.parametrize(
    ("query", "tolerance", "samples"),
    [
        ("", 0.1, 4),
        ("tolerance=0.25", 0.25, 4),
        ("tolerance=2", 2, 4),
        ("tolerance=1e-3&samples=16", 0.001, 16),
    ],
)
def test_numbers_of_a_query_are_read(query: str, tolerance: float, samples: int) -> None:
    answer = get(f"/measure?{query}")
    assert (answer.status_code, answer.json()) == (200, {"tolerance": tolerance, "samples": samples})


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("tolerance=wide", "valid number"),
        ("tolerance=", "valid number"),
        ("tolerance=true", "valid number"),
        ("tolerance=11", "less than or equal to 10"),
        ("samples=2.5", "valid integer"),
        ("samples=0", "greater than or equal to 1"),
        ("samples=" + "9" * 400, "less than or equal to 64"),
    ],
)
def test_what_is_no_number_is_refused(query: str, told: str) -> None:
    answer = get(f"/measure?{query}")
    assert answer.status_code == 422
    assert told in answer.json()["detail"][0]["msg"]


@pytest.mark.parametrize("value", ["nan", "inf", "-Infinity", "1e999", None, [1], {"x": 1}])
def test_what_is_not_finite_is_refused(value: Any) -> None:
    assert Measure.model_validate({"tolerance": 1, "samples": 2}).tolerance == 1
    for field in ("tolerance", "samples"):
        with pytest.raises(ValidationError):
            Measure.model_validate({field: value})


def test_their_schema_is_that_of_numbers() -> None:
    class Plain(Params):
        tolerance: Annotated[Number, Field(gt=0, le=10)] = 0.1

    assert (
        Measure.model_json_schema()["properties"]["tolerance"] == (Plain.model_json_schema()["properties"]["tolerance"])
    )
    assert Measure.model_json_schema()["properties"]["samples"]["type"] == "integer"


FORMATS = Suffixes({".jpg": "jpeg", ".jpeg": "jpeg", ".PNG": "png"})


def test_a_suffix_decides_the_format_where_none_is_named() -> None:
    assert follow_suffix({"filepath": "a.JPG"}, "filepath", FORMATS) == {"filepath": "a.JPG", "format": "jpeg"}
    assert follow_suffix({"filepath": "a.png"}, "filepath", FORMATS) == {"filepath": "a.png", "format": "png"}
    named = {"filepath": "a.png", "format": "jpeg"}
    assert follow_suffix(named, "filepath", FORMATS) == named
    with pytest.raises(ValueError, match=r"use the suffix .jpg or .jpeg"):
        check_suffix("a.png", "filepath", "jpeg", FORMATS)
    assert FORMATS.of("jpeg") == [".jpg", ".jpeg"]
    names = {"a.jpeg": ".jpeg", "a.JPG": ".JPG", "a.png": ".jpg", "v1.5": ".jpg", None: ".jpg"}
    assert {name: FORMATS.for_file(name, "jpeg") for name in names} == names
    assert Suffixes.by_format({"jpeg": (".jpg", ".jpeg"), "png": (".PNG",)}) == FORMATS


@pytest.mark.parametrize("formats", [{"jpeg": ".jpg"}, {".png": "png", "jpeg": ".jpeg"}])
def test_a_mapping_the_wrong_way_round_is_refused_where_it_is_written(formats: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"wrong way round: map the suffix to its format, so write '\.jpe?g': 'jpeg'"):
        Suffixes(formats)


@pytest.mark.parametrize("formats", [{"jpg": "jpeg"}, {".jpg": ".jpeg"}, {".jpg": ""}, {"": "jpeg"}, {".a/b": "jpeg"}])
def test_a_mapping_of_something_else_is_refused_too(formats: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected a suffix and its format"):
        Suffixes(formats)


def test_a_plain_dictionary_is_not_accepted() -> None:
    formats: Any = {".jpg": "jpeg"}
    with pytest.raises(TypeError, match="must be Suffixes"):
        follow_suffix({"filepath": "a.jpg"}, "filepath", formats)
    with pytest.raises(TypeError, match="must be Suffixes"):
        check_suffix("a.jpg", "filepath", "jpeg", formats)
