"""Reads files into shapes and meshes, each with its label and place. Runs in a worker, since importers may crash."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import Any, Callable, Generator, Iterator

import Part

from cadgate.appserver import AppError
from cadgate_freecad.app import shapes, step_colours, step_names, step_namesakes, versions
from cadgate_freecad.app.items import Item
from cadgate_freecad.app.labels import savable
from cadgate_freecad.app.reading import amf, brep, gltf, iges, obj, off, ply, step, stl, threemf
from cadgate_freecad.app.reading.dxf import reader as dxf
from cadgate_freecad.app.reading.found import Found
from cadgate_freecad.app.scratch import scratch
from cadgate_freecad.app.values import words
from cadgate_freecad.app.verification import imports


def read(format: str, path: str, name: str) -> Found:
    """Read the file `path`, which came as `name`. Raises AppError `unsupported_format`, `degenerate_result`."""
    found = Found(os.path.splitext(name)[0])
    with _named(path, format) as named:
        try:
            _READERS[format](named, found, name)
        except AppError as error:
            raise AppError(error.code, f"{name!r} was not imported. {error.message}", error.details) from error
        except Exception as error:
            raise AppError(
                "unsupported_format", f"{name!r} cannot be read as a {format.upper()} file: {words(error)}"
            ) from error
    found.items = [item for item in found.items if _is_something(item)]
    for item in found.items:
        label = savable(item.label)
        if label != item.label:
            found.warn("label_changed", f"The name {item.label!r} has characters that no document can hold: {label!r}")
            item.label = label
    found.finish()
    if not found.items:
        lost = "".join(f". {each['message']}" for each in found.warnings if each["code"] == "left_out")
        raise AppError("degenerate_result", f"{name!r} was read as {format.upper()}, and there is nothing in it{lost}")
    return found


def _is_something(item: Item) -> bool:
    if item.shape is not None:
        return not item.shape.isNull() and item.shape.BoundBox.isValid()
    return item.mesh is not None and item.mesh.CountFacets > 0


@contextmanager
def _named(path: str, format: str) -> Generator[str, None, None]:
    """Yield the file under a name with the suffix that FreeCAD's importers expect."""
    folder = tempfile.mkdtemp()
    try:
        named = os.path.join(folder, f"file.{format}")
        os.symlink(os.path.abspath(path), named)
        yield named
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read_step(path: str, found: Found, name: str) -> None:
    prepared = step.prepare(path, found)
    if prepared is not None:
        path = os.path.join(os.path.dirname(path), "prepared.step")
        with open(path, "wb") as file:
            file.write(prepared)
    _read_by_import(path, found)


def _read_iges(path: str, found: Found, name: str) -> None:
    iges.look_for_losses(path, found)
    _read_by_import(path, found)


def _read_by_import(path: str, found: Found) -> None:
    """Read STEP and IGES with their names, and compare the document with the bare geometry of the file."""
    bare = Part.Shape()
    bare.read(path)
    if bare.isNull():
        return
    namesakes = _told_apart(path) if found.has_colors else None
    if namesakes is not None:
        path = os.path.join(os.path.dirname(path), "namesakes.step")
        with open(path, "wb") as file:
            file.write(namesakes.data)
    with scratch() as document:
        versions.insert(path, document.Name)
        leaves = list(_leaves(document, found.stem))
    if namesakes is not None:
        for item, _ in leaves:
            item.label = namesakes.restore(item.label)
            item.holders = [(name, namesakes.restore(label)) for name, label in item.holders]
        leaves = [(item, namesakes.product(name)) for item, name in leaves]
    if step_names.has_wrapper(path):
        for item, _ in leaves:
            item.holders = item.holders[1:]
    items = [item for item, _ in leaves]
    difference = imports.compare_shapes(bare, [item.shape for item in items])
    if difference is not None and (loose := _loose(bare)):
        # FreeCAD drops curves and points that bound no face.
        rest = Item("Curves", found.stem, Part.makeCompound(loose), None)
        if imports.compare_shapes(bare, [*(item.shape for item in items), rest.shape]) is None:
            items, difference = [*items, rest], None
            found.warn("names_lost", f"{len(loose)} curves and points of the file came without their names")
    if difference is None:
        found.items += items
        _take_colors(path, found, leaves)
        return
    # Names are lost, geometry is not.
    found.warn("names_lost", f"The parts of the file came as one, without their names: read by name, {difference}")
    found.add("Import", found.stem, shape=bare)
    _take_colors(path, found, [(found.items[-1], found.stem)])


