"""`OwnArtifacts`: the artifacts of one caller. Those of others do not exist for it."""

from __future__ import annotations

from pathlib import Path

from cadgate.artifacts.store import ArtifactStore, Stored
from cadgate.contract.authority import Authority
from cadgate.errors import ArtifactNotFound
from cadgate.models.responses import Artifact


class OwnArtifacts(ArtifactStore):
    """A view of a store. Cheap, and made for each request; see `of`."""

    _identity: str

    @classmethod
    def of(cls, store: ArtifactStore, authority: Authority) -> ArtifactStore:
        """Return what a caller sees of `store`: everything, for who sees all."""
        if authority.sees_all:
            return store
        own = cls.__new__(cls)
        own.__dict__.update(store.__dict__)
        own._identity = authority.identity
        return own

    def get(self, identifier: str) -> Stored:
        """Return the artifact `identifier`. Raises ArtifactNotFound, for those of others as for none."""
        # Asked first, so that both take the same time.
        if self.owner_of(identifier) != self._identity:
            raise ArtifactNotFound(f"There is no artifact {identifier!r}", details={"id": identifier})
        return super().get(identifier)

    def page(self, offset: int, limit: int) -> tuple[list[Artifact], int]:
        """Return a page of the caller's artifacts, newest first, and their number."""
        return self.page_of(offset, limit, self._identity)

    def adopt(self, path: Path, name: str, *, sha256: str | None = None, owner: str | None = None) -> Artifact:
        """See `ArtifactStore.adopt`; the artifact belongs to the caller."""
        return super().adopt(path, name, sha256=sha256, owner=owner or self._identity)

    def delete(self, identifier: str, identity: str | None = None) -> None:
        """Remove the artifact. Raises ArtifactNotFound."""
        super().delete(identifier, identity or self._identity)
