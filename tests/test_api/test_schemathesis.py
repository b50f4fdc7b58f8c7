"""Every route, asked with values made from its own description, that fit it and that do not: see tests/described."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from cadgate.config.settings import Settings
from cadgate.main import create_app
from tests.described.checks import described
from tests.gateway import Gateway

ENDS = re.compile("/restart$")
"""Ends the application: it has a test of its own."""
EXAMPLES = {GenerationMode.POSITIVE: {False: 2, True: 4}, GenerationMode.NEGATIVE: {False: 1, True: 4}}
"""In the short and the long form. The first of them is the simplest: one that is wrong has something wrong already."""
SLOW = re.compile("/(render|look|drawings|import|export|open|save|image|texture|meshes|recompute)")
"""Work of seconds or minutes, where the values ask for it: a deadline bounds it."""


def labels() -> list[str]:
    """The verb and path of every described operation. The description itself takes seconds, in every process."""
    with tempfile.TemporaryDirectory() as folder:
        routes = create_app(Settings(state_dir=Path(folder))).router.routes
    described = [each for each in routes if isinstance(each, APIRoute) and each.include_in_schema]
    return [f"{verb} {each.path_format}" for each in described for verb in sorted(each.methods or ())]


@pytest.fixture(scope="module")
def operations(shipped: dict[str, Any]) -> dict[str, Any]:
    """Every operation of the description, by its label."""
    results: list[Any] = list(schemathesis.openapi.from_dict(shipped).get_all_operations())
    return {each.label: each for each in (result.ok() for result in results)}


def test_every_operation_is_asked(operations: dict[str, Any]) -> None:
    assert sorted(operations) == sorted(labels())


@pytest.mark.parametrize("label", [each for each in labels() if not ENDS.search(each)])
def test_every_finding_of_schemathesis_is_explained(
    label: str, operations: dict[str, Any], gateway: Gateway, long_form: bool
) -> None:
    operation = operations[label]
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES[mode][long_form],
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType] - of a metaclass
        )
        def ask(case: Any) -> None:
            if SLOW.search(case.path) and "X-Deadline-Ms" not in (case.headers or {}):
                case.headers = {**(case.headers or {}), "X-Deadline-Ms": "1500"}
            answer = case.call(base_url=gateway.url, timeout=60)
            case.validate_response(answer, checks=[described])

        try:
            ask()
        except Unsatisfiable:
            # Nothing can be wrong in a request without parameters.
            assert mode is GenerationMode.NEGATIVE
