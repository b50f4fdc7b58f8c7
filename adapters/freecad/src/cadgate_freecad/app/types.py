"""The types of FreeCAD's objects, by introspection; and `objects.create`, which makes objects of any of them."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import AppError, current, limit_exceeded, method, not_found, searching
from cadgate_freecad.app import changes, properties, shapes, sizes, values, versions
from cadgate_freecad.app.creation import create, hide
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.restoring import lists
from cadgate_freecad.app.scratch import scratch
from cadgate_freecad.app.type_schemas import schema_of
from cadgate_freecad.app.verification.values import confirm

_WORKBENCHES = (
    *("Assembly", "CAM", "Drawing", "Fem", "Image", "Import", "Inspection", "Materials", "Measure", "Mesh", "MeshPart"),
    *("Part", "PartDesign", "Path", "PathApp", "Points", "Raytracing", "ReverseEngineering", "Robot", "Sketcher"),
    *("Spreadsheet", "Surface", "TechDraw"),
)
_ENDS_FREECAD = {
    "Measure::MeasurePosition": "FreeCAD 1.0 crashes in it",
    "TechDraw::DrawViewDimExtent": "FreeCAD crashes when such an object is deleted",
    "TechDraw::LandmarkDimension": "FreeCAD crashes when such an object is deleted",
}
_INSTEAD = {
    "Part::ImportBrep": "exchange.import",
    "Part::ImportIges": "exchange.import",
    "Part::ImportStep": "exchange.import",
    "Mesh::Import": "exchange.import",
    "Points::Import": "exchange.import",
    "Mesh::Export": "exchange.export",
    "Part::Box": "primitives.box",
    "Part::Sphere": "primitives.sphere",
    "Part::Cylinder": "primitives.cylinder",
    "Part::Cone": "primitives.cone",
    "Part::Torus": "primitives.torus",
    "Part::Prism": "primitives.prism",
    "Part::Wedge": "primitives.wedge",
    "Part::Ellipsoid": "primitives.ellipsoid",
    "Part::Helix": "primitives.helix",
    "Part::Fillet": "features.fillet",
    "Part::Chamfer": "features.chamfer",
    "Part::Extrusion": "features.extrude",
    "Part::Revolution": "features.revolve",
    "Part::Loft": "features.loft",
    "Part::Sweep": "features.sweep",
    "Part::Mirroring": "features.mirror",
    "Part::Thickness": "features.thickness",
    "Part::Offset": "features.offset",
    "Part::Section": "features.section",
    "Part::Cut": "boolean.subtract",
    "Part::MultiFuse": "boolean.union",
    "Part::MultiCommon": "boolean.intersect",
    "App::Link": "links.create",
    "App::Part": "groups.create",
    "Sketcher::SketchObject": "sketches.create",
    "PartDesign::Body": "bodies.create",
    "PartDesign::Pad": "features.pad",
    "PartDesign::Pocket": "features.pocket",
    "PartDesign::Hole": "features.hole",
}
"""Methods that make the same, or do the work of a type that is refused."""
_CONSUMES = (
    *("Part::Boolean", "Part::MultiFuse", "Part::MultiCommon", "Part::FilletBase", "Part::Extrusion"),
    *("Part::Revolution", "Part::Thickness", "Part::Loft", "Part::Sweep", "Part::Compound"),
)
"""Types whose inputs are hidden, as the window does."""


class Known:
    """The types of this FreeCAD: read once, when they are first needed; that takes a third of a second."""

    def __init__(self) -> None:
        self.types: dict[str, dict[str, Any]] = {}
        self.entries: list[searching.Entry] = []

    def all(self) -> dict[str, dict[str, Any]]:
        if not self.types:
            self._read()
        return self.types

    def _read(self) -> None:
        for name in _WORKBENCHES:
            try:
                __import__(name)
            except Exception:  # noqa: BLE001 - a workbench that this FreeCAD was built without, or that needs a window
                continue
        found: dict[str, dict[str, Any]] = {}
        with scratch() as document:
            kinds = sorted(document.supportedTypes())
            for kind in kinds:
                found[kind] = _describe(document, kind, kinds)
        self.entries = [
            searching.Entry(kind, kind, "", _text(described["schema"])) for kind, described in found.items()
        ]
        self.types = found


KNOWN = Known()


def _describe(document: Any, kind: str, kinds: list[str]) -> dict[str, Any]:
    try:
        obj = document.addObject(kind, "Thing")
    except TypeError:
        return _entry(kind, f"{kind} is only the base of other types", [], {"type": "object", "properties": {}})
    above = [each for each in kinds if each != kind and obj.isDerivedFrom(each)]
    return _entry(kind, refusal(kind), above, schema_of(obj))


def _entry(kind: str, refused: str | None, above: list[str], schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "workbench": kind.split("::")[0],
        "creatable": refused is None,
        "reason": refused,
        "method": _INSTEAD.get(kind),
        "bases": above,
        "schema": schema,
    }


def _text(schema: dict[str, Any]) -> str:
    return " ".join(f"{name} {each.get('description', '')}" for name, each in schema["properties"].items())


def refusal(kind: str) -> str | None:
    """Return why objects of a type cannot be created by requests; None if they can. What is unknown is refused."""
    if kind in _ENDS_FREECAD:
        return _ENDS_FREECAD[kind]
    if kind in lists.LEFT_OUT:
        return lists.LEFT_OUT[kind]
    workbench = kind.split("::")[0]
    if workbench in lists.LEFT_OUT_MODULES:
        return lists.LEFT_OUT_MODULES[workbench]
    if kind.endswith("Python"):
        return "it does what a Python class does that code assigns to it: run code, which needs the scope execute"
    if kind not in lists.TYPES:
        return "nobody has checked whether it reads or writes files or runs code"
    return None


@method("types.list")
def list_types(
    *, search: str | None, workbench: str | None, creatable: bool | None, limit: int, offset: int
) -> dict[str, Any]:
    """List the types, best match first."""
    known = KNOWN.all()
    chosen = [
        known[kind]
        for kind in searching.search(KNOWN.entries, search)
        if (workbench is None or known[kind]["workbench"].lower() == workbench.lower())
        and (creatable is None or known[kind]["creatable"] == creatable)
    ]
    return {
        "types": [
            {
                **{key: each[key] for key in ("type", "workbench", "creatable", "reason", "method")},
                "properties": [name for name, own in each["schema"]["properties"].items() if not own.get("readOnly")],
            }
            for each in chosen[offset : offset + limit]
        ],
        "total": len(chosen),
    }


@method("types.get")
def get_type(*, type: str) -> dict[str, Any]:
    """Describe one type."""
    return _find(type)


def _find(kind: str) -> dict[str, Any]:
    known = KNOWN.all()
    if kind not in known:
        error = not_found("type", kind, known)
        if not error.details["did_you_mean"]:
            error.details["did_you_mean"] = list(searching.search(KNOWN.entries, kind)[:3])
        raise error
    return known[kind]


@creating("objects.create")
def create_object(*, type: str, properties: dict[str, Any], **common: Any) -> dict[str, Any]:
    """Add an object of any type that can be created, with the same checks as the methods of single types."""
    described = _find(type)
    if not described["creatable"]:
        instead = f"; use {described['method']}" if described["method"] else ""
        raise AppError(
            "not_possible",
            f"{type} cannot be created: {described['reason']}{instead}",
            {"type": type, "reason": described["reason"], "method": described["method"]},
        )
    given = dict(properties)
    _require_profile(described, given)
    _take_placement(described, given, common)
    if current().dry_run:
        _rehearse(type, given)
    wanted: dict[str, Any] = common["expressions"] or {}
    kept: dict[str, Any] = {}

    def setup(obj: Any) -> None:
        both = {sizes.own_name(obj, name) for name in given} & {sizes.own_name(obj, name) for name in wanted}
        if both:
            raise values.invalid(f"properties.{min(both)}", "it also has an expression: give one of the two")
        kept.update(_assign(obj, given))

    def check(obj: Any) -> None:
        confirm(obj, {name: value for name, value in kept.items() if name not in wanted})
        changes.verify(obj)
        shape = shapes.shape_of(obj)
        if shape is not None and not shape.isValid():
            raise AppError("degenerate_result", f"This {type} would not be a valid shape", {"type": type})
        if any(obj.isDerivedFrom(each) for each in _CONSUMES):
            hide([each for each in obj.OutList if each.isDerivedFrom("Part::Feature")])

    return create(type, type.split("::")[1], {}, setup=setup, check=check, **common)


def _require_profile(described: dict[str, Any], given: dict[str, Any]) -> None:
    is_loft = "PartDesign::Loft" in (described["type"], *described["bases"])
    if versions.ENDS_WITHOUT_PROFILE and is_loft and not given.get("Profile"):
        raise values.invalid("properties.Profile", properties.NO_PROFILE)


def _take_placement(described: dict[str, Any], given: dict[str, Any], common: dict[str, Any]) -> None:
    """Accept the placement among the properties, too, and refuse one that the type does not have."""
    place = given.pop("Placement", None)
    moved = any(common["location"]) or any(common["rotation"])
    if place is not None:
        if not isinstance(place, dict) or not place or not {"location", "rotation"}.issuperset(place):
            raise values.invalid(
                "properties.Placement", f'{place!r} must be {{"location": [x, y, z], "rotation": [x, y, z]}}'
            )
        if moved:
            raise values.invalid("properties.Placement", "location and rotation are given, too: give one of the two")
        for part in ("location", "rotation"):
            if part in place:
                if not isinstance(place[part], list) or len(place[part]) != 3:
                    raise values.invalid(f"properties.Placement.{part}", f"{place[part]!r} must be [x, y, z]")
                common[part] = [
                    values.coordinate(f"properties.Placement.{part}", each) if part == "location" else float(each)
                    for each in place[part]
                ]
        moved = True
    if moved and "Placement" not in described["schema"]["properties"]:
        raise values.invalid("location", f"objects of type {described['type']} have no placement")


def _assign(obj: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Set the properties in the order of the request: which words one accepts may depend on those before it."""
    kept: dict[str, Any] = {}
    for name, value in given.items():
        own = sizes.own_name(obj, name)
        if own in kept:
            raise values.invalid(f"properties.{name}", f"{own!r} is given twice, by two names")
        prepared = properties.prepare(obj, {own: value})
        _check_size(obj, own, prepared[own])
        properties.write(obj, prepared)
        kept.update(prepared)
    return kept


def _check_size(obj: Any, name: str, value: Any) -> None:
    if name in ("Height", "Pitch") and obj.isDerivedFrom("Part::Helix"):
        height, pitch = (value if name == each else getattr(obj, each).Value for each in ("Height", "Pitch"))
        if pitch > 0 and height / pitch > LIMITS["max_turns"]:
            raise limit_exceeded("The number of turns", height / pitch, LIMITS["max_turns"], "max_turns")


def _rehearse(kind: str, given: dict[str, Any]) -> None:
    """Check what can be checked without the document: everything but links."""
    with scratch() as document:
        twin = document.addObject(kind, "Twin")
        plain = {
            name: value
            for name, value in given.items()
            if "Link" not in (twin.getTypeIdOfProperty(name) if name in twin.PropertiesList else "")
        }
        _assign(twin, plain)
