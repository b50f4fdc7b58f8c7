"""Assemblies: links in a part, their mates, the bill of materials, and where the parts collide."""

from __future__ import annotations

from typing import Any

import FreeCAD

from cadgate.appserver import AppError, about_to_change, method
from cadgate_freecad.app import bills, changes, holders, materials, mates, mating, painting, placed, shapes, values
from cadgate_freecad.app import expressions as expressing
from cadgate_freecad.app.creation import Slot, depending
from cadgate_freecad.app.finding import find
from cadgate_freecad.app.geometry import chosen_numbers
from cadgate_freecad.app.info import describe, problem
from cadgate_freecad.app.inheriting import creating
from cadgate_freecad.app.open_documents import target
from cadgate_freecad.app.recomputing import recompute
from cadgate_freecad.app.verification import links as verification
from cadgate_freecad.app.verification.interference import common_volume

NOTHING = 1e-6
"""mm³ that parts of more than a cubic millimetre may share by rounding alone."""


@creating("assemblies.create")
def create_assembly(
    *,
    parts: list[dict[str, Any]],
    name: str | None,
    label: str | None,
    on_conflict: str,
    expressions: dict[str, Any],
    material: Any,
) -> dict[str, Any]:
    document = target()
    found = [_source(document, f"parts.{index}.object", each["object"]) for index, each in enumerate(parts)]
    made_of = materials.prepare(material)
    own_materials = [materials.prepare(each.get("material")) for each in parts]
    places = [_place(obj, each) for obj, each in zip(found, parts)]
    slot = Slot(document, "Assembly", name, on_conflict, found)
    slots = [Slot(document, _base(obj), each["name"], "error") for obj, each in zip(found, parts)]
    given = [each["name"] for each in parts if each["name"] is not None]
    if len(set(given)) < len(given):
        raise values.invalid("parts", "two parts have the same name")
    about_to_change(slot.revision)
    assembly = slot.fill("App::Part", label)
    mates.write(assembly, {"mates": []})
    materials.assign(assembly, made_of)
    for each in (assembly.Origin, *assembly.Origin.OriginFeatures):
        each.purgeTouched()
    for obj, each, own, place, part_of in zip(found, parts, slots, places, own_materials):
        _put(assembly, obj, each, own, place, part_of)
    determined = expressing.apply(assembly, expressions)
    recompute(assembly)
    expressing.confirm(assembly, determined)
    return _described(assembly)


def _put(
    assembly: Any, obj: Any, part: dict[str, Any], slot: Slot, place: Any, material: materials.Material | None
) -> None:
    # A name that the application chooses is looked for again: the part before may have taken the same.
    own = slot if part["name"] is not None else Slot(assembly.Document, _base(obj), None, "error")
    link = own.fill("App::Link", part["label"])
    link.LinkedObject = obj
    link.Placement = place
    materials.assign(link, material)
    if part.get("color") is not None:
        painting.set_color(link, part["color"])
    assembly.addObject(link)
    recompute(link)
    verification.check(link, place)


def _base(obj: Any) -> str:
    return f"{obj.Name.rstrip('0123456789') or obj.Name}_part"


def _source(document: Any, field: str, name: str) -> Any:
    obj = find(document, name)
    if shapes.shape_of(obj) is None:
        raise values.invalid(field, f"{name!r} ({obj.TypeId}) has no shape that an assembly could show")
    wrong = problem(obj)
    if wrong is not None:
        raise values.invalid(field, wrong)
    return obj


def _place(obj: Any, part: dict[str, Any]) -> Any:
    now = placed.placement(obj) if hasattr(obj, "Placement") else FreeCAD.Placement()
    return FreeCAD.Placement(
        now.Base if part["location"] is None else values.vector("location", part["location"]),
        now.Rotation if part["rotation"] is None else values.rotation(part["rotation"]),
    )


def _find(name: str) -> Any:
    obj = find(target(), name)
    if not mates.is_assembly(obj):
        raise values.invalid("assembly", f"{name!r} is a {obj.TypeId} and no assembly: POST /assemblies makes one")
    return obj


