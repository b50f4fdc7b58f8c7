"""Rewrites USD files with USD's own modules: incoming ones without references, written ones in order.

Blender's importer would read the files that a file refers to, wherever they are, and its exporter writes objects in the
order of their addresses.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import posixpath
import struct
import sys
import tempfile
import zipfile
from typing import Any

import bpy
import numpy

from cadgate.appserver import AppError

_LAYERS = (".usd", ".usda", ".usdc")
_AS_TEXT = 64 * 1024 * 1024
"""The size up to which a file is converted to text and back so that its bytes are reproducible."""


def alone(path: str) -> tuple[str, int]:
    """Return a file to import instead of `path`, without references, and how many references it has lost.

    Raises AppError `unsupported_format` for a package that leads out of itself, and for a file that is not USD.
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


def shown_names(path: str) -> dict[str, str]:
    """Return the names for people (`displayName`) of what cannot be called so in USD, by USD's own names.

    A name that stands for several of them is left out.
    """
    _, layers = _modules()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            path = f"{path}[{archive.namelist()[0]}]"
    found: dict[str, set[str]] = {}
    layer = layers.Layer.FindOrOpen(path)  # what is in it ends with it
    below = list(layer.rootPrims)
    while below:
        prim = below.pop()
        below += prim.nameChildren
        shown = prim.GetInfo("displayName") if prim.HasInfo("displayName") else ""
        found.setdefault(prim.name, set()).add(str(shown) or prim.name)
    return {name: shown.pop() for name, shown in found.items() if len(shown) == 1 and shown != {name}}


def require_sound(path: str) -> None:
    """Raise AppError `degenerate_result` for a mesh whose faces have points that are not there.

    Newer Blenders leave such faces out in silence; older ones import them, and read other memory then.
    """
    usd, geometry = module("Usd"), module("UsdGeom")
    stage = usd.Stage.Open(path)
    earliest = usd.TimeCode.EarliestTime()
    for root in (stage.GetPseudoRoot(), *stage.GetPrototypes()):
        for prim in usd.PrimRange(root):
            if not prim.IsA(geometry.Mesh):
                continue
            mesh = geometry.Mesh(prim)
            parts = (mesh.GetPointsAttr(), mesh.GetFaceVertexCountsAttr(), mesh.GetFaceVertexIndicesAttr())
            points, counts, corners = (numpy.asarray(part.Get(earliest) or ()) for part in parts)
            have = len(points)
            if counts.sum() != len(corners) or (len(corners) and not 0 <= corners.min() <= corners.max() < have):
                raise AppError(
                    "degenerate_result",
                    f"The mesh {str(prim.GetPath())!r} in the USD file has faces with points that do not exist (it has "
                    f"{have}): the file is damaged. Nothing was imported; write it again with another program",
                    {"mesh": str(prim.GetPath()), "vertices": have},
                )


def put_in_order(path: str) -> None:
    """Rewrite a USD file with everything in the order of its names. A Blender without USD's modules leaves it."""
    try:
        _, layers = _modules()
    except AppError:
        return
    if path.lower().endswith(".usdz"):
        _put_package_in_order(path)
        return
    source = layers.Layer.FindOrOpen(path)
    layer = layers.Layer.CreateAnonymous(".usda")
    _copy_fields(source.pseudoRoot, layer.pseudoRoot)
    for child in _sorted(source.pseudoRoot):
        _copy(child, layer, layers)
    if os.path.getsize(path) <= _AS_TEXT:
        # Text also fixes the order of fields; copies of a binary file reveal how it was made.
        text = layer.ExportToString()
        layer = layers.Layer.CreateAnonymous(".usda")
        layer.ImportFromString(text)
    ordered = path + ".ordered" + os.path.splitext(path)[1]
    # The first bytes of a .usd show whether it is text.
    form = {"format": "usda" if _is_text(path) else "usdc"} if path.lower().endswith(".usd") else {}
    layer.Export(ordered, args=form)
    del source, layer
    os.replace(ordered, path)


def _sorted(prim: Any) -> list[Any]:
    return sorted(prim.nameChildren, key=lambda each: each.name)


def _copy(prim: Any, layer: Any, layers: Any) -> None:
    children = _sorted(prim)
    made = layers.CreatePrimInLayer(layer, prim.path)
    if not children:
        layers.CopySpec(prim.layer, prim.path, layer, prim.path)
        return
    _copy_fields(prim, made)
    for part in prim.properties:
        layers.CopySpec(prim.layer, part.path, layer, part.path)
    for child in children:
        _copy(child, layer, layers)


def _copy_fields(source: Any, target: Any) -> None:
    for name in sorted(source.ListInfoKeys()):
        target.SetInfo(name, source.GetInfo(name))


def _is_text(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(5) == b"#usda"


def _put_package_in_order(path: str) -> None:
    """Rewrite a package: a ZIP of stored files, each beginning at a multiple of 64 bytes; the first is the scene."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            archive.extractall(folder)
        put_in_order(os.path.join(folder, members[0]))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for name in [members[0], *sorted(members[1:])]:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                assert archive.fp is not None  # it is open
                begin = archive.fp.tell() + 30 + len(name.encode())
                room = -(begin + 4) % 64
                info.extra = struct.pack("<HH", 0x1986, room) + b"\0" * room
                archive.writestr(info, content)


def can_check() -> bool:
    """Return whether this Blender has USD's own Python modules, without which no USD file is imported."""
    # A wheel must not load the modules of another USD than its own: both would be in one process.
    return os.path.isdir(os.path.join(_folder(), "pxr")) or (
        bool(bpy.app.binary_path) and importlib.util.find_spec("pxr") is not None
    )


def _folder() -> str:
    version = "python{}.{}".format(*sys.version_info[:2])
    return os.path.join(bpy.utils.resource_path("LOCAL"), "python", "lib", version, "site-packages")


def _modules() -> tuple[Any, Any]:
    """Return USD's own Python modules, which come with Blender; in the `bpy` wheel they are not on its path."""
    if not can_check():
        raise AppError("unsupported_format", "This Blender cannot check USD files, so they are not imported")
    folder = _folder()
    # First on the path, and only for this: another installed USD would not be the one that Blender is linked with.
    sys.path.insert(0, folder)
    try:
        from pxr import Sdf, UsdUtils  # pyright: ignore[reportMissingTypeStubs] - it has none
    except ImportError:
        raise AppError("unsupported_format", "This Blender cannot check USD files, so they are not imported") from None
    finally:
        sys.path.remove(folder)
    return UsdUtils, Sdf


def module(name: str) -> Any:
    """Return one of USD's own modules, such as `UsdGeom`. Raises AppError `unsupported_format` where there are none."""
    _modules()
    return importlib.import_module(f"pxr.{name}")


def _references(path: str, utilities: Any) -> list[str]:
    try:
        sublayers, references, payloads = utilities.ExtractExternalReferences(path)
    except Exception as error:
        raise AppError("unsupported_format", "The file is not a readable USD file, or is damaged") from error
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
