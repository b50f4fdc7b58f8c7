"""DXF and SVG, read by ezdxf and plain XML: the view from above, each visible edge once, in millimetres."""

# ezdxf does not list what it exports.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from math import cos, radians, sin
from typing import Any
from xml.etree import ElementTree

import ezdxf
import httpx
import pytest
from ezdxf import bbox

from tests.gateway import Gateway
from tests.test_api.freecad_parts import Truth, content, document, export, make_parts, post

Parts = tuple[httpx.Client, dict[str, Truth]]
SHAPES = {
    "Placed": {"LINE": 4},
    "Plate": {"LINE": 4, "CIRCLE": 3},
    "Mirrored": {"LINE": 4, "CIRCLE": 3},
    "Loft": {"CIRCLE": 2},
    "Pair": {"LINE": 8},
    "Body": {"LINE": 4},
}


@pytest.fixture(scope="module")
def parts(gateway: Gateway) -> Iterator[Parts]:
    with document(gateway, "Drawings") as client:
        truth = make_parts(client)
        yield client, truth


def drawn(client: httpx.Client, *names: str) -> Any:
    """The modelspace of the DXF of these objects; the file is in millimetres and without a fault."""
    text = content(client, export(client, objects=list(names), format="dxf")).decode()
    drawing = ezdxf.read(StringIO(text))
    audit = drawing.audit()
    assert (audit.errors, audit.fixes) == ([], [])
    assert drawing.header["$INSUNITS"] == 4
    return drawing.modelspace()


def counts(entities: Any) -> dict[str, int]:
    return dict(Counter(entity.dxftype() for entity in entities))


def reach(entities: Any) -> list[float]:
    extents = bbox.extents(entities)
    return [extents.extmin.x, extents.extmin.y, extents.extmax.x, extents.extmax.y]


def svg(client: httpx.Client, *names: str) -> tuple[dict[str, int], list[float]]:
    """What a reader of the SVG finds: (elements by kind, the reach of their points with Y up)."""
    root = ElementTree.fromstring(content(client, export(client, objects=list(names), format="svg")))
    kinds: Counter[str] = Counter()
    xs, ys = [], []
    for node in root.iter():
        tag = node.tag.rpartition("}")[2]
        if tag == "circle":
            x, y, r = (float(node.get(key, "")) for key in ("cx", "cy", "r"))
            xs += [x - r, x + r]
            ys += [-y - r, -y + r]
            kinds["CIRCLE"] += 1
        elif tag == "path":
            way = node.get("d", "")
            kinds["ARC" if "A" in way else "LINE" if way.count("L") == 1 else "CURVE"] += 1
            pairs = re.findall(r"[ML] (\S+) (\S+)", way)
            xs += [float(x) for x, _ in pairs]
            ys += [-float(y) for _, y in pairs]
    assert root.get("width", "").endswith("mm")
    low_x, low_y, width, height = (float(part) for part in root.get("viewBox", "").split())
    assert low_x < min(xs)
    assert max(xs) < low_x + width
    assert low_y < min(-y for y in ys)
    assert max(-y for y in ys) < low_y + height
    return dict(kinds), [min(xs), min(ys), max(xs), max(ys)]


@pytest.mark.parametrize("name", SHAPES)
def test_an_object_is_drawn_from_above_with_each_edge_once(parts: Parts, name: str) -> None:
    client, truth = parts
    right = truth[name]
    wanted = pytest.approx([*right.low[:2], *right.high[:2]], abs=0.01)
    entities = drawn(client, name)
    assert counts(entities) == SHAPES[name]
    assert reach(entities) == wanted
    found, extents = svg(client, name)
    assert found == SHAPES[name]
    assert extents == wanted


def test_drills_are_whole_circles_where_they_are(parts: Parts) -> None:
    client, _ = parts
    circles = sorted(
        (entity.dxf.center.x, entity.dxf.center.y, entity.dxf.radius)
        for entity in drawn(client, "Plate").query("CIRCLE")
    )
    assert circles == [pytest.approx((x, 20, 3)) for x in (210, 230, 250)]


