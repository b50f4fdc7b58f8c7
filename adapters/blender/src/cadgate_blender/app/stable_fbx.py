"""Makes FBX files reproducible and their movement readable.

Blender's exporter puts time, paths and hashes into them, and leaves out the curves of components that stay as they are:
Blender's own importer then ignores the others.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Callable, Generator


class _Then(datetime.datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.datetime(1970, 1, 1)


@contextmanager
def stable() -> Generator[None, None, None]:
    """Hide time and folder from the exporter inside the block, and make its ids from names alone."""
    from io_scene_fbx import export_fbx_bin, fbx_utils  # pyright: ignore[reportMissingImports] - an add-on

    gen_path = export_fbx_bin._gen_vid_path
    former_time = export_fbx_bin.datetime

    def bare_path(image: Any, scene_data: Any) -> tuple[str, str]:
        name = os.path.basename(gen_path(image, scene_data)[0])
        return name, name

    export_fbx_bin._gen_vid_path = bare_path
    export_fbx_bin.datetime = SimpleNamespace(datetime=_Then)
    # A global of the module hides Python's own hash, which differs in every process for strings.
    fbx_utils.hash = _hash
    fbx_utils._keys_to_uuids.clear()
    fbx_utils._uuids_to_keys.clear()
    simplify = fbx_utils.AnimationCurveNodeWrapper.simplify
    fbx_utils.AnimationCurveNodeWrapper.simplify = _keeping_components(simplify)
    try:
        yield
    finally:
        fbx_utils.AnimationCurveNodeWrapper.simplify = simplify
        export_fbx_bin._gen_vid_path, export_fbx_bin.datetime = gen_path, former_time
        del fbx_utils.hash


def _keeping_components(simplify: Callable[..., None]) -> Callable[..., None]:
    """Return the exporter's function that leaves out keys, which then keeps two of each component of what moves."""

    def kept(curves: Any, *args: Any, **options: Any) -> None:
        simplify(curves, *args, **options)
        written = getattr(curves, "_frame_write_mask_array", None)
        if written is None or not written.any():
            return
        for row in written:
            if row.sum() < 2:
                row[0] = row[-1] = True

    return kept


def _hash(value: Any) -> int:
    return int.from_bytes(hashlib.sha256(repr(value).encode()).digest()[:7], "big")
