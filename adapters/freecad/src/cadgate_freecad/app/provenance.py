"""Names of faces and edges by their origin, which stay the same when an upstream change renumbers them.

A face of a box is a side of this box, a face of a cut lies on a face of one of its operands, the wall of an extrusion
stands on an edge of its sketch. So every face is named after the objects at the beginning of the chain, whatever was
moved, resized, swapped or added in between; an edge is named after the faces that meet in it.
"""

from __future__ import annotations

import hashlib
from typing import Any, Callable, Iterator

import FreeCAD
import Part

TOLERANCE = 1e-5
"""mm: how far a point of a face may be from the face it derives from."""
_LINKS = ("App::PropertyLink", "App::PropertyXLink")
_NO_INPUTS = {"_Body", "Context", "Origin", "UpToFace", "ReferenceAxis", "MirrorPlane", "Direction", "Axis"}
_KEPT = 500


class Face:
    """The compared properties of a face: its kind, a point inside it, its box."""

    __slots__ = ("_point", "box", "face", "kind", "name", "surface")

    def __init__(self, face: Any, name: str = "") -> None:
        self.face = face
        self.surface = face.Surface
        self.kind = self.surface.TypeId
        self._point: Any = None
        self.name = name
        self.box = face.BoundBox
        self.box.enlarge(TOLERANCE)

    @property
    def point(self) -> Any:
        if self._point is None:
            self._point = _inside(self.face)
        return self._point

    def holds(self, point: Any) -> bool:
        return self.box.isInside(point) and self.face.distToShape(Part.Vertex(point))[0] <= TOLERANCE

    def is_on(self, other: Face) -> bool:
        """Return whether this face is a part of `other`."""
        return self.kind == other.kind and self._is_like(other) and other.holds(self.point)

    def _is_like(self, other: Face) -> bool:
        one, two = self.surface, other.surface
        if hasattr(one, "Axis") and one.Axis.cross(two.Axis).Length > 1e-6:
            return False
        return not hasattr(one, "Radius") or abs(one.Radius - two.Radius) <= TOLERANCE


def _inside(face: Any) -> Any:
    """Return a point on the face itself, not in one of its holes: the same one each time."""
    u0, u1, v0, v1 = face.ParameterRange
    for steps in (2, 5, 11, 23):
        for i in range(1, steps):
            for j in range(1, steps):
                u, v = u0 + (u1 - u0) * i / steps, v0 + (v1 - v0) * j / steps
                if face.isPartOfDomain(u, v):
                    return face.valueAt(u, v)
    return face.CenterOfMass


_asked: set[tuple[str, str]] = set()
_known: dict[tuple[str, str], tuple[Any, list[str]]] = {}


def face_names(obj: Any) -> list[str]:
    """Return the names of the faces of an object's shape, in their order. Faces of the same origin have equal names."""
    shape = obj.Shape
    key = (obj.Document.Name, obj.Name)
    before = _known.get(key)
    if before is not None and before[0].isSame(shape):
        return before[1]
    if key in _asked:
        # Two objects refer to each other (through a body, which holds what refers to it): one begins the chain.
        return [f"{obj.Name}.{number}" for number in range(1, len(shape.Faces) + 1)]
    _asked.add(key)
    try:
        names = [_short(name) for name in _face_names(obj, shape)]
    finally:
        _asked.discard(key)
    if len(_known) > _KEPT:
        _known.clear()
    _known[key] = (shape, names)
    return names


def edge_names(obj: Any) -> list[str]:
    """Return the names of the edges: by the faces that meet there, or by the geometry of a sketch."""
    shape = obj.Shape
    if not shape.Faces:
        return [_short(name) for name in _wire_names(obj, shape)]
    return _by_faces(shape.Edges, shape, face_names(obj), "Edges")


def vertex_names(obj: Any) -> list[str]:
    """Return the names of the vertices: by the faces, or else the edges, that meet there."""
    shape = obj.Shape
    if shape.Faces:
        return _by_faces(shape.Vertexes, shape, face_names(obj), "Vertexes")
    found = meeting(shape.Vertexes, shape.Edges, "Vertexes")
    names = edge_names(obj)
    return ["|".join(sorted({names[index] for index in each})) for each in found]


def _by_faces(parts: list[Any], shape: Any, names: list[str], kind: str) -> list[str]:
    return ["|".join(sorted({names[index] for index in each})) for each in meeting(parts, shape.Faces, kind)]


