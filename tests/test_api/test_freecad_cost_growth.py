"""The short form of `bench.growth` for FreeCAD: exponents of what FreeCAD works, which no other process disturbs."""

from __future__ import annotations

import httpx
import pytest

from bench.growth import MANY, ONE, work_of
from bench.growth_freecad import Model, all_objects, chain, faces, one_object
from tests.gateway import Gateway

ROOM = 0.2
"""What noise, and FreeCAD's own search for references to what is deleted, may add to an exponent.

One object that costs the whole document has 0.8.
"""


@pytest.fixture
def model(freecad: httpx.Client, gateway: Gateway) -> Model:
    return Model(freecad, work_of(gateway.application_pid("freecad")))


def test_what_concerns_one_object_does_not_grow_with_the_document(model: Model) -> None:
    rows = one_object(model, (10, 600), 3, 0, files=False)
    # Deletions have no limit: FreeCAD asks every object of the document.
    assert not [(row.what, row.seconds) for row in rows if row.limit is not None and row.exponent > ONE + ROOM]


def test_a_list_costs_in_proportion_to_its_objects(model: Model) -> None:
    rows = all_objects(model, (100, 600), 3, 0)
    assert not [(row.what, row.seconds) for row in rows if row.exponent > MANY + ROOM]


def test_a_change_of_the_root_of_many_cuts_costs_at_most_twice_the_cuts(model: Model, gateway: Gateway) -> None:
    changed, alone = chain(model, gateway, 15, 2)
    assert changed < 2.5 * alone


def test_a_hole_costs_in_proportion_to_the_faces_of_what_it_is_made_in(model: Model) -> None:
    rows = faces(model, (50, 200), 2)
    assert not [(row.what, row.seconds) for row in rows if row.exponent > MANY + 0.6]
