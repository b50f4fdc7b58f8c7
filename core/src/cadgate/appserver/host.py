"""What an application must offer so that it can be served: adapters subclass `Host` in their app/ folder."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Generator

from cadgate.appserver import scripting


class Host:
    """One application, seen from its inside. Every method is called on the application's main thread.

    `package` is the package whose modules hold the `@method` functions.
    """

    name = ""
    package = ""
    snapshot_suffix = ".snapshot"
    refusals: tuple[type[BaseException], ...] = (OSError, MemoryError)
    """What is raised where the application itself refuses what it is asked for: the client gets `command_failed` and
    the text. Whatever else a function raises, and is no AppError, is a defect: `internal_error` without its text.
    """
    mends: frozenset[str] = frozenset(("clear", "delete", "remove", "update"))
    """Actions (`delete` of `objects.delete`), or whole methods, that go on where the session cannot be saved: what they
    change may be what hinders it. Other changes are refused until it can be.
    """
    code_modules: frozenset[str] = scripting.MODULES
    """What executed code may import and still be proved to leave nothing behind that acts on later calls."""
    code_words: frozenset[str] = scripting.WORDS
    """Names by which code can leave such a thing: what it attaches to the application's events, registers, replaces."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.workspace = ""
        self.application = ""
        self.managed = False
        """Whether the gateway started this application for itself; if not, the document is a person's."""
        self.emit: Callable[[str, dict[str, Any]], None] = lambda topic, data: None

    def start(self) -> None:
        """Prepare an empty document. Called once, before the first call."""

    def version(self) -> str:
        """Name and version for people: `Blender 4.5.15 LTS`."""
        raise NotImplementedError

    def namespace(self) -> dict[str, Any]:
        """What executed code finds defined."""
        return {}

    def save_snapshot(self, path: str) -> None:
        """Write the whole state of the session to `path`.

        On Linux also in a copy of the process (`fork`), which has one thread and no connection. A host that cannot
        save there raises, and is asked in the process itself from then on.
        """
        raise NotImplementedError

    def load_snapshot(self, path: str | None) -> None:
        """Replace the state of the session by that of `path`; None is the state after `start`."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Called before each method's function, also when it is replayed: bring the application into the state that
        functions expect, whatever executed code left on. It may depend on nothing but the state, and costs every call.
        """

    @contextmanager
    def transaction(self, label: str) -> Generator[None, None, None]:
        """Wrap one mutation. Applications with transactions of their own roll back here when it raises."""
        yield

    def settle(self, method: str) -> None:
        """Called after the function of a mutating call, within its transaction: finish what the change has begun.

        It sees also the calls of an atomic batch one by one. What it raises refuses the call, which is rolled back.
        """

    putting_off = False
    """Whether the running call leaves what it leads to elsewhere in the document to `catch_up`; set by the server."""

    def may_put_off(self, method: str) -> bool:
        """Whether calls of this method may, in an atomic batch: a chain that several change is made again once then.

        Its answer must not show what is left to be done. Before any other method, and at the end, that is done.
        """
        return False

    def catch_up(self) -> None:
        """Do, within the transaction, what calls of the batch have put off.

        A batch whose call fails here is done once more without putting off, to find the call that is to blame.
        """

    transactional = False
    """Whether `transaction` really undoes a failed mutation; if not, the server reloads snapshot and journal."""

    beyond_transaction = False
    """Set by `transaction` where the call that failed changed what aborting does not undo: the server reloads then."""

    def undo(self) -> str | None:
        """Undo the last mutation and say its label; only for hosts with transactions of their own."""
        raise NotImplementedError

    def redo(self) -> str | None:
        """Redo what was undone last; only for hosts with transactions of their own."""
        raise NotImplementedError

    def unchanged(self) -> bool:
        """Whether the application's observers prove that the running call changed nothing: spares a snapshot."""
        return False

    def acting(self) -> str | None:
        """What in the session acts by itself on what calls do, so that a replay may do otherwise; None for nothing.

        Asked after executed code, imports, undo and a restoration: scripted objects, handlers, drivers. While there is
        such a thing, every change is kept by a snapshot.
        """
        return None

    scripted: str | None = None
    """Why something in the session may act on what calls do, as the end of a sentence; set by the server."""

    def let_act(self, results: list[dict[str, Any]]) -> None:
        """Let what acts by itself act on the last change, before the state that it leads to is kept.

        `results` are what is about to be answered; what they say of objects is to be put right in them.
        """

    def observe(self) -> None:
        """Called after each call, which is still `current()`: report what changed, by `emit`."""
