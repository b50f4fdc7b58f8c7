"""Every route, asked with values made from its own description: no server error, no answer outside its schema."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cadgate.config.settings import Settings
from cadgate.main import create_app
from tests.gateway import Gateway

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
ENDS = re.compile("/restart$")
"""Ends the application: it has a test of its own."""
SLOW = re.compile("/(render|import|export|open|save|image|texture|meshes|recompute)")
"""Work of seconds or minutes, where the values ask for it: a deadline bounds it."""


def operations() -> list[Any]:
    """Every operation of the description, as the gateway serves it."""
    with tempfile.TemporaryDirectory() as folder:
        description = create_app(Settings(state_dir=Path(folder))).openapi()
    found = [each.ok() for each in schemathesis.openapi.from_dict(description).get_all_operations()]
    return [each for each in found if not ENDS.search(each.path)]


@pytest.mark.parametrize("operation", operations(), ids=lambda each: each.label)
def test_no_answer_is_a_server_error_or_outside_its_description(operation: Any, gateway: Gateway) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        if SLOW.search(case.path):
            case.headers = {**(case.headers or {}), "X-Deadline-Ms": "1500"}
        answer = case.call(base_url=gateway.url, timeout=60)
        # 503 and 504 are documented: a deadline of one millisecond is a valid request.
        assert answer.status_code < 500 or answer.status_code in (503, 504), answer.text
        case.validate_response(answer, checks=CHECKS)

    ask()
