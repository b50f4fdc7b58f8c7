"""Compares an import with what its file says: nothing, less, or another place is never silent."""

from __future__ import annotations

import struct
from typing import Any

import bpy
import numpy

from cadgate.appserver import AppError, warn
from cadgate_blender.app.mesh_arrays import corner_vertices
from cadgate_blender.app.typed import context
from cadgate_blender.app.verification import extents, readers, texts
from cadgate_blender.app.verification.extents import Shape

_MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error)
"""What reading a document raises whose values are not what the format says. AppError is none of them."""


def said_by(path: str, format: str) -> Any:
    """Return what the file says about itself, if a reader knows its format.

    Raises AppError: `degenerate_result`, `unsupported_format`.
    """
    if format in ("stl", "obj", "ply"):
        return texts.read(path, format)
    if format in ("glb", "gltf"):
        try:
            return _gltf(path)
        except _MALFORMED as error:
            raise AppError(
                "unsupported_format",
                f"The {format} file is not valid glTF: a value is missing, or is not of the type that it has to be "
                f"({type(error).__name__}: {error}). Nothing was imported; write it again with another program",
            ) from error
    return None


def check(said: Any, format: str, scale: float, up: str | None) -> None:
    """Compare what is open now with what `said_by` returned for its file.

    Raises AppError `degenerate_result` for nothing, for points that are not numbers, and for another place or size.
    """
    objects: list[Any] = list(bpy.data.objects)
    _check_numbers(objects, format)
    solid = [obj for obj in objects if obj.type == "MESH"]
    if solid and not any(len(obj.data.vertices) for obj in solid):
        raise AppError("degenerate_result", f"The {format} file contains no geometry: its meshes have no points")
    if all(obj.type == "EMPTY" and obj.instance_type == "NONE" for obj in objects):
        warn(
            "no_geometry", f"The {format} file contains no geometry: only empties were imported, places without a shape"
        )
    if isinstance(said, texts.Said):
        _check_text(said, format, scale, up, solid)
    elif said is not None:
        _check_gltf(said, format, scale, solid)


def check_corners(format: str) -> None:
    """Raise AppError `degenerate_result` for a mesh whose faces or edges have vertices that are not there.

    Not every importer of Blender looks, and whatever reads such a mesh reads other memory.
    """
    for mesh in bpy.data.meshes:
        count = len(mesh.vertices)
        ends = numpy.empty(len(mesh.edges) * 2, numpy.int32)
        mesh.edges.foreach_get("vertices", ends)
        if any(len(found) and (found.min() < 0 or found.max() >= count) for found in (corner_vertices(mesh), ends)):
            raise AppError(
                "degenerate_result",
                f"{mesh.name!r} in the {format} file has faces with vertices that do not exist (it has {count}): the "
                "file is damaged. Nothing was imported; write it again with another program",
                {"mesh": mesh.name, "vertices": count},
            )


def check_frame_rates() -> None:
    """Raise AppError `degenerate_result` for a scene whose frame rate Blender cannot have written."""
    for scene in bpy.data.scenes:
        render = scene.render
        if render.fps < 1 or not render.fps_base > 0:
            raise AppError(
                "degenerate_result",
                f"The scene {scene.name!r} has a frame rate of {render.fps} / {render.fps_base:g}, which Blender never "
                "writes: the file is damaged. Nothing was opened",
                {"scene": scene.name},
            )


def _check_numbers(objects: list[Any], format: str) -> None:
    for obj in objects:
        sound = all(numpy.isfinite(value) for row in obj.matrix_basis for value in row)
        if sound and obj.type == "MESH":
            points = numpy.empty(len(obj.data.vertices) * 3, numpy.float32)
            obj.data.vertices.foreach_get("co", points)
            sound = bool(numpy.isfinite(points).all())
        if not sound:
            raise AppError(
                "degenerate_result",
                f"{obj.name!r} in the {format} file has coordinates that are not finite numbers: nothing was imported",
                {"object": obj.name},
            )


def _check_text(said: texts.Said, format: str, scale: float, up: str | None, solid: list[Any]) -> None:
    for name, number in said.left_out.items():
        warn("left_out", f"{number} of {name!r} in the {format} file were left out, because Blender does not read them")
    came = sum(len(obj.data.polygons) for obj in solid)
    wanted = said.faces - said.impossible
    _check_count(came, wanted, said.faces, format)
    if said.impossible and format == "obj":
        warn("faces_left_out", f"{said.impossible} faces of the obj file name points that it does not have")
    if not len(said.points) or not solid:
        return
    up = up or {"obj": "Y"}.get(format, "Z")
    have = extents.together(extents.evaluated(solid).values())
    want = extents.of(said.points * scale, numpy.empty((0, 3), numpy.int64))
    if have is not None and want is not None:
        want = extents.turned(want, extents.TO_Y_UP.T) if up == "Y" else want
        if not _same_box(have, want):
            raise _elsewhere(format, have, want)


def _check_count(came: int, wanted: int, faces: int, format: str) -> None:
    if faces and not came:
        raise AppError(
            "degenerate_result",
            f"The {format} file announces {faces} faces, but none of them could be read: nothing was imported. It is "
            "damaged, or of a dialect that Blender does not know; write it again with another program",
            {"faces": faces},
        )
    if came < wanted:
        warn(
            "faces_left_out",
            f"{wanted - came} of the {faces} faces in the {format} file were left out: they are "
            "duplicates, or have no surface",
        )


def _same_box(have: Shape, want: Shape) -> bool:
    room = 1e-3 * want.size + 1e-5 * float(max(numpy.abs(want.low).max(), numpy.abs(want.high).max())) + 1e-9
    return bool((numpy.abs(have.low - want.low) <= room).all() and (numpy.abs(have.high - want.high) <= room).all())


