"""Runs inside FreeCAD: everything that its documents hold, as JSON: objects in their order, properties, shapes."""

import hashlib
import json
from typing import Any, Dict

import FreeCAD

# Where and when it is; and what FreeCAD gives to each new document, so to one that is made again by the log too.
SKIPPED = {"LastModifiedDate", "LastModifiedBy", "TransientDir", "CreationDate", "Uid"}
# What FreeCAD 1.1 works out when it reads a file: its own version, and the word for AttacherType.
SKIPPED |= {"AttacherEngine", "_ElementMapVersion", "_Part_ShapeCache"}


def whole_state() -> str:
    """The session as JSON text."""
    from cadgate_freecad.app import open_documents

    opened = open_documents.opened()
    active = FreeCAD.ActiveDocument.Name if FreeCAD.ActiveDocument else None
    return json.dumps(
        {
            "active": [open_documents.Active.name, active],
            "order": list(opened),
            "documents": {name: _document(document) for name, document in opened.items()},
        }
    )


def _document(document: Any) -> Dict[str, Any]:
    return {
        "label": document.Label,
        "file": document.FileName,
        "order": [obj.Name for obj in document.Objects],
        "roots": sorted(obj.Name for obj in document.RootObjects),
        "properties": _properties(document),
        "objects": {obj.Name: _object(obj) for obj in document.Objects},
    }


def _object(obj: Any) -> Dict[str, Any]:
    told = {
        "type": obj.TypeId,
        "label": obj.Label,
        "state": sorted(obj.State),
        "valid": obj.isValid(),
        "in": sorted(each.Name for each in obj.InList),
        "out": sorted(each.Name for each in obj.OutList),
        "expressions": sorted([str(path), str(text)] for path, text, *_ in obj.ExpressionEngine),
        "properties": _properties(obj),
    }
    if obj.isDerivedFrom("Sketcher::SketchObject"):
        told["geometry"] = [each.Content for each in obj.Geometry]
        told["constraints"] = [each.Content for each in obj.Constraints]
    return told


def _properties(owner: Any) -> Dict[str, Any]:
    told: Dict[str, Any] = {}
    for name in sorted(owner.PropertiesList):
        if name in SKIPPED or (name == "ThreadFit" and owner.ThreadType == "None"):
            continue
        told[name] = [
            owner.getTypeIdOfProperty(name),
            owner.getGroupOfProperty(name),
            owner.getDocumentationOfProperty(name),
            # FreeCAD works out what may be edited of a hole when it reads the file; a new one says otherwise.
            [] if getattr(owner, "TypeId", "") == "PartDesign::Hole" else sorted(owner.getEditorMode(name)),
            _value(getattr(owner, name)),
        ]
        if name == "Shape" and getattr(owner, "TypeId", "") == "Part::Offset" and isinstance(told[name][4], list):
            # OpenCASCADE numbers what an offset consists of in another order each time, even in one process.
            told[name][4] = [sorted(each) if isinstance(each, list) else each for each in told[name][4]]
        if owner.getTypeIdOfProperty(name) == "App::PropertyEnumeration":
            told[name].append(owner.getEnumerationsOfProperty(name))
    return told


def _value(value: Any) -> Any:
    if isinstance(value, float):
        return _number(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, dict):
        return {str(key): _value(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_value(each) for each in value]
    kind = type(value).__name__
    if kind == "Quantity":
        return [_number(value.Value), str(value.Unit)]
    if kind == "Vector":
        return [_number(each) for each in value]
    if kind == "Placement":
        return [[_number(each) for each in value.Base], [_number(each) for each in value.Rotation.Q]]
    if hasattr(value, "exportBrepToString"):
        return _shape(value)
    if kind in ("Mesh", "Points"):
        points, facets = value.Topology if kind == "Mesh" else (value.Points, [])
        return [kind, len(facets), _digest([[_number(each) for each in point] for point in points] + list(facets))]
    if hasattr(value, "Name") and hasattr(value, "TypeId"):
        return f"{value.TypeId} {value.Name}"
    if hasattr(value, "Content"):
        return [kind, value.Content]
    if hasattr(value, "__dict__"):
        # Draft's note for its own window.
        return [kind, _value({name: each for name, each in vars(value).items() if name != "props_changed"})]
    return [kind, str(value)] if " at 0x" not in str(value) else kind


def _shape(shape: Any) -> Any:
    if shape.isNull():
        return "no shape"
    faces = [[_number(face.Area), _value(face.CenterOfMass)] for face in shape.Faces]
    edges = [_number(edge.Length) for edge in shape.Edges]
    points = [_value(vertex.Point) for vertex in shape.Vertexes]
    return [shape.ShapeType, _value(shape.Placement), _number(shape.Volume), shape.isValid(), faces, edges, points]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def _number(value: float) -> float:
    rounded = float(f"{value:.9g}")
    return 0.0 if abs(rounded) < 1e-9 else rounded
