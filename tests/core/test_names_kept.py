"""A name that the application chose is journaled in the parameter that the method declares for it, and in no other."""

from __future__ import annotations

from typing import Any

import pytest

from cadgate.appserver.context import Call
from cadgate.appserver.outcomes import journal_entry
from cadgate.contract.methods import Method
from cadgate.models.common import Creation, Params
from cadgate.models.responses import MayWarn


class Named(MayWarn):
    name: str


class Move(Params):
    name: str
    title: str | None = None


@pytest.mark.parametrize(
    ("names", "params", "kept"),
    [
        ("name", {"name": None, "size": 2}, {"name": "Chosen", "size": 2}),
        ("name", {"name": "Box", "on_conflict": "rename"}, {"name": "Chosen", "on_conflict": "error"}),
        ("name", {"name": "Box", "on_conflict": "error"}, {"name": "Box", "on_conflict": "error"}),
        ("title", {"name": "Box", "title": None}, {"name": "Box", "title": "Chosen"}),
        ("title", {"name": "Box"}, {"name": "Box"}),
        (None, {"name": None, "new_name": None}, {"name": None, "new_name": None}),
        (None, {"name": "Box", "on_conflict": "rename"}, {"name": "Box", "on_conflict": "rename"}),
    ],
)
def test_the_declared_parameter_gets_the_name(names: str | None, params: dict[str, Any], kept: dict[str, Any]) -> None:
    call = Call(None, 1, "things.make", params, {"mutates": True, "names": names})
    assert journal_entry(call, {"name": "Chosen"}, None)["params"] == kept


def test_a_creation_declares_its_name_and_other_parameters_only_what_the_method_says() -> None:
    assert Method("things.make", Creation, Named, mutates=True).naming_parameter == "name"
    assert Method("things.move", Move, Named, mutates=True).naming_parameter is None
    assert Method("things.move", Move, Named, mutates=True, names="title").naming_parameter == "title"
