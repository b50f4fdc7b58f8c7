"""Exported and imported objects: their names, and their geometry at its location in the document."""

from __future__ import annotations

import os
from typing import Any

import Part

from cadgate.appserver import AppError


class Item:
    """One object to export: its names, and a shape or a mesh at its location in the document.

    `color` is its colour (`#rrggbb[aa]`), `faces` are those of single faces by number, and `holders` the names and
    labels of the parts and groups that it is in, the outermost first.
    """

    def __init__(self, name: str, label: str, shape: Any | None, mesh: Any | None) -> None:
        self.name = name
        self.label = label
        self.shape = shape
        self.mesh = mesh
        self.source: Any | None = None
        """The object's own shape, of which `shape` is a copy: what is known of it need not be computed again."""
        self.color: str | None = None
        self.faces: dict[int, str] = {}
        self.holders: list[tuple[str, str]] = []

    @property
    def required_shape(self) -> Any:
        """Return the shape. Raises AppError `unsupported_format` if the item is a mesh."""
        if self.shape is None:
            raise AppError("unsupported_format", f"{self.name!r} is a mesh, and this format holds shapes only")
        return self.shape

    @property
    def is_solid(self) -> bool:
        return self.shape is not None and bool(self.shape.Solids)

    def keep(self, folder: str, number: int) -> dict[str, Any]:
        """Put the geometry into a file for another process."""
        file = f"item{number}.{'brp' if self.shape is not None else 'bms'}"
        path = os.path.join(folder, file)
        if self.shape is not None:
            self.shape.exportBinary(path)
        elif self.mesh is not None:
            self.mesh.write(path)
        looks = {"color": self.color, "faces": [*self.faces.items()], "holders": self.holders}
        return {"name": self.name, "label": self.label, "file": file, **looks}

    @staticmethod
    def restore(folder: str, entry: dict[str, Any]) -> Item:
        path = os.path.join(folder, entry["file"])
        if entry["file"].endswith(".brp"):
            shape = Part.Shape()
            shape.importBinary(path)
            item = Item(entry["name"], entry["label"], shape, None)
        else:
            import Mesh

            item = Item(entry["name"], entry["label"], None, Mesh.Mesh(path))
        item.color = entry["color"]
        item.faces = dict(entry["faces"])
        item.holders = [(name, label) for name, label in entry["holders"]]
        return item
