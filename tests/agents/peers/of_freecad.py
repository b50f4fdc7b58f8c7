"""The tasks in FreeCAD by the tools of AnkusDrive (`ankusdrive mcp`)."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

from tests.agents.peers.peer import NotDone, Peer
from tests.agents.tasks import near, rounded

PeerTask = Callable[[Peer], Awaitable[None]]
ALL_EDGES = list(range(1, 13))


async def prepare(one: Peer) -> None:
    """Begin a document."""
    await one.answer("new_document")


async def box(one: Peer, w: float = 10, d: float = 10, h: float = 10, at: list[float] | None = None) -> str:
    made = await one.answer("add_primitive", kind="box", w=w, d=d, h=h, placement=at)
    assert made["volume"] == near(w * d * h)
    return made["handle"]


async def volume(one: Peer, handle: str) -> float:
    told = await one.answer("mass_properties", handle=handle)
    return next(value for name, value in told.items() if name.startswith("volume"))


async def bracket_to_step(one: Peer) -> None:
    base, wall = await box(one, 60, 40, 5), await box(one, 5, 40, 50)
    part = (await one.answer("boolean_op", op="fuse", base=base, tool=wall))["handle"]
    for y in (10, 30):
        drill = (await one.answer("add_primitive", kind="cylinder", r=3, h=10, placement=[40, y, -2]))["handle"]
        cut = await one.answer("boolean_op", op="cut", base=part, tool=drill)
        part = cut["handle"]
    plain = 60 * 40 * 5 + 5 * 40 * 45 - 2 * math.pi * 9 * 5
    assert cut["volume"] == near(plain)
    edges = await one.answer("list_edges", handle=part)
    # The union is not refined, so each corner is two edges.
    upright = [each["index"] for each in edges if abs(each["centroid"][0]) < 1e-6 and each["centroid"][1] in (0, 40)]
    assert len(upright) == 4, edges
    made = await one.answer("fillet_edges", handle=part, edges=upright, radius=4)
    assert made["volume"] == near(plain - 2 * (16 - math.pi * 4) * 50)
    path = one.folder / "bracket.step"
    await one.answer("export_shape", path=str(path), object=made["name"])
    text = path.read_text()
    assert text.startswith("ISO-10303-21")
    assert "MANIFOLD_SOLID_BREP" in text


async def find_and_fix_a_failed_fillet(one: Peer) -> None:
    block = await box(one, 20, 10, 6)
    if await one.failure("fillet_edges", handle=block, edges=ALL_EDGES, radius=9) is None:
        raise NotDone("a radius that cannot be is accepted")
    assert await volume(one, block) == near(1200)
    made = await one.answer("fillet_edges", handle=block, edges=ALL_EDGES, radius=2)
    assert made["volume"] == near(rounded(20, 10, 6, 2))


async def sketch_to_pad(one: Peer) -> None:
    body = (await one.answer("make_body"))["handle"]
    try:
        sketch = (await one.answer("make_sketch", body=body))["handle"]
    except AssertionError as error:
        if "AttachmentSupport" in str(error):
            raise NotDone("its sketches need FreeCAD 1.0 or newer") from None
        raise
    await one.answer("add_sketch_geometry", sketch=sketch, items=[{"type": "circle", "center": [0, 0], "radius": 12}])
    await one.answer("close_sketch", sketch=sketch)
    disc = (await one.answer("pad", sketch=sketch, length=5))["handle"]
    assert await volume(one, disc) == near(math.pi * 144 * 5)


async def correct_what_does_not_touch(one: Peer) -> None:
    a, b = await box(one), await box(one, at=[30, 0, 0])
    result = await one.counted("boolean_op", {"op": "common", "base": a, "tool": b})
    silent = not result.is_error
    await one.answer("transform", handle=b, translate=[5, 0, 0], relative=False)
    assert (await one.answer("boolean_op", op="common", base=a, tool=b))["volume"] == near(500)
    if silent:
        raise NotDone("the intersection of what does not touch is a success without a warning")


async def parametric_plate(one: Peer) -> None:
    code = (
        "s = App.ActiveDocument.addObject('Spreadsheet::Sheet', 'Parameters'); s.set('A1', '40'); "
        "s.setAlias('A1', 'width'); b = App.ActiveDocument.addObject('Part::Box', 'Plate'); "
        "App.ActiveDocument.recompute(); b.setExpression('Length', 'Parameters.width / 2'); "
        "App.ActiveDocument.recompute(); __result__ = b.Shape.Volume"
    )
    assert (await one.answer("run_script", code=code))["result"] == near(2000)
    change = (
        "App.ActiveDocument.Parameters.set('A1', '100'); App.ActiveDocument.recompute(); "
        "__result__ = App.ActiveDocument.Plate.Shape.Volume"
    )
    assert (await one.answer("run_script", code=change))["result"] == near(5000)


async def misspell_everything(one: Peer) -> None:
    unknown = await one.failure("add_primitiv", kind="sphere")
    assert unknown is not None
    made = await one.counted("add_primitive", {"kind": "sphere", "raduis": 3})
    if not made.is_error:
        raise NotDone("the argument 'raduis' is ignored: a sphere of 5 mm is made")


async def clearance_between_parts(one: Peer) -> None:
    left, right = await box(one), await box(one, at=[17.5, 0, 0])
    gap = await one.answer("min_clearance", a=left, b=right)
    assert gap["clearance_mm"] == near(7.5)
    await one.answer("transform", handle=right, translate=[10, 0, 0], relative=False)
    assert (await one.answer("boolean_op", op="fuse", base=left, tool=right))["volume"] == near(2000)


async def row_of_holes(one: Peer) -> None:
    part: str = await box(one, 100, 20, 4)
    pin = (await one.answer("add_primitive", kind="cylinder", r=2, h=10, placement=[10, 10, -3]))["handle"]
    pins = [pin]
    for number in range(1, 5):
        copy = await one.answer("copy_shape", handle=pin, placement=[10 + 20 * number, 10, -3])
        pins.append(copy["handle"])
    made: dict[str, Any] = {}
    for each in pins:
        made = await one.answer("boolean_op", op="cut", base=part, tool=each)
        part = made["handle"]
    assert made["volume"] == near(8000 - 5 * math.pi * 4 * 4)


async def undo_a_mistake(one: Peer) -> None:
    await box(one)
    await one.answer("run_script", code="App.ActiveDocument.removeObject('Box')")
    undo = "App.ActiveDocument.undo(); __result__ = [each.Name for each in App.ActiveDocument.Objects]"
    if "Box" not in (await one.answer("run_script", code=undo))["result"]:
        raise NotDone("there is no undo of what was not begun as a transaction, and the document's own has nothing")


async def all_or_nothing(one: Peer) -> None:
    for radius in (-1, 1):
        await one.answer("transaction_open")
        await box(one)
        failed = await one.failure("add_primitive", kind="sphere", r=radius)
        if failed is None and radius < 0:
            raise NotDone("a sphere of radius -1 is accepted")
        await one.answer("transaction_abort" if failed else "transaction_commit")
        count = await one.answer("run_script", code="__result__ = len(App.ActiveDocument.Objects)", auto_register=False)
        assert count["result"] == (0 if failed else 2)


async def continue_after_a_crash(one: Peer) -> None:
    before = await box(one, 20)
    assert await one.failure("run_script", code="import os; os.kill(os.getpid(), 9)") is not None
    failed = await one.failure("fillet_edges", handle=before, edges=ALL_EDGES, radius=1)
    if failed is not None:
        raise NotDone("the document is lost with the process")


async def the_same_call_twice(one: Peer) -> None:
    raise NotDone("a call has no key: sent again, it is done again")


async def two_agents_in_two_sessions(one: Peer) -> None:
    made: dict[str, str] = {}
    for name, length in (("first", 30), ("second", 50)):
        await one.answer("use_workspace", name=name)
        await one.answer("new_document")
        made[name] = await box(one, 30)
        if length != 30:
            await one.answer("set_property", handle=made[name], name="Length", value=length)
    assert await volume(one, made["second"]) == near(5000)
    await one.answer("use_workspace", name="first")
    assert await volume(one, made["first"]) == near(3000)


async def see_what_is_wrong(one: Peer) -> None:
    top, leg = await box(one, 100, 60, 4, [0, 0, 50]), await box(one, 6, 6, 50, [140, 0, 0])
    for handle in (top, leg):  # a picture has one object
        await one.counted("render_views", {"handle": handle, "views": ["iso", "front"], "width": 240, "height": 240})
    boxes = [await one.answer("bounding_box", handle=each) for each in (top, leg)]
    assert boxes[1]["min"][0] > boxes[0]["max"][0]
    await one.answer("transform", handle=leg, translate=[0, 0, 0], relative=False)
    assert (await one.answer("bounding_box", handle=leg))["max"][0] <= boxes[0]["max"][0]


TASKS: dict[str, PeerTask] = {
    each.__name__: each
    for each in (
        *(bracket_to_step, find_and_fix_a_failed_fillet, sketch_to_pad, correct_what_does_not_touch),
        *(parametric_plate, misspell_everything, clearance_between_parts, row_of_holes, undo_a_mistake),
        *(all_or_nothing, continue_after_a_crash, the_same_call_twice, two_agents_in_two_sessions),
        see_what_is_wrong,
    )
}
NOTES = {
    "parametric_plate": "by code",
    "row_of_holes": "by copies",
    "two_agents_in_two_sessions": "made twice: there is no fork",
    "see_what_is_wrong": "by bounding boxes: a picture has one object",
}
"""How a task is done where it is not by tools made for it."""
