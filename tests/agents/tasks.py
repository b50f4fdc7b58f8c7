"""Twenty tasks as a model does them: search, describe, call, read the error, correct it. Each checks what came out."""

from __future__ import annotations

import base64
import io
import json
import math
import struct
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from mcp.types import BlobResourceContents, CallToolResult, TextResourceContents
from PIL import Image

from tests.agents.agent import Agent

Task = Callable[[Agent], Awaitable[None]]
TASKS: dict[str, Task] = {}
"""By name, in the order in which they are done."""
CHECKED: dict[str, str] = {}
"""What each task checks of what came out."""


def task(checked: str) -> Callable[[Task], Task]:
    """Add a task that checks this; its docstring is what a person would ask for."""

    def add(function: Task) -> Task:
        TASKS[function.__name__], CHECKED[function.__name__] = function, checked
        return function

    return add


async def contents(one: Agent, artifact: dict[str, Any]) -> bytes:
    """The bytes of an artifact, read as a resource."""
    (read,) = (await one.client.read_resource(f"cadgate://artifacts/{artifact['id']}")).contents
    if isinstance(read, TextResourceContents):
        return read.text.encode()
    assert isinstance(read, BlobResourceContents)
    return base64.b64decode(read.blob)


def picture(result: CallToolResult) -> Image.Image:
    """The picture in a result."""
    (block,) = [each for each in result.content if each.type == "image"]
    return Image.open(io.BytesIO(base64.b64decode(block.data))).convert("RGB")


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-6)


def rounded(length: float, width: float, height: float, radius: float) -> float:
    """Return the volume of a box with all edges rounded: a ball moved through a smaller box."""
    a, b, c = (each - 2 * radius for each in (length, width, height))
    faces, edges = 2 * (a * b + b * c + c * a) * radius, math.pi * radius**2 * (a + b + c)
    return a * b * c + faces + edges + 4 / 3 * math.pi * radius**3


# --- FreeCAD ---------------------------------------------------------------------------------------------------------


@task("volume of the bracket; a solid in the STEP file")
async def bracket_to_step(one: Agent) -> None:
    """Make a bracket of two plates with two holes and rounded outer edges, as STEP."""
    await one.done("search", query="box, cylinder, subtract, fillet", application="freecad")
    await one.done("describe", application="freecad", method="features.fillet")
    calls = [
        {"method": "primitives.box", "params": {"name": "Base", "length": 60, "width": 40, "height": 5}},
        {"method": "primitives.box", "params": {"name": "Wall", "length": 5, "width": 40, "height": 50}},
        {"method": "boolean.union", "params": {"name": "Angle", "objects": ["Base", "Wall"]}},
        *(
            {
                "method": "primitives.cylinder",
                "params": {"name": f"Drill{y}", "radius": 3, "height": 10, "location": [40, y, -2]},
            }
            for y in (10, 30)
        ),
        {"method": "boolean.subtract", "params": {"name": "Drilled", "objects": ["Angle", "Drill10", "Drill30"]}},
    ]
    made = await one.done("batch", application="freecad", calls=calls, atomic=True)
    plain = 60 * 40 * 5 + 5 * 40 * 45 - 2 * math.pi * 9 * 5
    assert made["results"][-1]["result"]["volume"] == near(plain)
    edges = {"type": "line", "parallel_to": [0, 0, 1], "inside": {"min": [-1, -1, -1], "max": [1, 41, 51]}}
    part = await one.call("freecad", "features.fillet", name="Bracket", object="Drilled", radius=4, edges=edges)
    assert part["volume"] == near(plain - 2 * (16 - math.pi * 4) * 50)
    file = await one.done("export", application="freecad", format="step", objects=["Bracket"])
    text = (await contents(one, file["artifact"])).decode()
    assert text.startswith("ISO-10303-21")
    assert "MANIFOLD_SOLID_BREP" in text


@task("volume before and after")
async def find_and_fix_a_failed_fillet(one: Agent) -> None:
    """Round a block as far as it goes; a radius that is too large must leave it as it was."""
    await one.call("freecad", "primitives.box", name="Block", length=20, width=10, height=6)
    error = await one.refused(
        "call", application="freecad", method="features.fillet", params={"object": "Block", "radius": 9}
    )
    assert error["code"] in ("degenerate_result", "command_failed")
    assert (await one.done("measure", application="freecad", object="Block"))["volume"] == near(1200)
    part = await one.call("freecad", "features.fillet", object="Block", radius=2)
    assert part["volume"] == near(rounded(20, 10, 6, 2))


