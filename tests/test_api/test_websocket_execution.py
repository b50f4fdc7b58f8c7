"""Live code in both real applications: values, streams, errors, interrupts, deadlines, deaths."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from tests.gateway import Gateway
from tests.live import live, printed

pytestmark = pytest.mark.anyio
each_adapter = pytest.mark.parametrize("adapter", ["blender", "freecad"])


@each_adapter
@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("1 + 1", 2, "2"),
        ("x = 5", None, None),
        ("", None, None),
        ("x = 5\nx * 2", 10, "10"),
        ("'é\\n'", "é\n", "'é\\n'"),
        ("{'a': [1, 2.5, None, True]}", {"a": [1, 2.5, None, True]}, "{'a': [1, 2.5, None, True]}"),
        ("(1, 2)", [1, 2], "(1, 2)"),
        ("None", None, "None"),
        ("float('nan')", None, "nan"),
        ("{1: 2}", None, "{1: 2}"),
        ("{3}", None, "{3}"),
        ("2 ** 200", 2**200, str(2**200)),
        ("'\\ud800'", None, "'\\ud800'"),
        ("for i in range(3): i", None, None),
        ("# nothing\n", None, None),
    ],
)
async def test_the_value_of_a_last_expression_is_returned_as_in_a_notebook(
    gateway: Gateway, adapter: str, code: str, value: object, text: str | None
) -> None:
    async with live(gateway, adapter) as client:
        _, _, result = await client.run(code)
        assert result["status"] == "success"
        assert result["result"].keys() - {"warnings"} == {"value", "repr", "duration_ms"}
        assert (result["result"]["value"], result["result"]["repr"]) == (value, text)
        assert result["result"]["duration_ms"] >= 0


@pytest.mark.parametrize(
    ("adapter", "code", "expected"),
    [
        ("blender", "bpy.app.version[0] >= 3", True),
        ("freecad", "FreeCAD is App and Part.makeBox(1, 2, 3).Volume", 6.0),
        ("freecad", "App.ActiveDocument is not None", True),
    ],
)
async def test_the_names_that_a_person_expects_are_there(
    gateway: Gateway, adapter: str, code: str, expected: object
) -> None:
    async with live(gateway, adapter) as client:
        value = (await client.run(code))[2]["result"]["value"]
        assert value == pytest.approx(expected) if isinstance(expected, float) else value is expected


@each_adapter
async def test_names_persist_for_all_clients_of_the_session(gateway: Gateway, adapter: str) -> None:
    async with live(gateway, adapter) as first, live(gateway, adapter) as second:
        await first.run("def kept(number):\n    return number + 1")
        assert (await second.run("kept(1)"))[2]["result"]["value"] == 2


@each_adapter
async def test_a_line_arrives_while_the_code_still_runs(gateway: Gateway, adapter: str) -> None:
    """The code ends once its first line is here: it waits for a file that is made then."""
    here = gateway.state_dir / "sessions" / adapter / "workspace" / "first-line-is-here"
    until_then = f"while not os.path.exists({str(here)!r}): time.sleep(0.01)"
    wait = f"import os, time\nprint('first')\n{until_then}\nprint('second')"
    async with live(gateway, adapter) as client:
        await client.send(type="execute", id=1, code=wait, timeout_seconds=30)
        assert await client.receive() == {"type": "stream", "id": 1, "name": "stdout", "text": "first\n"}
        here.touch()
        rest = await client.until(lambda one: one["type"] == "result")
    here.unlink()
    assert rest[-1]["status"] == "success"
    assert printed(rest, "stdout") == "second\n"


@each_adapter
async def test_text_without_a_line_end_arrives_too_and_streams_keep_their_order(gateway: Gateway, adapter: str) -> None:
    code = "import sys, time\nprint('a', end=''); time.sleep(0.3); print('b', file=sys.stderr); print('c')"
    async with live(gateway, adapter) as client:
        await client.send(type="execute", id=1, code=code)
        messages = await client.until(lambda one: one["type"] == "result")
        assert [(one["name"], one["text"]) for one in messages[:-1]] == [
            ("stdout", "a"),
            ("stderr", "b\n"),
            ("stdout", "c\n"),
        ]


@each_adapter
async def test_ten_thousand_lines_arrive_complete_in_order_and_in_few_messages(gateway: Gateway, adapter: str) -> None:
    async with live(gateway, adapter) as client:
        await client.send(type="execute", id=1, code="for number in range(10_000): print('line', number)")
        messages = await client.until(lambda one: one["type"] == "result", 60)
        assert printed(messages, "stdout") == "".join(f"line {number}\n" for number in range(10_000))
        assert len(messages) < 500


async def test_output_up_to_the_limit_is_complete_and_more_is_told_once(gateway: Gateway) -> None:
    limit = 16 * 1024 * 1024
    async with live(gateway, "freecad") as client:
        out, _, result = await client.run(f"import sys\nsys.stdout.write('é' * {limit // 2}) and None")
        assert (len(out), set(out), result["status"]) == (limit // 2, {"é"}, "success")
        await client.send(type="execute", id=2, code=f"for i in range(40): print('x' * {limit // 32})")
        messages = await client.until(lambda one: one["type"] == "result", 60)
        assert len(printed(messages, "stdout")) == limit
        assert [one.get("truncated") for one in messages[:-1]].count(True) == 1
        assert messages[-2]["truncated"] is True
        assert (await client.run("print('again')"))[0] == "again\n"


@each_adapter
async def test_odd_output_arrives(gateway: Gateway, adapter: str) -> None:
    code = (
        "import sys, threading\n"
        "sys.stdout.buffer.write('ü'.encode()[:1]); sys.stdout.buffer.write('ü'.encode()[1:])\n"
        "print('\\ud800')\n"
        "t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()\n"
        "print('', end=''); print()\n"
    )
    async with live(gateway, adapter) as client:
        out, _, result = await client.run(code)
        assert (out, result["status"]) == ("ü\\ud800\nthread\n\n", "success")


@each_adapter
async def test_an_exception_is_told_with_the_lines_of_the_users_own_code_only(gateway: Gateway, adapter: str) -> None:
    code = "import json\ndef inner():\n    return json.loads('{')\nprint('before')\ninner()\nprint('never')"
    async with live(gateway, adapter) as client:
        out, _, result = await client.run(code)
        error = result["error"]
        assert (out, result["status"], error["code"]) == ("before\n", "error", "execution_failed")
        assert error["message"].startswith("JSONDecodeError: ")
        assert (error["details"]["type"], error["details"]["line"]) == ("JSONDecodeError", 3)
        lines = error["traceback"].splitlines()
        assert lines[0] == "Traceback (most recent call last):"
        assert any(line.strip() == "return json.loads('{')" for line in lines)
        assert lines[-1].startswith("json.decoder.JSONDecodeError: ")
        assert "cadgate" not in error["traceback"]
        assert "/usr/" not in error["traceback"]
        assert "decoder.py" not in error["traceback"]


@each_adapter
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("if True", "SyntaxError"),
        ("1 +\n", "SyntaxError"),
        ("x = 1\n  y = 2", "IndentationError"),
        ("'\\0'\0", "ValueError|SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("raise SystemExit", "SystemExit"),
        ("quit()", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("def f(): f()\nf()", "RecursionError"),
        ("class Odd(Exception):\n    def __str__(self): return 1 / 0\nraise Odd", "Odd"),
        ("try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise ValueError('x') from e", "ValueError"),
        ("raise ValueError('\\ud800' + 'x' * 1_000_000)", "ValueError"),
        ("input()", "EOFError"),
    ],
)
async def test_whatever_code_raises_is_its_own_failure_and_the_session_goes_on(
    gateway: Gateway, adapter: str, code: str, kind: str
) -> None:
    async with live(gateway, adapter) as client:
        _, _, result = await client.run(code)
        assert (result["status"], result["error"]["code"]) == ("error", "execution_failed")
        assert result["error"]["details"]["type"] in kind.split("|")
        assert isinstance(result["error"]["traceback"], str)
        assert (await client.run("'alive'"))[2]["result"]["value"] == "alive"


@each_adapter
async def test_code_with_an_error_in_its_last_line_is_not_begun(gateway: Gateway, adapter: str) -> None:
    async with live(gateway, adapter) as client:
        out, _, result = await client.run("print('began')\nreturn 1")
        assert (out, result["error"]["details"]["type"]) == ("", "SyntaxError")


@each_adapter
@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(600)",
        "import socket; a, b = socket.socketpair(); a.recv(1)",
        "import threading; threading.Lock().acquire() and threading.Event().wait()",
        "while True: print('x' * 1000)",
        "def loop():\n    while True:\n        pass\nloop()",
    ],
)
async def test_running_code_is_interrupted_within_moments(gateway: Gateway, adapter: str, code: str) -> None:
    async with live(gateway, adapter) as client:
        await client.send(type="execute", id="stop me", code="print('on')\n" + code)
        assert (await client.receive())["text"].startswith("on\n")
        began = time.monotonic()
        await client.send(type="interrupt", id="stop me")
        result = (await client.until(lambda one: one["type"] == "result"))[-1]
        assert time.monotonic() - began < 2
        assert (result["id"], result["error"]["code"]) == ("stop me", "interrupted")
        assert "KeyboardInterrupt" in result["error"]["traceback"]
        assert (await client.run("'alive'"))[2]["result"]["value"] == "alive"


@each_adapter
async def test_code_that_waits_for_its_turn_is_interrupted_without_being_started(
    gateway: Gateway, adapter: str
) -> None:
    async with live(gateway, adapter) as client:
        await client.send(type="execute", id="first", code="print('on')\nimport time; time.sleep(600)")
        await client.until(lambda one: one["type"] == "stream")
        await client.send(type="execute", id="second", code="started = True")
        await client.send(type="interrupt", id="second")
        second = await client.receive()
        assert (second["id"], second["error"]["code"]) == ("second", "interrupted")
        await client.send(type="interrupt", id="first")
        assert (await client.receive())["id"] == "first"
        assert (await client.run("'started' in globals()"))[2]["result"]["value"] is False


@each_adapter
async def test_a_timeout_stops_code(gateway: Gateway, adapter: str) -> None:
    async with live(gateway, adapter) as client:
        for seconds in (0.3, 2, 10):  # the first one with time to begin, however busy the machine is
            out, _, result = await client.run("print('on')\nwhile True: pass", timeout_seconds=seconds)
            assert result["error"]["code"] == "deadline_exceeded"
            if out:
                break
        assert out == "on\n"
        assert "KeyboardInterrupt" in result["error"]["traceback"]
        assert (await client.run("1"))[2]["result"]["value"] == 1


@each_adapter
async def test_interrupts_never_hit_the_next_execution(gateway: Gateway, adapter: str) -> None:
    async with live(gateway, adapter) as client:
        for number in range(40):
            await client.send(type="execute", id="hit", code="for _ in range(200): pass")
            await client.send(type="interrupt", id="hit")
            await client.send(type="execute", id="next", code=f"total = sum(range(2000)); {number}")
            messages = await client.until(lambda one: one["type"] == "result" and one["id"] == "next")
            assert messages[-1].get("result", messages[-1])["value"] == number
            hit = [one for one in messages if one["id"] == "hit"]
            assert all(one["type"] == "error" or one.get("error", {}).get("code", "interrupted") for one in hit)


async def test_an_id_in_use_is_a_conflict_until_its_result(gateway: Gateway) -> None:
    async with live(gateway, "freecad") as client:
        await client.send(type="execute", id="same", code="print('on')\nimport time; time.sleep(600)")
        await client.until(lambda one: one["type"] == "stream")
        answer = await client.ask(type="execute", id="same", code="1")
        assert (answer["type"], answer["id"], answer["error"]["code"]) == ("error", "same", "conflict")
        await client.ask(type="interrupt", id="same")
        assert (await client.run("2", "same"))[2]["result"]["value"] == 2


async def test_code_that_does_not_stop_takes_its_application_with_it_and_the_documents_come_back(
    own_gateway: Gateway,
) -> None:
    own_gateway.start()
    stubborn = (
        "def spin():\n    print('on')\n    while True: pass\n"
        "while True:\n    try: spin()\n    except KeyboardInterrupt: pass"
    )
    async with live(own_gateway, "freecad") as client:
        await client.ask(type="subscribe", id=0, topics=["status"])
        box = await client.ask(type="call", id=1, method="primitives.box", params={"name": "Kept"})
        assert box["result"]["name"] == "Kept"
        await client.send(type="execute", id=2, code=stubborn)
        await client.until(lambda one: one["type"] == "stream")
        await client.send(type="interrupt", id=2)
        messages = await client.until(lambda one: one["type"] == "result")
        assert messages[-1]["error"]["code"] == "application_restarted"
        if not any(one["type"] == "event" and one["data"]["status"] == "restarted" for one in messages):
            await client.event("status", status="restarted")
        again = await client.ask(type="call", id=3, method="objects.get", params={"name": "Kept"})
        assert again["result"]["volume"] == pytest.approx(1000)


@each_adapter
async def test_an_application_killed_in_the_middle_is_told_and_comes_back_without_the_names(
    own_gateway: Gateway, adapter: str
) -> None:
    own_gateway.start()
    async with live(own_gateway, adapter) as client:
        await client.ask(type="subscribe", id=0, topics=["status"])
        made = {
            "blender": "o = bpy.data.objects.new('Made', None); bpy.context.scene.collection.objects.link(o)",
            "freecad": "App.ActiveDocument.addObject('Part::Box', 'Made'); App.ActiveDocument.recompute()",
        }
        await client.run(made[adapter])
        await client.run("kept = 1")
        pid = await asyncio.to_thread(own_gateway.application_pid, adapter)
        await client.send(type="execute", id="mid", code="print('on')\nimport time; time.sleep(600)")
        await client.until(lambda one: one["type"] == "stream")
        os.kill(pid, signal.SIGKILL)
        messages = await client.until(lambda one: one["type"] == "result")
        assert (messages[-1]["id"], messages[-1]["error"]["code"]) == ("mid", "application_restarted")
        assert messages[-1]["error"]["retryable"] is True
        if not any(one["type"] == "event" and one["data"]["status"] == "restarted" for one in messages):
            await client.event("status", status="restarted")
        assert (await client.run("'kept' in globals()"))[2]["result"]["value"] is False
        assert (await client.ask(type="call", id=1, method="objects.get", params={"name": "Made"}))[
            "status"
        ] == "success"
