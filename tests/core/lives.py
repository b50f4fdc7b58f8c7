"""A document that is a list of words, with a journal: the lives of its session, each ended as a crash ends it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from cadgate.appserver.context import Call
from cadgate.appserver.generations import Entry
from cadgate.appserver.history import Request
from cadgate.appserver.host import Host
from cadgate.appserver.journal import Journal
from cadgate.appserver.recovery import Recovery
from cadgate.appserver.replies import Replies

ANYBODY = Request(None, None)


def called(method: str) -> Call:
    """Return a call that has changed something."""
    return Call(None, None, method, {}, {"mutates": True})


class Words(Host):
    """A document that is a list of words."""

    snapshot_suffix = ".words"

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.fails: set[str] = set()
        """What goes wrong: "save", "load", or a word that cannot be added again."""

    def save_snapshot(self, path: str) -> None:
        if "save" in self.fails:
            raise OSError("no space")
        Path(path).write_text(json.dumps(self.words))

    def load_snapshot(self, path: str | None) -> None:
        if "load" in self.fails and path is not None:
            raise RuntimeError("cannot be read")
        self.words = [] if path is None else json.loads(Path(path).read_text())

    def add(self, word: str) -> dict[str, Any]:
        self.words.append(word)
        if word in self.fails:
            raise RuntimeError(f"{word} cannot be added")
        return {"words": len(self.words)}

    def empty(self) -> dict[str, Any]:
        self.words.clear()
        return {"words": 0}


class Session:
    """One life of a host with its journal."""

    def __init__(self, folder: Path, *, crashed: bool = False, fails: set[str] | None = None) -> None:
        self.host = Words()
        self.records_end = True
        """Whether what follows an answer is done, too: it may be killed before."""
        self.host.fails |= fails or set()
        self.journal = Journal(str(folder), ".words")
        self.replies = Replies()
        self.recovery = Recovery(self.host, self.journal, self.replies, self._apply)
        self.replayed = self.recovery.restore(crashed=crashed)

    def close(self) -> None:
        self.journal.close()

    def _apply(self, entry: Entry) -> Any:
        return self.host.empty() if entry["method"] == "words.empty" else self.host.add(entry["params"]["word"])

    def add(self, word: str, *, key: str | None = None, request: str | None = None, seconds: float = 0.0) -> None:
        result = self.host.add(word)
        self.recovery.append_entry(
            {
                "key": key,
                "hash": "digest",
                "method": "words.add",
                "params": {"word": word},
                "result": result,
                "request": request or key or word,
            },
            seconds,
        )
        if key is not None:
            self.replies.store(key, "digest", {"result": result})
        if self.records_end:
            self.journal.record_end()

    def empty(self) -> None:
        entry = {"key": None, "hash": None, "method": "words.empty", "params": {}, "request": "empty"}
        self.recovery.append_entry({**entry, "result": self.host.empty()}, 0.0)

    def answered(self, method: str = "words.add", *, cleared: bool = False) -> str | None:
        """Do what follows an answer. Return why the log was shortened, once it was; None: it was not."""
        call = called(method)
        call.cleared = cleared
        ended = threading.Event()
        number = self.journal.number
        self.recovery.maintain(call, ended.set)
        if self.journal.has_pending_snapshot:
            assert ended.wait(20)
        self.recovery.adopt_pending_snapshot()
        if self.journal.number == number:
            return None
        generation = self.journal.read(self.journal.number, [])
        assert generation is not None
        return generation.about.because

    def begin_beside(self, because: str = "idle") -> Callable[[], None]:
        """Let a copy of this process write a snapshot; what is returned waits for it, and begins the new log."""
        ended = threading.Event()
        self.recovery.shorten_log(because, ended.set)

        def finish() -> None:
            if self.journal.has_pending_snapshot:
                assert ended.wait(20)
            self.recovery.adopt_pending_snapshot()

        return finish

    def execute(self, word: str) -> None:
        """A change that only a snapshot can tell."""
        self.host.add(word)
        self.recovery.persist_by_snapshot("session.execute")

    @property
    def words(self) -> str:
        return " ".join(self.host.words)

    @property
    def told(self) -> list[str]:
        return [f"{damage.where}: {damage.why}" for damage in self.recovery.damages]


class Lives:
    """The lives of one session, each ended as a crash ends it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open = ExitStack()

    def start(self, **more: Any) -> Session:
        return self._open.enter_context(closing(Session(self.folder, **more)))

    def close(self) -> None:
        self._open.close()

    def file(self, number: int, name: str) -> Path:
        return self.folder / f"gen-{number:06d}" / name


def flip(path: Path, place: int = 12) -> None:
    whole = bytearray(path.read_bytes())
    whole[place] ^= 1
    path.write_bytes(whole)
