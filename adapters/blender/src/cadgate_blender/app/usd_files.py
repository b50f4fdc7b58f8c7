"""A USD file that came alone, without what it refers to: Blender's importer would read that from wherever it says."""

from __future__ import annotations

import os
import posixpath
import sys
import zipfile
from typing import Any

import bpy

from cadgate.appserver import AppError

_LAYERS = (".usd", ".usda", ".usdc")


def alone(path: str) -> tuple[str, int]:
    """The file to import instead of `path`, which refers to nothing else, and how many references it has lost.

    Raises AppError `unsupported_format` for a package that leads out of itself, and for a file that is no USD.
    """
    utilities, layers = _modules()
    if zipfile.is_zipfile(path):
        _require_own(path, utilities)
        return path, 0
    found = _references(path, utilities)
    if not found:
        return path, 0
    layer = layers.Layer.FindOrOpen(path)
    utilities.ModifyAssetPaths(layer, lambda _: "")
    folder, name = os.path.split(path)
    target = os.path.join(folder, "alone-" + name)
    layer.Export(target)
    if left := _references(target, utilities):
        raise _refused(left[0])
    return target, len(found)


def _modules() -> tuple[Any, Any]:
    """USD's own Python modules, which come with Blender; the `bpy` wheel has them off its path."""
    version = "python{}.{}".format(*sys.version_info[:2])
    folder = os.path.join(bpy.utils.resource_path("LOCAL"), "python", "lib", version, "site-packages")
    if os.path.isdir(folder) and folder not in sys.path:
        sys.path.append(folder)
    try:
        from pxr import Sdf, UsdUtils
    except ImportError:
        raise AppError(
            "unsupported_format", "This Blender cannot look into USD files, so they are not imported"
        ) from None
    return UsdUtils, Sdf


def _references(path: str, utilities: Any) -> list[str]:
    try:
        sublayers, references, payloads = utilities.ExtractExternalReferences(path)
    except Exception as error:
        raise AppError("unsupported_format", "The file is no USD that can be read, or damaged") from error
    return [str(each) for each in (*sublayers, *references, *payloads)]


def _require_own(path: str, utilities: Any) -> None:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    for member in names:
        if member.lower().endswith(_LAYERS):
            for reference in _references(f"{path}[{member}]", utilities):
                within = posixpath.normpath(posixpath.join(posixpath.dirname(member), reference))
                if posixpath.isabs(reference) or within not in names:
                    raise _refused(reference)


def _refused(reference: str) -> AppError:
    return AppError(
        "unsupported_format",
        f"The file refers to another file {reference!r}, which did not come with it: send a .usdz with all of them",
        {"uri": reference},
    )
