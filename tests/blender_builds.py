"""What the Blender of a test was built with, asked of itself; and the refusal of a format that it was built without."""

from __future__ import annotations

import httpx

from tests.blender_code import evaluate
from tests.gateway import Gateway

NEEDS = {"usd": ("USD", "usd"), "usdz": ("USD", "usd"), "abc": ("Alembic", "alembic")}
"""Formats that not every Blender has: what it must be built with, and how the operators for them begin."""


def built(gateway: Gateway) -> set[str]:
    """The operators for files that this Blender has. The wheels have them all; Debian's program does not."""
    program, found = evaluate(
        gateway,
        "[bpy.app.binary_path, [name for name in dir(bpy.ops.wm) if name.endswith(('_import', '_export'))]]",
    )
    if not program:
        assert {f"{operator}_{way}" for _, operator in NEEDS.values() for way in ("import", "export")} <= set(found)
    return set(found)


LIBRARY = """
try:
    from io_scene_gltf2.io.com.library import dll_path
except ImportError:
    answer = None
else:
    answer = dll_path({name!r}, "").exists()
answer
"""


def has_library(gateway: Gateway, name: str) -> bool | None:
    """Whether this Blender has a library for compressed glTF; None before 5.2, where the exporter asks otherwise."""
    return evaluate(gateway, LIBRARY.format(name=name))


def writes(gateway: Gateway, format: str) -> bool:
    """Whether this Blender was built with what writes a format."""
    return format not in NEEDS or f"{NEEDS[format][1]}_export" in built(gateway)


def assert_lacks(answer: httpx.Response, format: str) -> None:
    """Check that an export was refused because Blender was built without the format, and that the message says so."""
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "unsupported_format"), answer.text
    words = f"was built without {NEEDS[format][0]}, so it cannot write {format} files here: choose another format"
    assert words in error["message"]
    assert error["details"]["format"] == format
