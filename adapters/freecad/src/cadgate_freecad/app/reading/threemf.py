"""3MF: the build of the root model, with components and other model parts, without supports and modifiers.

`slicers` handles what slicers add (names, volumes of one mesh, modifiers).
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from typing import Any, Tuple
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.parsers import expat

from cadgate.appserver import AppError, limit_exceeded, scrutiny
from cadgate_freecad.app.limits import LIMITS
from cadgate_freecad.app.reading import slicers
from cadgate_freecad.app.reading.found import Found
from cadgate_freecad.app.reading.meshes import Triangles
from cadgate_freecad.app.reading.transforms import IDENTITY, product, scaling
from cadgate_freecad.app.reading.units import millimetres

MODEL = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
DEEPEST = 32
_SUPPORT = ("support", "solidsupport")
_NOT_READ = {
    "beamlattice": "beam lattices",
    "slicestack": "slice stacks",
    "displacementmesh": "displacement meshes",
    "levelset": "volumetric level sets",
    "implicitfunction": "implicit functions",
    "booleans": "boolean operations",
}
_GROUPS = {"basematerials", "colorgroup"}
_COLORING = {"texture2dgroup", "compositematerials", "multiproperties"}


Reference = Tuple[str, str, Tuple[float, ...]]
"""The part, the id and the transform (in millimetres) of an object to place."""


def root_part(archive: zipfile.ZipFile) -> str:
    """Return the name of the package's root model. Raises AppError for a package without one."""
    names = {each.lower(): each for each in archive.namelist()}
    try:
        with archive.open(names["_rels/.rels"]) as file:
            for node in ElementTree.parse(file).getroot():
                if node.get("Type") == MODEL:
                    target = posixpath.normpath("/" + node.get("Target", "").lstrip("/")).lstrip("/").lower()
                    return names[target] if target in names else names[unquote(target)]
    except (KeyError, ElementTree.ParseError):
        pass
    models = [each for each in archive.namelist() if each.lower().endswith(".model")]
    if len(models) == 1:
        return models[0]
    for each in models:
        if each.lower() == "3d/3dmodel.model":
            return each
    raise AppError("unsupported_format", "The 3MF package does not say which of its models is the root (_rels/.rels)")


class _Object:
    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        self.mesh = Triangles()
        self.components: list[Reference] = []
        self.look: tuple[str, str] | None = None
        """Group and index of its colour."""
        self.looks: dict[tuple[str, str], int] = {}
        """The same of single triangles, and how many have it."""


class _Part:
    """One .model of the package. `scale` makes its numbers millimetres."""

    def __init__(self) -> None:
        self.scale = 1.0
        self.objects: dict[str, _Object] = {}
        self.build: list[Reference] = []
        self.colors: dict[tuple[str, str], str] = {}
        """By the group and the index in it, `#rrggbb[aa]`."""


