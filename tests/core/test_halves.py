"""An application whose methods are not those of its adapter does not start, and a start that fails says why."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cadgate.clients.halves import Halves
from cadgate.sessions.launcher import LaunchPlan
from cadgate.sessions.process import ApplicationProcess, StartFailed
from tests.core.fake_app import FakeConnectionError, fake_settings, launch_of, running

pytestmark = pytest.mark.anyio

ANSWERED = ["items.create", "items.get", "internal.import"]


def halves(*required: str, handled: tuple[str, ...] = ()) -> Halves:
    return Halves(frozenset((*required, *handled)), frozenset(required))


def test_the_same_methods_agree_and_internal_ones_are_nobodys_business() -> None:
    assert halves("items.create", "items.get").disagreement(ANSWERED, "fake") is None
    assert halves("items.create").disagreement(ANSWERED, "fake") is None
    assert halves("items.create", "items.get", handled=("items.import",)).disagreement(ANSWERED, "fake") is None


def test_what_is_missing_and_what_is_too_much_is_listed() -> None:
    wrong = halves("items.create", "items.rename").disagreement(ANSWERED, "fake")
    assert wrong is not None
    text, details = wrong
    assert details == {"missing": ["items.rename"], "unknown": ["items.get"]}
    assert "does not have items.rename" in text
    assert "has items.get, which the adapter does not have" in text
    many = halves(*(f"a.b{number:02}" for number in range(30))).disagreement([], "fake")
    assert many is not None
    assert "a.b09 and 20 more" in many[0]
    assert len(many[1]["missing"]) == 30


async def test_an_application_with_other_methods_is_not_started(tmp_path: Path) -> None:
    launch = launch_of(tmp_path, fake_settings(), journal=False)
    mine = Halves(frozenset(("items.create", "items.invent")), frozenset(("items.create", "items.invent")))
    with pytest.raises(FakeConnectionError, match=r"does not have items.invent; it has .*items.get") as caught:
        await ApplicationProcess.launch(replace(launch, halves=mine), lambda _method, _params: None)
    assert caught.value.details["missing"] == ["items.invent"]


async def test_its_own_adapter_starts_it(tmp_path: Path) -> None:
    async with running(tmp_path, fake_settings()) as runtime:
        assert runtime.session.status().state == "up"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import a_module_that_is_not_there", "No module named 'a_module_that_is_not_there'"),
        ("from sys import no_such_name", "cannot import name 'no_such_name'"),
        ("print('gone'); raise SystemExit(3)", "'gone'"),
    ],
)
async def test_a_start_that_fails_says_what_was_printed_last(tmp_path: Path, code: str, said: str) -> None:
    launch = launch_of(tmp_path, fake_settings(), journal=False)
    launch.log.write_text("ImportError: of the life before\n")
    with pytest.raises(StartFailed, match="it ended while it started: the last line of its output is") as caught:
        await ApplicationProcess.launch(
            replace(launch, plan=LaunchPlan([sys.executable, "-c", code])), lambda _method, _params: None
        )
    assert said in str(caught.value)
    assert caught.value.log_tail is not None
    assert "the life before" not in caught.value.log_tail


async def test_one_that_printed_nothing_is_not_given_the_words_of_the_life_before(tmp_path: Path) -> None:
    launch = launch_of(tmp_path, fake_settings(), journal=False)
    launch.log.write_text("ImportError: of the life before\n")
    with pytest.raises(StartFailed) as caught:
        await ApplicationProcess.launch(
            replace(launch, plan=LaunchPlan([sys.executable, "-c", "raise SystemExit(4)"])), lambda _m, _p: None
        )
    assert str(caught.value).startswith("it ended while it started; its script did not run")
    assert "ImportError" not in str(caught.value)
