"""`cadgate sessions`: lists, makes, suspends, resumes, forks and deletes sessions of the running gateway."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import httpx

from cadgate.cli.lifecycle import say
from cadgate.cli.lock import holder_of
from cadgate.config.settings import Settings
from cadgate.errors import CadgateError

PATH = "/api/v1/sessions"
SECONDS = 120.0
KEY = "CADGATE_KEY"


class CannotDo(CadgateError):
    """The gateway cannot be reached, or refuses."""

    code = "cannot_do"


class SessionCommands:
    """The commands, on the gateway of a state folder. `key_file` holds a key, for `auth = "token"`."""

    def __init__(self, settings: Settings, key_file: Path | None) -> None:
        holder = holder_of(settings.state_dir)
        self._url = (holder.url if holder else None) or settings.url
        self._key = _key(key_file) or (holder.token if holder else None)

    def list(self, application: str | None, state: str | None, labels: Sequence[str]) -> int:
        """Print one line per session: id, application, state, objects, owner, name."""
        query: dict[str, Any] = {"application": application, "state": state, "label": list(labels)}
        given = {name: value for name, value in query.items() if value}
        for each in self._ask("GET", "", params=given)["sessions"]:
            objects = "-" if each["objects"] is None else each["objects"]
            say(
                f"{each['id']}  {each['application']:<10} {each['state']:<10} {objects!s:>6}  {each['owner']:<18} "
                f"{each['name'] or ''}".rstrip()
            )
        return 0

    def create(self, body: dict[str, Any]) -> int:
        """Make a session and print its id."""
        made = self._ask("POST", "", json={name: value for name, value in body.items() if value not in (None, {})})
        say(made["id"])
        return 0

    def fork(self, identifier: str, name: str | None) -> int:
        """Fork a session and print the new one's id."""
        say(self._ask("POST", f"/{identifier}/fork", json={} if name is None else {"name": name})["id"])
        return 0

    def change(self, identifier: str, action: str) -> int:
        """Suspend or resume a session, and print its state."""
        say(f"{identifier}  {self._ask('POST', f'/{identifier}/{action}')['state']}")
        return 0

    def delete(self, identifiers: Sequence[str]) -> int:
        """End sessions."""
        for identifier in identifiers:
            self._ask("DELETE", f"/{identifier}")
            say(f"{identifier}  deleted")
        return 0

    def _ask(self, verb: str, path: str, **options: Any) -> dict[str, Any]:
        """Return the result of a request. Raises CannotDo with the gateway's error."""
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            with httpx.Client(base_url=self._url, timeout=SECONDS, trust_env=False, headers=headers) as client:
                answer = client.request(verb, PATH + path, **options)
                content = cast("dict[str, Any]", answer.json())
        except (httpx.HTTPError, ValueError) as error:
            raise CannotDo(f"no gateway answers at {self._url}: {error}; `cadgate up` starts one") from error
        if answer.is_error:
            raise CannotDo(f"{content['error']['code']}: {content['error']['message']}")
        return content["result"]


def labels_of(given: Sequence[str]) -> dict[str, str]:
    """Return labels that were given as `name=value`. Raises CannotDo."""
    labels: dict[str, str] = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise CannotDo(f"the label {each!r} is not of the form name=value")
        labels[name] = value
    return labels


def _key(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(KEY) or None
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise CannotDo(f"{str(file)!r} cannot be read: {error.strerror}") from error
