"""Reduces one object, or the document's own properties, to what `lists` allows; the rest goes to `Leavings`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, Collection

from cadgate.appserver import scrutiny
from cadgate_freecad.app.restoring import formulas, lists
from cadgate_freecad.app.restoring.leavings import Leavings
from cadgate_freecad.app.restoring.xml import Node

_NAME = re.compile(r"[^\W\d]\w*\Z")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?\Z")
_STRUCTURE = lists.words(
    "Document Extension Extensions Feature FeatureData Features Object ObjectData ObjectDeps Objects Properties "
    "Property _Property"
)
"""Elements that hold properties, and are never in one."""
_PYTHON = frozenset(("Python", "PersistentObject"))
_COUNTED = {
    "Link": ("LinkList", "LinkSubList"),
    "XLink": ("XLinkSubList",),
    "Expression": ("ExpressionEngine",),
    "Cell": ("Cells",),
}
_PROXY = ("Proxy", "ExtensionProxy")
_GEOMETRY = {"Shape": ("Part::PropertyPartShape", "Part"), "Mesh": ("Mesh::PropertyMeshKernel", "Mesh")}
_GEOMETRY["Points"] = ("Points::PropertyPointKernel", "Points")
_PLAIN = {"Shape": "Part::Feature", "Mesh": "Mesh::Feature", "Points": "Points::Feature"}
_KEPT_OF_PLAIN = {"Label", "Label2", "Placement", "Visibility"}


def stored_geometry(node: Node) -> str | None:
    """Return the name of the property with the object's geometry in the file: Shape, Mesh, Points; or None."""
    properties = node.find("Properties")
    for each in [] if properties is None else properties.children:
        kind, tag = _GEOMETRY.get(each.get("name"), ("", ""))
        if each.get("type") == kind and any(part.tag == tag and part.get("file") for part in each.children):
            return each.get("name")
    return None


def plain_type(kind: str, geometry: str | None) -> str | None:
    """Return the type that an object gets here: its own, that of bare geometry, or None if it is left out."""
    if kind in lists.TYPES:
        return kind
    return None if geometry is None else _PLAIN[geometry]


