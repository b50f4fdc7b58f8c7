"""What an object shows at the end of the tree below it: parts, groups and links to them are followed, arrays unrolled.

A link to a part shows the contents of the part at other places; each of these has its own names and colours.
"""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple

import FreeCAD
import Part

from cadgate_freecad.app import colours, holders, placed, shapes


class Leaf(NamedTuple):
    """An object with geometry of its own, at one of its places.

    `holders` are the names and labels of what it is in, the outermost first. `links` are the links on the way to it;
    the first one shows it by `path`, as FreeCAD names what is below an object.
    """

    obj: Any
    label: str
    holders: tuple[tuple[str, str], ...]
    links: tuple[Any, ...] = ()
    path: str = ""

    def shape(self) -> Any | None:
        """Return its shape at its place in the document, or None."""
        if not self.links:
            return shapes.shape_of(self.obj)
        found: Any = Part.getShape(self.links[0], self.path)
        if found.isNull():
            return None
        around = placed.frame(self.links[0])
        return found if around is None else placed.moved(found, around)

    def mesh(self) -> Any | None:
        """Return a copy of its mesh at its place in the document, or None."""
        if not self.links:
            own = placed.mesh(self.obj)
            return None if own is None else own.copy()
        kept: Any = getattr(self.obj, "Mesh", None)
        if not hasattr(kept, "CountFacets"):
            return None
        around = placed.frame(self.links[0]) or FreeCAD.Placement()
        result = kept.copy()
        result.Placement = FreeCAD.Placement()
        result.transform(around.toMatrix() * self.links[0].getSubObject(self.path, 4))
        return result

    def color(self) -> str | None:
        """Return the colour of the outermost link that has one, its own, or that of what shows it."""
        over = self._over()
        if over is not None:
            return over
        shown = (self.obj, *reversed(self.links))
        return next((found for each in shown if (found := colours.of(each)) is not None), None)

    def faces(self) -> dict[int, str]:
        """Return the colours of single faces by number."""
        return {} if self._over() is not None else colours.faces_of(self.obj)

    def _over(self) -> str | None:
        return next((found for each in self.links if (found := colours.own(each)) is not None), None)


def below(obj: Any, around: tuple[tuple[str, str], ...] = ()) -> list[Leaf]:
    """Return what `obj` shows, itself if it is no holder and shows none. `around` is what it is in."""
    return list(_below(Leaf(obj, obj.Label, around)))


def _below(at: Leaf) -> Iterator[Leaf]:
    obj, links = at.obj, at.links
    while not holders.count(obj) and (target := holders.linked(obj)) is not None:
        links = (*links, obj)
        obj = target
    children = list(_children(obj)) if holders.is_holder(obj) or holders.count(obj) else None
    if children is None:
        if _has_geometry(obj):
            yield at
        return
    inside = (*at.holders, (f"{at.path}{at.obj.Name}", at.label))
    if holders.count(obj):
        links = (*links, obj)
    for sub, name, child in children:
        yield from _below(Leaf(child, name, inside, links, f"{at.path}{sub}." if links else ""))


def _children(obj: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield of each visible child its name in a path, its label, and the object."""
    if holders.count(obj):
        for index, element in holders.elements(obj):
            label = f"{obj.Label}_i{index}" if element is None else element.Label
            yield str(index), label, obj.LinkedObject if element is None else element
        return
    for each in holders.members(obj):
        if getattr(each, "Visibility", True):
            yield each.Name, each.Label, each


def _has_geometry(obj: Any) -> bool:
    return shapes.shape_of(obj) is not None or hasattr(getattr(obj, "Mesh", None), "CountFacets")