def _described(assembly: Any) -> dict[str, Any]:
    kept = mates.read(assembly)
    parts = mates.parts_of(assembly)
    ties = mates.ties_of(assembly, kept)
    return {
        **describe(assembly),
        "parts": [
            {
                "name": each.Name,
                "object": None if each.LinkedObject is None else each.LinkedObject.Name,
                "label": each.Label,
                "location": values.xyz(each.Placement.Base, 9),
                "rotation": values.euler(each.Placement.Rotation),
            }
            for each in parts
        ],
        "mates": [
            {
                "id": mate["id"],
                "type": mate["type"],
                **{side: {"part": mate[side]["part"], "element": _name(mate[side])} for side in ("a", "b")},
                "value": mate["value"],
                "flipped": mate["flipped"],
            }
            for mate in kept["mates"]
        ],
        "degrees_of_freedom": mating.freedom(ties, [each.Placement for each in parts], mates.sizes_of(assembly)),
        "exploded": kept["exploded"],
    }


def _name(side: dict[str, Any]) -> str:
    return f"{side['kind']}{side['number']}"


@method("assemblies.list")
def list_assemblies() -> dict[str, Any]:
    found = [obj for obj in target().Objects if mates.is_assembly(obj)]
    listed = [
        {
            "name": obj.Name,
            "label": obj.Label,
            "revision": describe(obj)["revision"],
            "parts": len(mates.parts_of(obj)),
            "mates": len(mates.read(obj)["mates"]),
        }
        for obj in found
    ]
    return {"assemblies": listed, "total": len(found)}


@method("assemblies.get")
def get_assembly(*, assembly: str) -> dict[str, Any]:
    return _described(_find(assembly))


@method("assemblies.mate")
def create_mate(
    *, assembly: str, type: str, a: dict[str, Any], b: dict[str, Any], value: float | None, flipped: bool
) -> dict[str, Any]:
    obj, kept = _find_whole(assembly)
    sides = {name: _side(obj, name, side) for name, side in (("a", a), ("b", b))}
    kept["last"] += 1
    mate = {"id": kept["last"], "type": type, **sides, "value": value, "flipped": flipped}
    mates.require_possible(obj, mate)
    kept["mates"].append(mate)
    return _changed(obj, kept)


def _find_whole(name: str) -> tuple[Any, dict[str, Any]]:
    """Return the assembly and what it keeps. Raises AppError `conflict` while its parts are moved apart."""
    obj = _find(name)
    kept = mates.read(obj)
    if kept["exploded"]:
        raise AppError("conflict", f"{name!r} is exploded: put its parts back first, with explode and factor 0")
    return obj, kept


def _changed(assembly: Any, kept: dict[str, Any], gone: Any | None = None) -> dict[str, Any]:
    """Write the mates, without the part `gone`, and let parts and what is made of the assembly follow."""
    about_to_change(lambda: describe(assembly)["revision"])
    affected = changes.dependents(assembly)
    already_broken = changes.broken(affected)
    mates.write(assembly, kept)
    if gone is not None:
        name = gone.Name
        assembly.Document.removeObject(name)
        if assembly.Document.getObject(name) is not None:
            raise AppError("command_failed", f"FreeCAD did not remove {name!r}")
    changes.propagate(assembly, affected, already_broken)
    return _described(assembly)


@method("assemblies.update_mate")
def update_mate(*, assembly: str, mate: int, **changed: Any) -> dict[str, Any]:
    obj, kept = _find_whole(assembly)
    this = _mate(obj, kept, mate)
    if "value" in changed and (changed["value"] is None) == (this["type"] in ("distance", "angle")):
        has = "needs a number as" if changed["value"] is None else "has no"
        raise values.invalid("value", f"mate {mate} ({mates.describe(this)}) {has} `value`")
    this.update(changed)
    mates.require_possible(obj, this)
    return _changed(obj, kept)


