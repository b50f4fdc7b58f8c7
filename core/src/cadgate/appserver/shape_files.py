"""Files of triangles and lines that the gateway draws from, one for each distinct shape, named by its content."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import struct
from typing import Any, Iterable

MAGIC = b"cgshape1"
HEADER = struct.Struct("<8s4I")
"""Magic, points, triangles, lines, flags. Then: the points (three doubles, or floats), the triangles (three int32),
the colour number of each triangle (uint16), the lines (two int32), and a byte for each line."""
SINGLE = 1
"""Flag: points are 32-bit floats."""
CLOSED = 2
"""Flag: the triangles enclose solids, counter-clockwise as seen from outside."""
CREASED = 4
"""Flag: lines are also drawn over the shaded surface where triangles meet at an angle, or end."""
SHARP = 1
"""A line that is drawn over a shaded surface; 0 is drawn in wireframes only."""

REVISION_BYTES = 10
"""Of the digest that names a scene. Shapes have longer names, and artifacts too."""

_NAME = re.compile(r"[0-9a-f]{32}\Z")


class ShapeFolder:
    """A folder of such files. What is there already is not written again."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        os.makedirs(folder, mode=0o700, exist_ok=True)

    def has(self, name: str | None) -> bool:
        """Return whether the file is still there: the gateway removes those that nobody has used for long."""
        if name is None or not _NAME.match(name):
            return False
        try:
            # Files that were used lately are not removed.
            os.utime(os.path.join(self._folder, name))
        except OSError:
            return False
        return True

    def put(
        self,
        points: bytes,
        triangles: bytes,
        colors: bytes | None = None,
        lines: bytes = b"",
        sharp: bytes | None = None,
        *,
        single: bool = False,
        closed: bool = False,
        creased: bool = False,
    ) -> str:
        """Write a shape unless it is there, and return its name.

        `points` are three doubles each (floats with `single`), `triangles` three int32, `colors` a uint16 for each
        triangle (all 0 by default), `lines` two int32, `sharp` a byte for each line (all 1 by default); little-endian.
        `closed` says that the triangles enclose solids. With `creased`, edges are also found by the angles between
        triangles that share points.
        """
        count = len(triangles) // 12
        head = HEADER.pack(
            MAGIC,
            len(points) // (12 if single else 24),
            count,
            len(lines) // 8,
            (SINGLE if single else 0) | (CLOSED if closed else 0) | (CREASED if creased else 0),
        )
        parts = (
            head,
            points,
            triangles,
            bytes(2 * count) if colors is None else colors,
            lines,
            bytes([SHARP]) * (len(lines) // 8) if sharp is None else sharp,
        )
        digest = hashlib.blake2b(digest_size=16)
        for part in parts:
            digest.update(part)
        name = digest.hexdigest()
        if not self.has(name):
            self._write(name, parts)
        return name

    def put_scene(self, scene: dict[str, Any]) -> str:
        """Write what `internal.look` found, and return its revision: the same for the same scene."""
        text = json.dumps(scene, sort_keys=True, separators=(",", ":")).encode()
        name = hashlib.blake2b(text, digest_size=REVISION_BYTES).hexdigest()
        self._write(name, (text,))
        return name

    def _write(self, name: str, parts: Iterable[bytes]) -> None:
        temporary = os.path.join(self._folder, "." + secrets.token_hex(8))
        with open(temporary, "xb") as file:
            for part in parts:
                file.write(part)
        os.replace(temporary, os.path.join(self._folder, name))
