"""The short form of the fuzz run, and tests of it. The long form is `python -m tests.attack.fuzz`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.attack.canary import Canary
from tests.attack.fuzz.mutations import CHANGES, drawn, mutated
from tests.attack.fuzz.run import Fuzz, table
from tests.attack.fuzz.seeds import SUFFIXES, seeds
from tests.attack.ground import Ground

pytestmark = pytest.mark.security

FILES = 36


def test_changed_files_do_nothing_but_be_read_or_refused(on: Ground, tmp_path: Path) -> None:
    figures = Fuzz(on, list(SUFFIXES), tmp_path).run(20261, FILES)
    print(table(figures, 20261))
    assert figures.findings == []
    assert sum(figures.counts.values()) == FILES
    assert figures.counts["read"] >= FILES / 10, "changes that let no file through try nothing"


@pytest.mark.parametrize("kind", sorted(SUFFIXES))
def test_every_kind_has_seeds_and_changes_that_are_the_same_again(on: Ground, tmp_path: Path, kind: str) -> None:
    canary = Canary(tmp_path).make()
    whole = seeds(on.field("write"), kind)
    assert whole
    changed = 0
    for number in range(40):
        mutations = drawn(kind, random.Random(number))
        data = whole[number % len(whole)].data
        once = mutated(kind, data, mutations, canary)
        assert once == mutated(kind, data, mutations, canary)
        changed += once != data
    assert changed >= 20
    assert kind in CHANGES


def test_the_run_sees_a_file_that_makes_something_and_shrinks_it(
    on: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: sending makes a file in the folder."""
    fuzz = Fuzz(on, ["stl"], tmp_path)
    send = Fuzz._send  # pyright: ignore[reportPrivateUsage]

    def planted(self: Fuzz, *arguments: object) -> list[str]:
        (on.canary.folder / "made").write_text("")
        return send(self, *arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Fuzz, "_send", planted)
    number = next(number for number in range(100) if len(fuzz.case(7, number).mutations) > 1)
    found = fuzz.run(7, 1, first=number).findings
    assert "made made" in found[0]
    assert found[0].count("Mutation(") == 1
    assert len(list(tmp_path.iterdir())) == 1
