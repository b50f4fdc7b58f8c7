"""Which applications a conversion takes, among some that announce formats which the gateway has never heard of."""

from __future__ import annotations

from typing import Any

import pytest

from cadgate.convert.models import THUMBNAIL
from cadgate.convert.paths import Announced, Paths
from cadgate.errors import UnsupportedFormat
from cadgate.plugin import Artifact, Formats, Method, Params, Result


class Reading(Params):
    """What an importer has."""

    artifact: str
    factor: float = 1


class Writing(Params):
    """What an exporter has."""

    filepath: str


class Written(Result):
    """What an exporter answers."""

    artifact: Artifact


IMPORT, EXPORT = Method("files.read", Reading, Written), Method("files.write", Writing, Written)


def announced(name: str, reads: str, writes: str, *, shows: bool = False, **more: Any) -> Announced:
    tables = ({each: (f".{each}",) for each in words.split()} for words in (reads, writes))
    formats = Formats(reads=next(tables), writes=next(tables), importing=IMPORT, exporting=EXPORT, **more)
    return Announced(name, formats, shows)


def paths(*applications: Announced) -> Paths:
    return Paths({each.name: each for each in applications})


def names(found: tuple[Any, ...]) -> list[str]:
    return [found[0].source, *(f"{leg.application.name}:{leg.target}" for leg in found)]


def test_one_application_is_preferred_to_two() -> None:
    known = paths(announced("a", "one", "two", exchange=["two"]), announced("b", "one two", "three", exchange=["two"]))
    assert names(known.find("one", "three")) == ["one", "b:three"]


def test_of_several_the_one_that_loses_least_does_it() -> None:
    known = paths(announced("a", "one", "two", lossy=["one"]), announced("b", "one", "two", lossy=["two"]))
    assert names(known.find("one", "two")) == ["one", "b:two"]


def test_two_hand_on_by_the_format_that_the_first_names_first() -> None:
    first = announced("a", "one", "two three four", exchange=["four", "three", "two"])
    known = paths(first, announced("b", "two three", "five", exchange=["two", "three"]))
    assert names(known.find("one", "five")) == ["one", "a:three", "b:five"]


def test_no_format_is_handed_on_that_one_of_them_does_not_name_for_it() -> None:
    known = paths(announced("a", "one", "two", exchange=["two"]), announced("b", "two", "three"))
    with pytest.raises(UnsupportedFormat):
        known.find("one", "three")


def test_lengths_are_multiplied_where_the_two_take_a_number_for_different_units() -> None:
    first = announced("a", "one", "two", exchange=["two"], units={"two": 0.001})
    second = announced("b", "two", "three", exchange=["two"], units={"two": 1.0}, scale="factor")
    assert [leg.factor for leg in paths(first, second).find("one", "three")] == [1, 0.001]
    rigid = announced("b", "two", "three", exchange=["two"], units={"two": 1.0})
    with pytest.raises(UnsupportedFormat):
        paths(first, rigid).find("one", "three")


def test_a_format_that_is_made_of_some_only_is_not_offered_for_others() -> None:
    known = paths(announced("a", "solid mesh", "solid mesh", only_from={"solid": ("solid",)}))
    assert known.reachable("mesh") == ["mesh"]
    assert known.reachable("solid") == ["mesh", "solid"]


def test_who_cannot_show_hands_on_to_who_can_for_a_thumbnail() -> None:
    known = paths(
        announced("a", "one", "two", exchange=["two"]), announced("b", "two", "", shows=True, exchange=["two"])
    )
    assert names(known.find("one", THUMBNAIL)) == ["one", "a:two", f"b:{THUMBNAIL}"]


def test_a_refusal_names_what_is_near_and_what_can_be_made() -> None:
    known = paths(announced("a", "one", "three thirty"))
    with pytest.raises(UnsupportedFormat) as refused:
        known.find("one", "tree")
    assert refused.value.details["did_you_mean"][0] == "three"
    assert refused.value.details["reachable"] == ["thirty", "three"]
    assert "'tree'" in refused.value.message


def test_a_format_is_named_by_any_of_its_suffixes_in_any_case() -> None:
    formats = Formats(reads={"step": (".step", ".stp")}, exporting=EXPORT, importing=IMPORT)
    known = paths(Announced("a", formats, shows=False))
    assert [known.named(word) for word in ("STP", ".Step", "step", "sept")] == ["step", "step", "step", None]
    assert (known.of_name("Part.STP"), known.of_name("part.glb")) == ("step", None)


def test_formats_that_a_build_lacks_are_not_offered_nor_led_through() -> None:
    first = announced("a", "mesh usd", "mesh usd", exchange=("usd", "mesh"))
    second = announced("b", "mesh usd", "film")
    assert names(paths(first, second).find("mesh", "usd")) == ["mesh", "a:usd"]
    less = Announced("a", first.formats.without(["usd"], ["usd"]), shows=False)
    assert paths(less, second).reachable("mesh") == ["film", "mesh"]
    listed = {each.format: (each.read_by, each.written_by) for each in paths(less, second).listed()}
    assert listed["usd"] == (["b"], [])
    with pytest.raises(UnsupportedFormat) as refused:
        paths(less, second).find("mesh", "usd")
    assert refused.value.details["reachable"] == ["film", "mesh"]
    assert less.formats.exchange == ("mesh",)
