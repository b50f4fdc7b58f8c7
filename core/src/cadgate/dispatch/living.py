"""The sessions that live, by id and by owner: what one owner asks costs nothing for the sessions of others."""

from __future__ import annotations

from collections.abc import Iterator

from cadgate.dispatch.kept_session import KeptSession


class LivingSessions:
    """Sessions by their ids; those of one owner without a look at anybody else's."""

    def __init__(self) -> None:
        self._by_id: dict[str, KeptSession] = {}
        self._by_owner: dict[str, dict[str, KeptSession]] = {}

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._by_id

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[KeptSession]:
        """Iterate over all as they are now: sessions may be made and end meanwhile."""
        return iter(list(self._by_id.values()))

    def __getitem__(self, identifier: str) -> KeptSession:
        return self._by_id[identifier]

    def get(self, identifier: str) -> KeptSession | None:
        return self._by_id.get(identifier)

    def of(self, owner: str) -> list[KeptSession]:
        """Return the sessions of one owner, oldest first."""
        return list(self._by_owner.get(owner, {}).values())

    def add(self, kept: KeptSession) -> None:
        self._by_id[kept.id] = kept
        self._by_owner.setdefault(kept.record.owner, {})[kept.id] = kept

    def remove(self, identifier: str) -> None:
        """Forget a session, if it is known."""
        kept = self._by_id.pop(identifier, None)
        if kept is None:
            return
        theirs = self._by_owner[kept.record.owner]
        del theirs[identifier]
        if not theirs:
            del self._by_owner[kept.record.owner]