@task("volume of the disc")
async def sketch_to_pad(one: Agent) -> None:
    """Draw a circle and pad it into a disc."""
    await one.done("search", query="pad a sketch", application="freecad")
    await one.done("describe", application="freecad", method="sketches.create")
    geometry = [{"type": "circle", "center": [0, 0], "radius": 12}]
    sketch = await one.call("freecad", "sketches.create", geometry=geometry)
    error = await one.refused(
        "call", application="freecad", method="features.pad", params={"sketch": sketch["name"], "length": 5}
    )
    assert "features/extrude" in error["message"]  # a pad belongs to a body
    disc = await one.call("freecad", "features.extrude", object=sketch["name"], length=5)
    assert disc["volume"] == near(math.pi * 144 * 5)


@task("volume of the intersection")
async def correct_what_does_not_touch(one: Agent) -> None:
    """Intersect two solids that do not touch yet."""
    await one.call("freecad", "primitives.box", name="A")
    await one.call("freecad", "primitives.box", name="B", location=[30, 0, 0])
    both = {"object1": "A", "object2": "B"}
    error = await one.refused("call", application="freecad", method="boolean.intersect", params=both)
    assert error["code"] == "degenerate_result"
    await one.call("freecad", "objects.update", name="B", location=[5, 0, 0])
    assert (await one.call("freecad", "boolean.intersect", **both))["volume"] == near(500)


@task("volume before and after the parameter changed")
async def parametric_plate(one: Agent) -> None:
    """Make a plate whose length follows a parameter, then change that."""
    await one.done("search", query="named parameters and expressions", application="freecad")
    await one.done("describe", application="freecad", method="parameters.set")
    await one.call("freecad", "parameters.set", parameters={"width": {"value": 40, "unit": "mm"}})
    await one.call("freecad", "primitives.box", name="Plate", expressions={"Length": "Parameters.width / 2"})
    assert (await one.done("measure", application="freecad", object="Plate"))["volume"] == near(2000)
    await one.call("freecad", "parameters.set", parameters={"width": {"value": 100, "unit": "mm"}})
    assert (await one.done("measure", application="freecad", object="Plate"))["volume"] == near(5000)


@task("volume of the sphere")
async def misspell_everything(one: Agent) -> None:
    """Make a sphere, with every name wrong at first: each error leads to the right one in one step."""
    error = await one.refused("call", application="freecadd", method="primitives.sphere")
    application = error["did_you_mean"][0]
    error = await one.refused("call", application=application, method="primitive.spere")
    method = error["did_you_mean"][0]
    error = await one.refused("call", application=application, method=method, params={"raduis": "3"})
    made = await one.done(
        "call", application=application, method=method, params={error["did_you_mean"][0]: "3", "name": "Ball"}
    )
    assert made["volume"] == near(4 / 3 * math.pi * 27)
    error = await one.refused("measure", application=application, object="Bal")
    await one.done("measure", application=application, object=error["did_you_mean"][0])


@task("distance, then volume of the union")
async def clearance_between_parts(one: Agent) -> None:
    """Measure the gap between two parts, and close it."""
    await one.call("freecad", "primitives.box", name="Left")
    await one.call("freecad", "primitives.box", name="Right", location={"x": 17.5, "y": 0, "z": 0})
    gap = await one.done("measure", application="freecad", object="Left", to="Right")
    assert gap["distance"] == near(7.5)
    await one.call("freecad", "objects.update", name="Right", location=[10, 0, 0])
    joined = await one.call("freecad", "boolean.union", object1="Left", object2="Right")
    assert joined["volume"] == near(2000)


@task("volume of the rail")
async def row_of_holes(one: Agent) -> None:
    """Drill five holes in a row."""
    await one.call("freecad", "primitives.box", name="Rail", length=100, width=20, height=4)
    await one.call("freecad", "primitives.cylinder", name="Pin", radius=2, height=10, location=[10, 10, -3])
    row = await one.call("freecad", "features.linear_pattern", object="Pin", direction=[1, 0, 0], spacing=20, count=5)
    rail = await one.call("freecad", "boolean.subtract", object1="Rail", object2=row["name"])
    assert rail["volume"] == near(8000 - 5 * math.pi * 4 * 4)


