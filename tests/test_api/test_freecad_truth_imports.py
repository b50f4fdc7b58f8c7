"""What FreeCAD's import and its opening of documents say of what did not come, and what they leave as it was."""

# ezdxf does not list what it exports.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import struct
from math import pi

import ezdxf
import ezdxf.bbox
import httpx
import pytest

from tests.corpus.freecad import dxf, fcstd, solids, step, stl
from tests.gateway import Gateway


def test_opening_a_document_of_a_newer_version_names_what_is_missing(freecad: httpx.Client) -> None:
    # What no version has.
    newer = fcstd.prop("Unheard", "App::PropertyFloat", '<Float value="1"/>')
    data = fcstd.fcstd([fcstd.box(more=newer, count=1), fcstd.other("Core::Unheard", "Sizes")], "1.0R39109 (Git)")
    opened = freecad.post("/documents/open", files={"file": ("newer.FCStd", data)})
    assert opened.status_code == 201, opened.text
    result = opened.json()["result"]
    assert result["objects"] == 1
    assert [each["code"] for each in result["warnings"]] == ["objects_missing", "properties_missing"]
    assert "'Sizes' (Core::Unheard)" in result["warnings"][0]["message"]
    assert "'Box' (Unheard)" in result["warnings"][1]["message"]
    whole = freecad.post("/documents/open", files={"file": ("own.FCStd", fcstd.fcstd([fcstd.box()]))})
    assert "warnings" not in whole.json()["result"]


def test_a_refused_file_leaves_the_document_as_it_was(freecad: httpx.Client) -> None:
    freecad.post("/primitives/box", json={"name": "Mine"})
    before = freecad.get("/objects").json()
    for name, data in (("nan.stl", stl.nan()), ("plan.dwg", b"AC1027"), ("cut.step", step.block()[:-700])):
        refused = freecad.post("/import", files={"file": (name, data)})
        assert refused.status_code == 422
        assert repr(name) in refused.json()["error"]["message"]
    assert freecad.get("/objects").json() == before


@pytest.mark.parametrize("away", [100, 2_000, 100_000])
def test_a_mesh_far_from_the_origin_has_the_volume_that_it_has_there(freecad: httpx.Client, away: float) -> None:
    data = stl.binary(solids.moved(solids.BLOCK, away, -away, away))
    [mesh] = freecad.post("/import", files={"file": ("far.stl", data)}).json()["result"]["objects"]
    assert mesh["volume"] == pytest.approx(solids.BLOCK_VOLUME, rel=1e-6)


def test_a_drawing_stands_where_another_program_sees_it(freecad: httpx.Client) -> None:
    """Everything that has an extrusion direction, in inserted blocks, compared with ezdxf's own boxes."""
    document = ezdxf.new("R2013")
    document.header["$INSUNITS"] = 4
    block = document.blocks.new("Part", base_point=(1, 2, 0))
    for number, normal in enumerate([(0, 0, 1), (0, 0, -1), (1, 0, 0), (0, -1, 0), (1, 2, 3), (0.01, 0, -1)]):
        own = {"extrusion": normal}
        block.add_circle((5 * number, 1, 2), 2, dxfattribs=own)
        block.add_arc((5 * number, 8, 1), 3, 20, 200, dxfattribs=own)
        block.add_lwpolyline(
            [(0, 0, 0.5), (4, 1, 0), (5, 5, -0.3)], format="xyb", dxfattribs={**own, "elevation": number}
        )
        block.add_solid([(0, 0), (3, 0), (0, 2), (3, 2)], dxfattribs=own)
    space = document.modelspace()
    space.add_blockref("Part", (30, 0, 5), dxfattribs={"rotation": 30, "xscale": 2, "yscale": 2, "zscale": 2})
    space.add_blockref("Part", (0, 90, 0), dxfattribs={"extrusion": (0, -1, 0), "xscale": -1})
    space.add_blockref("Part", (0, -70, 0), dxfattribs={"rotation": -45, "column_count": 2, "column_spacing": 40})
    wanted = ezdxf.bbox.extents(space, fast=False)
    result = freecad.post("/import", files={"file": ("plan.dxf", dxf.written(document))}).json()["result"]
    assert result["warnings"] == []
    [drawing] = result["objects"]
    # ezdxf's are boxes of polygons inside of the curves.
    assert drawing["bounding_box"]["min"] == pytest.approx(list(wanted.extmin), abs=0.02)
    assert drawing["bounding_box"]["max"] == pytest.approx(list(wanted.extmax), abs=0.02)


def test_an_extruded_slot_of_a_drawing_is_a_solid_of_the_right_size(freecad: httpx.Client) -> None:
    data = dxf.drawing(dxf.slot)
    [drawing] = freecad.post("/import", files={"file": ("slot.dxf", data)}).json()["result"]["objects"]
    solid = freecad.post("/features/extrude", json={"object": drawing["name"], "length": 5, "direction": [0, 0, 1]})
    assert solid.status_code == 201, solid.text
    assert solid.json()["result"]["volume"] == pytest.approx((300 + 25 * pi) * 5, rel=1e-6)


def test_a_mesh_of_a_hundred_thousand_triangles_is_read_in_seconds(gateway: Gateway, freecad: httpx.Client) -> None:
    side = 224
    points = [(float(x), float(y), 0.25 * ((x * 7 + y * 13) % 5)) for y in range(side) for x in range(side)]
    rows = range(side - 1)
    faces = [
        face
        for y in rows
        for x in rows
        for a in [y * side + x]
        for face in ((a, a + 1, a + side), (a + 1, a + side + 1, a + side))
    ]
    head = b"ply\nformat binary_little_endian 1.0\nelement vertex %d\nproperty double x\nproperty double y\n"
    head += b"property double z\nelement face %d\nproperty list uchar int vertex_index\nend_header\n"
    data = head % (len(points), len(faces)) + b"".join(struct.pack("<3d", *point) for point in points)
    data += b"".join(struct.pack("<B3i", 3, *face) for face in faces)
    answer = freecad.post("/import", files={"file": ("relief.ply", data)}, headers={"X-Deadline-Ms": "30000"})
    assert answer.status_code == 200, answer.text
    [mesh] = answer.json()["result"]["objects"]
    assert mesh["bounding_box"] == {"min": [0, 0, 0], "max": [side - 1, side - 1, 1]}
