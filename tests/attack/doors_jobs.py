"""Attacks on jobs: those of other keys, where webhooks go, names of what they write, and keys that are revoked."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Generator, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.authority import MAKE, SECONDS, Guest
from tests.attack.field import Field
from tests.attack.mcp_client import HEADERS, ask, tool
from tests.attack.promises_callers import names
from tests.gateway import eventually

SMALL: dict[str, Any] = {"resolution": [8, 8], "samples": 1, "engine": "cycles"}
SLOW: dict[str, Any] = {"resolution": [400, 400], "engine": "cycles", "samples": 4096}
"""A picture that takes long enough to be looked at while it is drawn."""
LATER = {"Prefer": "respond-async"}


# --- jobs of others --------------------------------------------------------------------------------------------------


def anothers_job(field: Field, *, adapter: str) -> Outcome:
    """See, wait for, follow, cancel and repeat the job of another key; get its answer by its idempotency key."""
    guest = Guest(field, "read,write")
    with guest.client() as client:
        key = {"Idempotency-Key": "the-same-for-both"}
        client.post(f"/{adapter}/primitives/{MAKE[adapter].rpartition('.')[2]}", json={})
        made = client.post(f"/{adapter}/export", json={"format": "stl"}, headers={**LATER, **key})
        if made.status_code != 202:
            raise RuntimeError(f"the preparation failed: {made.text[:200]}")
        job = str(made.json()["result"]["id"])
        whole = client.get(f"/jobs/{job}?wait=60").json()["result"]
        artifact = whole["result"]["artifact"]["id"]
    tried = 0
    with field.client() as client:
        for verb, path in (
            ("GET", f"/jobs/{job}"),
            ("GET", f"/jobs/{job}?wait=1"),
            ("GET", f"/jobs/{job}/events"),
            ("DELETE", f"/jobs/{job}"),
            ("POST", f"/jobs/{job}/retry"),
            ("GET", f"/artifacts/{artifact}"),
        ):
            tried += 1
            if client.request(verb, path).is_success:
                return broke(f"{verb} {path} of another key's job was answered")
        for query in ("", f"?session={job}", "?application=blender&limit=10000", f"?offset=0&method={job}"):
            tried += 1
            if job in client.get(f"/jobs{query}").text:
                return broke(f"/jobs{query} lists the job of another key")
        again = client.post(f"/{adapter}/export", json={"format": "stl"}, headers={**LATER, **key})
        if job in again.text or artifact in again.text:
            return broke("an idempotency key gave the job of another key")
    for method in ("tasks/get", "tasks/cancel", "tasks/update", "tasks/result"):
        if "error" not in ask(field, method, {"taskId": job}):
            return broke(f"{method} of another key's job was answered")
    for action in ("get", "cancel", "retry"):
        if not tool(field, "jobs", {"action": action, "job": job}).get("isError"):
            return broke(f"the tool jobs did {action} with another key's job")
    with guest.client() as client:
        if client.get(f"/jobs/{job}").json()["result"] != whole:
            return broke("the job of another key was changed")
    return field.assert_quiet(f"404, {tried + 7} times", adapter)


# --- webhooks --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def listening(answer: str | None = None) -> Generator[tuple[int, list[str]]]:
    """A server on the loopback that must not be reached: its port, and what came. It redirects to `answer`."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.path)
            self.send_response(204 if answer is None else 307)
            if answer is not None:
                self.send_header("Location", answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6

        def server_bind(self) -> None:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            super().server_bind()

    server = Server(("::", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, heard
    finally:
        server.shutdown()
        server.server_close()


def targets(port: int) -> Iterator[str]:
    """This machine and its neighbours, in every way to write them."""
    hosts = ["127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "0", "0.0.0.0", "2130706433", "0x7f000001"]
    hosts += [
        "017700000001",
        "127.0.0.1.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
    ]
    hosts += ["[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "ip6-localhost", "127.127.127.127"]
    hosts += [
        socket.gethostname(),
        "169.254.169.254",
        "metadata.google.internal",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.0.1",
    ]
    hosts += ["100.64.0.1", "[fd00::1]", "224.0.0.1", "255.255.255.255", "1.1.1.1@127.0.0.1", "127.0.0.1#1.1.1.1"]
    hosts += ["127.0.0.1\\@1.1.1.1", "127.0.0.1%2f1.1.1.1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "localhost%00.example.org"]
    for host in hosts:
        yield f"http://{host}:{port}/hook"
    yield from (
        f"https://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
    )
    yield from (
        "http://",
        "http:///hook",
        "javascript:1",
        "unix:/run/docker.sock",
        "http+unix://x/",
        f"http:127.0.0.1:{port}",
    )


def _is_known(url: str) -> bool:
    """Whether the host of a URL has an address now. One that has none is looked up again when there is a message."""
    try:
        return bool(socket.getaddrinfo(httpx.URL(url).host, None))
    except (OSError, UnicodeError, httpx.InvalidURL):
        return False


def reaches_this_machine(field: Field) -> Outcome:
    """Webhooks to this machine and to private networks, although every URL is allowed by its name."""
    tried = 0
    with listening() as (port, heard), field.client("/api/v1/freecad") as client:
        for url in targets(port):
            told = json.dumps({"url": url, "events": ["queued", "running", "finished"]})
            headers = {**LATER, "Cadgate-Webhook": told.encode()}
            answer = client.post("/export", json={"format": "stl"}, headers=headers)
            tried += 1
            if answer.is_success and _is_known(url):
                return broke(f"a webhook to {url!r} was accepted: {answer.text[:200]}")
        for url in [f"http://127.0.0.1:{port}/"]:
            arguments = {"application": "freecad", "format": "stl", "background": True, "webhook": {"url": url}}
            tool(field, "export", arguments)
        if heard:
            return broke(f"this machine was called: {heard}")
    return field.assert_quiet(f"refused, {tried} times", "freecad")


def is_led_here(field: Field) -> Outcome:
    """A receiver that the operator allows by its address, and that redirects to one that is not allowed."""
    with listening() as (inner, heard), listening(f"http://[::1]:{inner}/inner") as (port, first):
        with field.client("/api/v1/freecad", scopes="read,write") as client:
            client.post("/primitives/box", json={})
        with field.client("/api/v1/freecad") as client:
            told = json.dumps({"url": f"http://127.0.0.77:{port}/out"})
            answer = client.post("/export", json={"format": "stl"}, headers={**LATER, "Cadgate-Webhook": told})
            if answer.status_code == 202:
                eventually(lambda: first, seconds=60, what="the call of the receiver")
                eventually(lambda: len(first) > 1, seconds=60, what="the second attempt")
        if heard:
            return broke(f"a redirect was followed: {heard}")
    return field.assert_quiet("the redirect was not followed" if first else f"{answer.status_code}", "freecad")


# --- names of what jobs write ----------------------------------------------------------------------------------------


def names_of_outputs(field: Field) -> Outcome:
    """Names of frames, variants and files that are paths, in bodies and in a table."""
    with field.client("/api/v1", scopes="read,write") as client:
        client.post("/blender/primitives/cube", json={})
        client.post("/freecad/primitives/box", json={"name": "Box"})
        client.patch("/freecad/parameters", json={"width": {"value": 1}})
    tried = 0
    with field.client("/api/v1") as client:
        for name in names(field):
            table = client.post("/artifacts", files={"file": ("t.csv", f'name,width\n"{name}",2\n'.encode())})
            row = {"name": name, "parameters": {"width": 2}}
            common = {"objects": ["Box"], "exports": ["stl"]}
            answers = [
                client.post("/blender/render/animation", json={"output": name, **SMALL}),
                client.post("/blender/render", json={"output": name, **SMALL}, headers=LATER),
                client.post("/blender/export", json={"format": "stl", "filepath": name}, headers=LATER),
                client.post("/freecad/variants", json={"rows": [row], **common}),
                client.post("/freecad/documents/Field/save", json={"filepath": name}, headers=LATER),
            ]
            if table.is_success:
                sent = {"table": table.json()["result"]["id"], **common}
                answers.append(client.post("/freecad/variants", json=sent))
            for answer in answers:
                tried += 1
                if answer.status_code == 202:
                    job = client.get(f"{answer.headers['location'].removeprefix('/api/v1')}?wait=60")
                    if job.is_success and job.json()["result"]["state"] == "succeeded":
                        return broke(f"{answer.request.url.path} with the name {name!r} was done")
                elif answer.is_success:
                    return broke(f"{answer.request.url.path} with the name {name!r}: {answer.status_code}")
    return field.assert_quiet(f"refused, {tried} times", "freecad")


# --- revoked keys ----------------------------------------------------------------------------------------------------


def goes_on_in_the_background(field: Field, *, how: str) -> Outcome:
    """Work and streams of a key that is revoked meanwhile: a job, its events, a wait, a call by MCP."""
    guest = Guest(field, "read,write")
    with guest.client() as client:
        client.post("/blender/primitives/cube", json={})
        job = client.post("/blender/render", json=SLOW, headers=LATER).json()["result"]["id"]
        eventually(lambda: client.get(f"/jobs/{job}").json()["result"]["state"] == "running", seconds=60, what="work")
    ended: list[float] = []

    def follow() -> None:
        with guest.client("") as client, contextlib.suppress(httpx.HTTPError):
            if how == "events":
                with client.stream("GET", f"/api/v1/jobs/{job}/events") as answer:
                    for _ in answer.iter_raw():
                        pass
            elif how == "wait":
                client.get(f"/api/v1/jobs/{job}?wait=100")
            else:
                arguments = {"action": "get", "job": job, "wait": 100}
                if how == "call":
                    arguments = {"application": "blender", "method": "render.still", "params": SLOW}
                params = {"name": "call" if how == "call" else "jobs", "arguments": arguments}
                message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
                client.post("/mcp", json=message, headers=HEADERS)
        ended.append(time.monotonic())

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    with field.gateway.client("", headers=field.headers("read")) as watcher:
        eventually(lambda: _requests(watcher) > 1, seconds=30, what="the open request")
    revoked = guest.revoke()
    follower.join(timeout=SECONDS + 5)
    if not ended:
        return broke(f"{how} was still open {SECONDS + 5:.0f} s after the revocation of its key")
    if ended[0] - revoked > SECONDS + 1:
        return broke(f"{how} was open for {ended[0] - revoked:.1f} s after the revocation of its key")
    return field.assert_quiet("ended within a second", "blender")


def _requests(client: httpx.Client) -> float:
    """How many requests the gateway is answering, this one included."""
    for line in client.get("/metrics").text.splitlines():
        if line.startswith("cadgate_http_requests_in_flight "):
            return float(line.split()[1])
    return 0.0


ATTACKS = [
    *(
        Attack(f"job-of-another-key-{adapter}", "jobs", adapter, partial(anothers_job, adapter=adapter))
        for adapter in MAKE
    ),
    Attack("webhook-to-this-machine", "jobs", "freecad", reaches_this_machine),
    Attack("webhook-that-redirects", "jobs", "freecad", is_led_here),
    Attack("job-names-that-are-paths", "jobs", "freecad", names_of_outputs),
    *(
        Attack(f"revoked-{how}-of-a-job", "jobs", "blender", partial(goes_on_in_the_background, how=how))
        for how in ("events", "wait", "call", "tool")
    ),
]
