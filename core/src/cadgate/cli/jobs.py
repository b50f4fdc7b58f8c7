"""`cadgate jobs`: list, show, cancel and watch the jobs of the running gateway."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cadgate.cli.lifecycle import say
from cadgate.cli.lock import holder_of
from cadgate.config.settings import Settings
from cadgate.errors import CadgateError
from cadgate.models.jobs import ENDED

SECONDS = 30.0
WITHOUT_GATEWAY = 60.0
"""How long `watch` waits for a gateway that is gone, while it is restarted."""


class NoJobs(CadgateError):
    """The gateway cannot be reached, or refuses."""

    code = "no_jobs"


@contextmanager
def _client(settings: Settings, key_file: Path | None) -> Generator[httpx.Client]:
    holder = holder_of(settings.state_dir)
    url = (holder.url if holder else None) or settings.url
    key = _key(key_file) or (holder.token if holder else None)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=SECONDS, trust_env=False) as client:
            yield client
    except httpx.TransportError as error:
        raise NoJobs(f"no gateway answers at {url}: {error}; `cadgate up` starts one") from error


def _key(key_file: Path | None) -> str | None:
    if key_file is None:
        return os.environ.get("CADGATE_KEY")
    try:
        return key_file.read_text().strip()
    except OSError as error:
        raise NoJobs(f"{str(key_file)!r} cannot be read: {error.strerror}") from error


def _result(answer: httpx.Response) -> Any:
    try:
        content: Any = answer.json()
        if content["status"] == "success":
            return content["result"]
        message = content["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = f"the gateway answered {answer.status_code}"
    raise NoJobs(message)


def list_jobs(settings: Settings, state: str | None, limit: int, key_file: Path | None) -> int:
    """Print one line per job, newest first: id, state, progress, application and method, date."""
    with _client(settings, key_file) as client:
        found = _result(client.get("/jobs", params={"limit": limit, **({"state": state} if state else {})}))
    for job in found["jobs"]:
        percent = f"{job['progress']['fraction']:.0%}"
        what = f"{job['application']} {job['method']}"
        say(f"{job['id']}  {job['state']:<9}  {percent:>4}  {what:<28}  {job['created']}")
    if found["total"] > len(found["jobs"]):
        print(f"{found['total'] - len(found['jobs'])} more; --limit shows them", file=sys.stderr)
    return 0


def show(settings: Settings, identifier: str, key_file: Path | None) -> int:
    """Print a job as JSON."""
    with _client(settings, key_file) as client:
        say(json.dumps(_result(client.get(f"/jobs/{identifier}")), indent=2, ensure_ascii=False))
    return 0


def cancel(settings: Settings, identifier: str, key_file: Path | None) -> int:
    """Cancel a job, and print its state."""
    with _client(settings, key_file) as client:
        job = _result(client.delete(f"/jobs/{identifier}"))
    say(f"{job['id']}  {job['state']}")
    return 0


def watch(settings: Settings, identifier: str, key_file: Path | None) -> int:
    """Follow a job to its end with a progress bar; return 0 if it succeeds, 1 otherwise."""
    with _client(settings, key_file) as client:
        _result(client.get(f"/jobs/{identifier}"))
        last: dict[str, Any] = {}
        with _bar() as shown:
            for event in _events(settings, key_file, identifier):
                last = event
                shown(event)
    if last.get("state") == "succeeded":
        for artifact in last["artifacts"]:
            say(f"{artifact['id']}  {artifact['size']:>10}  {artifact['name']}")
        return 0
    error = last.get("error") or {"code": last.get("state", "lost"), "message": "the job did not succeed"}
    print(f"cadgate: {error['code']}: {error['message']}", file=sys.stderr)
    return 1


def _events(settings: Settings, key_file: Path | None, identifier: str) -> Iterator[dict[str, Any]]:
    """Yield the events of a job, also over restarts of the gateway."""
    after, lost = 0, 0.0
    while True:
        try:
            with _client(settings, key_file) as client:
                headers = {"Last-Event-ID": str(after)} if after else {}
                with client.stream("GET", f"/jobs/{identifier}/events", headers=headers) as answer:
                    if answer.status_code == 204:
                        return
                    if answer.status_code != 200:
                        answer.read()
                        _result(answer)
                    lost = 0.0
                    for line in answer.iter_lines():
                        name, _, value = line.partition(": ")
                        if name == "id":
                            after = int(value)
                        elif name == "data":
                            event: dict[str, Any] = json.loads(value)
                            yield event
                            if event["state"] in ENDED:
                                return
        except NoJobs as error:
            if not isinstance(error.__cause__, httpx.TransportError):
                raise
            lost = lost or time.monotonic()
            if time.monotonic() - lost > WITHOUT_GATEWAY:
                raise
            time.sleep(0.5)


@contextmanager
def _bar() -> Generator[Callable[[dict[str, Any]], None]]:
    console = Console(stderr=True)
    if not console.is_terminal:

        def printed(event: dict[str, Any]) -> None:
            print(_line(event), file=sys.stderr)

        yield printed
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task: TaskID = progress.add_task("queued", total=1.0)

        def shown(event: dict[str, Any]) -> None:
            progress.update(task, completed=event["progress"]["fraction"], description=_line(event, percent=False))

        yield shown


def _line(event: dict[str, Any], *, percent: bool = True) -> str:
    progress = event["progress"]
    steps = f" {progress['step']}/{progress['steps']}" if progress["steps"] else ""
    message = f" {progress['message']}" if progress["message"] else ""
    part = f" {progress['fraction']:.0%}" if percent else ""
    return f"{event['state']}{part}{steps}{message}"
