"""Files with a tree hold what links show: assemblies of parts, of assemblies, links to parts and arrays of links."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.freecad_calls import get, patch, post, run
from tests.gateway import Gateway
from tests.step_reader import step_tree
from tests.test_api.test_freecad_3mf_looks import CORE, Model
from tests.test_api.test_freecad_scenes import GLTF2, Usd, UsdGeom, UsdShade, fetch, shown

RED, BLUE, GREEN = "#ff0000", "#0000ff", "#00ff00"
FORMATS = ["glb", "gltf", "step", "3mf", "usdz"]
Seen = dict[str, tuple["list[str | None]", list[float]]]


def seen_in_gltf(data: bytes, format: str) -> Seen:
    """The colours and the box, in the document's millimetres, of each mesh, by its way in the tree."""
    gltf = GLTF2.gltf_from_json(data.decode()) if format == "gltf" else GLTF2.load_from_bytes(data)
    found: Seen = {}

    def walk(numbers: list[int], way: str) -> None:
        for node in [gltf.nodes[number] for number in numbers]:
            assert (node.matrix, node.translation, node.rotation, node.scale) == (None, None, None, None)
            here = f"{way}/{node.name}"
            walk(node.children or [], here)
            if node.mesh is not None:
                primitives = gltf.meshes[node.mesh].primitives
                points = [gltf.accessors[each.attributes.POSITION] for each in primitives]
                low = [min(each.min[axis] for each in points) * 1000 for axis in range(3)]
                high = [max(each.max[axis] for each in points) * 1000 for axis in range(3)]
                colors = [
                    None
                    if each.material is None
                    else shown(gltf.materials[each.material].pbrMetallicRoughness.baseColorFactor)
                    for each in primitives
                ]
                assert here not in found
                found[here] = (colors, [low[0], -high[2], low[1], high[0], -low[2], high[1]])

    walk(gltf.scenes[0].nodes, "")
    return found


def seen_in_step(data: bytes) -> Seen:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file.step")
        path.write_bytes(data)
        nodes = step_tree(path)
    found: Seen = {}

    def walk(nodes: list[dict[str, Any]], way: str) -> None:
        for node in nodes:
            here = f"{way}/{node['name']}"
            walk(node["children"], here)
            if not node["children"]:
                assert here not in found
                own = [] if node["color"] is None and node["faces"] else [node["color"]]
                found[here] = (sorted({*node["faces"], *own}, key=str), node["box"])

    walk(nodes, "")
    return found


def seen_in_3mf(data: bytes) -> Seen:
    model = Model(data)
    found: Seen = {}

    def walk(number: Any, way: str) -> None:
        element = model.objects[number]
        here = f"{way}/{element.get('name')}"
        for part in element.iter(f"{CORE}component"):
            assert part.get("transform") is None
            walk(part.get("objectid"), here)
        points = [[float(each.get(axis) or "") for axis in "xyz"] for each in element.iter(f"{CORE}vertex")]
        if points:
            own = element.get("pid"), element.get("pindex")
            colors: set[str | None] = set()
            for one in element.iter(f"{CORE}triangle"):
                group, index = (one.get("pid"), one.get("p1")) if one.get("pid") else own
                colors.add(None if group is None else model.color(group, index))
            columns = [*zip(*points, strict=True)]
            assert here not in found
            found[here] = (sorted(colors, key=str), [*map(min, columns), *map(max, columns)])

    for item in model.built:
        walk(item, "")
    return found


def seen_in_usdz(data: bytes) -> Seen:
    found: Seen = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file.usdz")
        path.write_bytes(data)
        stage = Usd.Stage.Open(str(path))
        boxes = UsdGeom.BBoxCache(Usd.TimeCode.Default(), ["default"])

        def color(prim: Any) -> str | None:
            material, _ = UsdShade.MaterialBindingAPI(prim).ComputeBoundMaterial()
            if not material:
                return None
            shader = UsdShade.Shader(material.ComputeSurfaceSource()[0])
            return shown((*shader.GetInput("diffuseColor").Get(), shader.GetInput("opacity").Get()))

        def walk(prim: Any, way: str) -> None:
            for each in prim.GetChildren():
                here = f"{way}/{each.GetDisplayName()}"
                if each.GetTypeName() == "Xform":
                    walk(each, here)
                elif each.GetTypeName() == "Mesh":
                    subsets = [part for part in each.GetChildren() if part.GetTypeName() == "GeomSubset"]
                    bound = boxes.ComputeWorldBound(each).ComputeAlignedRange()
                    low, high = ([part * 1000 for part in point] for point in (bound.GetMin(), bound.GetMax()))
                    assert here not in found
                    where = [low[0], -high[2], low[1], high[0], -low[2], high[1]]
                    found[here] = ([color(part) for part in subsets or [each]], where)

        walk(stage.GetDefaultPrim(), "")
    return found


