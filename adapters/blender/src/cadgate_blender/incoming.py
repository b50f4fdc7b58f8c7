"""Checks files from clients before Blender sees them: whether they match their names, and are complete."""

from __future__ import annotations

import io
import json
import re
import shutil
import struct
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple, cast

from cadgate.plugin import Application, Recognised, StagedFile, UnsupportedFormat, recognise, scrutiny
from cadgate_blender import gltf_limits, limits
from cadgate_blender.models.exchange import FORMATS
from cadgate_blender.settings import BlenderSettings

_ZSTANDARD, _GZIP, _ZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"PK\x03\x04"
UNPACKED = 8
"""How many times `max_import_bytes` an unpacked file may have."""
_SKIPPED = bytes(range(33)) + bytes(range(128, 256))
"""What Blender skips at the beginning of a line in an OBJ: bytes that, as signed numbers, are not above a space."""
_NOT_AS_DESCRIBED = (
    AttributeError,
    IndexError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What reading a structure of a foreign file raises if a list, a number or a string is something else."""
_MARK = b"\xef\xbb\xbf"
_GLB = struct.Struct("<4sII")


def format_of(name: str, path: Path) -> str:
    """Return the format of a file by its name. Raises UnsupportedFormat, which says what the file is."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        found = recognise(str(path), name)
        said = _refusal(found, name) if found else f"The file {name!r} cannot be imported"
        raise UnsupportedFormat(
            f"{said}. Known suffixes are {known}",
            details={"name": name, "suffixes": sorted(FORMATS), **({"kind": found.kind} if found else {})},
        )
    return FORMATS[suffix]


class KnownFile(NamedTuple):
    """An artifact whose content matches its suffix."""

    path: Path
    name: str
    suffix: str


def known(app: Application, artifact: str, heads: Mapping[str, tuple[bytes, ...]], used_as: str) -> KnownFile:
    """Return an artifact that begins with one of the `heads` of its suffix. `used_as` is what it is to be (`a font`).

    Raises ArtifactNotFound, LimitExceeded, UnsupportedFormat.
    """
    stored = app.artifacts.get(artifact)
    name = PurePosixPath(stored.artifact.name).name
    suffix = PurePosixPath(name).suffix.lower()
    settings = cast("BlenderSettings", app.settings)
    limits.check(settings, "The size of the file in bytes", stored.artifact.size, "max_import_bytes")
    if suffix not in heads:
        raise UnsupportedFormat(
            f"The file {name!r} cannot be used as {used_as}: known suffixes are {', '.join(heads)}",
            details={"name": name, "suffixes": list(heads)},
        )
    with stored.path.open("rb") as file:
        first = file.read(max(map(len, heads[suffix])))
    if not first.startswith(heads[suffix]):
        raise UnsupportedFormat(f"The file {name!r} does not match its suffix", details={"name": name})
    return KnownFile(stored.path, name, suffix)


def _refusal(found: Recognised, name: str) -> str:
    return found.refusal(name, _CAD if found.kind in _SOLIDS else _RENAME.get(found.kind))


_SOLIDS = ("step", "iges", "brep", "fcstd")
_CAD = (
    "it contains solids, which Blender cannot read; import it into FreeCAD (POST /api/v1/freecad/import), export it "
    "there as glb, obj or stl, and import that artifact here (scale=0.001 makes metres of millimetres)"
)
_RENAME = {
    kind: f"its content does not match its name; give it the suffix {suffix}"
    for kind, suffix in {"stl": ".stl", "obj": ".obj", "fbx": ".fbx", "gltf": ".gltf", "glb": ".glb"}.items()
}


def bring(source: Path, name: str, format: str, staged: StagedFile, settings: BlenderSettings) -> Path:
    """Put the file into the folder of `staged` under a name that importers understand.

    Raises UnsupportedFormat for other content, LimitExceeded for a file that would become too large.
    """
    with source.open("rb") as file:
        first = file.read(512)
    if not _LOOKS_LIKE[format](first, source):
        found = recognise(str(source), name)
        if found is not None and found.kind != format:
            raise UnsupportedFormat(_refusal(found, name), details={"name": name, "format": format, "kind": found.kind})
        raise UnsupportedFormat(
            f"The file {name!r} is not a {format} file: its content is of another kind, or damaged",
            details={"name": name, "format": format},
        )
    try:
        _check(source, name, format, settings)
    except scrutiny.Unsound as error:
        raise UnsupportedFormat(f"The file {name!r} {error}", details={"name": name}) from error
    except _NOT_AS_DESCRIBED as error:
        raise UnsupportedFormat(
            f"The file {name!r} is damaged: its parts are not of the kinds that {format} requires",
            details={"name": name, "format": format},
        ) from error
    # Importers name objects after the file; some interpret these characters.
    stem = re.sub(r'[%"#:<>|?*]', "_", PurePosixPath(name).stem[:60])
    target = f"{stem or 'import'}{PurePosixPath(name).suffix.lower()}"
    with source.open("rb") as content, staged.create(target) as file:
        if format == "obj":
            # Remove references to material libraries: they name other files, which did not come with it.
            _skip_mark(content)
            file.writelines(line for line in content if not line.lstrip(_SKIPPED).lower().startswith(b"mtllib"))
        elif format == "stl" and not _is_binary_stl(first, source):
            # Blender knows the keywords in lower case only.
            _skip_mark(content)
            file.writelines(line.lower() for line in content)
        elif format == "stl":
            # Copy whole triangles only: some programs append their own notes.
            shutil.copyfileobj(
                io.BytesIO(content.read(84 + 50 * struct.unpack_from("<I", first, 80)[0])), file, 1 << 20
            )
        else:
            shutil.copyfileobj(content, file, 1 << 20)
    return staged.folder / target


def _skip_mark(content: BinaryIO) -> None:
    """Skip a byte order mark, which Blender would read as part of the first line."""
    if content.read(len(_MARK)) != _MARK:
        content.seek(0)


def copy(source: Path, staged: StagedFile) -> None:
    """Copy the file to `staged.path`, so that nothing can change the artifact itself."""
    with source.open("rb") as content, staged.create(staged.path.name) as file:
        shutil.copyfileobj(content, file, 1 << 20)


def readable(app: Application) -> list[str]:
    """Return the folders that paths in a .blend file may lead to, as texts."""
    return [str(folder) for folder in app.readable]


def _check(source: Path, name: str, format: str, settings: BlenderSettings) -> None:
    """Check what the content would become. Raises Unsound, UnsupportedFormat, LimitExceeded."""
    most = UNPACKED * settings.max_import_bytes
    if format in ("glb", "gltf"):
        document, binary = _glb_parts(source) if format == "glb" else (json.loads(source.read_bytes()), b"")
        _check_version(document)
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
        raise scrutiny.Unsound("does not contain everything that its header announces: it is cut off")
    if unpacked > most:
        limits.check(settings, "An eighth of the size of the unpacked file", unpacked // UNPACKED, "max_import_bytes")


def _glb_parts(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return the document of a .glb, and its buffer."""
    with path.open("rb") as file:
        file.seek(_GLB.size)
        length, _ = struct.unpack("<II", file.read(8))
        document = json.loads(file.read(length))
        head = file.read(8)
        binary = file.read(struct.unpack("<II", head)[0]) if len(head) == 8 else b""
    return document, binary


def _check_version(document: dict[str, Any]) -> None:
    """Raise Unsound for a glTF of another version than 2."""
    asset = document.get("asset")
    version = cast("dict[str, Any]", asset).get("version") if isinstance(asset, dict) else None
    if not str(version).startswith("2."):
        raise scrutiny.Unsound(f"is glTF of version {version!r}, but only 2.0 can be read: convert it")


def _check_uris(document: Any, name: str) -> None:
    """Raise UnsupportedFormat for a glTF that refers to other files."""
    pending: list[Any] = [document]
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending += cast("list[Any]", part)
        if not isinstance(part, dict):
            continue
        for key, value in cast("dict[str, Any]", part).items():
            # Extensions have their own references; metadata of programs is not a reference.
            if key == "uri" and not str(value).startswith("data:"):
                raise UnsupportedFormat(
                    f"The file {name!r} refers to another file {value!r}: "
                    "send a .glb, or a .gltf with embedded buffers",
                    details={"uri": str(value)},
                )
            if key != "extras":
                pending.append(value)


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
        return any(line.removeprefix(_MARK).lstrip().startswith((b"v ", b"v\t")) for line in lines)


def _is_stl(first: bytes, path: Path) -> bool:
    return _is_binary_stl(first, path) or _is_text_stl(first)


def _is_text_stl(first: bytes) -> bool:
    return first.removeprefix(_MARK).lstrip()[:5].lower() == b"solid" and b"\0" not in first


def _is_binary_stl(first: bytes, path: Path) -> bool:
    size = path.stat().st_size
    if size < 84 or len(first) < 84:
        return False
    triangles = 84 + 50 * struct.unpack_from("<I", first, 80)[0]
    return size == triangles or (84 < triangles < size and size - triangles < 4096 and not _is_text_stl(first))


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
