"""What the fake application can do."""

from __future__ import annotations

from typing import Any

from cadgate.plugin import Artifact, Creation, Deleted, Empty, Method, ObjectInfo, ObjectPage, Page, Params, Result


class ItemParams(Creation):
    """An item with a value."""

    value: Any = 0


class ItemName(Params):
    """Which item."""

    name: str


class ItemUpdate(Params):
    """What of an item changes."""

    name: str
    value: Any = None
    note: str | None = None


class ItemInfo(ObjectInfo):
    """An item. `serial` counts creations and changes: work that is done twice shows."""

    value: Any = None
    note: str | None = None
    serial: int
    shelf: str = ""


class Seconds(Params):
    """How long."""

    seconds: float = 0.0


class How(Params):
    """In which way."""

    how: str = ""


class Answer(Result):
    """Anything."""

    value: Any = None


class FileParams(Params):
    """A file to write."""

    filepath: str | None = None
    text: str = "text"
    seconds: float = 0.0


class Written(Result):
    """A file that was written."""

    artifact: Artifact


class ImportParams(Params):
    """Items to bring in by calls that only the handler makes."""

    names: list[str]
    fail_after: int | None = None


class Imported(Result):
    """Items that were brought in."""

    objects: list[ItemInfo]


CREATE = Method("items.create", ItemParams, ItemInfo, mutates=True)
GET = Method("items.get", ItemName, ItemInfo)
LIST = Method("items.list", Page, ObjectPage[ItemInfo])
UPDATE = Method("items.update", ItemUpdate, ItemInfo, mutates=True, partial=True)
DELETE = Method("items.delete", ItemName, Deleted, mutates=True)
HALF = Method("items.half", ItemParams, ItemInfo, mutates=True)
"""Fails after its first change."""
WRONG = Method("items.wrong", ItemParams, ItemInfo, mutates=True)
"""Answers something that is no ItemInfo."""
BULK = Method("items.bulk", ItemParams, ItemInfo, mutates=True, replay="snapshot", atomic=False)
"""Survives by a snapshot."""
SLOW_CREATE = Method("items.slow", ItemParams, ItemInfo, mutates=True)
"""Sleeps `value` seconds between its change and its answer."""
CRASH_CREATE = Method("items.crash", ItemParams, ItemInfo, mutates=True)
"""Ends the process after its change."""
SLEEP = Method("work.sleep", Seconds, Answer)
SPIN = Method("work.spin", Empty, Answer)
STUCK = Method("work.stuck", Seconds, Answer)
"""Cannot be interrupted."""
CRASH = Method("work.crash", How, Answer)
ANSWER = Method("work.answer", How, Answer)
"""Results that are hard to send."""
ENVIRONMENT = Method("work.environment", Empty, Answer)
EXECUTE_SCOPE = Method("work.privileged", Empty, Answer, scope="execute")
WRITE_FILE = Method("files.write", FileParams, Written, deadline="file")
"""A handler that reads: it writes a file and leaves the document alone."""
WAIT = Method("files.wait", Seconds, Answer)
"""A handler that reads and takes its time."""
IMPORT = Method("files.import", ImportParams, Imported, mutates=True, replay="snapshot", atomic=False)
WORKER = Method("files.worker", How, Answer, deadline="file")
"""A handler that works in a worker."""
BROKEN_HANDLER = Method("files.broken", How, Answer, mutates=True, atomic=False)
"""A handler with a defect, unless `how` says which error to raise."""
TWICE = Method("files.twice", ItemParams, ItemInfo, mutates=True, atomic=False)
"""A handler that calls two methods of the application and then another handler."""
