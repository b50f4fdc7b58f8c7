"""What a sheet is drawn from: the triangles and edges of objects, each shape once as long as it does not change."""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple

import FreeCAD

from cadgate.appserver import AppError, ShapeFolder, method, warn
from cadgate_freecad.app import colours, holders, info, leaves, meshing, placed, showing
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.open_documents import target

LINEAR, ANGULAR = 0.002, 0.35
"""The greatest distance of a triangle from its surface, as a part of the shape's diagonal, and the greatest angle."""
_MANY_FACES = 2000
"""The number of faces from which they are meshed more coarsely: a sheet shows little of each."""


class _Known(NamedTuple):
    """The file of a shape, and the shape itself, by which one that is the same is recognised."""

    shape: Any
    faces: dict[int, int]
    file: str
    left_out: int


_known: dict[tuple[str, str], _Known] = {}


@method("internal.look")
def look(*, folder: str, objects: list[str] | None, highlight: list[str] | None, camera: bool) -> dict[str, Any]:
    """Write the shapes and the scene into `folder`, and return the scene's name."""
    if camera:
        raise AppError(
            "validation_error",
            'FreeCAD has no camera: leave out "camera", and name another view, such as "iso" or {"from": [1, -1, 1]}',
            {"views": "camera"},
        )
    document = target()
    for name in highlight or ():
        find(document, name)
    return {"scene": put_scene(document, folder, objects)}


def put_scene(document: Any, folder: str, objects: list[str] | None) -> str:
    """Write what a document shows, or some of its objects, into `folder`, and return the scene's name."""
    hidden: list[str] = []
    bare: list[str] = []
    chosen: list[Any] = []
    if objects is None:
        for obj in document.Objects:
            if not showing.has_geometry(obj):
                bare.append(obj.Name)
            elif showing.stands_alone(obj):
                (chosen if holders.is_shown(obj) else hidden).append(obj if holders.is_shown(obj) else obj.Name)
    else:
        chosen = [find(document, name) for name in dict.fromkeys(objects)]
    files = ShapeFolder(folder)
    entries = [entry for entry in (_entry(obj, files) for obj in chosen) if entry is not None]
    drawn = {entry["name"] for entry in entries}
    scene = {
        "place": f"document {document.Name!r}",
        "objects": entries,
        "hidden": hidden,
        "bare": [*bare, *(obj.Name for obj in chosen if obj.Name not in drawn)],
        "units": {"name": "mm", "metres": 0.001},
        "camera": None,
    }
    for key in [key for key in _known if key[0] == document.Name and document.getObject(key[1]) is None]:
        del _known[key]
    return str(files.put_scene(scene))


def _entry(obj: Any, files: ShapeFolder) -> dict[str, Any] | None:
    shape, own = placed.shape(obj), colours.of(obj)
    if shape is None:
        mesh = placed.mesh(obj)
        if mesh is None or not mesh.CountFacets:
            return None
        file, place = _mesh(mesh, files), FreeCAD.Placement()
        faces: dict[int, str] = {}
    else:
        if not shape.Edges:
            return None
        faces = _faces(obj, shape, own)
        file, place = _shape(obj, shape, faces, files), shape.Placement
    colors = [] if own is None and not faces else [own or _PLAIN, *dict.fromkeys(faces.values())]
    return {
        "name": obj.Name,
        "type": obj.TypeId,
        "parts": [{"shape": file, "matrix": list(place.toMatrix().A[:12])}],
        "colors": [_channels(color) for color in colors],
        "box": info.describe(obj)["bounding_box"],
    }


def _faces(obj: Any, shape: Any, own: str | None) -> dict[int, str]:
    """Return the colours of single faces, and of those of what a link or a holder shows; `own` is that of the whole."""
    if not holders.is_link(obj) and not holders.is_holder(obj):
        return colours.faces_of(obj)
    shown = leaves.below(obj)
    if [leaf.obj for leaf in shown] == [obj]:
        return colours.faces_of(obj)
    faces = shape.Faces
    found: dict[int, str] = {}
    start = 0
    for leaf in shown:
        part, color, single = leaf.shape(), leaf.color(), leaf.faces()
        own_faces = [] if part is None else part.Faces
        for number, face in enumerate(own_faces, 1):
            if start + number > len(faces) or not faces[start + number - 1].isPartner(face):
                # Scaled links show other faces than their objects have.
                return {}
            seen = single.get(number, color)
            if seen is not None and seen != own:
                found[start + number] = seen
        start += len(own_faces)
    return found


