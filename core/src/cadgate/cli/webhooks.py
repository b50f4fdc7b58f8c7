"""`cadgate webhooks`: shows and replaces the secret that signs webhooks."""

from __future__ import annotations

import secrets
import sys
from contextlib import AbstractContextManager
from typing import Any

from cadgate.cli.lifecycle import say
from cadgate.config.settings import Settings
from cadgate.security.audit import AuditEvent, AuditLog
from cadgate.security.private import secure_state
from cadgate.security.webhook_secrets import WebhookSecrets


def show(settings: Settings) -> int:
    """Print the secret on stdout, alone on its line; say on stderr whether others sign too."""
    with _audited(settings, "webhooks.show"):
        newest, *others = WebhookSecrets(settings.state_dir).current()
    if others:
        print(f"{len(others)} earlier secret(s) sign too, for up to a day", file=sys.stderr)
    say(newest.secret)
    return 0


def rotate(settings: Settings, *, at_once: bool) -> int:
    """Print a new secret."""
    with _audited(settings, "webhooks.rotate"):
        found = WebhookSecrets(settings.state_dir)
        made = found.rotate()
        if at_once:
            found.forget_old()
    print("the new secret signs from now on" + ("" if at_once else "; the old one too, for a day"), file=sys.stderr)
    say(made.secret)
    return 0


def _audited(settings: Settings, method: str) -> AbstractContextManager[dict[str, Any]]:
    secure_state(settings.state_dir, settings.origin("state_dir"))
    event = AuditEvent(method=method, identity="local", peer=None, request_id=secrets.token_hex(16), door="cli")
    return AuditLog.of(settings).recording(event)
