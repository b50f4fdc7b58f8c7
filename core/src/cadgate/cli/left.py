"""What uninstalled adapters leave behind: tables of plugins.toml, sessions, logs; and artifacts that have grown old."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cadgate.artifacts.store import ArtifactStore
from cadgate.cli.lock import holder_of
from cadgate.config.entry_points import announced_names
from cadgate.config.settings import Settings
from cadgate.errors import CadgateError
from cadgate.plugins.discovery import is_enabled

OWN_LOGS = frozenset(("gateway", "audit"))
DAY = 24 * 3600


class StillRunning(CadgateError):
    """What a running gateway may be using is not removed."""

    code = "still_running"


@dataclass(frozen=True, slots=True)
class Left:
    """A folder or file that nothing installed uses."""

    what: str
    path: Path

    @property
    def size(self) -> int:
        files = [self.path] if self.path.is_file() else [one for one in self.path.rglob("*") if one.is_file()]
        return sum(one.lstat().st_size for one in files)

    def remove(self) -> None:
        shutil.rmtree(self.path) if self.path.is_dir() else self.path.unlink(missing_ok=True)


def left_tables(settings: Settings) -> set[str]:
    """Adapters that plugins.toml switches on or sets up, and that are not installed. Imports none."""
    return {name for name in settings.adapters if is_enabled(settings, name)} - set(announced_names())


def left_by_adapters(state_dir: Path) -> Iterator[Left]:
    """Sessions and logs of adapters that are not installed."""
    installed = set(announced_names())
    sessions = state_dir / "sessions"
    gone = {one.name for one in sessions.iterdir() if one.is_dir()} - installed if sessions.is_dir() else set[str]()
    for name in sorted(gone):
        yield Left(f"the session of {name}", sessions / name)
    logs = state_dir / "logs"
    for path in sorted(logs.iterdir()) if logs.is_dir() else ():
        name = path.name.partition(".")[0]
        if ".log" in path.name and {name, name.removesuffix("-workers")}.isdisjoint(installed | OWN_LOGS):
            yield Left(f"a log of {name}", path)


def old_artifacts(state_dir: Path, days: float) -> Iterator[Left]:
    """Artifacts that were stored longer ago."""
    root = state_dir / "artifacts"
    if not root.is_dir():
        return
    before = time.time() - days * DAY
    store = ArtifactStore(root, owners=state_dir / "owners")
    listed, _ = store.page(0, 1_000_000)
    for artifact in listed:
        path = root / artifact.id
        if path.stat().st_mtime < before:
            yield Left(f"the artifact {artifact.name!r}", path)


def prune(settings: Settings, *, remove: bool, days: float | None) -> int:
    """List what is left, and with `remove` remove it. Answers the exit code.

    :raises StillRunning: a gateway holds the state folder.
    """
    folder = settings.state_dir
    holder = holder_of(folder)
    if remove and holder is not None:
        raise StillRunning(f"the gateway runs (process {holder.pid}); end it first: cadgate down")
    for name in sorted(left_tables(settings)):
        print(f"plugins.toml has [adapters.{name}], and no such adapter is installed: remove the table by hand")
    found = [*left_by_adapters(folder), *(old_artifacts(folder, days) if days is not None else ())]
    for one in found:
        print(f"{'removed' if remove else 'left'}: {one.what}, {_amount(one.size)}: {one.path}")
        if remove:
            one.remove()
    if not found:
        print(f"nothing is left in {folder}")
    elif not remove:
        print("cadgate prune --yes removes these")
    return 0


def _amount(size: int) -> str:
    return f"{size} bytes" if size < 10_000 else f"{size / 1e6:.1f} MB"
