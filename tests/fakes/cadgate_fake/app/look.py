"""What the fake application's sheets are drawn from: a cube for each item whose value is its colour, or None."""

from __future__ import annotations

from array import array
from typing import Any

from cadgate.appserver import AppError, ShapeFolder, method
from cadgate_fake.app.host import ITEMS
from cadgate_fake.app.items import find

CORNERS = [(x, y, z) for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)]
FACETS = [
    *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)),
    *((2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
]


@method("internal.look")
def look(*, folder: str, objects: list[str] | None, highlight: list[str] | None, camera: bool) -> dict[str, Any]:
    """Write the cube, and the scene."""
    if camera:
        raise AppError("validation_error", "there is no camera")
    for name in [*(objects or ()), *(highlight or ())]:
        find(name)
    files = ShapeFolder(folder)
    points = array("d", [value for corner in CORNERS for value in corner]).tobytes()
    cube = files.put(points, array("i", [corner for facet in FACETS for corner in facet]).tobytes(), creased=True)
    return {
        "scene": files.put_scene(
            {
                "place": "shelf",
                "objects": [
                    {
                        "name": name,
                        "type": "item",
                        "parts": [{"shape": cube, "matrix": [1, 0, 0, 3 * number, 0, 1, 0, 0, 0, 0, 1, 0]}],
                        "colors": [] if item["value"] is None else [item["value"]],
                        "box": None,
                    }
                    for number, (name, item) in enumerate(ITEMS.items())
                    if objects is None or name in objects
                ],
                "hidden": [],
                "bare": [],
                "units": {"name": "cubits", "metres": None},
                "camera": None,
            }
        )
    }
