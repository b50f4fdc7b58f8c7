"""Sends webhooks: each message with one id until its receiver has accepted it, for a day."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import time
from dataclasses import dataclass
from functools import cache

import anyio.to_thread
import httpx
import structlog

from cadgate.config.settings import Settings
from cadgate.errors import CadgateError, ConfigError, Forbidden
from cadgate.jobs.deliveries import Deliveries, Delivery
from cadgate.jobs.webhook_targets import Allowed, Target, request_of, target_of
from cadgate.security.webhook_secrets import WebhookSecrets, signatures

FIRST_WAIT = 0.2
LONGEST_WAIT = 3600.0
GROWTH = 4.0
KEPT_SECONDS = 86_400.0
"""For how long a message is tried again."""
SECONDS = 15.0
"""How long a receiver may take to answer."""
AT_ONCE = 8
GONE = 410

log = structlog.stdlib.get_logger("cadgate.webhooks")


@dataclass(frozen=True, slots=True)
class Hook:
    """Where the events of a job go, and which ones."""

    url: str
    events: tuple[str, ...]


class Webhooks:
    """The sender of a gateway. `start` and `close` belong to its lifespan."""

    def __init__(self, settings: Settings, deliveries: Deliveries) -> None:
        fixed = settings.webhook_url
        try:
            self._allowed = Allowed((*settings.webhook_allow, *([] if fixed is None else [_origin(fixed)])))
        except ValueError as error:
            setting = "webhook_allow" if fixed is None else "webhook_allow, webhook_url"
            raise ConfigError(f"{settings.origin('webhook_allow')}: {setting}: {error}") from error
        self._fixed = None if fixed is None else Hook(fixed, ("finished",))
        self._secrets = WebhookSecrets(settings.state_dir)
        self._deliveries = deliveries
        self._wake = asyncio.Event()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def hooks_for(self, header: str | None) -> list[Hook]:
        """Return where the events of a new job go. Raises ValidationFailed, Forbidden."""
        hooks = [] if self._fixed is None else [self._fixed]
        if header is None:
            return hooks
        wanted, target = request_of(header)
        self._allowed.require(target)
        # Whoever cannot be found now may be found when there is something to send.
        with contextlib.suppress(OSError, TimeoutError, UnicodeError):
            await self._allowed.address_of(target)
        return [*hooks, Hook(wanted.url, tuple(dict.fromkeys(wanted.events)))]

    def start(self) -> None:
        """Send what is waiting, in a task of the running loop."""
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop sending. What was not delivered is sent when the gateway starts again."""
        tasks = [*self._sending.values(), *([] if self._task is None else [self._task])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """Look for messages now."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            wait = LONGEST_WAIT
            try:
                due, wait = await self._deliveries.due(AT_ONCE, tuple(self._sending))
                for delivery in due[: max(0, AT_ONCE - len(self._sending))]:
                    task = self._sending[delivery.id] = asyncio.create_task(self._send(delivery))
                    task.add_done_callback(lambda _, each=delivery.id: self._sent(each))
            except CadgateError as error:
                log.warning("webhooks_not_read", reason=error.message)
                wait = 10.0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.05, wait)):
                    await self._wake.wait()

    def _sent(self, identifier: str) -> None:
        self._sending.pop(identifier, None)
        self._wake.set()

    async def _send(self, delivery: Delivery) -> None:
        try:
            status = await self._post(delivery)
        except Forbidden as error:
            log.warning("webhook_refused", id=delivery.id, job=delivery.job, reason=error.message)
            await self._end(delivery, "refused")
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the message is tried again
            outcome = f"{type(error).__name__}: {error}"
        else:
            if 200 <= status < 300:
                await self._end(delivery, "delivered")
                return
            if status == GONE:
                log.warning("webhook_not_wanted", id=delivery.id, job=delivery.job)
                await self._end(delivery, "refused")
                return
            outcome = f"status {status}"
        wait = min(LONGEST_WAIT, FIRST_WAIT * GROWTH**delivery.attempts) * random.uniform(0.8, 1.2)
        if time.time() + wait > delivery.created + KEPT_SECONDS:
            log.error("webhook_given_up", id=delivery.id, job=delivery.job, outcome=outcome)
            await self._end(delivery, "given_up")
            return
        log.info("webhook_failed", id=delivery.id, job=delivery.job, outcome=outcome, again_in=round(wait, 1))
        with contextlib.suppress(CadgateError):
            await self._deliveries.put_off(delivery.id, time.time() + wait)

    async def _end(self, delivery: Delivery, state: str) -> None:
        with contextlib.suppress(CadgateError):
            await self._deliveries.end(delivery.id, state)

    async def _post(self, delivery: Delivery) -> int:
        """Send a message to the address that was checked; return the status. Redirects are not followed."""
        target = target_of(delivery.url)
        self._allowed.require(target)
        address = await self._allowed.address_of(target)
        found = await anyio.to_thread.run_sync(self._secrets.current)
        timestamp, body = int(time.time()), delivery.body.encode()
        headers = {
            "Host": target.authority,
            "Content-Type": "application/json",
            "User-Agent": "cadgate-webhooks",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(found, delivery.id, timestamp, body),
        }
        # The certificate is checked for the name, although the connection is made to the address.
        extensions = {"sni_hostname": target.host} if target.scheme == "https" else {}
        async with (
            httpx.AsyncClient(
                trust_env=False, follow_redirects=False, timeout=SECONDS, verify=_certificates()
            ) as client,
            asyncio.timeout(SECONDS),
            client.stream(
                "POST", _at(target, str(address)), content=body, headers=headers, extensions=extensions
            ) as answer,
        ):
            return answer.status_code


@cache
def _certificates() -> ssl.SSLContext:
    """Return what certificates are checked with. Loading the machine's takes longer than sending a message."""
    return httpx.create_ssl_context(trust_env=False)


def _origin(url: str) -> str:
    target = target_of(url)
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{target.scheme}://{host}:{target.port}"


def _at(target: Target, address: str) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"{target.scheme}://{host}:{target.port}{target.path}"
