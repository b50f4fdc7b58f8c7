"""A reader of Alembic files in Ogawa that has nothing of Blender: transforms, and corners of meshes, by frame."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy

from tests.moving_files import Seen, Values, corner_rows, z_up

_PODS = ["?", "u1", "i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8"]
_IS_DATA = 1 << 63


class Abc:
    """An Alembic file in Ogawa: groups of groups and data, as its format describes them."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        assert self._data[:5] == b"Ogawa"
        self._top = self._group(struct.unpack_from("<Q", self._data, 8)[0])[2]
        self.seen_names: set[str] = set()

    def _group(self, place: int) -> list[int]:
        if place == 0:
            return []
        (count,) = struct.unpack_from("<Q", self._data, place)
        return list(struct.unpack_from(f"<{count}Q", self._data, place + 8))

    def _bytes(self, place: int) -> bytes:
        where = place & ~_IS_DATA
        if where == 0:
            return b""
        (size,) = struct.unpack_from("<Q", self._data, where)
        return self._data[where + 8 : where + 8 + size]

    def seen(self, frames: Sequence[int]) -> Seen:
        seen: Seen = {}
        for frame in frames:
            self._walk(self._top, "", numpy.eye(4), frame - frames[0], seen)
        return seen

    def _walk(self, place: int, above: str, world: Values, sample: int, seen: Seen) -> None:
        properties, *below, headers = self._group(place)
        held = self._properties(properties)
        if ".xform" in held:
            inner = self._properties(held[".xform"].place)
            if ".vals" in inner:
                world = world @ inner[".vals"].at(sample).reshape(4, 4).T
        if ".geom" in held and "P" in (geometry := self._properties(held[".geom"].place)):
            seen.setdefault(above, []).append(self._mesh(geometry, world, sample))
        for child, name in zip(below, self._names(self._bytes(headers)), strict=True):
            self._walk(child, name if ".geom" not in held else above, world, sample, seen)

    def _mesh(self, geometry: dict[str, Any], world: Values, sample: int) -> Values:
        corners = geometry[".faceIndices"].at(sample)
        points = geometry["P"].at(sample).reshape(-1, 3)[corners]
        if "N" in geometry:
            normals = self._per_corner(geometry["N"], sample, 3)
        else:
            # A mesh without normals is smooth: Blender leaves out what a reader computes.
            normals = _smooth(points, corners, geometry[".faceCounts"].at(sample))
        uvs = self._per_corner(geometry["uv"], sample, 2) if "uv" in geometry else numpy.zeros((len(corners), 2))
        return z_up(corner_rows(points, normals if len(normals) == len(corners) else normals[corners], uvs, world))

    def _per_corner(self, held: Any, sample: int, width: int) -> Values:
        if held.kind:
            return held.at(sample).reshape(-1, width)
        inner = self._properties(held.place)
        return inner[".vals"].at(sample).reshape(-1, width)[inner[".indices"].at(sample)]

    def _names(self, headers: bytes) -> Iterator[str]:
        place = 0
        while place < len(headers) - 32:
            (size,) = struct.unpack_from("<I", headers, place)
            yield headers[place + 4 : place + 4 + size].decode()
            place += 4 + size
            kind = headers[place]
            place += 1
            if kind == 255:
                place += 4 + struct.unpack_from("<I", headers, place)[0]

    def _properties(self, place: int) -> dict[str, Any]:
        group = self._group(place)
        if not group:
            return {}
        *below, last = group
        headers, at, found = self._bytes(last), 0, dict[str, Any]()
        for child in below:
            (info,) = struct.unpack_from("<I", headers, at)
            at += 4
            width = (1, 2, 4, 4)[info >> 2 & 3]

            kind, count, first, last_changed = info & 3, 0, 0, 0
            # The numbers before the name: samples, the first and last that differ, a time sampling.
            numbers = 0 if not kind else 1 + 2 * bool(info & 0x200) + bool(info & 0x100)
            told = [_number(headers, at + n * width, width) for n in range(numbers + 1)]
            at += (numbers + 1) * width
            if kind:
                count = told[0]
                first, last_changed = (0, 0) if info & 0x800 else (1, count - 1)
                if info & 0x200:
                    first, last_changed = told[1:3]
            size = told[-1]
            name = headers[at : at + size].decode()
            at += size
            if info >> 20 & 0xFF == 0xFF:
                at += width + _number(headers, at, width)
            found[name] = _Property(self, child, kind, info >> 4 & 15, count, first, last_changed)
        return found

    def sample(self, place: int, number: int, pod: int, array: bool) -> Values:
        data = self._bytes(self._group(place)[number * (2 if array else 1)])
        return numpy.frombuffer(data[16:], _PODS[pod])


def _number(data: bytes, place: int, width: int) -> int:
    return int.from_bytes(data[place : place + width], "little")


def _smooth(points: Values, corners: Values, counts: Values) -> Values:
    """The normals of a smooth mesh for each corner: the mean of the faces, by angle. Alembic's faces run clockwise."""
    sums = numpy.zeros((int(corners.max()) + 1, 3))
    ends = numpy.cumsum(counts)
    for begin, end in zip(ends - counts, ends, strict=True):
        face = points[begin:end]
        normal = numpy.cross(face, numpy.roll(face, 1, axis=0)).sum(axis=0)
        normal /= numpy.linalg.norm(normal)
        for n in range(len(face)):
            one, other = face[n - 1] - face[n], face[(n + 1) % len(face)] - face[n]
            cosine = one @ other / numpy.linalg.norm(one) / numpy.linalg.norm(other)
            sums[corners[begin + n]] += normal * numpy.arccos(numpy.clip(cosine, -1, 1))
    return (sums / numpy.maximum(numpy.linalg.norm(sums, axis=1), 1e-12)[:, None])[corners]


class _Property(NamedTuple):
    file: Abc
    place: int
    kind: int
    pod: int
    samples: int
    first: int
    last: int

    def at(self, sample: int) -> Values:
        """Samples that repeat the one before are not kept."""
        sample = min(sample, self.samples - 1)
        kept = 0 if self.last == 0 or sample < self.first else min(sample, self.last) - self.first + 1
        return self.file.sample(self.place, kept, self.pod, self.kind > 1)