def meeting(parts: list[Any], wholes: list[Any], kind: str) -> list[list[int]]:
    """Return, for each part (an edge, a vertex), the indices of the wholes (faces, edges) that contain it."""
    place: dict[int, list[int]] = {}
    for index, part in enumerate(parts):
        place.setdefault(part.hashCode(), []).append(index)
    found: list[list[int]] = [[] for _ in parts]
    for number, whole in enumerate(wholes):
        for part in getattr(whole, kind):
            for index in place.get(part.hashCode(), ()):
                if parts[index].isSame(part) and number not in found[index][-1:]:
                    found[index].append(number)
    return found


def _short(name: str) -> str:
    """Replace a long name by its digest: names of features on features grow."""
    return name if len(name) <= 120 else name[:60] + digest(name)


def digest(text: str) -> str:
    return "#" + hashlib.sha1(text.encode()).hexdigest()[:16]


# --- by the kind of the object ---------------------------------------------------------------------------------------


def _face_names(obj: Any, shape: Any) -> list[str]:
    own = _unplaced(obj, shape)
    if obj.isDerivedFrom("Part::Primitive"):
        return [f"{obj.Name}.{name}" for name in _ordinals(own)]
    inputs = list(inputs_of(obj))
    if not inputs:
        return _of_a_root(obj, own)
    faces = [Face(face) for face in own.Faces]
    if len(inputs) == 1:
        same = _one_to_one(obj, faces, inputs[0])
        if same is not None:
            return same
    sources = _copies(obj, inputs[0]) if hasattr(obj, "ArrayType") else None
    if sources is None:
        sources = [_source(each) for each in inputs]
        if hasattr(obj, "AddSubShape") and not obj.isDerivedFrom("PartDesign::DressUp"):
            sources = _with_tool(obj, inputs)
    return _derived(obj, faces, sources, _normal(inputs))


def origins(obj: Any) -> list[list[tuple[Any, int]]]:
    """Return, for each face of a feature, the faces of its inputs that it lies on: the objects, and their numbers.

    A face of a copy or a mirror image lies on that of the original. Of a feature of a body, the input is the one
    before it.
    """
    before = getattr(obj, "BaseFeature", None)
    inputs = [before] if obj.TypeId.startswith("PartDesign::") and before is not None else list(inputs_of(obj))
    faces = [Face(face) for face in _unplaced(obj, obj.Shape).Faces]
    if len(inputs) == 1 and _is_copy(faces, inputs[0]):
        return [[(inputs[0], number)] for number in range(1, len(faces) + 1)]
    placed = [(each.Shape, each) for each in inputs]
    if hasattr(obj, "ArrayType"):
        places = _places(obj)
        placed = placed if places is None else [(_moved(inputs[0].Shape, place), inputs[0]) for place in places]
    theirs = [(Face(face), (each, number)) for shape, each in placed for number, face in enumerate(shape.Faces, 1)]
    refined = bool(getattr(obj, "Refine", False))
    return [[key for other, key in theirs if face.is_on(other) or (refined and other.is_on(face))] for face in faces]


def _unplaced(obj: Any, shape: Any) -> Any:
    """Return the shape in its inputs' coordinates: Part features have a placement on top, PartDesign's do not."""
    if obj.TypeId.startswith("PartDesign::"):
        return shape
    own = Part.Shape(shape)
    own.Placement = FreeCAD.Placement()
    return own


def _ordinals(shape: Any) -> list[str]:
    """Name faces of a primitive by kind, up, down, and order: neither its dimensions nor its angle change these."""
    names: list[str] = []
    for face in shape.Faces:
        kind = face.Surface.TypeId.split("::Geom")[-1]
        up = round(face.normalAt(0, 0).z, 6) if kind == "Plane" else 0
        kind += "+z" if up == 1 else "-z" if up == -1 else ""
        names.append(f"{kind}{1 + sum(name.rstrip('0123456789') == kind for name in names)}")
    return names


def _of_a_root(obj: Any, shape: Any) -> list[str]:
    """Name faces of a shape of unknown origin: by order, as long as the number of each kind stays the same."""
    names = _ordinals(shape)
    kinds = [name.rstrip("0123456789") for name in names]
    return [f"{obj.Name}.{name}/{kinds.count(kind)}" for name, kind in zip(names, kinds)]


