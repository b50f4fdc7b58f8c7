"""Passes of a render: depth, normals and the numbers of objects, as separate files."""

from __future__ import annotations

import glob
import os
import struct
import zlib
from typing import Any, Sequence

import bpy
import numpy

from cadgate.appserver import AppError
from cadgate_blender.app import cryptomatte, exr, picture_notes, versions

_SWITCHES = {
    "depth": "use_pass_z",
    "normal": "use_pass_normal",
    "object_index": "use_pass_object_index",
    "cryptomatte": "use_pass_cryptomatte_object",
}
_SOCKETS = {
    "depth": ("Depth",),
    "normal": ("Normal",),
    "object_index": (versions.PASS_OF_INDICES,),
    "cryptomatte": cryptomatte.SOCKETS,
}
_COLORS = {"normal": "RGB", "cryptomatte": "RGBA"}
_UNSEEN = ("CAMERA", "LIGHT", "EMPTY", "SPEAKER", "ARMATURE", "LATTICE")
_FAR = 1e9
"""Blender's depth where there is nothing is ten times that."""


def check(engine: str, passes: Sequence[str]) -> None:
    """Raise AppError for an engine that has none."""
    if passes and engine == "workbench":
        raise AppError(
            "validation_error", "Workbench has no passes: choose the engine cycles or eevee", {"engine": engine}
        )


def add(scene: Any, passes: Sequence[str], path: str) -> dict[str, int]:
    """Let the render of `scene` to `path` write these passes too. Returns the numbers of the objects."""
    layer = scene.view_layers[0]
    for each in passes:
        setattr(layer, _SWITCHES[each], True)
    tree = versions.own_compositor(scene)
    source = tree.nodes.new("CompositorNodeRLayers")
    source.scene, source.layer = scene, layer.name
    for each, socket in [(kind, name) for kind in passes for name in _SOCKETS[kind]]:
        stem = f".pass {each} {socket} "
        target = versions.add_file_output(tree, os.path.dirname(path), stem, _COLORS.get(each, "BW"))
        tree.links.new(source.outputs[socket], target)
    if "object_index" not in passes:
        return {}
    numbers: dict[str, int] = {}
    for obj in sorted(scene.objects, key=lambda each: each.name):
        if obj.type not in _UNSEEN:
            numbers[obj.name] = obj.pass_index = len(numbers) + 1
    return numbers


def collect(passes: Sequence[str], path: str, format: str) -> dict[str, Any]:
    """Name the files that Blender wrote after the picture, and read them back. Returns their names and ranges."""
    stem = os.path.splitext(path)[0]
    found: dict[str, str] = {}
    ranges: dict[str, list[float]] = {}
    for each in passes:
        written = glob.glob(os.path.join(glob.escape(os.path.dirname(path)), f".pass {each} *"))
        if len(written) != len(_SOCKETS[each]):
            raise AppError("command_failed", f"Blender wrote no {each} pass")
        if each == "cryptomatte":
            found[each] = _cryptomatte(f"{stem}.{each}.exr", sorted(written))
            continue
        made = f"{stem}.{each}.{format}"
        picture_notes.strip(written[0], "exr")
        values = _values(written[0])
        if format == "exr" and each not in _COLORS and not versions.WRITES_GREY:
            os.remove(written[0])
            exr.write(made, [("V", values[:, :, 0])])
        elif format == "exr":
            os.replace(written[0], made)
        else:
            os.remove(written[0])
            low, high = _as_png(made, each, values)
            ranges[each] = [low, high]
        found[each] = os.path.basename(made)
    return {"passes": found, "pass_ranges": ranges}


def _cryptomatte(path: str, written: Sequence[str]) -> str:
    layers = [_values(each) for each in written]
    for each in written:
        os.remove(each)
    cryptomatte.write(path, layers, [obj.name for obj in bpy.data.objects if obj.type not in _UNSEEN])
    return os.path.basename(path)


def _values(path: str) -> Any:
    """Return the pixels of an EXR file, its first row at the top."""
    image: Any = bpy.data.images.load(path)
    try:
        width, height = image.size
        values = numpy.empty(width * height * image.channels, numpy.float32)
        image.pixels.foreach_get(values)
        return values.reshape(height, width, image.channels)[::-1]
    finally:
        bpy.data.images.remove(image)


def _as_png(path: str, kind: str, values: Any) -> tuple[float, float]:
    """Write a pass as a PNG of 16 bits a channel. Returns the values that 0 and 65535 stand for."""
    if kind == "normal":
        low, high = -1.0, 1.0
        values = values[:, :, :3]
    else:
        values = values[:, :, :1]
        seen = values[values < _FAR]
        low, high = (
            (0.0, 65535.0) if kind == "object_index" else (float(seen.min(initial=_FAR)), float(seen.max(initial=0.0)))
        )
    span = high - low if high > low else 1.0
    whole = numpy.clip(numpy.rint((values.astype(numpy.float64) - low) / span * 65535), 0, 65535).astype(">u2")
    height, width, channels = whole.shape
    rows = numpy.zeros((height, 1 + width * channels * 2), numpy.uint8)
    rows[:, 1:] = numpy.frombuffer(whole.tobytes(), numpy.uint8).reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 16, 2 if channels == 3 else 0, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b"")):
            file.write(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))
    return low, high
