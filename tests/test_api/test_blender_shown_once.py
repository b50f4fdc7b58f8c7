"""Whatever a scene shows is in a file once: surfaces of curves next to instances and in them; what is hidden is not."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.blender_code import evaluate
from tests.gateway import Gateway
from tests.test_api.test_blender_truth_export import EVERY, box_of_file, close, export_each, volume_of

SETUP = """
scene = bpy.context.scene.collection.objects
def block(name, size=2):
    half = size / 2
    mesh = bpy.data.meshes.new(name)
    points = [(x, y, z) for x in (-half, half) for y in (-half, half) for z in (-half, half)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    mesh.from_pydata(points, [], faces)
    return bpy.data.objects.new(name, mesh)
def slab(name):
    # A curve around 3 x 2, filled, and 1 high.
    curve = bpy.data.curves.new(name, "CURVE")
    curve.dimensions, curve.fill_mode, curve.extrude = "2D", "BOTH", 0.5
    line = curve.splines.new("POLY")
    line.points.add(3)
    for point, (x, y) in zip(line.points, [(0, 0), (3, 0), (3, 2), (0, 2)]):
        point.co = (x, y, 0, 1)
    line.use_cyclic_u = True
    return bpy.data.objects.new(name, curve)
def shown_again(place, *objects):
    group = bpy.data.collections.new("Group")
    for each in objects:
        group.objects.link(each)
    again = bpy.data.objects.new("Again", None)
    again.instance_type, again.instance_collection, again.location = "COLLECTION", group, place
    scene.link(again)
    return again
def copies(owner, source):
    tree = bpy.data.node_groups.new("Copies", "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    nodes, link = tree.nodes, tree.links.new
    start, end = nodes.new("NodeGroupInput"), nodes.new("NodeGroupOutput")
    points = nodes.new("GeometryNodeInstanceOnPoints")
    what = nodes.new("GeometryNodeObjectInfo")
    what.inputs["Object"].default_value, what.inputs["As Instance"].default_value = source, True
    link(start.outputs[0], points.inputs["Points"])
    link(what.outputs["Geometry"], points.inputs["Instance"])
    points.inputs["Scale"].default_value = (-0.5, 1, 1)
    link(points.outputs[0], end.inputs[0])
    owner.modifiers.new("Copies", "NODES").node_group = tree
"""
CASES: dict[str, tuple[str, list[list[float]], float]] = {
    "a curve next to an instance": (
        "scene.link(slab('Slab')); shown_again((10, 0, 0), block('Block'))",
        [[0, -1, -1], [11, 2, 1]],
        6 + 8,
    ),
    "a curve in an instance": (
        "shown_again((10, 0, 0), slab('Slab'), block('Block'))",
        [[9, -1, -1], [13, 2, 1]],
        6 + 8,
    ),
    "a curve in a mirrored instance of an instance": (
        "inner = shown_again((10, 0, 0), slab('Slab')); scene.unlink(inner); inner.name = 'Inner'\n"
        "shown_again((0, 20, 0), inner).scale = (-2, 1, 1)",
        [[-26, 20, -0.5], [-20, 22, 0.5]],
        12,
    ),
    "a curve after a block in an instance": (
        "shown_again((10, 0, 0), block('Block'), slab('Slab'))",
        [[9, -1, -1], [13, 2, 1]],
        6 + 8,
    ),
    "a curve that is there and in an instance": (
        "curve = slab('Slab'); scene.link(curve); shown_again((10, 0, 0), curve)",
        [[0, 0, -0.5], [13, 2, 0.5]],
        12,
    ),
    "metaballs in an instance, which Blender does not show": (
        "balls = [bpy.data.objects.new(name, bpy.data.metaballs.new(name)) for name in ('Ball', 'Ball.001')]\n"
        "[each.data.elements.new() for each in balls]; shown_again((10, 0, 0), block('Block'), *balls)",
        [[9, -1, -1], [11, 1, 1]],
        8,
    ),
    "a child at each point of its parent": (
        "dots = bpy.data.objects.new('Dots', bpy.data.meshes.new('Dots')); scene.link(dots)\n"
        "dots.data.from_pydata([(10, 0, 0), (20, 0, 0)], [], []); dots.instance_type = 'VERTS'\n"
        "child = block('Child'); scene.link(child); child.parent = dots",
        [[-1, -1, -1], [21, 1, 1]],
        3 * 8,
    ),
    "a child at each face of its mirrored parent": (
        "wall = block('Wall', 10); wall.scale = (-1, 1, 1); scene.link(wall); wall.instance_type = 'FACES'\n"
        "child = block('Child'); scene.link(child); child.parent = wall",
        [[-6, -6, -6], [6, 6, 6]],
        1000 + 7 * 8,
    ),
    "something hidden in an instance": (
        "hidden = block('Hidden', 50); hidden.hide_viewport = True\nshown_again((10, 0, 0), hidden, block('Block'))",
        [[9, -1, -1], [11, 1, 1]],
        8,
    ),
    "mirrored copies of an object by nodes": (
        "source = block('Source'); source.location = (50, 0, 0); scene.link(source)\n"
        "owner = bpy.data.objects.new('Dots', bpy.data.meshes.new('Dots'))\n"
        "owner.data.from_pydata([(0, 0, 0), (4, 0, 0)], [], []); scene.link(owner); copies(owner, source)",
        [[-0.5, -1, -1], [51, 1, 1]],
        8 + 2 * 4,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_everything_that_is_shown_is_in_each_file_once(
    blender: httpx.Client, http: httpx.Client, gateway: Gateway, tmp_path: Path, case: str
) -> None:
    code, box, volume = CASES[case]
    evaluate(gateway, f"{SETUP}\n{code}\nbpy.context.view_layer.update()\nNone")
    results = export_each(blender, gateway)
    assert {each["format"] for each in results} <= set(EVERY)
    for result in results:
        if result["format"] in ("obj", "ply", "stl", "glb"):
            assert volume_of(http, result) == pytest.approx(volume, rel=1e-4), result["format"]
    for result in results:
        have = box_of_file(blender, http, gateway, result, tmp_path)
        assert close(have, box, 1e-3), (result["format"], have)


def test_the_surface_of_a_curve_is_no_instance_of_it(blender: httpx.Client, gateway: Gateway) -> None:
    evaluate(gateway, f"{SETUP}\nscene.link(slab('Slab'))\nbpy.context.view_layer.update()\nNone")
    answer = blender.get("/objects/Slab/evaluated")
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["instances"] == 0
