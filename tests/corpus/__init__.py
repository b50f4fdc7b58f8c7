"""Small files in the dialects of many programs, made here, each with what must come of it when it is imported.

Every module of this package makes the files of one format and lists them in `CASES`. The expected values are from
formulas or from what the file's own text says, never from the application that reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What must come. A field that is None is not compared.

    Lengths are in the application's unit (FreeCAD: mm, Blender: its unit). `warnings` are the codes, exactly and in any
    order; `warning_words` must stand in some warning's message. With `error` the import is refused: its code, and
    `error_words` in its message.
    """

    format: str | None = None
    objects: int | None = None
    names: Sequence[str] | None = None
    """Labels (FreeCAD) or names (Blender), in the file's order."""
    kinds: Sequence[str] | None = None
    """`shape_type` in FreeCAD, `type` in Blender."""
    volume: float | None = None
    """Of all objects together."""
    area: float | None = None
    length: float | None = None
    """Of all edges."""
    box: tuple[Sequence[float], Sequence[float]] | None = None
    """Of all objects together."""
    boxes: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None
    """By label or name."""
    faces: int | None = None
    """Triangles of all meshes together (FreeCAD), faces (Blender); faces of shapes."""
    colors: Sequence[str | None] | None = None
    """Of the objects, in the file's order."""
    tolerance: float = 1e-5
    warnings: Sequence[str] = ()
    warning_words: Sequence[str] = ()
    error: str | None = None
    error_words: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What only one application's test compares."""


@dataclass(frozen=True, kw_only=True)
class FileCase:
    """A file: how to make it, under which name it is uploaded, and what must come of it."""

    id: str
    name: str
    make: Callable[[], bytes]
    expected: Expected
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of the request, such as `scale`."""
    since: tuple[int, int] | None = None
    """The version of the application from which `newer` is expected."""
    newer: Expected | None = None

    def expected_of(self, application: str) -> Expected:
        """What must come with an application such as `FreeCAD 1.0.0`."""
        version = tuple(int(part) for part in application.split()[1].split(".")[:2])
        return (
            self.newer if self.newer is not None and self.since is not None and version >= self.since else self.expected
        )
