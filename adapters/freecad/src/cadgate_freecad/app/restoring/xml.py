"""Reads a Document.xml as nodes and rewrites it, so that FreeCAD's parser gets only what was checked here.

Entities, encodings, comments, processing instructions and namespaces, on which parsers may differ, are removed.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator
from xml.parsers import expat

from cadgate.appserver import scrutiny

MAX_DEPTH = 24
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}
_ATTRIBUTE = {**_ESCAPES, ord("\n"): "&#10;", ord("\r"): "&#13;", ord("\t"): "&#9;"}
_PAIRED = frozenset(("Properties", "Property", "Objects", "Extensions", "Extension", "ObjectData"))
_TEXT = {**_ESCAPES, ord("\r"): "&#13;"}


class Node:
    """An element."""

    __slots__ = ("attributes", "children", "is_cdata", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str], *children: Node) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Node] = list(children)
        self.text = ""
        self.is_cdata = False

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    def find(self, tag: str) -> Node | None:
        """Return the first child with this tag."""
        return next((child for child in self.children if child.tag == tag), None)

    def walk(self) -> Iterator[Node]:
        """Yield the elements below."""
        for child in self.children:
            yield child
            yield from child.walk()


def read(file: Any, begin: Callable[[Node], None], section: Callable[[str, Node], None]) -> None:
    """Parse a document: `begin` gets its root without children, `section` each part with the name of its parent.

    Parts are the children of `ObjectData`, and the other children of the root, each with its own name. Raises Unsound.
    """
    open_nodes: list[Node] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        if ":" in tag or any(":" in name for name in attributes):
            raise scrutiny.Unsound(f"has the element {tag!r} in a namespace, which FCStd files do not use")
        if len(open_nodes) > MAX_DEPTH:
            raise scrutiny.Unsound(f"holds XML of more than {MAX_DEPTH} levels")
        node = Node(tag, attributes)
        if not open_nodes:
            begin(node)
        elif not (len(open_nodes) == 1 or (len(open_nodes) == 2 and open_nodes[1].tag == "ObjectData")):
            open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(_: str) -> None:
        node = open_nodes.pop()
        if len(open_nodes) == 2 and open_nodes[1].tag == "ObjectData":
            section("ObjectData", node)
        elif len(open_nodes) == 1 and node.tag != "ObjectData":
            section(node.tag, node)

    def characters(text: str) -> None:
        if len(open_nodes) > 1:
            open_nodes[-1].text += text

    def cdata() -> None:
        if open_nodes:
            open_nodes[-1].is_cdata = True

    def refuse(*_: Any) -> None:
        raise scrutiny.Unsound("holds XML with a DOCTYPE, which may grow without bound or name other files")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartCdataSectionHandler = cdata
    parser.StartDoctypeDeclHandler = refuse
    try:
        scrutiny.parse_xml(parser, file)
    except expat.ExpatError as error:
        raise scrutiny.Unsound(f"holds XML that cannot be read: {error}") from None


def opening(tag: str, attributes: dict[str, str]) -> str:
    """Return the start tag of an element, without its end."""
    written = "".join(f' {name}="{value.translate(_ATTRIBUTE)}"' for name, value in attributes.items())
    return f"<{tag}{written}"


def write(node: Node, out: Callable[[str], Any]) -> None:
    """Write an element with all its contents."""
    out(opening(node.tag, node.attributes))
    if node.text.strip():
        # Some of FreeCAD's readers require that a CDATA section stays one.
        safe = node.text.replace("]]>", "]]]]><![CDATA[>")
        out(f"><![CDATA[{safe}]]>" if node.is_cdata else f">{node.text.translate(_TEXT)}")
    elif node.children or node.text or node.tag in _PAIRED:
        # FreeCAD's reader misses the end of `<Map/>`, and the second of two `<Sub></Sub>`: keep each as it was.
        out(">\n")
    else:
        out("/>\n")
        return
    for child in node.children:
        write(child, out)
    out(f"</{node.tag}>\n")
