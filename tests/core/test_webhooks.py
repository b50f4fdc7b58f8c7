"""Webhooks: which URLs they may go to, what is sent, and that nothing is sent where it must not be."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from standardwebhooks import Webhook

from cadgate.config.settings import Settings
from cadgate.errors import ConfigError, Forbidden, ValidationFailed
from cadgate.jobs import webhooks
from cadgate.jobs.deliveries import Deliveries
from cadgate.jobs.records import New
from cadgate.jobs.store import JobStore
from cadgate.jobs.webhook_targets import Allowed, request_of, target_of
from cadgate.jobs.webhooks import Webhooks
from cadgate.security.webhook_secrets import WebhookSecrets

pytestmark = pytest.mark.anyio
PUBLIC = "93.184.216.34"


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve to these addresses, one answer after the other; return the names that were looked up."""
    asked: list[str] = []

    async def getaddrinfo(_: Any, host: str, port: int, **__: Any) -> list[Any]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        kinds = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in found]
        return [(kind, socket.SOCK_STREAM, 6, "", (each, port)) for kind, each in zip(kinds, found, strict=True)]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return asked


@asynccontextmanager
async def sender(folder: Path, *allow: str, url: str | None = None) -> AsyncGenerator[tuple[Webhooks, JobStore]]:
    store = JobStore(folder / "jobs")
    store.deliveries = Watched(store)
    made = Webhooks(Settings(state_dir=folder, webhook_allow=allow, webhook_url=url), store.deliveries)
    made.start()
    try:
        yield made, store
    finally:
        await made.close()
        store.close()


async def finished(store: JobStore, hook: str, identifier: str = "a" * 32) -> None:
    """Store a job with a webhook, and its end."""
    await store.add(New(identifier, "blender", "default", "render.still", "local", None, None, "{}", hook))
    await store.finish(identifier, "succeeded", result='{"width":4}')


async def until(store: JobStore, wanted: str, attempts: int = 1) -> int:
    """Wait until the only message is in this state after so many attempts; return how often it was tried."""
    watched: Any = store.deliveries
    async with asyncio.timeout(20):
        while True:
            watched.changed.clear()
            found: Any = await store.read(
                lambda connection: connection.execute("SELECT state, attempts FROM deliveries").fetchone()
            )
            if found[0] == wanted and found[1] >= attempts:
                return found[1]
            await watched.changed.wait()


def requests_of(route: Any) -> list[httpx.Request]:
    """Return what was sent to a route."""
    return [call.request for call in route.calls]


class Watched(Deliveries):
    """Deliveries that say when a message has changed."""

    def __init__(self, store: JobStore) -> None:
        super().__init__(store.deliveries._do)  # pyright: ignore[reportPrivateUsage]
        self.changed = asyncio.Event()

    async def put_off(self, identifier: str, until: float) -> None:
        await super().put_off(identifier, until)
        self.changed.set()

    async def end(self, identifier: str, state: str) -> None:
        await super().end(identifier, state)
        self.changed.set()


HOOK = '[{"url": "https://hooks.example.org/in?x=1", "events": ["finished"]}]'


@pytest.mark.parametrize(
    ("entry", "url", "allowed"),
    [
        ("https://hooks.example.org/*", "https://hooks.example.org/a/b?c=1", True),
        ("https://hooks.example.org", "https://hooks.example.org/", True),
        ("https://hooks.example.org/a/*", "https://hooks.example.org/b", False),
        ("https://hooks.example.org/*", "http://hooks.example.org/", False),
        ("https://hooks.example.org/*", "https://hooks.example.org:8443/", False),
        ("https://hooks.example.org:*/*", "https://hooks.example.org:8443/", True),
        ("https://*.example.org/*", "https://a.example.org/", True),
        ("https://*.example.org/*", "https://example.org.evil.test/", False),
        ("https://hooks.example.org/*", "https://hooks.example.org.evil.test/", False),
        ("https://hooks.example.org/*", "https://HOOKS.example.org./", True),
        ("*", "https://anything.test/", True),
        ("10.0.0.0/8", "http://10.1.2.3:9000/x", True),
        ("10.0.0.0/8", "http://11.1.2.3:9000/x", False),
        ("http://127.0.0.1:9000/*", "http://127.0.0.1:9000/x", True),
        ("http://127.0.0.1:9000/*", "http://127.0.0.1:9001/x", False),
    ],
)
async def test_a_url_is_allowed_by_scheme_host_port_and_path(entry: str, url: str, allowed: bool) -> None:
    assert Allowed([entry]).matches(target_of(url)) is allowed


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.test/",
        "https://user@a.test/",
        "https://a.test/#x",
        "https:///x",
        "https://a b.test/",
        "https://a.test\\@b.test/",
        "https://a.test:99999/",
        "javascript:alert(1)",
        "",
    ],
)
async def test_what_is_not_a_plain_url_is_refused(url: str) -> None:
    with pytest.raises(ValidationFailed, match="Cadgate-Webhook"):
        request_of(f'{{"url": "{url}"}}'.replace("\\", "\\\\"))


@pytest.mark.parametrize("header", ["x", "[]", "{}", '{"url": "https://a.test", "events": ["done"]}', '{"url": 3}'])
async def test_a_header_that_is_not_a_webhook_is_refused(header: str) -> None:
    with pytest.raises(ValidationFailed, match="Send JSON such as"):
        request_of(header)