def inputs_of(obj: Any) -> Iterator[Any]:
    """Return the objects with a shape that this one is made from."""
    if obj.isDerivedFrom("PartDesign::Body"):
        if obj.Tip is not None:
            yield obj.Tip
        return
    seen: set[str] = set()
    attachment = ("Support", "AttachmentSupport") if hasattr(obj, "MapMode") else ()
    for name in obj.PropertiesList:
        if name in _NO_INPUTS or name in attachment or not obj.getTypeIdOfProperty(name).startswith(_LINKS):
            continue
        for other in _linked(getattr(obj, name, None)):
            shape = getattr(other, "Shape", None)
            if other.Name not in seen and shape is not None and hasattr(shape, "isNull") and not shape.isNull():
                seen.add(other.Name)
                if shape.Edges and other.TypeId not in ("App::Plane", "App::Line"):
                    yield other


def _linked(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, tuple) and len(value) == 2 and hasattr(value[0], "getSubObject"):
        # A binder links to the outermost container, with the way to the object in it.
        subs = [value[1]] if isinstance(value[1], str) else value[1]
        return [value[0].getSubObject(sub, 1) or value[0] if "." in sub else value[0] for sub in subs] or [value[0]]
    if isinstance(value, (list, tuple)):
        return [each for item in value for each in _linked(item)]
    return [value] if hasattr(value, "TypeId") and hasattr(value, "Name") else []


def _one_to_one(obj: Any, faces: list[Face], source: Any) -> list[str] | None:
    """Return the names for a mirror image, a link, a body: its source's, face by face. None if it is not a copy."""
    if not _is_copy(faces, source):
        return None
    mark = "~" if obj.TypeId == "Part::Mirroring" else ""
    return [f"{mark}{name}" for name in face_names(source)]


def _is_copy(faces: list[Face], source: Any) -> bool:
    theirs = source.Shape.Faces
    return (
        bool(faces)
        and len(theirs) == len(faces)
        and all(
            one.kind == two.Surface.TypeId
            and len(one.face.Edges) == len(two.Edges)
            and abs(one.face.Area - two.Area) <= 1e-6 * max(one.face.Area, two.Area)
            for one, two in zip(faces, theirs)
        )
    )


def _with_tool(obj: Any, inputs: list[Any]) -> list[Any]:
    """Return what a feature of a body is made from: the feature before it, and the piece that it adds or removes."""
    base = getattr(obj, "BaseFeature", None)
    before = [each for each in inputs if each is base]
    rest = [each for each in inputs if each is not base]
    sources = [_source(each) for each in before]
    tool = obj.AddSubShape
    if tool.isNull() or not tool.Faces:
        return sources
    drawn = [_source(each) for each in rest]
    names = _derived(obj, [Face(face) for face in tool.Faces], drawn, _normal(rest)) if drawn else _of_a_root(obj, tool)
    return [*sources, (tool, names, lambda: _by_faces(tool.Edges, tool, names, "Edges"))]


def _source(obj: Any) -> tuple[Any, list[str], Callable[[], list[str]]]:
    """Return what a feature is made from: a shape, the names of its faces, and a function for those of its edges."""
    return obj.Shape, face_names(obj), lambda: edge_names(obj)


def _copies(obj: Any, base: Any) -> list[Any] | None:
    """Return the copies of a Draft array as separate sources, or None for an array of another kind."""
    places = _places(obj)
    if places is None:
        return None
    names = face_names(base)
    sources: list[Any] = []
    for index, place in enumerate(places):
        mark = f"{obj.Name}[{index}]"
        sources.append((_moved(base.Shape, place), [f"{mark}{name}" for name in names], _marked(mark, base)))
    return sources


def _moved(shape: Any, place: Any) -> Any:
    moved = Part.Shape(shape)
    moved.Placement = place.multiply(moved.Placement)
    return moved


def _places(obj: Any) -> list[Any] | None:
    """Return the places of the copies of a Draft array, relative to the original."""
    places = [FreeCAD.Placement()]
    if obj.ArrayType == "ortho":
        for vector, count in ((obj.IntervalX, obj.NumberX), (obj.IntervalY, obj.NumberY), (obj.IntervalZ, obj.NumberZ)):
            steps = [FreeCAD.Placement(vector * index, FreeCAD.Rotation()) for index in range(count)]
            places = [step.multiply(place) for place in places for step in steps]
        return places
    if obj.ArrayType == "polar":
        whole = float(getattr(obj.Angle, "Value", obj.Angle))
        step = whole / obj.NumberPolar if abs(abs(whole) - 360) < 1e-9 else whole / max(obj.NumberPolar - 1, 1)
        turns = [FreeCAD.Rotation(obj.Axis, step * index) for index in range(obj.NumberPolar)]
        return [FreeCAD.Placement(FreeCAD.Vector(), turn, obj.Center) for turn in turns]
    return None


