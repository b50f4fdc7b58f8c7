"""The files of scenes: the current one and earlier ones, and why there may be nothing to draw."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

from PIL import Image

from cadgate.artifacts.inside import folder_inside, open_plain
from cadgate.errors import CadgateError, InternalError, NotFound, NothingToSee
from cadgate.look.shapes import Item

NOTE = "cadgate:revision"
"""The text in a sheet's PNG that names what it shows."""
_REVISION = re.compile(r"[0-9a-f]{20}\Z")
_SCENE_BYTES = 64 << 20
_FOLDER_BYTES = 512 << 20
_LATELY = 900.0
"""Seconds for which files stay whatever their size."""


def read(root: Path, folder: Path, revision: str) -> dict[str, Any]:
    """Return a scene. Raises FileNotFoundError, InternalError for a file that is not one."""
    try:
        with folder_inside(root, folder) as opened, open_plain(opened, revision) as file:
            data = file.read(_SCENE_BYTES + 1)
        if len(data) > _SCENE_BYTES:
            raise ValueError("it is too large")
        return json.loads(data)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise InternalError(f"The application wrote no usable scene: {error}") from error


def earlier(root: Path, folder: Path, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """Return the scene that `since` names, with the requested objects only; None without `since`."""
    since = wanted["since"]
    if since is None:
        return None
    revision = since if wanted["earlier_sheet"] is None else _noted(Path(wanted["earlier_sheet"]))
    try:
        if revision is None:
            raise FileNotFoundError(since)
        found = read(root, folder, revision)
    except FileNotFoundError as error:
        raise unknown(since) from error
    chosen = wanted["objects"]
    if chosen is not None:
        found["objects"] = [entry for entry in found["objects"] if entry["name"] in chosen]
    return found


def _noted(path: Path) -> str | None:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            note = str(image.info.get(NOTE, ""))
    except (OSError, ValueError, SyntaxError):
        return None
    return note if _REVISION.match(note) else None


def unknown(since: str) -> CadgateError:
    """Return the error for an earlier state that is not known, or not any more."""
    return NotFound(
        f"Nothing is known of the state {since!r}: send the `revision`, or the id of the artifact, of a sheet of this "
        "session that was drawn since the gateway started; without `since`, the sheet shows what is there now",
        details={"since": since},
        code="revision_not_found",
    )


def nothing_to_see(scene: dict[str, Any], wanted: dict[str, Any]) -> NothingToSee:
    """Return the error for a scene without anything to draw."""
    hidden, bare = scene["hidden"], scene["bare"]
    if wanted["objects"] is not None:
        return NothingToSee(
            f"There is nothing to see of {_listed(wanted['objects'])}: no surface and no line; name other objects, or "
            "leave `objects` out",
            details={"reason": "empty", "objects": wanted["objects"][:100]},
        )
    if hidden:
        return NothingToSee(
            f"Everything is hidden: {_listed(hidden)}; make something visible, or name what you want to see in "
            "`objects`, which draws it even if it is hidden",
            details={"reason": "hidden", "objects": hidden[:100]},
        )
    what = f": {_listed(bare)} has no surface and no line" if bare else ""
    return NothingToSee(
        f"The {scene['place']} is empty{what}; create an object first",
        details={"reason": "empty", "objects": bare[:100]},
    )


def off_frame(wanted: dict[str, Any], items: list[Item]) -> NothingToSee:
    """Return the error for views that show nothing of what is there."""
    views = ", ".join(json.dumps(view) for view in wanted["views"])
    low = [min(float(item.box[0][axis]) for item in items) for axis in range(3)]
    high = [max(float(item.box[1][axis]) for item in items) for axis in range(3)]
    corners = " to ".join(f"[{', '.join(f'{each:g}' for each in corner)}]" for corner in (low, high))
    return NothingToSee(
        f"Nothing of the {len(items)} objects is in the frame of {views}: they are within {corners}; move the camera "
        'or the section, or choose another view such as "iso"',
        details={"reason": "off_frame", "bounding_box": {"min": low, "max": high}},
    )


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def tidy(root: Path, folder: Path) -> None:
    """Remove the files that were used longest ago, if they are many bytes."""
    with folder_inside(root, folder) as opened:
        found: list[tuple[float, int, str]] = []
        with os.scandir(opened) as entries:
            for entry in entries:
                about = entry.stat(follow_symlinks=False)
                found.append((about.st_mtime, about.st_size, entry.name))
        total, limit = sum(size for _, size, _ in found), time.time() - _LATELY
        for modified, size, name in sorted(found):
            if total <= _FOLDER_BYTES or modified > limit:
                break
            os.unlink(name, dir_fd=opened)
            total -= size
