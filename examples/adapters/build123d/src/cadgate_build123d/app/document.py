"""The solids by name, and their descriptions. Its files are ZIPs of BREP and an index."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
import zipfile
from typing import Any

import build123d as b3d

from cadgate.appserver import Host, limit_exceeded, name_taken, not_found

SOLIDS: dict[str, tuple[Any, int]] = {}
"""The shape, and the number of its last change."""
STATE: dict[str, Any] = {"changes": 0, "host": None}


def host() -> Host:
    """Return the host, for its settings and events."""
    found: Host = STATE["host"]
    return found


def shape(name: str) -> Any:
    """Return the shape of that name. Raises AppError `object_not_found`."""
    if name not in SOLIDS:
        raise not_found("object", name, SOLIDS)
    return SOLIDS[name][0]


def chosen(name: str | None, on_conflict: str, default: str) -> str:
    """Return the name for a new solid. Raises AppError."""
    limit = host().settings["max_objects"]
    if len(SOLIDS) >= limit:
        raise limit_exceeded("The number of solids", len(SOLIDS) + 1, limit, "max_objects")
    if name is None or on_conflict == "rename":
        base = name or default
        names = itertools.chain([base], (f"{base}{number:03}" for number in itertools.count(1)))
        return next(each for each in names if each not in SOLIDS)
    if name in SOLIDS and on_conflict == "error":
        raise name_taken("object", name)
    return name


def put(name: str, made: Any) -> dict[str, Any]:
    """Keep a shape under its name, and describe it."""
    STATE["changes"] += 1
    SOLIDS[name] = (made, STATE["changes"])
    return describe(name)


def rounded(value: float) -> float:
    """Round to the digits that survive a file."""
    return float(f"{value:.9g}") + 0.0


def describe(name: str) -> dict[str, Any]:
    """Return a SolidInfo."""
    made, change = SOLIDS[name]
    box = made.bounding_box()
    return {
        "name": name,
        "type": "Solid" if len(made.solids()) == 1 else "Compound",
        "revision": f"r{change}",
        "volume": rounded(made.volume),
        "area": rounded(made.area),
        "bounds": [[round(value, 6) + 0.0 for value in corner] for corner in (tuple(box.min), tuple(box.max))],
        "solids": len(made.solids()),
        "faces": len(made.faces()),
        "edges": len(made.edges()),
    }


def save(path: str, names: list[str] | None = None) -> None:
    """Write the named solids, or all, with their order and numbers."""
    wanted = list(SOLIDS) if names is None else names
    index = {"changes": STATE["changes"], "solids": [[name, SOLIDS[name][1]] for name in wanted]}
    write_zip(path, [SOLIDS[name][0] for name in wanted], index)


def write_zip(path: str, shapes: list[Any], index: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(
        path, "w", zipfile.ZIP_DEFLATED, compresslevel=1
    ) as to:
        for number, each in enumerate(shapes):
            file = os.path.join(folder, "shape.brep")
            b3d.export_brep(each, file)
            to.write(file, f"{number:06}.brep")
        to.writestr("index.json", json.dumps(index))


def read_zip(path: str) -> tuple[list[Any], dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as source:
        index: dict[str, Any] = json.loads(source.read("index.json"))
        shapes = []
        for name in sorted(each for each in source.namelist() if each.endswith(".brep")):
            shapes.append(b3d.import_brep(source.extract(name, folder)))
        return shapes, index