def _told_apart(path: str) -> step_namesakes.Marked | None:
    with open(path, "rb") as file:
        return step_namesakes.marked(file.read())


def _take_colors(path: str, found: Found, leaves: list[tuple[Item, str]]) -> None:
    if found.has_colors:
        with open(path, "rb") as file:
            left = step_colours.take_colors(file.read(), leaves)
        if left or not any(item.color or item.faces for item, _ in leaves):
            what = f"{left} of the colours in" if left else "The colours of"
            found.warn("colors_lost", f"{what} the STEP file could not be given to the objects")


def _loose(shape: Any) -> list[Any]:
    """Return the wires, edges and vertices of a compound that belong to no face."""
    if shape.ShapeType == "Compound":
        return [each for part in shape.SubShapes for each in _loose(part)]
    return [shape] if shape.ShapeType in ("Wire", "Edge", "Vertex") else []


def _leaves(document: Any, label: str) -> Iterator[tuple[Item, str]]:
    """Yield the shapes of a document in their places, each with the name of its product, and what they are in."""
    for root in document.RootObjects:
        yield from _below(root, "", label, [])


def _below(root: Any, path: str, label: str, around: list[tuple[str, str]]) -> Iterator[tuple[Item, str]]:
    document_name = root.Document.Name
    obj = root.getSubObject(path, 1) if path else root
    if obj is None or obj.TypeId in ("App::Origin", "App::Line", "App::Plane", "App::Point"):
        return
    linked = obj.getLinkedObject(True)
    is_group = linked.hasExtension("App::GroupExtension") or linked.isDerivedFrom("App::LinkGroup")
    if is_group and not linked.isDerivedFrom("Part::Feature"):
        inside = [*around, (f"{path}{obj.Name}", obj.Label)]
        for name in linked.getSubObjects():
            yield from _below(root, path + name, label, inside)
        return
    # The stubs have what it gives with `needSubElement` only.
    shape: Any = Part.getShape(root, path) if path else shapes.shape_of(obj)
    if shape is not None and not shape.isNull():
        generated = obj.Label in ("", "Part__Feature", "Solid", "Shape", document_name) or obj.Label.startswith(
            "Open CASCADE"
        )
        item = Item(linked.Name, label if generated else obj.Label, shape, None)
        item.holders = around
        yield item, linked.Label


def _read_brep(path: str, found: Found, name: str) -> None:
    shape = Part.Shape()
    with open(path, "rb") as file:
        data = file.read()
    if not brep.is_binary(data):
        shape.read(path)
    else:
        prepared = brep.prepare(data)
        if prepared is not None:
            path = os.path.join(os.path.dirname(path), "prepared.brep")
            with open(path, "wb") as file:
                file.write(prepared)
        shape.importBinary(path)
    found.add("Import", found.stem, shape=shape)


_READERS: dict[str, Callable[[str, Found, str], None]] = {
    "step": _read_step,
    "iges": _read_iges,
    "brep": _read_brep,
    "stl": stl.read,
    "obj": obj.read,
    "ply": ply.read,
    "off": off.read,
    "3mf": threemf.read,
    "amf": amf.read,
    "dxf": dxf.read,
    "glb": gltf.read,
    "gltf": gltf.read,
}