@task("volume of the part that is back")
async def undo_a_mistake(one: Agent) -> None:
    """Delete a part by mistake, and get it back."""
    await one.call("freecad", "primitives.box", name="Keep")
    await one.call("freecad", "objects.delete", name="Keep")
    await one.refused("measure", application="freecad", object="Keep")
    await one.call("freecad", "session.undo")
    assert (await one.done("measure", application="freecad", object="Keep"))["volume"] == near(1000)


@task("number of objects after each batch")
async def all_or_nothing(one: Agent) -> None:
    """Build in one batch where the last call is wrong: nothing must be left."""
    calls = [{"method": "primitives.box"}, {"method": "primitives.sphere", "params": {"radius": -1}}]
    error = await one.refused("batch", application="freecad", calls=calls, atomic=True)
    assert error["details"]["index"] == 1
    assert (await one.call("freecad", "objects.list"))["total"] == 0
    calls[1] = {"method": "primitives.sphere", "params": {"radius": 1}}
    await one.done("batch", application="freecad", calls=calls, atomic=True)
    assert (await one.call("freecad", "objects.list"))["total"] == 2


@task("volume of the rounded part")
async def continue_after_a_crash(one: Agent) -> None:
    """Go on with a part after the application has died."""
    await one.call("freecad", "primitives.box", name="Before", length=20)
    error = await one.refused("execute", application="freecad", code="import os; os.kill(os.getpid(), 9)")
    assert error["code"] == "application_restarted"
    part = await one.call("freecad", "features.fillet", object="Before", radius=1)
    assert part["volume"] == near(rounded(20, 10, 10, 1))


@task("same answer; number of objects")
async def the_same_call_twice(one: Agent) -> None:
    """Send a call again whose answer was lost: it must be done once."""
    once = {"application": "freecad", "method": "primitives.box", "idempotency_key": f"twice-{id(one)}"}
    first = await one.done("call", **once)
    assert await one.done("call", **once) == first
    assert (await one.call("freecad", "objects.list"))["total"] == 1


# --- both ------------------------------------------------------------------------------------------------------------


@task("dimensions of the imported object")
async def part_into_a_scene(one: Agent) -> None:
    """Bring a part of FreeCAD into a scene of Blender."""
    await one.call("freecad", "primitives.cylinder", radius=10, height=30)
    file = await one.done("export", application="freecad", format="stl")
    taken = await one.done("import", application="blender", artifact=file["artifact"]["id"], scale=0.001)
    assert taken["objects"][0]["dimensions"] == pytest.approx([0.02, 0.02, 0.03], rel=1e-2)


@task("volume of the part in each session")
async def two_agents_in_two_sessions(one: Agent) -> None:
    """Work on two variants at the same time, each in a session of its own."""
    first = (await one.done("sessions", action="create", application="freecad", name="first"))["id"]
    here = {"application": "freecad", "session": first}
    await one.done("call", **here, method="primitives.box", params={"name": "Part", "length": 30})
    second = (await one.done("sessions", action="fork", session=first, name="second"))["id"]
    await one.done("call", **{**here, "session": second}, method="objects.update",
                   params={"name": "Part", "properties": {"Length": 50}})  # fmt: skip
    assert (await one.done("measure", **here, object="Part"))["volume"] == near(3000)
    assert (await one.done("measure", application="freecad", session=second, object="Part"))["volume"] == near(5000)
    for session in (first, second):
        await one.done("sessions", action="delete", session=session)


# --- Blender ---------------------------------------------------------------------------------------------------------


@task("size and colour of the picture")
async def scene_to_picture(one: Agent) -> None:
    """Make a red ball on a plane with a light and a camera, and render it."""
    await one.done("search", query="material, light, camera and render", application="blender")
    calls = [
        {"method": "materials.create", "params": {"name": "Red", "color": "#ff0000"}},
        {"method": "primitives.sphere", "params": {"name": "Ball", "location": [0, 0, 1], "material": "Red"}},
        {"method": "primitives.plane", "params": {"size": 10}},
        {"method": "light.create", "params": {"kind": "sun", "energy": 3, "rotation": [30, 20, 0]}},
        {"method": "camera.create", "params": {"location": [0, -7, 3], "look_at": [0, 0, 1]}},
    ]
    made = await one.done("batch", application="blender", calls=calls)
    assert {each["status"] for each in made["results"]} == {"success"}
    result = await one.use(
        "call", application="blender", method="render.still", params={"resolution": "[160, 120]", "samples": 4}
    )
    image = picture(result)
    assert image.size == (160, 120)
    red, green, _ = cast("tuple[int, int, int]", image.getpixel((80, 60)))
    assert red > 2 * green


