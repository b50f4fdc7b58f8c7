"""Reads files again that Blender says it wrote: a missing, different or unfaithful file is an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

import bpy
import numpy

from cadgate.appserver import AppError, current
from cadgate_blender.app import importers
from cadgate_blender.app.motion import Motion
from cadgate_blender.app.typed import context, open_library
from cadgate_blender.app.verification import extents, readers
from cadgate_blender.app.verification.extents import Shape
from cadgate_blender.app.verification.readers import Contents

_MAGIC = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpeg": (b"\xff\xd8\xff",),
    "exr": (b"\x76\x2f\x31\x01",),
    "webp": (b"RIFF",),
    "glb": (b"glTF",),
    "fbx": (b"Kaydara FBX Binary",),
    "usd": (b"PXR-USDC", b"#usda", b"PK\x03\x04"),
    "abc": (b"Ogawa",),
    "ply": (b"ply",),
    # Uncompressed, zstandard, gzip.
    "blend": (b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"),
}


def head(path: str, size: int = 64) -> bytes:
    """Return the first bytes of a file. Raises AppError if Blender did not write it."""
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except OSError as error:
        raise AppError("command_failed", "Blender reported success but wrote no file") from error


def check_magic(path: str, format: str) -> None:
    """Raise AppError if the file is missing, empty, or does not begin as `format` does."""
    first = head(path)
    if not first:
        raise AppError("command_failed", f"Blender reported success but wrote an empty {format} file")
    if format in _MAGIC and not first.startswith(_MAGIC[format]):
        raise AppError("command_failed", f"Blender wrote something that is not a {format} file", {"head": first.hex()})


def image_size(path: str, format: str) -> tuple[int, int]:
    """Return (width, height) of an image file, read by Blender. Raises AppError if it is not an image."""
    check_magic(path, format)
    image: Any = bpy.data.images.load(path)
    try:
        width, height = image.size
    finally:
        bpy.data.images.remove(image)
    if width == 0 or height == 0:
        raise AppError("command_failed", f"Blender wrote a {format} file that it cannot read")
    return width, height


# --- the scene against the file ----------------------------------------------------------------------------------

_READERS: dict[str, Callable[[str], Contents]] = {
    "glb": readers.read_gltf,
    "gltf": readers.read_gltf,
    "obj": readers.read_obj,
    "stl": readers.read_stl,
    "ply": readers.read_ply,
}


@dataclass
class Times:
    """How a scene counts its frames: importers convert a file's times into these."""

    start: int
    end: int
    now: int
    fps: int
    base: float

    @classmethod
    def of_scene(cls) -> Times:
        scene = context.scene
        settings = scene.render
        return cls(scene.frame_start, scene.frame_end, scene.frame_current, settings.fps, settings.fps_base)

    def apply(self) -> None:
        scene = context.scene
        scene.render.fps, scene.render.fps_base = self.fps, self.base
        scene.frame_end = self.end
        scene.frame_start = self.start
        scene.frame_set(self.now)


@dataclass
class Truth:
    """What a file must contain: what the scene showed before anything was changed for the export."""

    shapes: dict[str, Shape]
    moving: set[str] = field(default_factory=set)
    """Names of objects whose movement the format can hold."""
    keyed: set[str] = field(default_factory=set)
    """Names of objects whose shape keys the format can hold."""
    excused: set[str] = field(default_factory=set)
    """Names of objects for which a warning already says that they differ in the file."""
    names: set[str] = field(default_factory=set)
    """Names that the file must have."""
    by_name: bool = True
    """Whether each object is compared, and not only everything together: instances have their own names."""
    session: Times | None = None


def compare(path: str, format: str, truth: Truth, up: str, *, full: bool) -> None:
    """Raise AppError if the file does not contain what `truth` says.

    glTF, OBJ, STL and PLY are read by our own readers; the other formats, and with `full` every format, by
    Blender's importer into an empty session, which stays behind.
    """
    if format in _READERS:
        found = _READERS[format](path)
        _compare(_turned(found, extents.TO_Y_UP.T) if up == "Y" else found, format, truth)
    if format not in _READERS or full:
        found = _imported(path, format, truth.session, up)
        # A glTF importer assumes that Y is up, whatever was requested of the file.
        _compare(_turned(found, extents.TO_Y_UP) if up == "Z" and format in ("glb", "gltf") else found, format, truth)


def _turned(found: Contents, matrix: Any) -> Contents:
    found.parts = [(name, extents.turned(shape, matrix)) for name, shape in found.parts]
    found.whole = None if found.whole is None else extents.turned(found.whole, matrix)
    return found


