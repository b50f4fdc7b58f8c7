"""The mates that an assembly keeps: which faces and edges, found again after changes, and the places they lead to."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple

import FreeCAD
import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import attributes, chosen, holders, mating, shapes, ties, values
from cadgate_freecad.app.elements import Element, Lost, elements, find_again
from cadgate_freecad.app.ties import Primitive, Tie

PROPERTY = "CadgateAssembly"
_ATTRIBUTES = 8 | 16
"""Output and no recompute: writing it does not touch the assembly."""
Known = Dict[Tuple[str, str, str], List[Element]]
"""The elements of objects, by document, name and kind."""


def is_assembly(obj: Any) -> bool:
    return attributes.type_id(obj) == "App::Part" and PROPERTY in obj.PropertiesList


def read(assembly: Any) -> dict[str, Any]:
    """Return the mates (`mates`), the highest id of any (`last`), and where the parts were before they were moved apart
    (`exploded`, `before`).
    """
    kept: dict[str, Any] = {
        "mates": [],
        "exploded": 0.0,
        "before": {},
        **json.loads(getattr(assembly, PROPERTY) or "{}"),
    }
    for number, mate in enumerate(kept["mates"], 1):
        mate.setdefault("id", number)
    kept.setdefault("last", max((mate["id"] for mate in kept["mates"]), default=0))
    return kept


def write(assembly: Any, kept: dict[str, Any]) -> None:
    if PROPERTY not in assembly.PropertiesList:
        assembly.addProperty("App::PropertyString", PROPERTY, "Cadgate", "Mates of the assembly", _ATTRIBUTES)
    setattr(assembly, PROPERTY, json.dumps(kept, separators=(",", ":")))


def parts_of(assembly: Any) -> list[Any]:
    return [each for each in assembly.Group if each.TypeId == "App::Link"]


def side(link: Any, kind: str, numbers: list[int], field: str) -> dict[str, Any]:
    """Return what is kept of a side of a mate. Raises AppError `validation_error` unless it is one plane or axis."""
    found = [_primitive(link, kind, number) for number in numbers]
    names = ", ".join(f"{kind}{number}" for number in numbers)
    first = found[0]
    if first is None:
        stretched = " where it is stretched" if link.ScaleVector != FreeCAD.Vector(1, 1, 1) else ""
        text = f"{names} of {link.Name!r} is neither flat, straight nor round{stretched}: mates need that"
        raise values.invalid(field, text)
    if any(other is None or not ties.alike(first, other) for other in found):
        raise values.invalid(
            field, f"{names} of {link.Name!r} fit: choose one, or what lies in one plane or on one axis"
        )
    target = link.LinkedObject
    groups = chosen.groups_of(chosen.Reference("", target, kind, numbers[:1]))
    return {"part": link.Name, "kind": kind, "number": numbers[0], "groups": groups}


def _primitive(link: Any, kind: str, number: int) -> Primitive | None:
    """Return what a face or edge of the object that a link shows is for mates, in the coordinates of the link."""
    return ties.scaled(_element(link, kind, number), link.ScaleVector)


def _element(link: Any, kind: str, number: int) -> Any:
    """Return a face or edge of the object that a link shows, in the coordinates of the link, without its scale."""
    target = link.LinkedObject
    shape = Part.Shape(target.Shape)
    if not link.LinkTransform:
        shape.Placement = FreeCAD.Placement()
    return (shape.Faces if kind == "Face" else shape.Edges)[number - 1]


def follow(assembly: Any) -> None:
    """Find the faces of the mates again, and move the parts so that all mates hold.

    Raises AppError `degenerate_result` for a face that is gone, and for mates that cannot hold together.
    """
    kept = read(assembly)
    if not kept["mates"] or kept["exploded"]:
        return
    before = json.dumps(kept)
    known: Known = {}
    parts = parts_of(assembly)
    _require_parts(assembly, kept, parts)
    for number, mate in enumerate(kept["mates"]):
        for name in ("a", "b"):
            _find(assembly, mate, name, number, known)
    places = mating.solve(ties_of(assembly, kept), [each.Placement for each in parts], size_of(assembly))
    if places is None:
        listed = "; ".join(describe(mate) for mate in kept["mates"])
        raise AppError(
            "degenerate_result",
            f"The mates of {assembly.Name!r} cannot hold together, or are too far from it: {listed}. "
            "Move the parts nearer to where they belong, or leave a mate out",
            {"name": assembly.Name, "mates": [describe(mate) for mate in kept["mates"]]},
        )
    for link, place in zip(parts, places):
        if not values.same_placement(link.Placement, place):
            link.Placement = place
            link.recompute()
            link.purgeTouched()
    if json.dumps(kept) != before:
        write(assembly, kept)


def _require_parts(assembly: Any, kept: dict[str, Any], parts: list[Any]) -> None:
    """Raise AppError `degenerate_result` for a mate of what is no single part of the assembly any more."""
    found = {each.Name: each for each in parts}
    for mate in kept["mates"]:
        for part in (mate["a"]["part"], mate["b"]["part"]):
            if part not in found and assembly.Document.getObject(part) is not None:
                raise _gone(assembly, mate, f"{part!r} would be in another container: remove the mate first")
            if part in found and holders.count(found[part]):
                raise _gone(assembly, mate, f"{part!r} would be an array of links: remove the mate first")


def describe(mate: dict[str, Any]) -> str:
    sides = (f"{mate[name]['kind']}{mate[name]['number']} of {mate[name]['part']}" for name in ("a", "b"))
    return f"{mate['type']} of {' and '.join(sides)}"


def _find(assembly: Any, mate: dict[str, Any], name: str, number: int, known: Known) -> None:
    this = mate[name]
    link = assembly.Document.getObject(this["part"])
    target = None if link is None else link.LinkedObject
    if target is None:
        part = this["part"]
        way = f"DELETE /assemblies/{assembly.Name}/parts/{part} removes it with its mates"
        raise _gone(assembly, mate, f"{part!r} would be gone: {way}")
    by_key: dict[str, list[Element]] = {}
    # Many mates are of the same few objects.
    key = target.Document.Name, target.Name, this["kind"]
    if key not in known:
        known[key] = elements(target, this["kind"])
    now = known[key]
    for each in now:
        by_key.setdefault(each.key, []).append(each)
    for group in this["groups"]:
        before = [Element._make([*row[:6], tuple(row[6])]) for row in group["members"]]
        candidates = by_key.get(before[0].key, []) or chosen.at_the_same_place(before, group["chosen"], now)
        try:
            places = find_again(before, group["chosen"], candidates)
        except Lost as error:
            raise _gone(assembly, mate, f"{this['kind']}{this['number']} ({error}) of {target.Name!r}") from None
        this["number"] = min(place for each in places.values() for place in each)
    this["groups"] = chosen.groups_among(now, [this["number"]])


def _gone(assembly: Any, mate: dict[str, Any], what: str) -> AppError:
    return AppError(
        "degenerate_result",
        f"The mate {describe(mate)} of the assembly {assembly.Name!r} cannot be kept: {what}",
        {"name": assembly.Name, "mate": describe(mate)},
    )


def ties_of(assembly: Any, kept: dict[str, Any]) -> list[Tie]:
    numbers = {each.Name: index for index, each in enumerate(parts_of(assembly))}
    found_ties: list[Tie] = []
    for mate in kept["mates"]:
        found: list[Primitive] = []
        for name in ("a", "b"):
            this = mate[name]
            link = assembly.Document.getObject(this["part"])
            primitive = _primitive(link, this["kind"], this["number"])
            if primitive is None:
                raise _gone(assembly, mate, f"{this['kind']}{this['number']} has become another kind of surface")
            found.append(primitive)
        first, second = (numbers[mate[name]["part"]] for name in ("a", "b"))
        found_ties.append(Tie(mate["type"], first, found[0], second, found[1], mate["value"] or 0.0, mate["flipped"]))
    return found_ties


def require_possible(assembly: Any, mate: dict[str, Any]) -> None:
    """Raise AppError `validation_error` if the two elements of a mate cannot be this to each other."""
    tie = ties_of(assembly, {"mates": [mate]})[0]
    why = ties.objection(tie)
    if why is not None:
        raise values.invalid("value" if "negative" in why else "type", f"{describe(mate)}: {why}")
    if mate["flipped"] and (mate["type"] != "coincident" or {tie.one.kind, tie.two.kind} != {"plane"}):
        text = "only coincident planes have two ways to meet; turn the part round, or send an angle of 0 or 180 instead"
        raise values.invalid("flipped", f"{describe(mate)}: {text}")


def sizes_of(assembly: Any) -> list[float]:
    """Return the half of each part's diagonal, mm."""
    found = [shapes.shape_of(each) for each in parts_of(assembly)]
    return [1.0 if shape is None else max(1e-3, shape.BoundBox.DiagonalLength / 2) for shape in found]


def size_of(assembly: Any) -> float:
    """Return the size at whose lever directions count in the solving of mates, mm."""
    return max([0.5, *sizes_of(assembly)])
