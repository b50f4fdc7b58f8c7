"""`cadgate exec`: runs a script inside an application of the running gateway, and shows its output."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from cadgate.cli.lock import holder_of
from cadgate.config.settings import Settings
from cadgate.errors import CadgateError

ID = "exec"
NOT_RUN = 3
"""Exit code if the code did not run, or not to its end: no gateway, an interrupt, a deadline, a restart."""

_OWN_FILE = re.compile(r'File "<execute \d+>"')


class CannotExecute(CadgateError):
    """The script cannot be read, or the gateway cannot be reached."""

    code = "cannot_execute"


def execute(settings: Settings, adapter: str, script: str, timeout_seconds: float, key_file: Path | None = None) -> int:
    """Run `script` (`-`: standard input) and return its exit code: 0, 1 after an error, or the one it exits with.

    :raises CannotExecute: there is no such script, gateway or adapter.
    """
    code = _read(script)
    holder = holder_of(settings.state_dir)
    url = ((holder.url if holder else None) or settings.url).replace("http", "ws", 1) + f"/ws/{adapter}"
    headers = {"Authorization": f"Bearer {_read(str(key_file)).strip()}"} if key_file else {}
    try:
        with connect(url, additional_headers=headers, max_size=None, proxy=None, compression=None) as socket:
            return _run(socket, code, script, timeout_seconds)
    except InvalidStatus as error:
        raise CannotExecute(_why(error)) from error
    except ConnectionClosed as error:
        raise CannotExecute(f"the gateway closed the connection ({error})") from error
    except (OSError, InvalidHandshake) as error:
        raise CannotExecute(f"no gateway answers at {url}: {error}; `cadgate up` starts one") from error


def _read(script: str) -> str:
    try:
        if script == "-":
            return sys.stdin.read().removeprefix("\ufeff")
        return Path(script).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotExecute(f"{script!r} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _run(socket: ClientConnection, code: str, script: str, timeout_seconds: float) -> int:
    message = {
        "type": "execute",
        "id": ID,
        "code": code,
        "timeout_seconds": timeout_seconds,
        "cancel_on_disconnect": True,
    }
    socket.send(json.dumps(message))
    while True:
        try:
            answer: dict[str, Any] = json.loads(socket.recv())
        except KeyboardInterrupt:
            socket.send(json.dumps({"type": "interrupt", "id": ID}))
            continue
        if answer["type"] == "stream":
            stream = sys.stdout if answer["name"] == "stdout" else sys.stderr
            stream.write(answer["text"])
            stream.flush()
            if answer.get("truncated"):
                print("cadgate: more output was dropped", file=sys.stderr)
        elif answer["type"] == "error":
            raise CannotExecute(answer["error"]["message"])
        elif answer["type"] == "result":
            return 0 if answer["status"] == "success" else _failed(answer["error"], script)


def _failed(error: dict[str, Any], script: str) -> int:
    if error["code"] == "execution_failed" and "exit_code" in error["details"]:
        return int(error["details"]["exit_code"])
    name = "<stdin>" if script == "-" else script
    sys.stderr.write(_OWN_FILE.sub(lambda _: f'File "{name}"', error.get("traceback") or ""))
    if error["code"] == "execution_failed":
        return 1
    print(f"cadgate: {error['code']}: {error['message']}", file=sys.stderr)
    return NOT_RUN


def _why(error: InvalidStatus) -> str:
    """Return the gateway's error, which it answered instead of opening the connection."""
    try:
        return str(json.loads(error.response.body or b"")["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"the gateway answered {error.response.status_code}"
