"""Errors do not say where the gateway keeps its files, neither in the message nor in the details, by any door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cadgate import error_bodies
from cadgate.error_bodies import error_body, render
from cadgate.errors import CommandExecutionError, Unprocessable, ValidationFailed


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(error_bodies, "_ROOTS", {})
    error_bodies.hide(tmp_path / "state")
    return tmp_path / "state"


def by_every_door(error: Any) -> list[str]:
    return [render(error, "r")[2].decode(), str(error_body(error, "r"))]


@pytest.mark.parametrize(
    "tail", ["sessions/x/workspace/.staging/0a1b/part.step", "artifacts/0123/part.step", "part.step"]
)
def test_message_and_details_keep_the_name_alone(state: Path, tail: str) -> None:
    path = f"{state}/{tail}"
    message = f"{path!r} cannot be read: {path}: no such file"
    for text in by_every_door(ValidationFailed(message, details={"files": [{"path": path}], "n": 1})):
        assert str(state) not in text
        assert ".staging" not in text
        assert text.count("part.step") == 5


def test_a_validation_error_always_lists_what_is_wrong() -> None:
    listed = [{"type": "missing", "loc": ["body", "name"], "msg": "Field required"}]
    assert error_body(ValidationFailed("no name", details={"errors": listed}), "r")["details"]["errors"] == listed
    found = error_body(Unprocessable("'Leg' cannot be its own parent", details={"name": "Leg"}), "r")["details"]
    assert found["name"] == "Leg"
    assert found["errors"] == [{"type": "value_error", "loc": ["name"], "msg": "'Leg' cannot be its own parent"}]
    whole = error_body(Unprocessable("nothing to do"), "r")["details"]
    assert whole["errors"] == [{"type": "value_error", "loc": [], "msg": "nothing to do"}]
    assert "errors" not in error_body(CommandExecutionError("no"), "r")["details"]


def test_what_lies_elsewhere_stays(state: Path) -> None:
    for text in by_every_door(CommandExecutionError("/srv/parts/part.step is damaged", details={"path": "/srv/a"})):
        assert "/srv/parts/part.step is damaged" in text
        assert "/srv/a" in text