def compare_names(path: str, names: set[str]) -> None:
    """Raise AppError if a .blend file does not have these objects."""
    with open_library(path, link=True) as (source, _):
        missing = sorted(names - set(source.objects))
    if missing:
        raise AppError("command_failed", f"Blender wrote a blend file without {missing[0]!r}", {"missing": missing})


def _imported(path: str, format: str, times: Times | None, up: str) -> Contents:
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    if times is not None:
        times.apply()
    before = len(current().warnings)
    try:
        importers.load(path, format, up)
    except RuntimeError as error:
        raise AppError("command_failed", f"Blender cannot read the {format} file that it wrote") from error
    # The importer's warnings concern the check, not the export.
    del current().warnings[before:]
    if times is not None:
        times.apply()
    context.view_layer.update()
    objects = list(bpy.data.objects)
    motion = Motion(objects)
    found = Contents(exact_triangles=format in ("stl", "ply", "glb", "gltf"))
    found.parts = list(extents.evaluated(objects).items())
    found.names = {obj.name for obj in objects}
    found.moving = set(motion.at_all())
    found.keyed = {obj.name for obj in objects if getattr(obj.data, "shape_keys", None) is not None}
    found.whole = extents.together(shape for _, shape in found.parts)
    return found


def _compare(found: Contents, format: str, truth: Truth) -> None:
    wrong: list[str] = []
    for name in sorted(truth.names - found.names):
        wrong.append(f"{name!r} is missing")
    if not truth.excused:
        expected = extents.together(truth.shapes.values())
        surfaces = [shape for _, shape in found.parts if shape.triangles]
        if surfaces:
            # Points and lines are not compared: formats keep them differently.
            found.whole = extents.together(surfaces)
        wrong += _differences("everything together", found.whole, expected, found, format)
    for name, shape in truth.shapes.items() if found.parts and truth.by_name else ():
        if name not in truth.excused:
            wrong += _nearest_differences(name, shape, found, format)
    for name in sorted(truth.moving & found.names - found.moving):
        wrong.append(f"{name!r} does not move")
    for name in sorted(truth.keyed & found.names - found.keyed):
        wrong.append(f"{name!r} has no shape keys")
    if truth.moving and not found.moving:
        wrong.append("nothing moves")
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise AppError(
            "command_failed",
            f"The {format} file that Blender wrote differs from the scene and was discarded: "
            f"{'; '.join(wrong[:3])}{more}. Try another format, or export only the other objects",
            {"differences": wrong[:20]},
        )


def _nearest_differences(name: str, want: Shape, found: Contents, format: str) -> list[str]:
    """Return what is wrong with the part of this name. Several may have it, and some formats give the name to the data:
    one correct part is enough.
    """
    named = [shape for each, shape in found.parts if each == name]
    if not named:
        return []
    known = _differences(repr(name), named[0], want, found, format)
    if not known or any(not _differences("", shape, want, found, format) for _, shape in found.parts):
        return []
    return known


def _differences(what: str, have: Shape | None, want: Shape | None, found: Contents, format: str) -> list[str]:
    if want is None:
        return []
    if have is None:
        return [f"{what} has no points"]
    if not want.triangles and format == "stl":
        return []
    wrong: list[str] = []
    reach = float(max(numpy.abs(want.low).max(), numpy.abs(want.high).max()))
    room = 1e-4 * want.size + 4e-6 * reach + 1e-6
    if have.measured or not want.measured:
        off = max(float(numpy.abs(have.low - want.low).max()), float(numpy.abs(have.high - want.high).max()))
        if not off <= room:
            wrong.append(f"{what} spans {_box(have)} instead of {_box(want)}")
    if found.exact_triangles and have.triangles != want.triangles:
        wrong.append(f"{what} has {have.triangles} triangles instead of {want.triangles}")
    elif not have.triangles and want.triangles:
        wrong.append(f"{what} has no faces")
    if have.measured and want.measured and not wrong:
        if abs(have.area - want.area) > 0.02 * want.area + want.folded_area + room * room:
            wrong.append(f"{what} has a surface of {have.area:.6g} instead of {want.area:.6g}")
        solid = abs(want.volume) > 1e-3 * want.size**3 * 0.01
        volume_room = 0.05 * abs(want.volume) + want.folded_volume + 1e-4 * want.size**3
        if solid and not found.rough and abs(have.volume - want.volume) > volume_room:
            wrong.append(f"{what} encloses {have.volume:.6g} instead of {want.volume:.6g}")
    return wrong


def _box(shape: Shape) -> str:
    low, high = ([float(f"{value:.6g}") for value in corner] for corner in (shape.low, shape.high))
    return f"{low} to {high}"
