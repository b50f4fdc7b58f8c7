"""The artifact store: files that a session wrote or a client uploaded, with an id, size and hash."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import anyio.to_thread

from cadgate.artifacts.inside import copy_over, create, folder_inside, is_plain, open_plain, plain_files, take
from cadgate.artifacts.listing import Listing
from cadgate.artifacts.media_types import media_type_of
from cadgate.artifacts.paths import STAGING, check_name, check_title, resolve
from cadgate.artifacts.retention import Retention
from cadgate.errors import (
    ArtifactNotFound,
    CadgateError,
    CommandExecutionError,
    Forbidden,
    IdempotencyConflict,
    PathNotAllowed,
)
from cadgate.models.responses import Artifact
from cadgate.security.owners import OPERATOR, Owners
from cadgate.security.private import make_folder, write_text

_LEFTOVER_SECONDS = 3600
_CHANGED = (errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP)
_ID = re.compile(r"[0-9a-f]{32}\Z")
OWNER = "owner"
"""The file in an artifact's folder with the identity that stored it."""
KEY = "key"
"""The file in an artifact's folder that names the record of its idempotency key."""
KEYS = ".keys"
"""The folder of these records, which hold the id of the key's artifact."""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Stored:
    """An artifact, and the path of its bytes."""

    artifact: Artifact
    path: Path


class StagedFile:
    """A folder where the application writes; `commit` makes its file an artifact, leaving the block removes the rest.

        async with app.stage(params.filepath, default="scene", suffix=".glb") as staged:
            await app.send("internal.export", {"path": str(staged.path)})
            artifact = await staged.commit()

    Nothing appears under the client's name before `commit`; a failure leaves no file.
    """

    def __init__(
        self, store: ArtifactStore, workspace: Path, name: str, target: tuple[Path, Path] | None, owner: str
    ) -> None:
        self._store = store
        self._workspace = workspace
        self.folder = folder = workspace / STAGING / secrets.token_hex(8)
        self.name = name
        self.path = folder / Path(name).name
        self._target = target
        self._owner = owner

    async def __aenter__(self) -> StagedFile:
        with folder_inside(self._workspace, self.folder, create=True):
            return self

    def create(self, name: str) -> BinaryIO:
        """Create a file in the folder, for the application to read. Raises FileExistsError, OSError."""
        with self._opened() as folder:
            return create(folder, name)

    async def bring(self, stored: Stored) -> Path:
        """Copy an artifact's file into the folder; return its path, for the application to read until the block ends.

        Applications see no artifacts, which are not all their caller's; and none of them can change the artifact by it.
        """
        return await anyio.to_thread.run_sync(self._bring, stored.path)

    def _bring(self, source: Path) -> Path:
        name = f".brought-{secrets.token_hex(4)}{source.suffix}"
        with source.open("rb") as content, self.create(name) as file:
            shutil.copyfileobj(content, file, 1 << 20)
        return self.folder / name

    def _opened(self) -> AbstractContextManager[int]:
        return folder_inside(self._workspace, self.folder)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, CadgateError):
            # Applications name files that they could not write. Clients need not know the gateway's paths.
            error.message = error.message.replace(f"{self.folder}{os.sep}", "")
        shutil.rmtree(self.folder, ignore_errors=True)

    async def commit(self) -> Artifact:
        """Make the written file an artifact, and copy it into the workspace under the client's name.

        Raises CommandExecutionError if no file, or an empty one, was written, and Conflict if the file of that name
        belongs to somebody else.
        """
        committing = asyncio.ensure_future(anyio.to_thread.run_sync(self._commit))
        try:
            return await asyncio.shield(committing)
        except asyncio.CancelledError:
            # Nobody learns of the artifact, so nothing of it stays.
            await asyncio.wait({committing})
            if not committing.cancelled() and committing.exception() is None:
                with contextlib.suppress(CadgateError):
                    await anyio.to_thread.run_sync(self._store.delete, committing.result().id)
            raise

    def _commit(self) -> Artifact:
        with self._opened() as folder:
            if not is_plain(folder, self.path.name) or not os.stat(self.path.name, dir_fd=folder).st_size:
                raise CommandExecutionError(f"The application reported success but wrote no file {self.name!r}")
            self._store.make_room(os.stat(self.path.name, dir_fd=folder).st_size)
            if self._target is not None:
                with self._store.owners.claiming(self._target[1], self._owner, self.name):
                    self._put(folder, *self._target)
            return self._store.take(folder, self.path.name, self.name, owner=self._owner)

    def _put(self, folder: int, root: Path, target: Path) -> None:
        """Copy the file to the client's name, completely or not at all."""
        try:
            with (
                folder_inside(root, target.parent, create=True) as place,
                open_plain(folder, self.path.name) as source,
            ):
                copy_over(source, place, target.name)
        except OSError as error:
            if error.errno not in _CHANGED:
                raise
            raise PathNotAllowed(
                f"The path {self.name!r} is now a folder or a link, or leads through a file",
                details={"path": self.name},
            ) from error

    async def related(self) -> list[Artifact]:
        """Make every other file of the folder an artifact, sorted by name (an OBJ's .mtl and textures)."""
        return await anyio.to_thread.run_sync(self._related)

    def _related(self) -> list[Artifact]:
        with self._opened() as folder:
            # Named relative to the file, as it refers to them.
            others = sorted(name for name in plain_files(folder) if name != self.path.name)
            return [self._take_related(name) for name in others]

    def _take_related(self, name: str) -> Artifact:
        path = self.folder / name
        with folder_inside(self._workspace, path.parent) as folder:
            return self._store.take(folder, path.name, name, owner=self._owner)