def seen(freecad: httpx.Client, format: str, **options: Any) -> Seen:
    data = fetch(freecad, format, linear_deflection=0.05, **options)
    if format in ("glb", "gltf"):
        return seen_in_gltf(data, format)
    found = {"step": seen_in_step, "3mf": seen_in_3mf, "usdz": seen_in_usdz}[format](data)
    # A STEP file has one product above several objects, with the name of the document.
    return {way[5:] if way.startswith("/Test/") else way: each for way, each in found.items()}


def assert_seen(found: Seen, expected: Seen) -> None:
    assert set(found) == set(expected)
    for way, (colors, box) in expected.items():
        assert found[way][0] == colors, way
        assert found[way][1] == pytest.approx(box, abs=1e-3), way


@pytest.fixture
def sub(freecad: httpx.Client) -> httpx.Client:
    """A part of a red box of 40 x 30 x 10, and on it a blue one of 5."""
    post(freecad, "/primitives/box", name="Red", label="rot", length=40, width=30, height=10, color=RED)
    post(freecad, "/primitives/box", name="Blue", label="blau", length=5, width=5, height=5, location=[0, 0, 10])
    patch(freecad, "Blue", color=BLUE)
    post(freecad, "/groups", name="Sub", kind="part", label="Baugruppe", objects=["Red", "Blue"])
    return freecad


AT_ORIGIN: Seen = {"rot": ([RED], [0, 0, 0, 40, 30, 10]), "blau": ([BLUE], [0, 0, 10, 5, 5, 15])}


def moved(way: str, x: float, y: float, z: float, what: Seen = AT_ORIGIN) -> Seen:
    by = (x, y, z, x, y, z)
    return {
        f"{way}/{name}": (colors, [a + b for a, b in zip(box, by, strict=True)]) for name, (colors, box) in what.items()
    }


@pytest.mark.parametrize("format", FORMATS)
def test_an_assembly_of_parts_has_their_contents_below_each_of_its_parts(sub: httpx.Client, format: str) -> None:
    parts = [{"object": "Sub", "name": "S1"}, {"object": "Sub", "name": "S2", "location": [100, 0, 0]}]
    post(sub, "/assemblies", name="Asm", parts=parts)
    assert_seen(seen(sub, format, objects=["Asm"]), {**moved("/Asm/S1", 0, 0, 0), **moved("/Asm/S2", 100, 0, 0)})


@pytest.mark.parametrize("format", FORMATS)
def test_an_assembly_of_assemblies_is_written_to_its_last_object(sub: httpx.Client, format: str) -> None:
    parts = [{"object": "Red", "name": "R"}, {"object": "Sub", "name": "S", "location": [0, 0, 30]}]
    post(sub, "/assemblies", name="Inner", parts=parts)
    parts = [{"object": "Inner", "name": "T1"}, {"object": "Inner", "name": "T2", "location": [200, 0, 0]}]
    post(sub, "/assemblies", name="Outer", parts=parts)
    patch(sub, "Outer", location=[0, 0, 1000])
    one: Seen = {"R": AT_ORIGIN["rot"], **moved("S", 0, 0, 30)}
    found = seen(sub, format, objects=["Outer"])
    assert_seen(found, {**moved("/Outer/T1", 0, 0, 1000, one), **moved("/Outer/T2", 200, 0, 1000, one)})


@pytest.mark.parametrize("format", FORMATS)
def test_a_turned_link_to_a_part_is_written_with_the_contents_of_the_part(sub: httpx.Client, format: str) -> None:
    post(sub, "/objects/Sub/links", name="Link", label="Nochmal", location=[0, 0, 50], rotation=[0, 0, 90])
    turned: Seen = {
        "/Nochmal/rot": ([RED], [-30, 0, 50, 0, 40, 60]),
        "/Nochmal/blau": ([BLUE], [-5, 0, 60, 0, 5, 65]),
    }
    assert_seen(seen(sub, format, objects=["Link"]), turned)
    assert_seen(seen(sub, format), {**moved("/Baugruppe", 0, 0, 0), **turned})


