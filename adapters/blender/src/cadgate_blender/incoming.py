"""Files that clients bring, looked at before Blender sees them: are they what their names say, and complete?"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, cast

from cadgate.plugin import StagedFile, UnsupportedFormat, scrutiny
from cadgate_blender import gltf_limits, limits
from cadgate_blender.models.exchange import FORMATS
from cadgate_blender.settings import BlenderSettings

_ZSTANDARD, _GZIP, _ZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"PK\x03\x04"
UNPACKED = 8
"""How many times as large as `max_import_bytes` a file may be when it is unpacked."""
_GLB = struct.Struct("<4sII")


def format_of(name: str) -> str:
    """The format that a file's name says. Raises UnsupportedFormat."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in FORMATS:
        raise UnsupportedFormat(
            f"The file {name!r} cannot be imported: known suffixes are {', '.join(sorted(FORMATS))}",
            details={"name": name, "suffixes": sorted(FORMATS)},
        )
    return FORMATS[suffix]


def bring(source: Path, name: str, format: str, staged: StagedFile, settings: BlenderSettings) -> Path:
    """Put the file into the folder of `staged` under a name that importers understand.

    Raises UnsupportedFormat for other content, LimitExceeded for a file that becomes too much when it is read.
    """
    with source.open("rb") as file:
        first = file.read(512)
    if not _LOOKS_LIKE[format](first, source):
        raise UnsupportedFormat(
            f"The file {name!r} is not a {format} file: its content is of another kind, or damaged",
            details={"name": name, "format": format},
        )
    try:
        _check(source, name, format, settings)
    except scrutiny.Unsound as error:
        raise UnsupportedFormat(f"The file {name!r} {error}", details={"name": name}) from error
    target = f"{PurePosixPath(name).stem[:60] or 'import'}{PurePosixPath(name).suffix.lower()}"
    with source.open("rb") as content, staged.create(target) as file:
        if format == "obj":
            # Without references to material libraries: they name other files, and none came with it.
            file.writelines(line for line in content if not line.lstrip().lower().startswith(b"mtllib"))
        else:
            shutil.copyfileobj(content, file, 1 << 20)
    return staged.folder / target


def copy(source: Path, staged: StagedFile) -> None:
    """Put the file where `staged.path` says: a copy, so that nothing can be done to the artifact itself."""
    with source.open("rb") as content, staged.create(staged.path.name) as file:
        shutil.copyfileobj(content, file, 1 << 20)


def _check(source: Path, name: str, format: str, settings: BlenderSettings) -> None:
    """What the content says that it becomes. Raises Unsound, UnsupportedFormat, LimitExceeded."""
    most = UNPACKED * settings.max_import_bytes
    if format in ("glb", "gltf"):
        document, binary = _glb_parts(source) if format == "glb" else (json.loads(source.read_bytes()), b"")
        _check_uris(document, name)
        gltf_limits.check(document, binary, name, settings)
        return
    with source.open("rb") as file:
        head = file.read(65_536)
    unpacked = 0
    if head.startswith(_ZSTANDARD):
        unpacked = scrutiny.zstd_size(str(source), most)
    elif head.startswith(_GZIP):
        unpacked = scrutiny.gzip_size(str(source), most)
    elif head.startswith(_ZIP):
        unpacked = scrutiny.zip_size(str(source))
    elif format == "ply" and scrutiny.ply_size(head) > source.stat().st_size:
        raise scrutiny.Unsound("does not have all that its header announces: it is cut off")
    if unpacked > most:
        limits.check(settings, "An eighth of the size of the unpacked file", unpacked // UNPACKED, "max_import_bytes")


def _glb_parts(path: Path) -> tuple[dict[str, Any], bytes]:
    """The document of a .glb, and the buffer in it."""
    with path.open("rb") as file:
        file.seek(_GLB.size)
        length, _ = struct.unpack("<II", file.read(8))
        document = json.loads(file.read(length))
        head = file.read(8)
        binary = file.read(struct.unpack("<II", head)[0]) if len(head) == 8 else b""
    return document, binary


def _check_uris(document: Any, name: str) -> None:
    """Raise UnsupportedFormat for a glTF that refers to other files."""
    for kind in ("buffers", "images"):
        for part in cast("list[dict[str, Any]]", document.get(kind) or []):
            uri = part.get("uri")
            if uri is not None and not str(uri).startswith("data:"):
                raise UnsupportedFormat(
                    f"The file {name!r} refers to another file {uri!r}: send a .glb, or a .gltf with embedded buffers",
                    details={"uri": str(uri)},
                )


# --- content -----------------------------------------------------------------------------------------------------


def _is_glb(first: bytes, path: Path) -> bool:
    if len(first) < _GLB.size + 8:
        return False
    magic, version, length = _GLB.unpack_from(first)
    if magic != b"glTF" or version != 2 or length != path.stat().st_size:
        return False
    return _is_json(lambda: _glb_parts(path)[0])


def _is_json(read: Callable[[], Any]) -> bool:
    try:
        return isinstance(read(), dict)
    except (ValueError, RecursionError):
        return False


def _is_gltf(first: bytes, path: Path) -> bool:
    return first.lstrip().startswith(b"{") and _is_json(lambda: json.loads(path.read_bytes()))


def _is_obj(first: bytes, path: Path) -> bool:
    if b"\0" in first:
        return False
    with path.open("rb") as lines:
        return any(line.startswith((b"v ", b"v\t")) for line in lines)


def _is_stl(first: bytes, path: Path) -> bool:
    size = path.stat().st_size
    if size >= 84 and size == 84 + 50 * struct.unpack_from("<I", first, 80)[0]:
        return True
    return first.lstrip().startswith(b"solid") and b"\0" not in first


def _starts(*heads: bytes) -> Callable[[bytes, Path], bool]:
    return lambda first, path: first.startswith(heads)


_LOOKS_LIKE: dict[str, Callable[[bytes, Path], bool]] = {
    "glb": _is_glb,
    "gltf": _is_gltf,
    "obj": _is_obj,
    "stl": _is_stl,
    "ply": _starts(b"ply\n", b"ply\r"),
    "fbx": _starts(b"Kaydara FBX Binary", b"; FBX"),
    "usd": _starts(b"PXR-USDC", b"#usda", _ZIP),
    "abc": _starts(b"Ogawa", b"\x89HDF"),
    # Uncompressed, zstandard, gzip.
    "blend": _starts(b"BLENDER", _ZSTANDARD, _GZIP),
}