@pytest.mark.parametrize("entry", ["hooks.example.org", "ftp://a.test/*", "https://a.test/?x", ""])
async def test_an_entry_that_is_none_stops_the_start(entry: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="webhook_allow"):
        Webhooks(Settings(state_dir=tmp_path, webhook_allow=(entry,)), JobStore(tmp_path).deliveries)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
async def test_a_name_of_a_private_address_is_refused(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, [PUBLIC, address])
    async with sender(tmp_path, "*") as (made, _):
        with pytest.raises(Forbidden, match="private network"):
            await made.hooks_for('{"url": "https://hooks.example.org/"}')
    allowed = Allowed(["*", str(ipaddress.ip_address(address))])
    assert str(await allowed.address_of(target_of("https://hooks.example.org/"))) == PUBLIC


@pytest.mark.parametrize("host", ["169.254.169.254", "2130706433", "0x7f.1", "[::ffff:7f00:1]", "localhost"])
async def test_other_ways_to_write_a_private_address_are_refused(host: str, tmp_path: Path) -> None:
    async with sender(tmp_path, "*") as (made, _):
        with pytest.raises(Forbidden):
            await made.hooks_for(f'{{"url": "http://{host}/"}}')


async def test_nothing_is_allowed_by_default(tmp_path: Path) -> None:
    async with sender(tmp_path) as (made, _):
        with pytest.raises(Forbidden, match="webhook_allow"):
            await made.hooks_for('{"url": "https://hooks.example.org/"}')


@respx.mock
async def test_a_message_is_signed_and_goes_to_the_address_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, [PUBLIC])
    route = respx.post(f"https://{PUBLIC}:443/in?x=1").mock(httpx.Response(204))
    async with sender(tmp_path, "https://hooks.example.org/*") as (made, store):
        await finished(store, HOOK)
        made.wake()
        assert await until(store, "delivered") == 1
    (request,) = requests_of(route)
    assert request.headers["host"] == "hooks.example.org"
    assert request.extensions["sni_hostname"] == "hooks.example.org"
    (secret,) = WebhookSecrets(tmp_path).list()
    told = Webhook(secret.secret).verify(request.content, dict(request.headers))
    assert (told["type"], told["data"]["state"], told["data"]["result"]) == ("job.finished", "succeeded", {"width": 4})


@respx.mock
async def test_a_message_keeps_its_id_until_it_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "FIRST_WAIT", 0.01)
    resolving(monkeypatch, [PUBLIC])
    answers = [httpx.Response(500), httpx.ConnectError("no"), httpx.Response(429), httpx.Response(200)]
    route = respx.post(f"https://{PUBLIC}:443/in?x=1").mock(side_effect=answers)
    async with sender(tmp_path, "https://hooks.example.org/*") as (made, store):
        await finished(store, HOOK)
        made.wake()
        assert await until(store, "delivered") == 4
    assert len({each.headers["webhook-id"] for each in requests_of(route)}) == 1


@respx.mock
async def test_a_redirect_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "FIRST_WAIT", 0.01)
    resolving(monkeypatch, [PUBLIC])
    respx.post(f"https://{PUBLIC}:443/in?x=1").mock(
        side_effect=[httpx.Response(302, headers={"Location": "http://169.254.169.254/"}), httpx.Response(410)]
    )
    inside = respx.route(host="169.254.169.254").mock(httpx.Response(200))
    async with sender(tmp_path, "*") as (made, store):
        await finished(store, HOOK)
        made.wake()
        assert await until(store, "refused") == 2
    assert not inside.called


@respx.mock
async def test_a_name_that_becomes_private_is_refused_when_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolving(monkeypatch, [PUBLIC], ["127.0.0.1"])
    anywhere = respx.route().mock(httpx.Response(200))
    async with sender(tmp_path, "*") as (made, store):
        assert await made.hooks_for('{"url": "https://hooks.example.org/in?x=1"}')
        await finished(store, HOOK)
        made.wake()
        await until(store, "refused")
    assert asked == ["hooks.example.org"] * 2
    assert not anywhere.called


@respx.mock
async def test_what_was_not_delivered_is_sent_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "FIRST_WAIT", 0.3)
    resolving(monkeypatch, [PUBLIC])
    route = respx.post(f"https://{PUBLIC}:443/in?x=1").mock(side_effect=[httpx.Response(500), httpx.Response(200)])
    async with sender(tmp_path, "*") as (made, store):
        await finished(store, HOOK)
        made.wake()
        await until(store, "waiting")
    async with sender(tmp_path, "*") as (_, store):
        assert await until(store, "delivered") == 2
    assert len({each.headers["webhook-id"] for each in requests_of(route)}) == 1


@respx.mock
async def test_the_url_of_the_settings_gets_the_end_of_every_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, [PUBLIC])
    async with sender(tmp_path, url="https://own.example.org/jobs") as (made, _):
        (hook,) = await made.hooks_for(None)
        assert (hook.url, hook.events) == ("https://own.example.org/jobs", ("finished",))


async def test_a_replaced_secret_signs_for_another_day(tmp_path: Path) -> None:
    known = WebhookSecrets(tmp_path)
    (old,) = known.current()
    new = known.rotate()
    assert [each.secret for each in known.list()] == [new.secret, old.secret]
    assert (tmp_path / "webhooks.json").stat().st_mode & 0o777 == 0o600
    assert known.forget_old() == 1
    assert [each.secret for each in known.list()] == [new.secret]
