"""`cadgate keys`: make, list and revoke the access keys of `auth = "token"`. A running gateway notices at once."""

from __future__ import annotations

import sys

from cadgate.cli.lifecycle import say
from cadgate.cli.serve import OWN_KEY
from cadgate.config import Settings
from cadgate.security.keys import KeyFile


def create(settings: Settings, label: str, scopes: str) -> int:
    """Print a new key on stdout, alone on its line; what it is on stderr."""
    text, key = KeyFile(settings.state_dir).create(
        label, [scope.strip() for scope in scopes.split(",") if scope.strip()]
    )
    print(f"key {key.id} ({label}) may {', '.join(key.scopes)}; it is shown this once:", file=sys.stderr)
    say(text)
    return 0


def list_keys(settings: Settings) -> int:
    """One line per key: id, when it was made, scopes, label."""
    for key in KeyFile(settings.state_dir).list():
        if key.label != OWN_KEY:
            say(f"{key.id}  {key.created}  {','.join(key.scopes):<18}  {key.label}")
    return 0


def revoke(settings: Settings, identifier: str) -> int:
    if not KeyFile(settings.state_dir).revoke(identifier):
        print(f"cadgate: there is no key {identifier!r}; `cadgate keys list` shows their ids", file=sys.stderr)
        return 1
    say(f"key {identifier} is refused from now on")
    return 0