@method("assemblies.delete_mate")
def delete_mate(*, assembly: str, mate: int) -> dict[str, Any]:
    obj, kept = _find_whole(assembly)
    kept["mates"].remove(_mate(obj, kept, mate))
    return _changed(obj, kept)


def _mate(assembly: Any, kept: dict[str, Any], number: int) -> dict[str, Any]:
    found = next((each for each in kept["mates"] if each["id"] == number), None)
    if found is None:
        listed = "; ".join(f"{each['id']}: {mates.describe(each)}" for each in kept["mates"])
        raise AppError(
            "object_not_found",
            f"{assembly.Name!r} has no mate {number}{f'; it has {listed}' if listed else ', and no other'}",
            {"name": assembly.Name, "mates": [each["id"] for each in kept["mates"]]},
        )
    return found


@method("assemblies.add_part")
def add_part(*, assembly: str, **part: Any) -> dict[str, Any]:
    obj, _ = _find_whole(assembly)
    document = target()
    shown = _source(document, "object", part["object"])
    place = _place(shown, part)
    slot = Slot(document, _base(shown), part["name"], "error", [shown])
    made_of = materials.prepare(part.get("material"))
    about_to_change(lambda: describe(obj)["revision"])
    affected = changes.dependents(obj)
    already_broken = changes.broken(affected)
    _put(obj, shown, part, slot, place, made_of)
    changes.propagate(obj, affected, already_broken)
    return _described(obj)


@method("assemblies.remove_part")
def remove_part(*, assembly: str, part: str) -> dict[str, Any]:
    obj, kept = _find_whole(assembly)
    link = _named(obj, part)
    if link is None:
        names = [each.Name for each in mates.parts_of(obj)]
        raise AppError("object_not_found", _no_part(obj, part), {"name": part, "parts": names})
    users = [each.Name for each in changes.users_of([link])]
    if users:
        raise AppError(
            "conflict", f"{part!r} cannot be removed: {depending(users)}", {"name": part, "dependents": users}
        )
    kept["mates"] = [each for each in kept["mates"] if part not in (each["a"]["part"], each["b"]["part"])]
    return _changed(obj, kept, link)


def _named(assembly: Any, name: str) -> Any | None:
    return next((each for each in mates.parts_of(assembly) if each.Name == name), None)


def _no_part(assembly: Any, name: str) -> str:
    has = ", ".join(each.Name for each in mates.parts_of(assembly)) or "none"
    return f"{name!r} is not a part of {assembly.Name!r}, which has {has}"


def _side(assembly: Any, field: str, side: dict[str, Any]) -> dict[str, Any]:
    link = _named(assembly, side["part"])
    if link is None:
        raise values.invalid(f"{field}.part", _no_part(assembly, side["part"]))
    if not hasattr(link.LinkedObject, "Shape"):
        raise values.invalid(f"{field}.part", f"{side['part']!r} shows a part or group: mate the objects in it")
    if holders.count(link):
        raise values.invalid(f"{field}.part", f"{side['part']!r} is an array of links: mate the objects that it shows")
    chosen = side["of"]
    kind = "Edge" if _means_edges(chosen) else "Face"
    numbers = chosen_numbers(link, kind, f"{field}.of", chosen, required=False)
    if not numbers and len({*link.ScaleVector}) > 1:
        text = f'{link.Name!r} is stretched or mirrored: choose by name, such as ["{kind}1"]'
        raise values.invalid(f"{field}.of", text)
    if not numbers:
        # A part that lies askew has no top or left; then the sides are those of the object that it shows.
        numbers = chosen_numbers(link.LinkedObject, kind, f"{field}.of", chosen)
    return mates.side(link, kind, numbers, f"{field}.of")


def _means_edges(chosen: Any) -> bool:
    if isinstance(chosen, list):
        return any(isinstance(each, str) and each.startswith("Edge") for each in chosen)
    given = {key for key, value in chosen.items() if value is not None}
    return bool(given & {"min_length", "max_length", "on_face"}) or chosen.get("type") in ("line", "circle", "ellipse")