_PLAIN = "#cccccc"


def _channels(color: str) -> list[float]:
    return [int(color[start : start + 2], 16) / 255 for start in range(1, len(color), 2)]


def _shape(obj: Any, shape: Any, colored: dict[int, str], files: ShapeFolder) -> str:
    rows = {color: row for row, color in enumerate(dict.fromkeys(colored.values()), start=1)}
    faces = {number: rows[color] for number, color in colored.items()}
    key = (obj.Document.Name, obj.Name)
    known = _known.get(key)
    if known is None or not known.shape.isPartner(shape) or known.faces != faces or not files.has(known.file):
        known = _known[key] = _Known(shape, faces, *_meshed(shape, faces, files))
    if known.left_out:
        warn(
            "faces_left_out",
            f"OpenCASCADE could not mesh {known.left_out} faces of {obj.Name!r}: the picture lacks them",
        )
    return known.file


def _meshed(shape: Any, colored: dict[int, int], files: ShapeFolder) -> tuple[str, int]:
    """Write the triangles of each face and the points of each edge, in the shape's own coordinates.

    Returns the file, and how many faces could not be meshed.
    """
    copy = shape.copy(True, False)  # without the mesh, which would change the boxes of the shape in the document
    copy.Placement = FreeCAD.Placement()
    coarser = 4 if len(copy.Faces) > _MANY_FACES else 1
    linear = max(copy.BoundBox.DiagonalLength * LINEAR * coarser, 1e-7)
    left_out = 0
    if copy.Faces:
        copy, left_out = meshing.triangulated(copy, linear, ANGULAR * coarser)
    faces = copy.Faces
    points, triangles, colors = array("d"), array("i"), array("H")
    seams: set[int] = set()
    for number, face in enumerate(faces, start=1):
        corners, facets = face.tessellate(meshing.ANY)
        start = len(points) // 3
        for corner in corners:
            points.extend(corner)
        for facet in facets:
            triangles.extend([start + corner for corner in facet])
        colors.extend([colored.get(number, 0)] * len(facets))
        if face.Surface.TypeId != "Part::GeomPlane":
            seams.update(edge.hashCode() for edge in face.Edges if edge.isSeam(face))
    lines, sharp = array("i"), bytearray()
    for edge in copy.Edges:
        if edge.Degenerated:
            continue
        start = len(points) // 3
        along = _along(edge, linear)
        for point in along:
            points.extend(point)
        for step in range(len(along) - 1):
            lines.extend((start + step, start + step + 1))
        sharp.extend(bytes([0 if edge.hashCode() in seams else 1]) * (len(along) - 1))
    solids = copy.Solids
    closed = bool(solids) and sum(len(solid.Faces) for solid in solids) == len(faces)
    file = files.put(
        points.tobytes(), triangles.tobytes(), colors.tobytes(), lines.tobytes(), bytes(sharp), closed=closed
    )
    return file, left_out


def _along(edge: Any, linear: float) -> list[Any]:
    try:
        if edge.Curve.TypeId == "Part::GeomLine":
            return [vertex.Point for vertex in edge.Vertexes]
        return list(edge.discretize(Angular=ANGULAR, Curvature=linear, Minimum=2))
    except (RuntimeError, TypeError, ValueError):
        return [vertex.Point for vertex in edge.Vertexes]


def _mesh(mesh: Any, files: ShapeFolder) -> str:
    corners, facets = mesh.Topology  # the points are placed already
    points, triangles = array("d"), array("i")
    for corner in corners:
        points.extend(corner)
    for facet in facets:
        triangles.extend(facet)
    return files.put(points.tobytes(), triangles.tobytes(), closed=mesh.isSolid(), creased=True)