class Reducer:
    """Reduces the elements of one package with these entries, whose objects that stay have these names."""

    def __init__(self, entries: Collection[str], names: Collection[str], left: Leavings) -> None:
        self._entries = entries
        self._names = names
        self._left = left
        self._owner = ""
        self.used: set[str] = set()
        """The entries of the archive that the remaining elements refer to."""

    def reduce_object(self, node: Node, kind: str, becomes: str) -> Node:
        """Reduce the data of the object `node`, which may get another type than in the file."""
        self._owner = node.get("name")
        attributes = {"name": self._owner}
        made = Node("Object", attributes)
        properties = node.find("Properties") or Node("Properties", {})
        if kind == becomes:
            extensions = self._extensions(node)
            if extensions is not None:
                attributes["Extensions"] = "True"
                made.children.append(extensions)
            made.children.append(self.reduce_properties(properties, becomes))
            return made
        geometry = stored_geometry(node)
        wanted = [each for each in properties.children if each.get("name") in (*_KEPT_OF_PLAIN, geometry)]
        made.children.append(self.reduce_properties(Node("Properties", {}, *wanted), becomes))
        return made

    def reduce_properties(self, node: Node, kind: str) -> Node:
        """Reduce the properties of an object of this type, or of the document (`kind` is empty)."""
        if not kind:
            self._owner = ""
        kept: list[Node] = []
        hidden: list[Node] = []
        seen: set[str] = set()
        included = {
            each.get("name")
            for each in node.children
            if each.get("type") == "App::PropertyFileIncluded" and any(part.get("file") for part in each.children)
        }
        for each in node.children:
            name = each.get("name")
            if each.tag == "_Property":
                # FreeCAD makes the property, where it is a dynamic one, by its type.
                if each.get("type") in lists.PROPERTIES and name not in _PROXY and _NAME.match(name):
                    kept_keys = ("name", "type", "status")
                    hidden.append(Node("_Property", {key: each.get(key) for key in kept_keys if each.get(key)}))
                continue
            if each.tag != "Property":
                raise scrutiny.Unsound(f"has an element {each.tag!r} among properties")
            if name in seen or not _NAME.match(name):
                raise scrutiny.Unsound(f"has a property named {name!r}, which FreeCAD cannot have written")
            seen.add(name)
            found = self._property(each, name, kind, included)
            if found is not None:
                kept.append(found)
        counts = {"Count": str(len(kept)), "TransientCount": str(len(hidden))}
        return Node("Properties", counts, *hidden, *kept)

    def reduce_hasher(self, node: Node) -> Node:
        """Reduce a table of short names for faces and edges, of FreeCAD 1.0 and later."""
        made = Node(node.tag, dict(node.attributes))
        made.text, made.is_cdata = node.text, node.is_cdata
        if "file" in made.attributes:
            self._refer(made, node.tag)
        return made

    def _extensions(self, node: Node) -> Node | None:
        found = node.find("Extensions")
        if found is None:
            return None
        kept: list[Node] = []
        for each in found.children:
            kind = each.get("type")
            if each.tag == "Extension" and kind in lists.EXTENSIONS and _NAME.match(each.get("name")):
                kept.append(Node("Extension", {"type": kind, "name": each.get("name")}))
            else:
                self._left.property(self._owner, f"the extension {kind}")
        return Node("Extensions", {"Count": str(len(kept))}, *kept) if kept else None

    def _property(self, node: Node, name: str, owner: str, included: Collection[str]) -> Node | None:
        kind = node.get("type")
        if kind == "App::PropertyPythonObject":
            content = self._python(node, name, owner)
        elif kind not in lists.PROPERTIES:
            self._left.unknown(self._owner, name, kind)
            return None
        elif name in _PROXY or (not owner and name in ("TransientDir", "FileName")):
            return None
        elif kind in ("App::PropertyFile", "App::PropertyPath"):
            tag = "String" if kind == "App::PropertyFile" else "Path"
            named = "".join(part.get("value") for part in node.children)
            if named and lists.INCLUDED.get(name) not in included:
                self._left.file(self._owner, name)
            content = [Node(tag, {"value": ""})]
        elif kind == "App::PropertyUUID":
            content = [part for part in node.children if part.tag == "Uuid" and _UUID.match(part.get("value"))]
        else:
            content = self._parts(node, name)
        if name in lists.WORDS and kind == "App::PropertyString":
            accepted = lists.WORDS[name]
            if any(part.get("value") not in accepted for part in content):
                self._left.property(self._owner, f"{name} (a text that FreeCAD would call or make)")
                return None
        if not content:
            return None
        attributes = {key: value for key, value in node.attributes.items() if key not in ("module", "class", "file")}
        return Node("Property", attributes, *content)

    def _python(self, node: Node, name: str, owner: str) -> list[Node]:
        """Reduce a Python object to nothing, to one of the few allowed classes, or to plain JSON."""
        found = node.find("Python")
        if found is None or len(node.children) != 1:
            return []
        module, name_of_class = found.get("module"), found.get("class")
        known = lists.PROXIES.get((module, name_of_class))
        state = _state(found)
        if known is not None and name == "Proxy" and owner in lists.PROXIED:
            own = _without_changes(state)
            if _is_harmless(own, known[1]):
                return [_python({"module": known[0], "class": known[1]}, own)]
        if not module and not name_of_class and state is not _NOTHING and name not in _PROXY:
            return [_python({"json": "yes"}, state)]
        if state is not None or module:
            self._left.code(self._owner, name, module, name_of_class)
        return []

    def _parts(self, node: Node, name: str) -> list[Node]:
        """Return the contents of a property, or of an element of it, that are data."""
        kept: list[Node] = []
        for each in node.children:
            if each.tag in _STRUCTURE:
                raise scrutiny.Unsound(f"has an element {each.tag!r} in a property, which FreeCAD cannot have written")
            if each.tag in _PYTHON:
                self._left.code(self._owner, name, each.get("module"), each.get("class"))
                continue
            if self._is_data(each, name):
                made = Node(each.tag, each.attributes, *self._parts(each, name))
                # An element that lost its last part keeps its end tag: see `xml.write`.
                made.text, made.is_cdata = each.text or "\n" * bool(each.children), each.is_cdata
                kept.append(made)
        for tag, containers in _COUNTED.items():
            if node.tag in containers:
                count = str(sum(each.tag == tag for each in kept))
                for key in ("count", "Count"):
                    if key in node.attributes:
                        node.attributes[key] = count
        return kept

    def _is_data(self, node: Node, name: str) -> bool:
        """Return whether an element stays, without what leads elsewhere. Raises Unsound if the model would change."""
        attributes = node.attributes
        for key in ("module", "class"):
            attributes.pop(key, None)
        kind = attributes.get("type")
        if kind is not None and kind not in lists.GEOMETRY:
            raise scrutiny.Unsound(f"holds a geometry of type {kind!r}, which is unknown here")
        if node.tag in ("XLink", "DocMap"):
            if attributes.get("file"):
                raise scrutiny.Unsound(
                    f"refers to another file {attributes['file']!r}: only what the file contains can be opened"
                )
            if node.tag == "DocMap":
                return False
        elif "file" in attributes:
            self._refer(node, name)
        if node.tag == "FileIncluded" and attributes.pop("data", ""):
            raise scrutiny.Unsound(f"holds a file within {name!r} in a form that only other programs wrote")
        if node.tag == "Expression":
            return self._expression(attributes)
        if node.tag == "Cell":
            self._cell(attributes)
        return self._has_target(node)

    def _refer(self, node: Node, name: str) -> None:
        """Keep a reference to an entry of the archive. Raises Unsound for one that leads elsewhere."""
        entry = node.attributes["file"]
        if not entry:
            return
        if entry in (".", "..") or re.search(r"[/\\\x00-\x1f]", entry):
            raise scrutiny.Unsound(f"refers to another file {entry!r}: only what the file contains can be opened")
        if entry in self._entries:
            self.used.add(entry)
        elif node.tag == "FileIncluded":
            node.attributes["file"] = ""
            self._left.file(self._owner, name)

    def _expression(self, attributes: dict[str, str]) -> bool:
        path = attributes.get("path", "")
        why = formulas.path_objection(path) or formulas.objection(attributes.get("expression", ""))
        if why is not None:
            self._left.expression(self._owner, path, why)
        return why is None

    def _cell(self, attributes: dict[str, str]) -> None:
        content = attributes.get("content", "").lstrip()
        why = formulas.objection(content[1:]) if content.startswith("=") else None
        if why is not None:
            raise scrutiny.Unsound(
                f"has a formula in the cell {attributes.get('address', '')} of {self._owner!r} that {why}"
            )

    def _has_target(self, node: Node) -> bool:
        """Return whether a link's target exists; otherwise a single link is emptied, and one in a list removed."""
        for tag, key in (("Link", "value"), ("LinkSub", "value"), ("XLink", "name"), ("Link", "obj")):
            if node.tag == tag and node.attributes.get(key, "") not in self._names and node.attributes.get(key):
                node.attributes[key] = ""
                return tag == "LinkSub" or (tag, key) == ("XLink", "name")
        return True