@pytest.mark.parametrize(
    ("kind", "params", "wanted", "extents"),
    [
        ("cylinder", {"radius": 4, "height": 9}, {"CIRCLE": 1}, [-4, -4, 4, 4]),
        ("sphere", {"radius": 5}, {"CIRCLE": 1}, [-5, -5, 5, 5]),
        ("cone", {"radius1": 6, "radius2": 2, "height": 5}, {"CIRCLE": 2}, [-6, -6, 6, 6]),
        ("torus", {"radius1": 10, "radius2": 2}, {"CIRCLE": 2}, [-12, -12, 12, 12]),
        ("cylinder", {"radius": 4, "angle": 90}, {"ARC": 1, "LINE": 2}, [0, 0, 4, 4]),
        (
            "box",
            {"location": [12345.6789, -2345.67891, 0]},
            {"LINE": 4},
            [12345.6789, -2345.67891, 12355.6789, -2335.67891],
        ),
    ],
)
def test_round_edges_stay_round_and_every_digit_is_kept(
    parts: Parts, kind: str, params: dict[str, Any], wanted: dict[str, int], extents: list[float]
) -> None:
    client, _ = parts
    name = post(client, f"/primitives/{kind}", **params)["name"]
    entities = drawn(client, name)
    assert counts(entities) == wanted
    assert reach(entities) == pytest.approx(extents, abs=1e-6 if kind == "box" else 1e-3)
    if "angle" not in params:  # an SVG's arc does not say in its points how far it bulges
        assert svg(client, name)[1] == pytest.approx(extents, abs=1e-3)


@pytest.mark.parametrize("degrees", [25, -40, 205])
def test_a_tilted_cylinder_reaches_as_far_as_it_does(parts: Parts, degrees: int) -> None:
    client, _ = parts
    name = post(client, "/primitives/cylinder", radius=4, height=20, rotation=[degrees, 0, 0])["name"]
    # The axis goes along [0, -sin, cos]; the discs are narrower by the cosine.
    across, tip = 4 * abs(cos(radians(degrees))), -20 * sin(radians(degrees))
    extents = [-4, min(0, tip) - across, 4, max(0, tip) + across]
    entities = drawn(client, name)
    assert reach(entities) == pytest.approx(extents, abs=0.02)
    assert counts(entities)["LINE"] == 2
    assert set(counts(entities)) == {"LINE", "ELLIPSE"}
    assert svg(client, name)[1] == pytest.approx(extents, abs=0.02)


def test_what_lies_beneath_is_hidden_and_what_two_share_is_drawn_once(parts: Parts) -> None:
    client, _ = parts
    post(client, "/primitives/box", name="Below", length=5, width=5, height=2, location=[2, 2, 0])
    post(client, "/primitives/box", name="Above", location=[0, 0, 5])
    post(client, "/primitives/box", name="Beside", location=[10, 0, 5])
    assert counts(drawn(client, "Below", "Above")) == {"LINE": 4}
    entities = drawn(client, "Above", "Beside")
    assert counts(entities) == {"LINE": 7}
    assert reach(entities) == pytest.approx([0, 0, 20, 10])


def test_sketches_and_wires_are_drawn_as_they_are_seen(parts: Parts) -> None:
    client, _ = parts
    shapes = [{"type": "rectangle", "width": 30, "height": 20}, {"type": "circle", "center": [10, 10], "radius": 4}]
    post(client, "/sketches", name="Flat", plane="xy", geometry=shapes)
    post(client, "/sketches", name="Upright", plane="xz", geometry=shapes[:1])
    entities = drawn(client, "Flat")
    assert counts(entities) == {"LINE": 4, "CIRCLE": 1}
    assert reach(entities) == pytest.approx([0, 0, 30, 20])
    assert counts(drawn(client, "Upright")) == {"LINE": 1}
    assert reach(drawn(client, "Upright")) == pytest.approx([0, 0, 30, 0])
    post(client, "/primitives/helix", name="Coil", pitch=2, height=6, radius=8)
    assert reach(drawn(client, "Coil")) == pytest.approx([-8, -8, 8, 8], abs=0.02)


def test_where_nobody_can_tell_what_is_hidden_every_edge_is_drawn_with_a_warning(parts: Parts) -> None:
    client, truth = parts
    result = export(client, objects=["Rod"], format="dxf")
    assert [each["code"] for each in result["warnings"]] == ["hidden_lines"]
    entities = ezdxf.read(StringIO(content(client, result).decode())).modelspace()
    assert reach(entities) == pytest.approx([*truth["Rod"].low[:2], *truth["Rod"].high[:2]], abs=0.02)


def test_a_mesh_has_no_place_in_a_drawing(parts: Parts) -> None:
    client, _ = parts
    data = content(client, export(client, objects=["Placed"], format="stl"))
    [mesh] = client.post("/import", files={"file": ("m.stl", data)}).json()["result"]["objects"]
    for format in ("dxf", "svg", "step"):
        refused = client.post("/export", json={"objects": [mesh["name"]], "format": format})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "validation_error")
        assert mesh["name"] in refused.json()["error"]["message"]
