"""What the FreeCAD adapter's models accept and refuse before FreeCAD is asked."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from cadgate_freecad.models.boolean import UnionParams
from cadgate_freecad.models.exchange import SUFFIXES, PartExportParams
from cadgate_freecad.models.primitives import BoxParams
from cadgate_freecad.models.sketches import Constraint
from cadgate_freecad.models.values import Label, PartName


def test_a_length_is_a_finite_number_above_zero_or_a_text_for_freecad() -> None:
    assert BoxParams(length=1, width="2 in").model_dump(include={"length", "width"}) == {"length": 1, "width": "2 in"}
    for value in (0, -1, float("nan"), float("inf"), True, None, "", "x" * 65, [1]):
        with pytest.raises(ValidationError):
            BoxParams(length=value)


@pytest.mark.parametrize("name", ["A", "_a", "Box_1", "x" * 255])
def test_names_that_freecad_keeps_are_accepted(name: str) -> None:
    assert TypeAdapter(PartName).validate_python(name) == name


@pytest.mark.parametrize("name", ["", "1a", "a b", "a-b", "ä", "a\n", "x" * 256])
def test_names_that_freecad_would_change_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(PartName).validate_python(name)


@pytest.mark.parametrize("label", ["\x00", "a\nb", "\x7f", "\ud800", "\ufffe", "\uffff", ""])
def test_labels_that_a_document_cannot_hold_are_refused(label: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Label).validate_python(label)


def test_a_label_may_be_any_other_text() -> None:
    text = "Ø10 <&> \"'\\ 板 \U0001f529"
    assert TypeAdapter(Label).validate_python(text) == text


@pytest.mark.parametrize(
    ("given", "format", "suffix"),
    [
        ({}, "step", ".step"),
        ({"filepath": "a.STL"}, "stl", ".STL"),
        ({"filepath": "a.igs"}, "iges", ".igs"),
        ({"filepath": "v1.2"}, "step", ".step"),
        ({"filepath": "a", "format": "3mf"}, "3mf", ".3mf"),
        ({"filepath": "a.stp", "format": "step"}, "step", ".stp"),
    ],
)
def test_the_format_follows_from_the_suffix_unless_it_is_given(given: dict[str, Any], format: str, suffix: str) -> None:
    params = PartExportParams(**given)
    assert (params.format, params.suffix) == (format, suffix)


@pytest.mark.parametrize("format", sorted(SUFFIXES))
def test_a_suffix_of_another_format_is_refused(format: str) -> None:
    other = "stl" if format != "stl" else "step"
    with pytest.raises(ValidationError, match="suffix"):
        PartExportParams(filepath=f"a.{other}", format=format)  # type: ignore[arg-type]


def test_operands_are_two_names_or_a_list_without_repetition() -> None:
    assert UnionParams(object1="A", object2="B").operands == ["A", "B"]
    assert UnionParams(objects=["A", "B", "C"]).operands == ["A", "B", "C"]
    for body in (
        {"object1": "A", "object2": "A"},
        {"objects": ["A", "A"]},
        {"object2": "B"},
        {"operation": "subtract"},
    ):
        with pytest.raises(ValidationError):
            UnionParams(**body)  # type: ignore[arg-type]


def test_a_dimension_has_a_value_and_other_constraints_have_none() -> None:
    place = {"geometry": 0}
    assert Constraint.model_validate({"type": "radius", "first": place, "value": "2 mm"}).value == "2 mm"
    for body in ({"type": "radius", "first": place}, {"type": "horizontal", "first": place, "value": 1}):
        with pytest.raises(ValidationError):
            Constraint.model_validate(body)
