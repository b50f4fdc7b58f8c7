"""What the types of FreeCAD are without inputs and without the gateway: a script for `freecadcmd`.

It reads their names from the file in REACH_TYPES, and writes a line of JSON for each into the same file: the name,
whether FreeCAD calls it valid, what it says of it, and whether its shape is empty.
"""

import json
import os

import FreeCAD  # pyright: ignore[reportMissingImports]

WORKBENCHES = (
    "Part PartDesign Sketcher Mesh Points Surface TechDraw Drawing Spreadsheet Image Fem Inspection Path Robot"
)


def main() -> None:
    """Write what became of each type."""
    for name in WORKBENCHES.split():
        try:
            __import__(name)
        except ImportError:
            continue
    path = os.environ["REACH_TYPES"]
    with open(path) as file:
        names = file.read().split()
    with open(path, "w") as file:
        for name in names:
            document = FreeCAD.newDocument("Tried")
            try:
                made = document.addObject(name, "Tried")
                document.recompute()
                shape = getattr(made, "Shape", None)
                empty = shape is not None and (shape.isNull() or not shape.Vertexes)
                found = {"type": name, "valid": bool(made.isValid()), "says": made.getStatusString(), "empty": empty}
            except Exception as error:  # noqa: BLE001 - what it says is the result
                found = {"type": name, "valid": False, "says": str(error), "empty": True}
            file.write(json.dumps(found) + "\n")
            FreeCAD.closeDocument(document.Name)


main()
