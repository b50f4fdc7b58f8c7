"""Writes exact shapes and documents. Nothing here is trusted: `verification.files` checks every file afterwards."""

from __future__ import annotations

import os
from typing import Any

import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import step_colours, step_names
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.preferences import kept_placement
from cadgate_freecad.app.scratch import scratch
from cadgate_freecad.app.values import same_placement, words
from cadgate_freecad.app.verification.documents import check_document

MESH_FORMATS = ("stl", "obj", "ply", "3mf", "amf")


def write_exact(format: str, path: str, items: list[Item], title: str) -> list[dict[str, str]]:
    """Write STEP, IGES or BREP; return warnings. `title` is the name of the product that holds several objects."""
    if format == "step":
        return _write_step(path, items, title)
    if format == "iges":
        _write_iges(path, items, title)
    else:
        together(items).exportBrep(path)
    return []


def together(items: list[Item]) -> Any:
    """Return one shape of all of them."""
    return items[0].shape if len(items) == 1 else Part.makeCompound([item.shape for item in items])


def _write_step(path: str, items: list[Item], title: str) -> list[dict[str, str]]:
    tokens = [step_names.token(number) for number in range(len(items))]
    with scratch(title) as document:
        # FreeCAD names the product above several objects after the document, and a document's name is ASCII.
        names = {document.Name: title, **dict(zip(tokens, (item.label for item in items)))}
        roots = _in_parts(document, items, _features(document, items, tokens), names)
        _export(roots, path)
        if len(roots) > 1:
            step_names.mark_wrapper(path, document.Name)
    lost = step_colours.put_colors(path, dict(zip(tokens, items)))
    step_names.put_names(path, names)
    step_names.forget_when(path)
    if not lost:
        return []
    text = f"The STEP file does not hold all colours of {', '.join(map(repr, lost))}"
    return [{"code": "colors_lost", "message": text}]


def _in_parts(document: Any, items: list[Item], features: list[Any], names: dict[str, str]) -> list[Any]:
    """Put the features into parts, as the objects are; return the roots. The parts' names become tokens too."""
    roots: list[Any] = []
    parts: dict[tuple[str, ...], Any] = {}
    for item, feature in zip(items, features):
        around, way = None, ()
        for name, label in item.holders:
            way = (*way, name)
            if way not in parts:
                parts[way] = document.addObject("App::Part", "Part")
                parts[way].Label = step_names.token(len(names))
                names[parts[way].Label] = label
                if around is None:
                    roots.append(parts[way])
                else:
                    around.addObject(parts[way])
            around = parts[way]
        if around is None:
            roots.append(feature)
        else:
            around.addObject(feature)
    return roots


def _write_iges(path: str, items: list[Item], title: str) -> None:
    with scratch(title) as document:
        features = _features(document, items, [step_names.ascii_name(item.label) for item in items])
        for feature in features:
            # A compound gets no name in IGES, and the result of every cut is a compound, sometimes a nested one.
            shape = feature.Shape
            while shape.ShapeType == "Compound" and len(shape.SubShapes) == 1:
                shape = shape.SubShapes[0]
            feature.Shape = shape
        if len(features) > 1:
            group = document.addObject("App::Part", "Group")
            group.Label = step_names.ascii_name(title)
            group.addObjects(features)
            features = [group]
        _export(features, path)


def _features(document: Any, items: list[Item], labels: list[str]) -> list[Any]:
    """Make plain features: exporters silently write nothing for parametric objects that are not recomputed."""
    features: list[Any] = []
    for item, label in zip(items, labels):
        feature = document.addObject("Part::Feature", item.name)
        feature.Label = label
        feature.Shape = item.shape
        features.append(feature)
    return features


def _export(features: list[Any], path: str) -> None:
    import Import

    with kept_placement():
        try:
            Import.export(features, path)
        except Exception as error:
            kind = os.path.splitext(path)[1].lstrip(".").upper()
            raise AppError(
                "command_failed",
                f"FreeCAD cannot write this as {kind} ({words(error)}): check the shapes with "
                "objects/NAME/measures, or use another exact format",
            ) from error


def write_document(path: str, document: Any, chosen: list[Any] | None, verify: str) -> None:
    """Write the whole document, or some of its objects with everything that they depend on, in their places."""
    if chosen is None:
        document.saveCopy(path)
        check_document(path, document, verify)
        return
    # A feature of a body gets its place, and what it is made from, from the body.
    whole = list(dict.fromkeys(_body_of(obj) or obj for obj in chosen))
    with scratch(document.Label) as copy:
        copy.copyObject(whole, True)
        for obj in whole:
            made = copy.getObject(obj.Name)
            if made is None or made.TypeId != obj.TypeId:
                raise AppError("command_failed", f"FreeCAD did not copy {obj.Name!r}")
            if made.Label != obj.Label:
                made.Label = obj.Label
            _put_in_place(obj, made)
        copy.saveCopy(path)
        check_document(path, copy, verify)


def _body_of(obj: Any) -> Any | None:
    parent = obj.getParentGeoFeatureGroup()
    return parent if parent is not None and parent.isDerivedFrom("Part::BodyBase") else None


def _put_in_place(obj: Any, made: Any) -> None:
    """Give a copy without its container the place that it had in it."""
    if not hasattr(obj, "getGlobalPlacement") or not hasattr(made, "getGlobalPlacement"):
        return
    wanted = obj.getGlobalPlacement()
    if not same_placement(made.getGlobalPlacement(), wanted):
        above = made.getGlobalPlacement().multiply(made.Placement.inverse())
        made.Placement = above.inverse().multiply(wanted)
    if not same_placement(made.getGlobalPlacement(), wanted):
        container = obj.getParentGeoFeatureGroup()
        name = obj.Name if container is None else container.Name
        raise AppError(
            "command_failed",
            f"{obj.Name!r} cannot be exported alone in its place: export {name!r}, which holds it, or another format",
            {"name": obj.Name},
        )
    made.purgeTouched()