class ArtifactStore:
    """The artifacts in one folder: `{id}/data` and `{id}/artifact.json`."""

    def __init__(
        self,
        root: Path,
        allowed_roots: tuple[Path, ...] = (),
        *,
        owners: Path | None = None,
        max_bytes: int | None = None,
        ttl_seconds: float | None = None,
    ) -> None:
        self.root = root
        self._lock = threading.Lock()
        self.retention = Retention(root, max_bytes, ttl_seconds)
        self._listing = Listing(root, lambda name: _ID.match(name) is not None, self.owner_of, ttl_seconds)
        self.owners = Owners(owners or root.with_name("owners"))
        self.allowed_roots = allowed_roots
        make_folder(root)
        self._sweep()

    def stage(
        self,
        workspace: Path,
        name: str,
        *,
        suffix: str | None = None,
        owner: str = "local",
        chosen: bool = True,
        copies: bool = True,
    ) -> StagedFile:
        """Return a `StagedFile`; see `Application.stage`.

        Raises Conflict if the file of that name does not belong to `owner`; unless the name was `chosen`, no copy is
        made instead. Without `copies` nothing appears in the workspace.
        """
        if not name.rpartition("/")[2].strip(". "):
            check_name(name)  # before a suffix makes an invalid name valid
        if suffix and Path(name).suffix.lower() != suffix.lower():
            name += suffix
        target = resolve(workspace, name, self.allowed_roots)
        roots = [root.resolve() for root in (workspace, *self.allowed_roots)]
        root = next(root for root in roots if target.is_relative_to(root))
        if copies and chosen:
            self.owners.require(target, owner, name)
        elif not self.owners.may_replace(target, owner):
            copies = False
        return StagedFile(self, workspace, name, (root, target) if copies else None, owner)

    def adopt(self, path: Path, name: str, *, sha256: str | None = None, owner: str = "local") -> Artifact:
        """Move the file `path` into the store, and return its artifact. `sha256` is its digest, if known already."""
        with folder_inside(path.parent, path.parent) as folder:
            return self.take(folder, path.name, name, sha256=sha256, owner=owner)

    def take(self, folder: int, file: str, name: str, *, sha256: str | None = None, owner: str = "local") -> Artifact:
        """Do the same for a regular file in an open folder. Raises CommandExecutionError for anything else."""
        identifier = secrets.token_hex(16)
        part = self.root / f".{identifier}.part"
        part.mkdir(mode=0o700)
        try:
            take(folder, file, part / "data")
            self.make_room((part / "data").stat().st_size)
            artifact = Artifact(
                id=identifier,
                name=name,
                media_type=media_type_of(name),
                size=(part / "data").stat().st_size,
                sha256=sha256 or _digest(part / "data"),
                url=f"/api/v1/artifacts/{identifier}",
            )
            write_text(part / "artifact.json", artifact.model_dump_json())
            write_text(part / OWNER, owner)
            os.replace(part, self.root / identifier)
            self._listing.add(identifier, owner)
        except OSError as error:
            shutil.rmtree(part, ignore_errors=True)
            if error.errno is not None:
                raise
            raise CommandExecutionError(f"The application left {name!r}, which is not a regular file") from error
        except CadgateError:
            shutil.rmtree(part, ignore_errors=True)
            raise
        self.retention.add(artifact.size)
        return artifact

    def make_room(self, size: int) -> None:
        """Remove expired artifacts. Raises LimitExceeded if there is still no space for `size` bytes."""
        for identifier in self.retention.expired(size):
            with contextlib.suppress(FileNotFoundError):
                self._remove(identifier)
        self.retention.require(size)

    def _remove(self, identifier: str) -> None:
        """Remove an artifact and the record of its key. Raises FileNotFoundError."""
        owner = self.owner_of(identifier)
        trash = self.root / f".{identifier}.removed"
        os.replace(self.root / identifier, trash)
        self._listing.remove(identifier, owner)
        with contextlib.suppress(OSError):
            self.retention.add(-(trash / "data").stat().st_size)
        with contextlib.suppress(OSError):
            record = self.root / KEYS / (trash / KEY).read_text()
            if record.read_text() == identifier:
                record.unlink()
        shutil.rmtree(trash, ignore_errors=True)

    def keyed(self, artifact: Artifact, key: str, owner: str = "local") -> Artifact:
        """Record an artifact that was just stored as the one for a client's idempotency key.

        An earlier artifact with that key takes precedence, also after restarts: it is returned if it is the same file
        under the same name; otherwise this raises IdempotencyConflict. The new one is removed in both cases. If the
        first was removed since, the new one is kept, under its own id: an id is never reused.
        """
        # The same key from another caller is a different request.
        whose = "" if owner in OPERATOR else f" of {owner}"
        record = self.root / KEYS / hashlib.sha256(f"idempotency-key{whose} {key}".encode()).hexdigest()
        with self._lock:
            try:
                first = self.get(record.read_text()).artifact
            except (OSError, ArtifactNotFound):  # there was none, or it was removed since
                make_folder(record.parent)
                write_text(self.root / artifact.id / KEY, record.name)
                write_text(record, artifact.id)
                return artifact
        self._remove(artifact.id)
        if (first.name, first.sha256) != (artifact.name, artifact.sha256):
            raise IdempotencyConflict(
                f"The idempotency key {key!r} was used for another file: use a new key for a new request"
            )
        return first

    def upload_path(self, name: str) -> tuple[Path, str]:
        """Return a temporary path for an upload, and the name it will have. Raises PathNotAllowed."""
        base = name.replace("\\", "/").rsplit("/", 1)[-1] or "upload"
        check_title(base)
        return self.root / f".{secrets.token_hex(16)}.upload", base

    def get(self, identifier: str) -> Stored:
        """Return the artifact `identifier`. Raises ArtifactNotFound."""
        folder = self.root / identifier
        try:
            if not _ID.match(identifier) or self.retention.is_too_old(folder):
                raise FileNotFoundError(identifier)
            artifact = Artifact.model_validate(json.loads((folder / "artifact.json").read_bytes()))
        except (OSError, ValueError) as error:
            raise ArtifactNotFound(f"There is no artifact {identifier!r}", details={"id": identifier}) from error
        return Stored(artifact, folder / "data")

    def holds(self, identifier: str) -> bool:
        """Whether there is an artifact with this id."""
        try:
            self.get(identifier)
        except ArtifactNotFound:
            return False
        return True

    def page(self, offset: int, limit: int) -> tuple[list[Artifact], int]:
        """Return a page of the artifacts, newest first, and their total number."""
        return self.page_of(offset, limit, None)

    def page_of(self, offset: int, limit: int, owner: str | None) -> tuple[list[Artifact], int]:
        """Return a page of what belongs to `owner`; None: of everything."""
        identifiers, total = self._listing.page(offset, limit, owner)
        listed: list[Artifact] = []
        for identifier in identifiers:
            with contextlib.suppress(ArtifactNotFound):  # removed meanwhile
                listed.append(self.get(identifier).artifact)
        return listed, total

    def _sweep(self) -> None:
        """Remove what unfinished uploads and removals of a killed gateway left behind."""
        now = time.time()
        for path in self.root.glob(".*"):
            with contextlib.suppress(OSError):
                if path.suffix in (".part", ".upload", ".removed") and now - path.stat().st_mtime > _LEFTOVER_SECONDS:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def owner_of(self, identifier: str) -> str:
        """Return who stored an artifact: `key:` and an id, or `local`, also for one that never was."""
        if not _ID.match(identifier):
            return "local"
        try:
            return (self.root / identifier / OWNER).read_text()
        except OSError:
            return "local"

    def delete(self, identifier: str, identity: str = "local") -> None:
        """Remove the artifact; running downloads finish normally.

        Raises ArtifactNotFound, and Forbidden if it does not belong to the caller, `identity`.
        """
        self.get(identifier)
        if identity not in OPERATOR and identity != self.owner_of(identifier):
            raise Forbidden(
                f"The artifact {identifier!r} was stored with another key, and only its owner may remove it",
                details={"id": identifier},
            )
        try:
            self._remove(identifier)
        except FileNotFoundError as error:  # removed by another request meanwhile
            raise ArtifactNotFound(f"There is no artifact {identifier!r}", details={"id": identifier}) from error