class _Package:
    def __init__(self, archive: zipfile.ZipFile, found: Found) -> None:
        self.archive = archive
        self.found = found
        self.names = {each.lower(): each for each in archive.namelist()}
        self.parts: dict[str, _Part] = {}
        self.is_colored = False
        self.facets = 0

    def part(self, name: str) -> _Part:
        key = name.lstrip("/").lower()
        key = key if key in self.names else unquote(key)
        if key not in self.parts:
            if key not in self.names:
                raise AppError(
                    "unsupported_format", f"The 3MF package refers to a part {name!r} that it does not contain"
                )
            with self.archive.open(self.names[key]) as file:
                self.parts[key] = self._parse(file, key)
        return self.parts[key]

    def _parse(self, file: Any, own: str) -> _Part:
        part, obj, key, group, count = _Part(), _Object("model", ""), "", "", 0
        points, corners = obj.mesh.points, obj.mesh.corners

        def begin(tag: str, values: dict[str, str]) -> None:
            nonlocal obj, points, corners, key, group, count
            tag = tag.rpartition(":")[2]
            if tag == "vertex":
                points.extend((float(values["x"]), float(values["y"]), float(values["z"])))
            elif tag == "triangle":
                corners.extend((int(values["v1"]), int(values["v2"]), int(values["v3"])))
                if "p1" in values:
                    look = (values.get("pid") or (obj.look or ("", ""))[0], values["p1"])
                    obj.looks[look] = obj.looks.get(look, 0) + 1
            elif tag == "model":
                part.scale = millimetres(values.get("unit", "millimeter"))
            elif tag == "object":
                obj = _Object(values.get("type", "model"), values.get("name", ""))
                points, corners = obj.mesh.points, obj.mesh.corners
                if "pid" in values:
                    obj.look = (values["pid"], values.get("pindex", "0"))
                part.objects[values.get("id", "")] = obj
            elif tag == "component":
                obj.components.append(_reference(values, own, part.scale))
            elif tag == "item":
                part.build.append(_reference(values, own, part.scale))
            elif tag == "metadata":
                key = values.get("name", "")
            elif tag in _GROUPS:
                group, count = values.get("id", ""), 0
            elif tag in ("base", "color"):
                color = _color(values.get("displaycolor") or values.get("color") or "")
                if color is not None:
                    part.colors[group, str(count)] = color
                count += 1
            elif tag in _COLORING:
                self.is_colored = True
            elif tag in _NOT_READ:
                self.found.leave_out(_NOT_READ[tag])

        def text(data: str) -> None:
            if key in slicers.CURA and data.strip().lower() == "true":
                obj.kind = key

        def end(_: str) -> None:
            nonlocal key
            key = ""

        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = begin, text, end
        try:
            scrutiny.parse_xml(parser, file)
        except (ValueError, OverflowError, KeyError, expat.ExpatError) as error:
            line = f"line {parser.CurrentLineNumber} of the 3MF model {own!r}"
            raise AppError(
                "unsupported_format", f"A value is missing, or is not a number, in {line}: {error}"
            ) from None
        return part

    def place(
        self,
        reference: Reference,
        settings: slicers.Settings,
        outer: tuple[float, ...] = IDENTITY,
        above: tuple[tuple[str, str, _Object], ...] = (),
    ) -> None:
        """Add the object of an item of the build, or a component of it; `above` are the objects that contain it."""
        where, key, own = reference
        part = self.part(where)
        obj = part.objects.get(key)
        if obj is None:
            raise AppError("unsupported_format", f"The 3MF model {where!r} has no object {key!r} to place")
        if len(above) > DEEPEST or any((where, key) == each[:2] for each in above):
            raise AppError("unsupported_format", f"The 3MF object {key!r} contains itself, or is nested too deeply")
        if obj.kind in slicers.CURA or obj.kind in _SUPPORT or (obj.kind == "other" and not above):
            self.found.leave_out(slicers.CURA.get(obj.kind, f"objects of the type {obj.kind!r}"))
            return
        matrix, path = product(outer, own), (*above, (where, key, obj))
        for component in obj.components:
            self.place(component, settings, matrix, path)
        if obj.mesh:
            color, others = _look_of(part, obj)
            self.is_colored = self.is_colored or others
            self._add(color, obj.mesh, product(matrix, scaling(part.scale, part.scale, part.scale)), path, settings)

    def _add(
        self,
        color: str | None,
        mesh: Triangles,
        matrix: tuple[float, ...],
        path: tuple[tuple[str, str, _Object], ...],
        settings: slicers.Settings,
    ) -> None:
        self.facets += len(mesh)
        limit = 4 * LIMITS["max_facets"]
        if self.facets > limit:
            raise limit_exceeded("The number of triangles that the build places", self.facets, limit, "max_facets")
        keys, names = [key for _, key, _ in path], [obj.name for _, _, obj in path]
        for name, corners, instead in slicers.volumes(settings, keys, names, mesh.corners):
            if instead:
                self.found.leave_out(instead)
                continue
            label = name or self.found.stem
            chosen = Triangles(mesh.points, corners)
            chosen.require_sound(repr(label))
            self.found.add("Mesh", label, mesh=chosen.used().moved(matrix).mesh(repr(label)))
            self.found.items[-1].color = color


def _color(text: str) -> str | None:
    """Return `#RRGGBB[AA]` as `#rrggbb[aa]`, without an alpha that means nothing; None for anything else."""
    if not re.match(r"#([0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})\Z", text):
        return None
    return text[:7].lower() if text[7:].lower() == "ff" else text.lower()


def _look_of(part: _Part, obj: _Object) -> tuple[str | None, bool]:
    """Return the colour of an object, and whether triangles have others, which a mesh here cannot have."""
    own = None if obj.look is None else part.colors.get(obj.look)
    plain = len(obj.mesh) - sum(obj.looks.values())
    looks = {part.colors.get(look) for look in obj.looks} | ({own} if plain else set())
    if len(looks) == 1:
        return looks.pop(), False
    return own, len(looks) > 1


def _reference(values: dict[str, str], own: str, scale: float) -> Reference:
    path = next((value for name, value in values.items() if name.rpartition(":")[2] == "path"), own)
    matrix = IDENTITY
    if values.get("transform", "").strip():
        m = [float(part) for part in values["transform"].split()]
        if len(m) != 12:
            raise ValueError(f"a transform of {len(m)} numbers instead of 12")
        x, y, z = (part * scale for part in m[9:])
        matrix = (m[0], m[3], m[6], x, m[1], m[4], m[7], y, m[2], m[5], m[8], z)
    return path, values.get("objectid", ""), matrix


def read(path: str, found: Found, name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        package = _Package(archive, found)
        root = package.part(root_part(archive))
        settings = slicers.settings(archive)
        if not root.build and root.objects:
            raise AppError(
                "degenerate_result",
                f"The 3MF package has {len(root.objects)} objects, and its build places none of them",
                {"objects": len(root.objects)},
            )
        for reference in root.build:
            package.place(reference, settings)
    if package.is_colored:
        found.colors_lost("The 3MF package has textures, or colours of single triangles")
    if any("metadata/" in each and each.endswith(".gcode") for each in package.names):
        found.leave_out("G-code of a sliced plate")