def _marked(mark: str, base: Any) -> Callable[[], list[str]]:
    return lambda: [f"{mark}{name}" for name in edge_names(base)]


def _normal(inputs: list[Any]) -> Any:
    """Return the normal of the flat profile among the inputs, which distinguishes the two ends of an extrusion."""
    for each in inputs:
        if not each.Shape.Solids and each.Shape.findPlane() is not None:
            return each.Placement.Rotation.multVec(FreeCAD.Vector(0, 0, 1))
    return None


def _derived(obj: Any, faces: list[Face], sources: list[Any], normal: Any) -> list[str]:
    """Name a feature's faces by the faces they lie on, the edges they stand on, or else by neighbouring faces."""
    theirs = [Face(face, name) for shape, names, _ in sources for face, name in zip(shape.Faces, names)]
    refined = bool(getattr(obj, "Refine", False))
    names: list[str] = []
    for face in faces:
        on = {each.name for each in theirs if face.is_on(each)}
        if refined:
            # One face may be the union of several.
            on |= {each.name for each in theirs if each.name not in on and each.is_on(face)}
        names.append("+".join(sorted(on)))
    if all(names):
        return names
    drawn = [(_middle(edge), name) for shape, _, edges in sources for edge, name in zip(shape.Edges, edges())]
    drawn = [(point, name) for point, name in drawn if point is not None]
    for index, face in enumerate(faces):
        if not names[index]:
            names[index] = _standing(obj, face, drawn, normal)
    return _by_neighbours(obj, faces, names)


def _standing(obj: Any, face: Face, drawn: list[Any], normal: Any) -> str:
    """Name a wall by the profile's edges in it, an end by the side it faces; empty for any other face."""
    if normal is not None and face.kind == "Part::GeomPlane":
        along = face.face.normalAt(0, 0).dot(normal)
        if abs(abs(along) - 1) < 1e-6:
            return f"{obj.Name}.{'+' if along > 0 else '-'}end"
    edges = {name for point, name in drawn if face.holds(point)}
    return f"{obj.Name}({'+'.join(sorted(edges))})" if edges else ""


def _by_neighbours(obj: Any, faces: list[Face], names: list[str]) -> list[str]:
    """Name the remaining faces, mostly roundings, by the named faces around them."""
    if all(names):
        return names
    edges: dict[int, list[tuple[int, Any]]] = {}
    for index, face in enumerate(faces):
        for edge in face.face.Edges:
            edges.setdefault(edge.hashCode(), []).append((index, edge))
    around: list[set[str]] = [set() for _ in faces]
    for same in edges.values():
        for index, edge in same:
            around[index] |= {names[other] for other, each in same if other != index and each.isSame(edge)}
    return [name or f"{obj.Name}:new({'+'.join(sorted(beside - {''}))})" for name, beside in zip(names, around)]


def _middle(edge: Any) -> Any:
    if edge.Degenerated:
        return None
    return edge.valueAt((edge.FirstParameter + edge.LastParameter) / 2)


def _wire_names(obj: Any, shape: Any) -> list[str]:
    """Name edges without faces: a sketch's by its geometry, which keeps its index; others by their order."""
    edges = shape.Edges
    if not obj.isDerivedFrom("Sketcher::SketchObject"):
        return [f"{obj.Name}.Edge{number}/{len(edges)}" for number in range(1, len(edges) + 1)]
    drawn: list[tuple[int, Any]] = []
    for index, geometry in enumerate(obj.Geometry):
        if not obj.getConstruction(index) and hasattr(geometry, "FirstParameter"):
            middle = geometry.value((geometry.FirstParameter + geometry.LastParameter) / 2)
            drawn.append((index, obj.Placement.multVec(middle)))
    names: list[str] = []
    for edge in edges:
        place = _middle(edge) or FreeCAD.Vector()
        near = [index for index, point in drawn if place.distanceToPoint(point) <= 10 * TOLERANCE]
        names.append(f"{obj.Name}.g{near[0] if near else '?'}")
    return names
