"""Meshes in JSON bodies: reads, checks and converts them for the wire. Runs in the gateway's helper."""

from __future__ import annotations

import struct
import sys
from array import array
from itertools import chain
from pathlib import Path
from typing import Any

from cadgate.plugin import encode_params, read_bulk_json
from cadgate_blender.models.meshes import CREATE, MeshData, MeshParams

LARGE = 5000
"""The number of vertices from which a mesh is sent to Blender as a file."""


def convert(body: bytes, path: str) -> tuple[bytes | None, dict[str, Any]]:
    """Return the parameters of `meshes.create` as JSON; or None and the other parameters, if `path` has the arrays.

    Raises MalformedJson, ValidationFailed.
    """
    mesh = read_bulk_json(body, MeshParams)
    more = mesh.edges or mesh.uvs or mesh.normals or mesh.colors or mesh.materials or mesh.face_materials
    if len(mesh.vertices) < LARGE or more:
        return encode_params(CREATE, mesh).text, {}
    # As JSON, it would be written and read twice more.
    Path(path).write_bytes(raw(mesh))
    return None, mesh.model_dump(mode="json", include=mesh.model_fields_set - {"vertices", "faces", "edges"})


def raw(mesh: MeshParams | MeshData) -> bytes:
    """Return vertices and faces in the form of an upload."""
    points = array("f", chain.from_iterable(mesh.vertices))
    sizes = array("I", map(len, mesh.faces))
    corners = array("I", chain.from_iterable(mesh.faces))
    parts = (points, sizes, corners)
    if sys.byteorder == "big":
        for part in parts:
            part.byteswap()
    header = struct.pack("<4sIII", b"CGM1", len(mesh.vertices), len(sizes), len(corners))
    return header + b"".join(part.tobytes() for part in parts)
