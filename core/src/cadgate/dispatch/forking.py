"""Copies the whole state of a session for another one: its journal, at one point of it, and its workspace."""

from __future__ import annotations

import os
import secrets
import shutil
from functools import partial
from pathlib import Path

import anyio.to_thread

from cadgate.appserver.journal_copy import PREFIX, copy_journal
from cadgate.artifacts.paths import STAGING
from cadgate.dispatch.calls import result_of
from cadgate.dispatch.kept_session import KeptSession
from cadgate.dispatch.session import SessionRuntime
from cadgate.errors import CommandExecutionError, ValidationFailed
from cadgate.security.private import make_folder

COPY = "session.copy"
COPY_SECONDS = 60.0
_NOT_COPIED = (STAGING, "jobs")
"""Folders of a workspace in which work is going on, which the other session does not have."""


async def copy_state(runtime: SessionRuntime, kept: KeptSession | None, target: Path) -> None:
    """Copy the state of a session (`kept`: None for `default`) into the folder of another, which is not started yet.

    It is the state between two calls: those that run now are finished first. A session without a process is not woken.
    Raises CommandExecutionError if a file cannot be copied, and what a call raises.
    """
    if runtime.served.settings.mode != "managed":
        raise ValidationFailed("from: an application that the gateway does not start has no journal to copy")
    journal = runtime.folder / "journal"
    try:
        copied = None if kept is None else await kept.while_asleep(partial(_copy_asleep, journal))
        if copied is None:
            copied = await _copy_awake(runtime, journal)
        await anyio.to_thread.run_sync(_put, copied, runtime.workspace, target)
    except OSError as error:
        raise CommandExecutionError(f"The session could not be copied: {error.strerror or error}") from error


async def _copy_awake(runtime: SessionRuntime, journal: Path) -> Path:
    reply = await runtime.session.calls.exchange(COPY, {"name": secrets.token_hex(8)}, COPY_SECONDS)
    return journal / str(result_of(reply)["folder"])


def _copy_asleep(journal: Path) -> Path:
    make_folder(journal)
    copied = journal / (PREFIX + secrets.token_hex(8))
    copy_journal(str(journal), str(copied))
    return copied


def _put(copied: Path, workspace: Path, target: Path) -> None:
    """Move the copied journal into the other session's folder, and copy the files of the workspace."""
    try:
        make_folder(target / "journal")
        for each in copied.iterdir():
            # Into the folder, which a waiting application may have mounted already.
            os.replace(each, target / "journal" / each.name)
        make_folder(target / "workspace")
        if workspace.is_dir():
            ignored = shutil.ignore_patterns(*_NOT_COPIED)
            shutil.copytree(
                workspace,
                target / "workspace",
                symlinks=True,
                dirs_exist_ok=True,
                ignore=lambda folder, names: ignored(folder, names) if Path(folder) == workspace else set(),
            )
    finally:
        shutil.rmtree(copied, ignore_errors=True)
