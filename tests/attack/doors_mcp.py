"""Attacks by `/mcp` and `cadgate mcp`: tools beyond the scopes of a key, resources that are paths, heavy messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.bodies import measured
from tests.attack.field import Field
from tests.attack.mcp_client import ask, post, tool

SIZE = 16 << 20
INNER = (
    "internal.read",
    "internal.append",
    "internal.variants",
    "session.copy",
    "session.execute",
    "__class__",
    "../x",
)
"""Methods that no caller has, or that run code."""


def _tools(field: Field) -> list[tuple[str, dict[str, Any], str]]:
    """Every tool with arguments that would work, and the scope that it needs."""
    where = {"application": "freecad"}
    return [
        ("search", {"query": "box"}, "read"),
        ("describe", {**where, "method": "primitives.box"}, "read"),
        ("docs", {}, "read"),
        ("call", {**where, "method": "objects.list"}, "read"),
        ("call", {**where, "method": "primitives.box"}, "write"),
        ("call", {**where, "method": "session.execute", "params": {"code": field.canary.python}}, "execute"),
        ("execute", {**where, "code": field.canary.python}, "execute"),
        ("execute", {"application": "blender", "code": field.canary.python}, "execute"),
        ("measure", {**where, "object": "Box"}, "read"),
        ("look", where, "read"),
        ("export", {**where, "format": "step"}, "write"),
        ("import", {**where, "artifact": "0" * 32}, "write"),
        ("sessions", {"action": "list"}, "read"),
        ("sessions", {"action": "create", "application": "nothing"}, "write"),
        ("jobs", {"action": "list"}, "read"),
        ("jobs", {"action": "cancel", "job": "0" * 32}, "write"),
    ]


def beyond_scopes(field: Field) -> Outcome:
    """Each tool by a key that lacks the scope for it, alone, in a batch, and as JSON text."""
    with field.client("/api/v1/freecad", scopes="read,write") as owner:
        owner.post("/primitives/box", json={"name": "Box"})
    doors = [field.scopes] if field.allows_execute else [field.scopes, "read,write,execute"]
    tried = 0
    for scopes in doors:
        for name, arguments, needs in _tools(field):
            allowed = needs in scopes.split(",") and (needs != "execute" or field.allows_execute)
            for given in (arguments, json.dumps(arguments)):
                tried += 1
                answer = tool(field, name, given, scopes=scopes)  # type: ignore[arg-type]
                told = json.dumps(answer)
                if not allowed and "forbidden" not in told:
                    return broke(f"the tool {name} by a key {scopes}: {told[:200]}")
        code = {"method": "session.execute", "params": {"code": field.canary.python}}
        calls = [code, *({"method": name, "params": {"path": str(field.canary.file)}} for name in INNER)]
        answer = tool(field, "batch", {"application": "freecad", "calls": calls}, scopes=scopes)
        results: list[dict[str, Any]] = answer.get("structuredContent", {}).get("result", {}).get("results", [])
        if any(each["status"] == "success" for each in results):
            return broke(f"a batch by an agent ran what it must not: {json.dumps(results)[:200]}")
        for name in INNER[:-2]:
            if not tool(field, "call", {"application": "freecad", "method": name}, scopes=scopes).get("isError"):
                return broke(f"an agent called {name}")
    if field.may_read is False and "error" not in ask(field, "resources/list"):
        return broke("resources are listed without read")
    return field.assert_quiet(f"forbidden, {tried} times", "freecad")


def resources(field: Field) -> Outcome:
    """Resources, pages and artifacts whose names are paths."""
    file = str(field.canary.file)
    uris = [f"file://{file}", file, "cadgate://docs/../../../keys", "cadgate://docs/%2e%2e/keys", "cadgate://keys"]
    uris += [
        f"cadgate://artifacts/{name}" for name in (f"../../..{file}", file, "..%2fkeys.json", "../keys.json", "*", "")
    ]
    uris += ["cadgate://docs/" + "a" * 10_000, "cadgate://artifacts/\0", "http://127.0.0.1/", "data:text/plain,x"]
    for uri in uris:
        answer = ask(field, "resources/read", {"uri": uri})
        if "error" not in answer:
            return broke(f"{uri[:60]!r} was read: {json.dumps(answer)[:200]}")
    for page in ("../../keys", file, "start/../../x"):
        if not tool(field, "docs", {"page": page}).get("isError"):
            return broke(f"the page {page!r} was read")
    for method in (
        "prompts/get",
        "resources/subscribe",
        "completion/complete",
        "logging/setLevel",
        "tasks/list",
        "roots/list",
    ):
        ask(field, method, {"name": "x", "uri": uris[0], "level": "debug"})
    return field.assert_quiet(f"{len(uris)} names: there is no such resource", "freecad")


def heavy(field: Field) -> Outcome:
    """Messages of 16 MiB, of a megabyte, lists of messages, and deep ones: nobody else waits."""
    call = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"call","arguments":{"params":%s}}}'
    mega = 1_000_000
    bodies = [
        b"[" * SIZE,
        b"[" + b'{"jsonrpc":"2.0","id":1,"method":"tools/list"},' * (SIZE // 48) + b"{}]",
        call % (b'{"a":"' + b"x" * SIZE + b'"}'),
        b"[" + b'{"jsonrpc":"2.0","id":1,"method":"tools/list"},' * (mega // 48) + b"{}]",
        call % (b"[" + b"0," * (mega // 2 - 200) + b"0]"),
        call % (b"[" * 60 + b"]" * 60),
        call % (b"[" * (mega // 2 - 200) + b"]" * (mega // 2 - 200)),
        call % (b"{" + b",".join(b'"k%06d":1' % n for n in range(mega // 12)) + b"}"),
        call % (b'"' + b"\\u00e9" * (mega // 7) + b'"'),
        b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * mega + b'"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"a":"' + b"x" * mega + b'"}}}',
    ]
    worst = ""
    for number, body in enumerate(bodies):
        stall = measured(field, lambda body=body: post(field, body))
        if not stall.held:
            worst = f"message {number}: {stall.what}"
            break
    return broke(worst) if worst else field.assert_quiet("nobody else waited 100 ms", "freecad")


def by_stdio(field: Field) -> Outcome:
    """`cadgate mcp` with the attacker's key, and with one that never was.

    Without a key it reads as the user who runs the gateway, whose state folder it has to read for that.
    """
    for key in (field.key, f"{field.key[:-1]}x"):
        may = key == field.key
        given = {name: value for name, value in os.environ.items() if not name.startswith("CADGATE_")}
        given |= {"CADGATE_STATE_DIR": str(field.gateway.state_dir), "CADGATE_PORT": str(field.gateway.port)}
        given |= {"CADGATE_PLUGINS": str(field.gateway.state_dir / "plugins.toml"), "CADGATE_AUTH": "token"}
        given |= {"CADGATE_KEY": key}
        told = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        code = {"application": "freecad", "code": field.canary.python}
        messages: list[dict[str, Any]] = [
            {"id": 1, "method": "initialize", "params": told},
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/call", "params": {"name": "execute", "arguments": code}},
            {"id": 3, "method": "tools/call", "params": {"name": "sessions", "arguments": {"action": "list"}}},
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", "cadgate", "mcp"],
            env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=field.gateway.state_dir, text=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for message in messages:
                process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
                process.stdin.flush()
            answers: dict[int, dict[str, Any]] = {}
            while not {2, 3} <= answers.keys():
                line = process.stdout.readline()
                if not line:
                    break
                message = json.loads(line)
                if "id" in message:
                    answers[message["id"]] = message
        finally:
            process.stdin.close()
            process.wait(30)
        ran, listed = (json.dumps(answers.get(number, {})) for number in (2, 3))
        if '"value"' in ran:
            return broke("code was run by standard input")
        if '"total"' in listed and not (may and field.may_read):
            return broke("sessions were listed by standard input without a key that may read")
    return field.assert_quiet("forbidden; an unknown key gets no answer", "freecad")


ATTACKS = [
    Attack("mcp-tools-beyond-scopes", "mcp", "freecad", beyond_scopes),
    Attack("mcp-resources-that-are-paths", "mcp", "freecad", resources),
    Attack("mcp-heavy-messages", "mcp", "freecad", heavy, is_short=False),
    Attack("mcp-by-standard-input", "mcp", "freecad", by_stdio, is_short=False),
]
