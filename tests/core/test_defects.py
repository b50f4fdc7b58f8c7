"""What a function inside the application raises that is no error of its own: a refusal, or a defect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.core.fake_app import Control, RawApplication, Wire, fake_settings, item, raw_application

HEAD = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:.]+Z) cadgate: error in (\S+), request (\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawApplication]:
    with raw_application(tmp_path_factory.mktemp("defects")) as made:
        yield made


def error_of(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["error"]["data"]["code"], answer["error"]["message"]


def logged(application: RawApplication, request: str) -> tuple[str, str, str]:
    """Time, method and traceback of what the log has under a request's id, which is there once."""
    parts = HEAD.split(application.log)
    found = [parts[at : at + 4] for at in range(1, len(parts), 4) if parts[at + 2] == request]
    ((when, method, _, text),) = found
    return when, method, text


@pytest.mark.parametrize("value", ["raise", "exit"])
def test_a_defect_tells_the_client_nothing_of_python_and_the_log_everything(
    application: RawApplication, wire: Wire, value: str
) -> None:
    code, message = error_of(wire.mutate("items.half", item("Half", value), request_id=f"defect-{value}"))
    assert code == "internal_error"
    assert "half way" not in message
    assert "items.half failed because of a defect in the adapter 'fake'" in message
    when, method, text = logged(application, f"defect-{value}")
    age = datetime.now(UTC) - datetime.fromisoformat(when.replace("Z", "+00:00"))
    assert timedelta(seconds=-1) < age < timedelta(minutes=5)
    assert method == "items.half"
    assert "Traceback (most recent call last)" in text
    assert "in half" in text
    assert "Half" not in wire.names()


def test_a_refusal_of_the_application_is_told_in_its_words(application: RawApplication, wire: Wire) -> None:
    answer = wire.mutate("items.half", item("Half", "full"), request_id="refusal")
    assert error_of(answer) == ("command_failed", "no space is left for this item")
    assert logged(application, "refusal")[1] == "items.half"


@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize(("value", "code"), [("raise", "internal_error"), ("full", "command_failed")])
def test_it_is_the_same_in_a_batch_whose_id_the_log_has(
    application: RawApplication, wire: Wire, atomic: bool, value: str, code: str
) -> None:
    request = f"batch-{value}-{atomic}"
    calls = [{"method": "items.half", "params": item("Half", value), "mutates": True}]
    answer = wire.mutate("session.batch", {"calls": calls, "atomic": atomic}, request_id=request)
    failed = answer if atomic else answer["result"]["results"][0]
    assert error_of(failed)[0] == code
    assert ("half way" in error_of(failed)[1]) is False
    assert logged(application, request)[1] == "items.half"


def test_an_error_of_its_own_is_not_logged(application: RawApplication, wire: Wire) -> None:
    assert error_of(wire.call("items.get", {"name": "Nobody"}, request_id="ordinary"))[0] == "item_not_found"
    assert "request ordinary" not in application.log


def test_a_session_that_cannot_be_saved_lets_through_what_may_mend_it(tmp_path: Path) -> None:
    control = Control(tmp_path)
    with raw_application(tmp_path / "state", fake_settings(control)) as application:
        with application.connect() as wire:
            wire.create("Item")
            control.tell(save="fail")
            code = "ITEMS['Bad'] = {'value': 0, 'note': None, 'serial': 1, 'shelf': ''}"
            kept = wire.mutate("session.execute", {"code": code})["result"]["warnings"]
            assert kept[0]["code"] == "not_saved"
            code, message = error_of(wire.create("Other"))
            assert code == "command_failed"
            for part in (
                "the effect of session.execute",
                "no space is left",
                "POST /undo",
                "delete",
                "change what cannot be saved",
            ):
                assert part in message
            assert wire.names() == ["Item", "Bad"]

            changed = wire.mutate("items.update", {"name": "Bad", "note": "better"})["result"]
            assert [each["code"] for each in changed["warnings"]] == ["not_saved"]
            assert "POST /undo" in changed["warnings"][0]["message"]
            control.tell(save=None)
            assert "warnings" not in wire.mutate("items.update", {"name": "Bad", "note": "good"})["result"]
            wire.create("Other")
        application.again()
        with application.connect() as wire:
            assert wire.names() == ["Item", "Bad", "Other"]


def test_a_change_that_needs_a_snapshot_which_fails_is_taken_back_and_says_what_to_do(tmp_path: Path) -> None:
    control = Control(tmp_path)
    with raw_application(tmp_path / "state", fake_settings(control)) as application, application.connect() as wire:
        wire.create("Item")
        control.tell(save="fail")
        code, message = error_of(wire.mutate("items.bulk", item("Bulk"), replay="snapshot"))
        assert code == "command_failed"
        for part in ("items.bulk", "no space is left", "rolled back", "Delete or change what cannot be saved"):
            assert part in message
        assert wire.names() == ["Item"]
        wire.create("Other")
        control.tell(save=None)
        assert "result" in wire.mutate("items.bulk", item("Bulk"), replay="snapshot")
