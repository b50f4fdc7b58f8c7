"""The short form: each attack once; and the field sees what it must. The long form is `python -m tests.attack`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attack.attacks import Attack, Outcome, held
from tests.attack.catalogue import attacks
from tests.attack.field import Field
from tests.attack.ground import Ground
from tests.attack.run import BEGIN, END, Result, attempt, table
from tests.wheels import ROOT

pytestmark = pytest.mark.security


@pytest.mark.parametrize("name", [name for name, attack in attacks().items() if attack.is_short])
def test_an_attack_by_a_key_without_execute_comes_to_nothing(on: Ground, name: str) -> None:
    outcome = attempt(attacks()[name], on, "read,write")
    assert outcome.held, outcome.what


def _opens_the_canary(field: Field) -> None:
    field.canary.file.read_text()


def _makes_a_file(field: Field) -> None:
    (field.canary.folder / "made").write_text("")


def _makes_a_file_for_a_moment(field: Field) -> None:
    (field.canary.folder / "made").write_text("")
    (field.canary.folder / "made").unlink()


def _runs_code(field: Field) -> None:
    field.execute("freecad", field.canary.python)


def _stores_the_secret(field: Field) -> None:
    with field.client() as client:
        client.post("/artifacts", files={"file": ("a.txt", field.canary.secret.encode())})
        artifact = client.get("/artifacts").json()["result"]["artifacts"][0]
        client.get(f"/artifacts/{artifact['id']}")
        client.delete(f"/artifacts/{artifact['id']}")


@pytest.mark.parametrize(
    ("does", "seen"),
    [
        (_opens_the_canary, "canary.txt opened"),
        (_makes_a_file, "made is in the folder"),
        (_makes_a_file_for_a_moment, "made made"),
        (_runs_code, "code ran"),
        (_stores_the_secret, "the secret is in the answer of GET"),
    ],
)
def test_the_field_sees_an_attack_that_succeeds(on: Ground, does: Callable[[Field], None], seen: str) -> None:
    def run(field: Field) -> Outcome:
        does(field)
        return held("nothing")

    outcome = attempt(Attack("planted", "field", None, run), on, "read,write")
    assert not outcome.held
    assert seen in outcome.what


def test_an_attack_that_fails_to_run_is_not_held(on: Ground) -> None:
    def run(field: Field) -> Outcome:
        raise ValueError("no file")

    assert attempt(Attack("broken", "field", None, run), on, "read") == Outcome(False, "ValueError: no file")


def test_the_page_has_the_table_of_the_command_with_every_attack() -> None:
    page = (ROOT / "docs" / "SECURITY.md").read_text()
    written = page.partition(BEGIN)[2].partition(END)[0]
    missing = [name for name in attacks() if f"`{name}`" not in written]
    assert not missing, "run python -m tests.attack --write"


def test_lines_of_attacks_that_were_not_tried_stay_in_the_table() -> None:
    one, two = list(attacks().values())[:2]
    first = [Result(one, "read", False, True, held("old"), 1.0), Result(two, "read", False, True, held("kept"), 1.0)]
    earlier = table(first) + "\n| S1 | `gone-since` | | held 6 of 6 | held 6 of 6 | nothing |"
    made = table([Result(one, "read", False, True, Outcome(False, "new"), 2.0)], earlier)
    assert [line.count("`") for line in made.splitlines()[2:4]] == [2, 2]
    assert "old" not in made
    assert "gone-since" not in made
    assert f"`{two.name}`" in made
    assert "| **held 0 of 1** | not tried | new |" in made
    assert "2 attacks, 2 attempts, 1 held, 1 not; the last run tried 1 of them in 2 s." in made
