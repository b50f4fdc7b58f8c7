"""The short form of the wide net, and tests of the net itself. The long form is `python -m tests.truth`."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.gateway import Gateway
from tests.truth import kernel, membership
from tests.truth.adapters import CASES
from tests.truth.part_case import PartCase
from tests.truth.parts import Maker, Recipe, Step, changed
from tests.truth.run import Net, table
from tests.truth.scene_case import SceneCase
from tests.truth.scenes import Node, Scene

COUNT = {False: 10, True: 30}
"""For each application, in the short and the long form; the command makes hundreds."""


@pytest.mark.parametrize("adapter", sorted(CASES))
def test_random_cases_agree_with_other_programs_or_say_why_not(gateway: Gateway, adapter: str, long_form: bool) -> None:
    count = COUNT[long_form]
    with gateway.client("/api/v1") as api:
        figures = Net(adapter, CASES[adapter], api).run(20261, count)
    print(table([figures]))
    assert figures.disagreements == []
    assert figures.cases == count
    assert figures.counts["agree"] >= count * 0.7


def test_the_second_kernel_and_counting_points_agree(long_form: bool) -> None:
    """Neither knows of the other: that both are wrong in the same way is not to be expected."""
    compared, tried = 0, 60 if long_form else 24
    for number in range(tried):
        recipe = Maker(5, number).recipe()
        steps = changed(recipe)
        inside = membership.build(steps).get(recipe.part)
        last = next(step for step in steps if step.name == recipe.part)
        if inside is None or (last.kind.endswith("_pattern") and not last.params["fuse"]):
            continue
        found = kernel.measure(kernel.build(steps)[recipe.part])
        if found.solids == 0:
            continue
        counted, deviation = membership.counted_volume(inside, found.low, found.high, 20_000)
        assert counted == pytest.approx(found.volume, abs=4 * deviation + 1e-3 * found.volume), recipe
        compared += 1
    assert compared > tried / 2


class _Lying(httpx.BaseTransport):
    """Passes requests on, and changes a number in the answers that describe an object."""

    def __init__(self, key: str) -> None:
        self._inner = httpx.HTTPTransport()
        self._key = key

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        response.read()
        if request.method != "GET" or not request.url.path.rpartition("/")[0].endswith("/objects"):
            return response
        body = json.loads(response.content)
        response.close()
        box = body["result"]["bounding_box"]
        if self._key == "volume":
            body["result"]["volume"] *= 1.01
        else:
            box["min"], box["max"] = [part + 1 for part in box["min"]], [part + 1 for part in box["max"]]
        return httpx.Response(response.status_code, json=body)

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("key", ["volume", "bounding_box"])
def test_the_net_sees_a_wrong_number_and_shrinks_the_case(gateway: Gateway, key: str) -> None:
    box = Step("P1", "box", {"length": 5.0, "width": 4.0, "height": 3.0})
    drill = Step("P2", "cylinder", {"radius": 1.0, "height": 9.0, "location": [2.0, 2.0, -1.0]})
    recipe = Recipe((box, drill, Step("P3", "subtract", {}, ("P1", "P2"))), "P3", (), "brep", "planted")
    with httpx.Client(base_url=f"{gateway.url}/api/v1", transport=_Lying(key), timeout=60) as api:
        figures = Net("freecad", lambda seed, number: PartCase(recipe), api).run(1, 1)
    assert figures.counts["disagree"] == 1
    assert "boolean" not in figures.disagreements[0], "the smallest case is a primitive"
    assert "POST /freecad/primitives/" in figures.disagreements[0]


def test_the_net_sees_a_vertex_that_is_elsewhere(gateway: Gateway, tmp_path: Path) -> None:
    scene = Scene((Node("N1", "cube", {"size": 2.0}, {"location": [1.0, 0.0, 0.0]}),), (), "glb", None, "planted")
    with gateway.client("/api/v1") as api:
        assert SceneCase(scene).run(api, tmp_path).kind == "agree"
        moved = SceneCase(Scene((Node("N1", "cube", {"size": 2.0}, {"location": [1.1, 0.0, 0.0]}),), (), "glb"))
        moved._calls = SceneCase(scene)._calls  # pyright: ignore[reportPrivateUsage]
        outcome = moved.run(api, tmp_path)
    assert outcome.kind == "disagree"
    assert "a vertex is off by 0.1" in outcome.detail
