"""The secrets that sign webhooks, in the state folder: `whsec_` and base64, as Standard Webhooks writes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from cadgate.errors import ConfigError
from cadgate.security.private import make_folder, replace_file

FILE = "webhooks.json"
KEPT_SECONDS = 86_400.0
"""How long a secret still signs after it was replaced."""


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """One secret. `expires` is when it no longer signs; None for the newest."""

    secret: str
    created: float
    expires: float | None = None


class WebhookSecrets:
    """`webhooks.json` in the state folder, mode 0600. It is read each time, so that a change is in force at once."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE

    def list(self) -> list[WebhookSecret]:
        """Return the secrets that sign now, newest first. Raises ConfigError."""
        try:
            found = [WebhookSecret(**each) for each in json.loads(self._path.read_bytes())["secrets"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ConfigError(f"{self._path}: is not a file of webhook secrets ({error})") from error
        now = time.time()
        return [each for each in found if each.expires is None or each.expires > now]

    def current(self) -> list[WebhookSecret]:
        """Return the same, with a first secret if there is none."""
        return self.list() or [self.rotate()]

    def rotate(self) -> WebhookSecret:
        """Make a new secret, and return it. The one before signs for another day."""
        now = time.time()
        made = WebhookSecret(f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}", now)
        others = [
            each if each.expires is not None else WebhookSecret(each.secret, each.created, now + KEPT_SECONDS)
            for each in self.list()
        ]
        make_folder(self._path.parent)
        replace_file(self._path, json.dumps({"secrets": [asdict(each) for each in (made, *others)]}, indent=1).encode())
        return made

    def forget_old(self) -> int:
        """Let only the newest secret sign from now on; return how many are gone."""
        newest, *old = self.list() or [self.rotate()]
        replace_file(self._path, json.dumps({"secrets": [asdict(newest)]}, indent=1).encode())
        return len(old)


def signatures(found: list[WebhookSecret], identifier: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: one signature for each secret."""
    signed = f"{identifier}.{timestamp}.".encode() + body
    keys = [base64.b64decode(each.secret.removeprefix("whsec_")) for each in found]
    made = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    return " ".join(f"v1,{each}" for each in made)
