"""`cadgate keys`: create, list and revoke the access keys of `auth = "token"`. A running gateway notices at once."""

from __future__ import annotations

import secrets
import sys
from contextlib import AbstractContextManager
from typing import Any

from cadgate.cli.lifecycle import say
from cadgate.config.settings import Settings
from cadgate.security.audit import AuditEvent, AuditLog
from cadgate.security.keys import OWN_KEY, KeyFile
from cadgate.security.private import secure_state


def create(settings: Settings, label: str, scopes: str) -> int:
    """Print a new key on stdout, alone on its line, and its description on stderr."""
    with _audited(settings, "keys.create") as learned:
        text, key = KeyFile(settings.state_dir).create(
            label, [scope.strip() for scope in scopes.split(",") if scope.strip()]
        )
        learned |= {"key": key.id, "scopes": list(key.scopes)}
    print(f"key {key.id} ({label}) may {', '.join(key.scopes)}; it is shown only this once:", file=sys.stderr)
    say(text)
    return 0


def _audited(settings: Settings, method: str) -> AbstractContextManager[dict[str, Any]]:
    """Write a line of the audit log when the block ends. Raises ConfigError if the state folder cannot be used."""
    secure_state(settings.state_dir, settings.origin("state_dir"))
    event = AuditEvent(method=method, identity="local", peer=None, request_id=secrets.token_hex(16), door="cli")
    return AuditLog.of(settings).recording(event)


def list_keys(settings: Settings) -> int:
    """Print one line per key: id, date of creation, scopes, label."""
    for key in KeyFile(settings.state_dir).list():
        if key.label != OWN_KEY:
            say(f"{key.id}  {key.created}  {','.join(key.scopes):<18}  {key.label}")
    return 0


def revoke(settings: Settings, identifier: str) -> int:
    """Revoke a key; return 1 if there is none with this id."""
    with _audited(settings, "keys.revoke") as learned:
        known = KeyFile(settings.state_dir).revoke(identifier)
        learned |= {"key": identifier} if known else {"known": False}
    if not known:
        print(f"cadgate: there is no key {identifier!r}; `cadgate keys list` shows their ids", file=sys.stderr)
        return 1
    say(f"key {identifier} is revoked")
    return 0
