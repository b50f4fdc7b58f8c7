"""The interface an application offers to be served: adapters subclass `Host` in their app/ folder."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Generator

from cadgate.appserver import scripting


class Host:
    """One application, from the inside. Every method is called on the application's main thread.

    `package` is the package whose modules define the `@method` functions.
    """

    name = ""
    package = ""
    snapshot_suffix = ".snapshot"
    refusals: tuple[type[BaseException], ...] = (OSError, MemoryError)
    """Exceptions by which the application itself refuses a request: the client gets `command_failed` and the text.

    Anything else that a function raises, and that is no AppError, is a defect: `internal_error`, without the text.
    """
    allowed_unsaved: frozenset[str] = frozenset(("clear", "delete", "remove", "update"))
    """Actions (`delete` of `objects.delete`), or whole methods, that are allowed while the session cannot be saved.

    They may remove what prevents it. Other changes are refused until the session can be saved.
    """
    code_modules: frozenset[str] = scripting.MODULES
    """Modules that code may import and still be proved to leave nothing behind that acts on later calls."""
    code_words: frozenset[str] = scripting.WORDS
    """Names by which code can leave such a thing: to attach to the application's events, to register, to replace."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.workspace = ""
        self.application = ""
        self.lacking: dict[str, list[str]] = {}
        self.managed = False
        """Whether the gateway started this application; if not, the document belongs to a person."""
        self.emit: Callable[[str, dict[str, Any]], None] = lambda topic, data: None

    def start(self) -> None:
        """Prepare an empty document. Called once, before the first call."""

    def version(self) -> str:
        """Return name and version for people: `Blender 4.5.15 LTS`."""
        raise NotImplementedError

    def lacking_formats(self) -> dict[str, list[str]]:
        """Return which of the adapter's formats this build of the application cannot read and write, if any.

        For instance `{"reads": ["usd"], "writes": []}`. Called once, after `start`.
        """
        return {}

    def namespace(self) -> dict[str, Any]:
        """Return the names that executed code finds defined."""
        return {}

    def save_snapshot(self, path: str) -> None:
        """Write the whole state of the session to `path`.

        On Linux this is also called in a forked copy of the process, which has one thread and no connection. If it
        raises there, it is called in the process itself from then on.
        """
        raise NotImplementedError

    def load_snapshot(self, path: str | None) -> None:
        """Replace the state of the session by that in `path`; None stands for the state after `start`."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Bring the application into the mode that functions expect, whatever executed code left.

        Called before each method's function, also in a replay. It may depend on nothing but the state, and its cost is
        added to every call.
        """

    @contextmanager
    def transaction(self, label: str) -> Generator[None, None, None]:
        """Wrap one mutation. Applications with transactions of their own roll back here when it raises."""
        yield

    def settle(self, method: str) -> None:
        """Finish what a change has begun. Called after the function of a mutating call, within its transaction.

        In an atomic batch it is called for each call. If it raises, the call is refused and rolled back.
        """

    putting_off = False
    """Whether the running call may leave the update of dependent objects to `catch_up`; set by the server."""

    def may_put_off(self, method: str) -> bool:
        """Whether calls of this method may defer such updates in an atomic batch: a shared chain is then updated once.

        The method's result must not depend on them. They are made before any other method, and at the end.
        """
        return False

    def catch_up(self) -> None:
        """Make the deferred updates, within the batch's transaction.

        If this fails, the batch is run once more without deferring, to find the call that is to blame.
        """

    transactional = False
    """Whether `transaction` really undoes a failed mutation; if not, the server restores snapshot and journal."""

    beyond_transaction = False
    """Set by `transaction` when the failed call changed what aborting does not undo: then the server reloads."""

    def undo(self) -> str | None:
        """Undo the last mutation and return its label; only for hosts with transactions of their own."""
        raise NotImplementedError

    def redo(self) -> str | None:
        """Redo what was undone last; only for hosts with transactions of their own."""
        raise NotImplementedError

    def next_label(self, action: str) -> str | None:
        """Return what `undo` or `redo` (the `action`) would return now, or raise what it would; change nothing."""
        raise NotImplementedError

    @property
    def lost_request(self) -> str | None:
        """The `request_name` of the request that was to be redone, if the application has discarded its changes."""
        return None

    @property
    def moved_request(self) -> str | None:
        """The `request_name` of the request whose changes `undo` or `redo` moved last; None: unknown."""
        return None

    def unchanged(self) -> bool:
        """Whether the application's observers prove that the running call changed nothing, which saves a snapshot."""
        return False

    def acting(self) -> str | None:
        """Return what in the session acts by itself on changes, so that a replay may differ; None for nothing.

        Examples are scripted objects, handlers, drivers. Called after executed code, imports, undo and a restoration.
        While there is such a thing, every change is saved by a snapshot.
        """
        return None

    scripted: str | None = None
    """Why something in the session may act on changes, as the end of a sentence; set by the server."""

    def let_act(self, results: list[dict[str, Any]]) -> None:
        """Let what acts by itself act on the last change, before the resulting state is saved.

        `results` are about to be answered; update in place what they say about objects.
        """

    def observe(self) -> None:
        """Report what changed, by `emit`. Called after each call, which is still `current()`."""
