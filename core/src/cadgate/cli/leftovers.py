"""`cadgate prune`: removes what uninstalled adapters leave behind, and old artifacts."""

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
from cadgate.plugins.enabled import is_enabled
from cadgate.sessions.records import ID, record_in

OWN_LOGS = frozenset(("gateway", "audit"))
DAY = 24 * 3600


class StillRunning(CadgateError):
    """A running gateway may be using what would be removed."""

    code = "still_running"


@dataclass(frozen=True, slots=True)
class Leftover:
    """A folder or file that nothing uses any more."""

    what: str
    path: Path

    @property
    def size(self) -> int:
        files = [self.path] if self.path.is_file() else [one for one in self.path.rglob("*") if one.is_file()]
        return sum(one.lstat().st_size for one in files)

    def remove(self) -> None:
        shutil.rmtree(self.path) if self.path.is_dir() else self.path.unlink(missing_ok=True)


def leftover_tables(settings: Settings) -> set[str]:
    """Return the adapters that plugins.toml enables or configures, but that are not installed. Imports none."""
    return {name for name in settings.adapters if is_enabled(settings, name)} - set(announced_names())


def adapter_leftovers(state_dir: Path) -> Iterator[Leftover]:
    """Yield the sessions and logs of adapters that are not installed."""
    installed = set(announced_names())
    sessions = state_dir / "sessions"
    for folder in sorted(sessions.iterdir()) if sessions.is_dir() else ():
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        if not ID.match(folder.name):
            if folder.name not in installed:
                yield Leftover(f"the session of {folder.name}", folder)
        elif (record := record_in(folder)) is not None and record.application not in installed:
            yield Leftover(f"a session of {record.application}", folder)
    logs = state_dir / "logs"
    for path in sorted(logs.iterdir()) if logs.is_dir() else ():
        name = path.name.partition(".")[0]
        if ".log" in path.name and {name, name.removesuffix("-workers"), name.removesuffix("-sessions")}.isdisjoint(
            installed | OWN_LOGS
        ):
            yield Leftover(f"a log of {name}", path)


def old_artifacts(state_dir: Path, days: float) -> Iterator[Leftover]:
    """Yield the artifacts that are older than `days`."""
    root = state_dir / "artifacts"
    if not root.is_dir():
        return
    before = time.time() - days * DAY
    store = ArtifactStore(root, owners=state_dir / "owners")
    listed, _ = store.page(0, 1_000_000)
    for artifact in listed:
        path = root / artifact.id
        if path.stat().st_mtime < before:
            yield Leftover(f"the artifact {artifact.name!r}", path)


def prune(settings: Settings, *, remove: bool, days: float | None) -> int:
    """List what is left, and with `remove` remove it. Returns the exit code.

    :raises StillRunning: a gateway uses the state folder.
    """
    folder = settings.state_dir
    holder = holder_of(folder)
    if remove and holder is not None:
        raise StillRunning(f"the gateway is running (process {holder.pid}); stop it first: cadgate down")
    for name in sorted(leftover_tables(settings)):
        print(f"plugins.toml has [adapters.{name}], but no such adapter is installed: remove the table by hand")
    found = [*adapter_leftovers(folder), *(old_artifacts(folder, days) if days is not None else ())]
    for one in found:
        print(f"{'removed' if remove else 'left'}: {one.what}, {_amount(one.size)}: {one.path}")
        if remove:
            one.remove()
    if not found:
        print(f"nothing is left in {folder}")
    elif not remove:
        print("run `cadgate prune --yes` to remove these")
    return 0


def _amount(size: int) -> str:
    return f"{size} bytes" if size < 10_000 else f"{size / 1e6:.1f} MB"
