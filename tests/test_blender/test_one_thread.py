"""Renders with one thread: on one processor, of which they have enough, and no longer than they last."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadgate_blender.app.one_thread import better
from tests.test_blender.in_blender import in_blender

RENDERS = """
import os, time
from cadgate_blender.app import events, rendering
events.emit = lambda *_: None
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
bpy.ops.mesh.primitive_torus_add()
settings = bpy.context.scene.render
everywhere = sorted(os.sched_getaffinity(0))
during = []
bpy.app.handlers.render_pre.append(lambda *_: during.append(list(os.sched_getaffinity(0))))
how = dict(engine="cycles", samples=16, format="png", camera=None, transparent=False, background=None, denoise=False)
rendering.prepare(resolution=[128, 128], objects=None, **how)
found = {}
for mode, threads in (("AUTO", 1), ("FIXED", 2), ("FIXED", 1)):
    settings.threads_mode, settings.threads = mode, threads
    during.clear()
    began, used = time.perf_counter(), time.process_time()
    for place in range(4):
        rendering.picture(folder + "/picture.png", "png", [128, 128], place=place)
    share = (time.process_time() - used) / (time.perf_counter() - began)
    tasks = [sorted(os.sched_getaffinity(int(each))) for each in os.listdir("/proc/self/task")]
    found[f"{mode} {threads}"] = [during[:], share, tasks]
bpy.app.handlers.render_pre.clear()  # Blender hangs when it ends while there is one
answer([everywhere, found])
"""


@pytest.mark.real
def test_a_render_with_one_thread_uses_one_processor_and_others_all(tmp_path: Path) -> None:
    everywhere, found = in_blender(RENDERS, tmp_path)
    for how, (during, share, afterwards) in found.items():
        one_each = [[everywhere[place % len(everywhere)]] for place in range(4)]
        assert during == (one_each if how == "FIXED 1" else [everywhere] * 4), how
        assert afterwards == [everywhere] * len(afterwards), how
        if how == "FIXED 1":
            assert share < 1.05  # without that it is up to 1.6: a helper thread asks for work all the time


@pytest.mark.parametrize(
    ("share", "free", "wanted"),
    [
        (1.0, {0: 0.0, 1: 1.0}, None),
        (0.5, {0: 0.0, 1: 0.9}, 1),
        (0.5, {0: 0.0, 1: 0.3}, None),
        (0.5, {0: 0.0, 1: 0.6, 2: 0.9, 3: 0.7}, 2),
        (0.5, {0: 0.5}, None),
        (0.2, {}, None),
    ],
)
def test_a_render_that_gets_too_little_of_its_processor_moves_to_a_free_one(
    share: float, free: dict[int, float], wanted: int | None
) -> None:
    assert better(0, share, free) == wanted