@method("assemblies.bom")
def bom(*, assembly: str) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for each in bills.lines(_find(assembly)):
        mass = each.mass
        items.append(
            {
                "object": each.obj.Name,
                "label": each.obj.Label,
                "quantity": each.quantity,
                "material": (each.material.name or None) if each.material else None,
                "mass": mass,
                "total_mass": None if mass is None else values.significant(mass * each.quantity),
            }
        )
    masses = [each["total_mass"] for each in items]
    return {"items": items, "total_mass": None if None in masses else values.significant(sum(masses))}


@method("assemblies.interference")
def interference(*, assembly: str, clearance: float) -> dict[str, Any]:
    obj = _find(assembly)
    before = mates.read(obj)["before"]
    parts = [(each.Name, _put_back(each, before.get(each.Name))) for each in mates.parts_of(obj)]
    pairs: list[dict[str, Any]] = []
    for index, (name, shape) in enumerate(parts):
        box = FreeCAD.BoundBox(shape.BoundBox)
        box.enlarge(clearance + 1e-6)
        for other_name, other in parts[index + 1 :]:
            if not box.intersect(other.BoundBox):
                continue
            distance = shape.distToShape(other)[0]
            volume = common_volume(shape, other, [name, other_name]) if distance <= 1e-9 else 0.0
            if 0 < volume <= NOTHING and _is_rounding(volume, shape, other):
                volume = 0.0
            if volume > 0 or (clearance > 0 and distance < clearance):
                pairs.append(
                    {
                        "a": name,
                        "b": other_name,
                        "volume": values.significant(volume),
                        "distance": values.significant(distance) if distance > 1e-9 else 0.0,
                    }
                )
    return {"pairs": pairs}


def _put_back(link: Any, before: list[float] | None) -> Any:
    """Return the shape that a link shows, where it was before the parts were moved apart."""
    shape = shapes.required_shape(link)
    if before is None:
        return shape
    around = placed.frame(link) or FreeCAD.Placement()
    x, y, z, *turn = before
    there = around.multiply(FreeCAD.Placement(FreeCAD.Vector(x, y, z), FreeCAD.Rotation(*turn)))
    return placed.moved(shape, there.multiply(placed.placement(link).inverse()))


def _is_rounding(volume: float, first: Any, second: Any) -> bool:
    """Return whether two parts share no more than a millionth of the smaller one, or of a cubic millimetre."""
    return volume <= NOTHING * min(1.0, shapes.volume(first), shapes.volume(second))


@method("assemblies.explode")
def explode(*, assembly: str, factor: float) -> dict[str, Any]:
    obj = _find(assembly)
    kept = mates.read(obj)
    parts = mates.parts_of(obj)
    now = {each.Name: [*each.Placement.Base, *each.Placement.Rotation.Q] for each in parts}
    before = {name: kept["before"].get(name, place) for name, place in now.items()} if kept["exploded"] else now
    about_to_change(lambda: describe(obj)["revision"], anything=factor != kept["exploded"])
    if factor == kept["exploded"]:
        return _described(obj)
    affected = changes.dependents(obj)
    already_broken = changes.broken(affected)
    for each in parts:
        x, y, z, *turn = before[each.Name]
        each.Placement = FreeCAD.Placement(FreeCAD.Vector(x, y, z), FreeCAD.Rotation(*turn))
        recompute(each)
    middles = {each.Name: placed_center(each) for each in parts}
    middle = sum(middles.values(), FreeCAD.Vector()) * (1 / max(1, len(parts)))
    frame = placed.placement(obj).Rotation.inverted()
    for each in parts if factor else ():
        away = frame.multVec((middles[each.Name] - middle) * factor)
        each.Placement = FreeCAD.Placement(each.Placement.Base + away, each.Placement.Rotation)
        recompute(each)
    kept.update(exploded=factor, before=before if factor else {})
    mates.write(obj, kept)
    changes.propagate(obj, affected, already_broken)
    return _described(obj)


def placed_center(link: Any) -> Any:
    """Return the middle of what a link shows, in the document."""
    return shapes.required_shape(link).BoundBox.Center