@task("faces and dimensions of the mesh")
async def bevelled_cube(one: Agent) -> None:
    """Bevel a cube by a modifier, and apply it."""
    await one.done("search", query="bevel modifier", application="blender")
    described = await one.done("describe", application="blender", method="modifiers.add")
    assert "modifier" in described["params"]["properties"]
    await one.call("blender", "primitives.cube", name="Box")
    await one.call("blender", "modifiers.add", object="Box", modifier={"type": "bevel", "width": 0.1, "segments": 2})
    listed = await one.call("blender", "modifiers.list", object="Box")
    applied = await one.call("blender", "modifiers.apply", object="Box", modifier=listed["modifiers"][0]["name"])
    assert applied["faces"] > 6
    assert applied["dimensions"] == pytest.approx([2, 2, 2])


@task("names of node and material in the GLB file")
async def model_for_the_web(one: Agent) -> None:
    """Export a named, coloured object as GLB."""
    await one.call("blender", "materials.create", name="Gold", color=[1, 0.8, 0.2], metallic=1)
    await one.call("blender", "primitives.torus", name="Ring", material="Gold")
    file = await one.done("export", application="blender", format="glb", objects=["Ring"])
    data = await contents(one, file["artifact"])
    magic, _, _, length, kind = struct.unpack("<4sIII4s", data[:20])
    assert (magic, kind) == (b"glTF", b"JSON")
    document = json.loads(data[20 : 20 + length])
    assert [node["name"] for node in document["nodes"]] == ["Ring"]
    assert [material["name"] for material in document["materials"]] == ["Gold"]


@task("value and output of the code; height of the spiral")
async def code_for_what_no_method_does(one: Agent) -> None:
    """Make a spiral by code, and look at what came out."""
    code = (
        "import bpy, math\n"
        "curve = bpy.data.curves.new('Spiral', 'CURVE'); curve.dimensions = '3D'\n"
        "line = curve.splines.new('POLY'); line.points.add(99)\n"
        "for i, p in enumerate(line.points): p.co = (math.cos(i / 5), math.sin(i / 5), i / 50, 1)\n"
        "bpy.context.collection.objects.link(bpy.data.objects.new('Spiral', curve)); print('made')\n"
        "len(line.points)"
    )
    made = await one.done("execute", application="blender", code=code)
    assert (made["value"], made["output"]) == (100, "made\n")
    assert (await one.done("measure", application="blender", object="Spiral"))["dimensions"][2] == near(1.98)


@task("state of the job; size of the picture")
async def render_in_the_background(one: Agent) -> None:
    """Begin a render, change the scene meanwhile, and fetch the picture."""
    await one.call("blender", "primitives.monkey")
    params = {"resolution": [64, 48], "samples": 8}
    job = await one.done("call", application="blender", method="render.still", params=params, background=True)
    await one.call("blender", "primitives.cube", location=[5, 0, 0])
    result = await one.use("jobs", job=job["id"], wait=120)
    assert result.structured_content["result"]["state"] == "succeeded"
    assert picture(result).size == (64, 48)


@task("bounding boxes in the legend; size of the sheet")
async def see_what_is_wrong(one: Agent) -> None:
    """See that a leg is not under its table, and put it there."""
    await one.call("freecad", "primitives.box", name="Top", length=100, width=60, height=4, location=[0, 0, 50])
    await one.call("freecad", "primitives.box", name="Leg", length=6, width=6, height=50, location=[140, 0, 0])
    seen = await one.use("look", application="freecad", views=["iso", "front"], size=480)
    legend = {each["name"]: each["bounding_box"] for each in seen.structured_content["result"]["legend"]}
    assert legend["Leg"]["min"][0] > legend["Top"]["max"][0]
    assert max(picture(seen).size) == 480
    await one.call("freecad", "objects.update", name="Leg", location=[0, 0, 0])
    again = await one.done("look", application="freecad", views=["front"], size=480)
    legend = {each["name"]: each["bounding_box"] for each in again["legend"]}
    assert legend["Leg"]["max"][0] <= legend["Top"]["max"][0]
