"""Attacks by calls alone: without a key or its scope, from web pages, by broken HTTP, by floods, by names of files."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import InvalidHandshake
from websockets.sync.client import connect

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.field import Field

ADAPTERS = ("blender", "freecad")
HEALTH_SECONDS = 2.0
"""An answer of /health during a flood; generous, for the machine may be busy with other things."""

# --- keys and scopes -------------------------------------------------------------------------------------------------


def operations(field: Field) -> Iterator[tuple[str, str, str | None]]:
    """Every operation of the API with a path whose names are of nothing, and its method."""
    with field.client("", scopes="read,write") as client:
        document = client.get("/openapi.json").json()
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            yield verb.upper(), re.sub(r"\{\w+\}", "nothing", path), operation.get("x-cadgate-method")


def no_key(field: Field) -> Outcome:
    tried = 0
    other = f"{field.key[:-1]}{'1' if field.key.endswith('0') else '0'}"
    wrong: tuple[dict[str, str], ...] = (
        {},
        {"Authorization": f"Bearer {other}"},
        {"Authorization": f"Basic {field.key}"},
    )
    for headers in wrong:
        with field.gateway.client("", headers=headers) as client:
            for verb, path, _ in operations(field):
                answer = client.request(verb, path)
                tried += 1
                if answer.status_code != 401:
                    return broke(f"{verb} {path} without a key: {answer.status_code}")
        for adapter in ADAPTERS:
            url = field.gateway.url.replace("http", "ws", 1) + f"/ws/{adapter}"
            if _opens(url, headers):
                return broke(f"a WebSocket of {adapter} opened without a key")
    return field.assert_quiet(f"401, {tried} times")


def _opens(url: str, headers: dict[str, str]) -> bool:
    try:
        with connect(url, additional_headers=headers, proxy=None):
            return True
    except InvalidHandshake:
        return False


def no_scope(field: Field) -> Outcome:
    """Every operation whose method needs another scope than the key has is 403, whatever its body is."""
    with field.client("", scopes="read,write") as client:
        scopes = {
            f"{adapter}:{each['name']}": each["scope"]
            for adapter in ADAPTERS
            for each in client.get(f"/api/v1/{adapter}/methods").json()["result"]["methods"]
        }
    tried = 0
    with field.client("") as client:
        for verb, path, method in operations(field):
            if method is None:
                continue
            needs = scopes[f"{path.split('/')[3]}:{method}"]
            if needs in field.scopes.split(","):
                continue
            answer = client.request(verb, path, json={} if verb in ("POST", "PATCH") else None)
            tried += 1
            if answer.status_code != 403:
                return broke(f"{verb} {path} needs {needs}: {answer.status_code}")
        for adapter in ADAPTERS:
            answer = client.post(f"/api/v1/{adapter}/restart")
            tried += 1
            if answer.status_code != 403:
                return broke(f"{adapter} was restarted: {answer.status_code}")
    return field.assert_quiet(f"403, {tried} times")


def code_without_execute(field: Field) -> Outcome:
    """Code by every door: message, call, batch, restart."""
    code = field.canary.python
    for adapter in ADAPTERS:
        with field.client(f"/api/v1/{adapter}") as client:
            for method in ("session.execute", "execute"):
                answer = client.post("/batch", json={"calls": [{"method": method, "params": {"code": code}}]})
                if '"value"' in answer.text:
                    return broke(f"a batch ran code in {adapter}")
            if client.post("/restart").status_code != 403:
                return broke(f"{adapter} was restarted")
        doors = [field.scopes] if field.allows_execute else [field.scopes, "execute", "read,write,execute"]
        for scopes in doors:
            with field.socket(adapter, scopes=scopes) as live:
                for message in (
                    {"type": "execute", "id": 1, "code": code},
                    {"type": "call", "id": 2, "method": "session.execute", "params": {"code": code}},
                ):
                    live.send(json.dumps(message))
                    answer = _answer(live.recv, message["id"])
                    if answer.get("error", {}).get("code") not in ("forbidden", "method_not_found", "bad_request"):
                        return broke(f"{message['type']} by a key {scopes} in {adapter}: {answer}")
    return field.assert_quiet("forbidden")


def _answer(receive: Callable[..., Any], identifier: object) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(receive(timeout=20))
        if message.get("id") == identifier or message["type"] == "error":
            return message


# --- web pages -------------------------------------------------------------------------------------------------------

ORIGINS = ("null", "https://evil.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "file://")
HOSTS = ("evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "0.0.0.0", "[::ffff:9.9.9.9]", "")


def foreign_origins(field: Field) -> Outcome:
    """A page that has learned the key, too, is no page of the gateway."""
    for origin in ORIGINS:
        for path in ("/health", "/api/v1/blender/objects", "/openapi.json"):
            with field.client("") as client:
                answers = [client.get(path, headers={"Origin": origin}), client.post(path, headers={"Origin": origin})]
            if [each.status_code for each in answers] != [403, 403]:
                return broke(f"{origin} got {path}")
        for adapter in ADAPTERS:
            url = field.gateway.url.replace("http", "ws", 1) + f"/ws/{adapter}"
            if _opens(url, {**field.headers(), "Origin": origin}):
                return broke(f"{origin} opened a WebSocket")
    return field.assert_quiet("403 forbidden_origin")


def foreign_hosts(field: Field) -> Outcome:
    for host in HOSTS:
        with field.client("") as client:
            answer = client.get("/api/v1/blender/objects", headers={"Host": host})
        if answer.status_code not in (400, 421):
            return broke(f"Host {host!r}: {answer.status_code}")
    return field.assert_quiet("421 misdirected_host")


def forms(field: Field) -> Outcome:
    """Bodies that a page sends without a preflight."""
    body = json.dumps({"size": 1})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        with field.client("/api/v1/blender") as client:
            answer = client.post("/primitives/cube", content=body, headers={"Content-Type": kind})
        if answer.status_code not in (403, 415):
            return broke(f"{kind!r}: {answer.status_code}")
    return field.assert_quiet("415 unsupported_media_type, 403 without write")


# --- the wire --------------------------------------------------------------------------------------------------------


def talk(field: Field, data: bytes, seconds: float = 3) -> bytes:
    """Send bytes, and read until the gateway ends the connection or says nothing more."""
    with socket.create_connection(("127.0.0.1", field.gateway.port), timeout=seconds) as connection:
        received = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                received += part
        except OSError:
            pass
    return received


def smuggling(field: Field) -> Outcome:
    """One request whose end two readers would see at different places, with a second one, without a key, in it."""
    hidden = b"DELETE /api/v1/blender/scene HTTP/1.1\r\nHost: localhost\r\n\r\n"
    key = f"Authorization: Bearer {field.key}\r\n".encode()
    start = (
        b"POST /api/v1/blender/primitives/cube HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + key
    )
    length = f"Content-Length: {len(hidden) + 5}\r\n".encode()
    shapes = {
        "both lengths": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
        "two lengths": b"Content-Length: 2\r\n" + length + b"\r\n{}" + hidden,
        "a length list": b"Content-Length: 2, 2\r\n\r\n{}" + hidden,
        "a signed length": b"Content-Length: +2\r\n\r\n{}" + hidden,
        "a hexadecimal length": b"Content-Length: 0x2\r\n\r\n{}" + hidden,
        "another coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden,
        "two codings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + hidden,
        "a folded coding": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + hidden,
        "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden,
        "a chunk of a wrong size": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n" + hidden,
        "an endless chunk size": b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n{}" + hidden,
    }
    with field.client("/api/v1/blender", scopes="read,write") as client:
        client.post("/primitives/cube", json={"name": "Stays"})
    for words, rest in shapes.items():
        answers = re.findall(rb"HTTP/1\.1 (\d+)", talk(field, start + rest))
        if any(each not in (b"201", b"400", b"401", b"403", b"413", b"415", b"422", b"501") for each in answers):
            return broke(f"{words}: {answers}")
    with field.client("/api/v1/blender", scopes="read,write") as client:
        if client.get("/objects/Stays").status_code != 200:
            return broke("the request that was hidden in another one was made")
    return field.assert_quiet(f"{len(shapes)} shapes: 400, or 401 for the second request", "blender")


def many_ranges(field: Field) -> Outcome:
    data = bytes(100_000)
    with field.client(scopes="read,write") as client:
        stored = client.post("/artifacts", files={"file": ("zeros.bin", data)}).json()["result"]
    ranges = "bytes=" + ",".join(f"{start}-{start + 50_000}" for start in range(4_000))
    began = time.monotonic()
    with field.client("", scopes="read") as client:
        answer = client.get(str(stored["url"]), headers={"Range": ranges})
        client.get("/health")
    seconds = time.monotonic() - began
    if len(answer.content) > 2 * len(data) or seconds > 5:
        return broke(f"{len(answer.content):,} bytes in {seconds:.1f} s")
    return field.assert_quiet(f"{answer.status_code}, {len(answer.content):,} bytes")


def healthy(field: Field) -> float:
    """The seconds of an answer of /health."""
    began = time.monotonic()
    with field.gateway.client("", headers=field.headers("read")) as client:
        if client.get("/health").status_code != 200:
            return float("inf")
    return time.monotonic() - began


def slow_readers(field: Field) -> Outcome:
    """Connections that ask for much and read nothing."""
    request = f"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {field.key}\r\n\r\n".encode() * 4
    connections = [socket.create_connection(("127.0.0.1", field.gateway.port)) for _ in range(40)]
    try:
        for connection in connections:
            connection.sendall(request)
        seconds = max(healthy(field) for _ in range(5))
    finally:
        for connection in connections:
            connection.close()
    return field.assert_quiet("others are answered") if seconds < HEALTH_SECONDS else broke(f"/health: {seconds:.1f} s")


def ping_flood(field: Field) -> Outcome:
    message = json.dumps({"type": "ping", "id": "x"})
    with field.socket("freecad") as live:
        live.socket.settimeout(1)
        slowest = 0.0
        for number in range(6_000):
            try:
                live.send(message)
            except Exception:  # noqa: BLE001 - the gateway may end it
                break
            if number % 1_500 == 0:
                slowest = max(slowest, healthy(field))
    slowest = max(slowest, healthy(field))
    return field.assert_quiet("others are answered") if slowest < HEALTH_SECONDS else broke(f"/health: {slowest:.1f} s")


def key_flood(field: Field) -> Outcome:
    slowest = 0.0
    with field.gateway.client("") as client:
        for number in range(600):
            wrong = f"cadgate_{number:012x}_{number:064x}"
            status = client.get("/api/v1/artifacts", headers={"Authorization": f"Bearer {wrong}"}).status_code
            if status not in (401, 429):
                return broke(f"a guessed key: {status}")
            if number % 200 == 0:
                slowest = max(slowest, healthy(field))
    return field.assert_quiet("401, 600 times") if slowest < HEALTH_SECONDS else broke(f"/health: {slowest:.1f} s")


# --- secrets and names -----------------------------------------------------------------------------------------------


def secrets_of_processes(field: Field) -> Outcome:
    """Arguments of processes can be read by everybody on the machine, their environment by what runs in them."""
    texts = [text.rpartition("_")[2].encode() for text in field.keys.values()]
    pids = [field.gateway.pid, *_below(field.gateway.pid)]
    if len(pids) < 3:
        return broke(f"only {len(pids)} processes were found")
    for pid in pids:
        for name in ("cmdline", "environ"):
            try:
                content = Path(f"/proc/{pid}/{name}").read_bytes()
            except OSError:
                continue
            if any(text in content for text in texts):
                return broke(f"a key is in {name} of a process")
            if name == "cmdline" and re.search(rb"(?<![0-9a-f])[0-9a-f]{40,}(?![0-9a-f])", content):
                return broke("the arguments of a process hold something like a secret")
    return field.assert_quiet(f"nothing in arguments and environment of {len(pids)} processes")


def _below(pid: int) -> Iterator[int]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield int(child)
            yield from _below(int(child))


def names(field: Field) -> list[str]:
    folder = field.canary.folder
    up = "../" * 20
    plain = [f"{folder}/out.stl", f"{up}{str(folder)[1:]}/out.stl", f"x/{up}out.stl", "/out.stl", "./.././out.stl"]
    return [*plain, f"file://{folder}/out.stl", "..\\..\\out.stl", "%2e%2e%2fout.stl", "out.stl\0.png"]


def hostile_names(field: Field) -> Outcome:
    tried = 0
    with field.client(scopes="read,write") as client:
        client.post("/blender/primitives/cube", json={})
        client.post("/freecad/primitives/box", json={})
    with field.client() as client:
        for name in names(field):
            calls: list[httpx.Response] = [
                client.post("/blender/export", json={"format": "stl", "filepath": name}),
                client.post("/blender/render", json={"filepath": name, "resolution": [8, 8], "samples": 1}),
                client.post("/blender/scene/save", json={"filepath": name}),
                client.post("/freecad/export", json={"format": "stl", "filepath": name}),
                client.post("/freecad/documents/Field/save", json={"filepath": name}),
            ]
            tried += len(calls)
            if done := [each for each in calls if each.is_success]:
                return broke(f"{done[0].request.url.path} with filepath {name!r}: {done[0].status_code}")
    return field.assert_quiet(f"refused, {tried} times: 422 path_not_allowed, or 403")


def upload_names(field: Field) -> Outcome:
    with field.client() as client:
        for name in names(field):
            client.post("/artifacts", files={"file": (name.replace("\0", ""), b"solid\nendsolid\n")})
            client.post("/blender/import", files={"file": (name.replace("\0", ""), b"solid\nendsolid\n")})
            found = client.get(f"/artifacts/{name.replace('/', '%2F').replace(chr(0), '')}")
            if found.status_code == 200:
                return broke(f"an artifact was found under {name!r}")
    return field.assert_quiet("stored under names of the gateway's own, or refused")


ATTACKS = [
    Attack("without-a-key", "scopes", None, no_key),
    Attack("without-the-scope", "scopes", None, no_scope),
    Attack("code-without-execute", "scopes", None, code_without_execute),
    Attack("foreign-origins", "web", None, foreign_origins),
    Attack("foreign-hosts", "web", None, foreign_hosts),
    Attack("forms-of-pages", "web", None, forms),
    Attack("request-smuggling", "wire", "blender", smuggling),
    Attack("many-ranges", "wire", None, many_ranges),
    Attack("slow-readers", "wire", None, slow_readers),
    Attack("ping-flood", "wire", None, ping_flood),
    Attack("key-flood", "wire", None, key_flood),
    Attack("secrets-of-processes", "secrets", None, secrets_of_processes),
    Attack("hostile-names", "paths", "freecad", hostile_names),
    Attack("hostile-upload-names", "paths", None, upload_names),
]