@pytest.mark.parametrize("format", FORMATS)
def test_a_scaled_and_mirrored_link_to_a_link_to_a_part_is_where_it_is_shown(sub: httpx.Client, format: str) -> None:
    post(sub, "/objects/Sub/links", name="First", location=[0, 0, 50])
    post(sub, "/objects/First/links", name="Second", location=[500, 0, 0])
    patch(sub, "Second", properties={"ScaleVector": [2, -1, 1]})
    expected: Seen = {
        "/Second/rot": ([RED], [500, -30, 0, 580, 0, 10]),
        "/Second/blau": ([BLUE], [500, -5, 10, 510, 0, 15]),
    }
    assert_seen(seen(sub, format, objects=["Second"]), expected)


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_hidden_in_a_part_is_hidden_in_its_links_and_a_link_has_its_own_colour(
    sub: httpx.Client, format: str
) -> None:
    post(sub, "/primitives/box", name="Plain", location=[0, 0, 20])
    sub.patch("/groups/Sub", json={"add": ["Plain"]}).raise_for_status()
    patch(sub, "Sub", color="#888888")
    parts = [{"object": "Sub", "name": "S1"}, {"object": "Sub", "name": "S2", "location": [100, 0, 0]}]
    post(sub, "/assemblies", name="Asm", parts=parts)
    patch(sub, "S2", color=GREEN)
    patch(sub, "Blue", visible=False)
    found = seen(sub, format, objects=["Asm"])
    assert_seen(
        found,
        {
            "/Asm/S1/rot": ([RED], [0, 0, 0, 40, 30, 10]),
            "/Asm/S1/Plain": (["#888888"], [0, 0, 20, 10, 10, 30]),
            "/Asm/S2/rot": ([GREEN], [100, 0, 0, 140, 30, 10]),
            "/Asm/S2/Plain": ([GREEN], [100, 0, 20, 110, 10, 30]),
        },
    )


@pytest.mark.parametrize("format", FORMATS)
def test_a_group_of_links_has_each_of_its_elements_once(sub: httpx.Client, gateway: Gateway, format: str) -> None:
    run(
        gateway,
        "group = FreeCAD.ActiveDocument.addObject('App::LinkGroup', 'Both')\n"
        "group.setLink([FreeCAD.ActiveDocument.Red, FreeCAD.ActiveDocument.Blue])\n"
        "group.Placement.Base = FreeCAD.Vector(0, 0, 7)\n"
        "FreeCAD.ActiveDocument.removeObject('Sub')\n"
        "FreeCAD.ActiveDocument.recompute()",
    )
    assert_seen(seen(sub, format), moved("/Both", 0, 0, 7))
    post(sub, "/objects/Both/links", name="Again", location=[0, 100, 0])
    assert_seen(seen(sub, format, objects=["Again"]), moved("/Again", 0, 100, 0))


def test_a_mesh_in_a_part_is_in_the_files_of_a_link_to_it(sub: httpx.Client) -> None:
    stl = post(sub, "/export", format="stl", objects=["Blue"])["artifact"]["id"]
    mesh = post(sub, "/import", artifact=stl)["objects"][0]["name"]
    patch(sub, mesh, label="netz", location=[20, 0, 0])
    sub.patch("/groups/Sub", json={"add": [mesh]}).raise_for_status()
    post(sub, "/objects/Sub/links", name="Link", location=[0, 0, 50], rotation=[0, 0, 90])
    box = get(sub, f"/objects/{mesh}")["bounding_box"]
    (x0, y0, z0), (x1, y1, z1) = box["min"], box["max"]
    found = seen(sub, "glb", objects=["Link"])
    assert found["/Link/netz"][1] == pytest.approx([-y1, x0, z0 + 50, -y0, x1, z1 + 50], abs=1e-3)


@pytest.mark.parametrize("format", FORMATS)
def test_each_element_of_an_array_of_links_has_its_name_and_the_colours_of_faces(
    sub: httpx.Client, format: str
) -> None:
    patch(sub, "Red", face_colors=[{"faces": {"type": "plane", "at": "top"}, "color": GREEN}])
    post(sub, "/objects/Red/links", name="Row", location=[0, 100, 0])
    patch(sub, "Row", properties={"ElementCount": 2})
    patch(sub, "Row_i1", location=[50, 0, 0])
    found = seen(sub, format, objects=["Row"])
    assert {way: (set(colors), [round(each, 3) for each in box]) for way, (colors, box) in found.items()} == {
        "/Row/Row_i0": ({RED, GREEN}, [0, 100, 0, 40, 130, 10]),
        "/Row/Row_i1": ({RED, GREEN}, [50, 100, 0, 90, 130, 10]),
    }
    patch(sub, "Row", properties={"LinkedObject": "Sub", "ShowElement": False})
    assert set(seen(sub, format, objects=["Row"])) == {
        "/Row/Row_i0/rot",
        "/Row/Row_i0/blau",
        "/Row/Row_i1/rot",
        "/Row/Row_i1/blau",
    }