def _elsewhere(format: str, have: Shape, want: Shape) -> AppError:
    shown = [[float(f"{value:.6g}") for value in corner] for corner in (have.low, have.high, want.low, want.high)]
    return AppError(
        "degenerate_result",
        f"Blender read the {format} file differently from its content: from {shown[0]} to {shown[1]} instead of from "
        f"{shown[2]} to {shown[3]}. Nothing was imported; write the file again with another program",
        {"read": shown[:2], "written": shown[2:]},
    )


# --- glTF --------------------------------------------------------------------------------------------------------


class _Gltf:
    """The triangles of a document, and the box that its accessors announce; None if nothing reliable is known."""

    def __init__(self) -> None:
        self.triangles = 0
        self.whole: Shape | None = None
        self.packed = False
        """Whether any of it is packed in a way that only Blender reads, so that there is nothing to compare with."""


def _gltf(path: str) -> _Gltf:
    said, gltf = _Gltf(), readers.Gltf.of(path)
    document = gltf.document
    worlds = gltf.worlds()
    shown = _shown(document)
    found: list[Shape] = []
    # What moves is not where its nodes say at the time of the check.
    sure = not document.get("animations")
    for number, node in enumerate(document.get("nodes", [])):
        if "mesh" not in node or number not in shown:
            continue
        sure = sure and "skin" not in node and not node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
        mesh = document["meshes"][node["mesh"]]
        weights = node.get("weights") or mesh.get("weights") or []
        for primitive in mesh["primitives"]:
            packed = _is_packed(primitive, document)
            said.packed = said.packed or packed
            points, triangles = _primitive(gltf, primitive, packed, weights)
            said.triangles += triangles
            if points is None:
                sure = False
            elif shape := extents.of(points @ worlds[number][:3, :3].T + worlds[number][:3, 3], _NONE):
                found.append(shape)
    said.whole = extents.together(found) if sure else None
    return said


_NONE = numpy.empty((0, 3), numpy.int64)


def _shown(document: dict[str, Any]) -> set[int]:
    """Return the nodes of all scenes: Blender reads every one of them."""
    nodes, scenes = document.get("nodes", []), document.get("scenes")
    if not scenes:
        return set(range(len(nodes)))
    pending, found = [number for scene in scenes for number in scene.get("nodes", [])], set()
    while pending:
        number = pending.pop()
        if number not in found:
            found.add(number)
            pending += nodes[number].get("children", [])
    return found


def _is_packed(primitive: dict[str, Any], document: dict[str, Any]) -> bool:
    return "KHR_draco_mesh_compression" in primitive.get("extensions", {})


def _primitive(gltf: readers.Gltf, primitive: dict[str, Any], packed: bool, weights: Any) -> tuple[Any, int]:
    """Return its points or the corners of their box, and the number of its triangles."""
    accessors = gltf.document["accessors"]
    where = primitive.get("attributes", {}).get("POSITION")
    if where is None:
        return None, 0
    position = accessors[where]
    count = accessors[primitive["indices"]]["count"] if "indices" in primitive else position["count"]
    mode = primitive.get("mode", 4)
    triangles = count // 3 if mode == 4 else max(0, count - 2) if mode in (5, 6) else 0
    if packed or "bufferView" not in position:
        if "min" not in position or "max" not in position or "sparse" in position:
            return None, triangles
        low, high = position["min"], position["max"]
        corners = [[(low, high)[x][0], (low, high)[y][1], (low, high)[z][2]] for x, y, z in _CORNERS]
        return numpy.array(corners, numpy.float64), triangles
    points = gltf.accessor(where).astype(numpy.float64)
    bad = ~numpy.isfinite(points).all(axis=1)
    if bad.any():
        raise AppError(
            "degenerate_result",
            f"{int(bad.sum())} points in the glTF file are not finite numbers: nothing was imported",
            {"points": int(bad.sum())},
        )
    for weight, target in zip(weights, primitive.get("targets", ())):
        if weight and "POSITION" in target:
            points = points + weight * gltf.accessor(target["POSITION"])
    return points, triangles


_CORNERS = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]


def _check_gltf(said: _Gltf, format: str, scale: float, solid: list[Any]) -> None:
    came = sum(len(obj.data.polygons) for obj in solid)
    if said.triangles and not came:
        raise AppError(
            "degenerate_result",
            f"The {format} file announces {said.triangles} triangles, but none of them could be read: nothing was "
            f"imported. {'Its compressed data are damaged' if said.packed else 'It is damaged'}; write it again",
            {"triangles": said.triangles},
        )
    if came < said.triangles:
        warn(
            "faces_left_out",
            f"{said.triangles - came} of the {said.triangles} triangles in the {format} file were "
            "left out: they are duplicates, or have no surface",
        )
    have = extents.together(extents.evaluated(solid).values())
    if said.whole is None or have is None:
        return
    want = extents.turned(said.whole, extents.TO_Y_UP.T * scale)
    if not _same_box(have, want):
        if said.packed:
            raise _elsewhere(format, have, want)
        _warn_of_difference(format, have, want)


def check_whole(said: Shape | None, format: str, scale: float) -> None:
    """Warn (`differs`) if everything that is open now reaches elsewhere than a file says, in metres; None: unknown."""
    context.view_layer.update()
    have = extents.together(extents.evaluated(bpy.data.objects).values())
    if said is None or have is None:
        return
    want = extents.turned(said, numpy.eye(3) * scale)
    if not _same_box(have, want):
        _warn_of_difference(format, have, want)


def _warn_of_difference(format: str, have: Shape, want: Shape) -> None:
    warn("differs", _elsewhere(format, have, want).message.replace("Nothing was imported; w", "Look at it, or w"))