_NOTHING: Any = object()


def _state(node: Node) -> Any:
    """Return what a Python object stores, if it is JSON; `_NOTHING` for anything else."""
    value = node.get("value")
    if not value:
        return None if set(node.attributes) <= {"module", "class", "object", "vobject", "json"} else _NOTHING
    try:
        text = base64.b64decode(value, validate=True).decode() if node.get("encoded") == "yes" else value
        return json.loads(text)
    except (ValueError, binascii.Error, RecursionError):
        return _NOTHING


def _without_changes(state: Any) -> Any:
    """Return the state without the names of changed properties, which FreeCAD 1.0 and later keep until they compute."""
    if isinstance(state, dict) and "props_changed" in state:
        return {key: value for key, value in state.items() if key != "props_changed"}
    return state


def _python(attributes: dict[str, str], state: Any) -> Node:
    value = base64.b64encode(json.dumps(state).encode()).decode("ascii")
    return Node("Python", {"value": value, "encoded": "yes", **attributes})


def _is_harmless(state: Any, name: str) -> bool:
    """Return whether the state of a class of `lists.PROXIES` is what it writes itself."""
    if isinstance(state, dict):
        words = state.get("Type", name)
        return state.keys() <= {"Type", "use_link"} and isinstance(words, str) and _is_flag(state.get("use_link"))
    return state is None or isinstance(state, str)


def _is_flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)
