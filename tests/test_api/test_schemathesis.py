"""Every route, asked with values made from its own description, that fit it and that do not: see tests/described."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from cadgate.config.settings import Settings
from cadgate.main import create_app
from tests.described.checks import described
from tests.gateway import Gateway

ENDS = re.compile("/restart$")
"""Ends the application: it has a test of its own."""
SLOW = re.compile("/(render|import|export|open|save|image|texture|meshes|recompute)")
"""Work of seconds or minutes, where the values ask for it: a deadline bounds it."""


def operations() -> list[Any]:
    """Every operation of the description, as the gateway serves it."""
    with tempfile.TemporaryDirectory() as folder:
        description = create_app(Settings(state_dir=Path(folder))).openapi()
    results: list[Any] = list(schemathesis.openapi.from_dict(description).get_all_operations())
    found = [each.ok() for each in results]
    return [each for each in found if not ENDS.search(each.path)]


@pytest.mark.parametrize("operation", operations(), ids=lambda each: each.label)
def test_every_finding_of_schemathesis_is_explained(operation: Any, gateway: Gateway) -> None:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=4,
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
