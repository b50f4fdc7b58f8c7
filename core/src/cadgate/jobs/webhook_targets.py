"""Where webhooks may go: to URLs that the operator allows, and never to a private address that is not listed."""

from __future__ import annotations

import asyncio
import fnmatch
import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cadgate.errors import Forbidden, ValidationFailed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
HEADER = "Cadgate-Webhook"
RESOLVE_SECONDS = 5.0
_PORTS = {"http": 80, "https": 443}
_ENTRY = re.compile(r"(?:(https?|\*)://)?(\[[0-9a-fA-F:.]+\]|[^/:\[\]@?#\s]+)(?::(\d{1,5}|\*))?(/[^?#\s]*)?\Z")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class WebhookRequest(BaseModel):
    """What a client sends in `Cadgate-Webhook`."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=2048)
    events: list[Literal["queued", "running", "progress", "finished"]] = Field(["finished"], min_length=1)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in parts."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    """With the query."""

    @property
    def authority(self) -> str:
        """The value of `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class _Entry:
    scheme: str | None
    host: str
    port: int | Literal["*"]
    path: str
    network: Network | None


def entry_of(text: str) -> _Entry:
    """Read one entry of `webhook_allow`. Raises ValueError.

    Entries are URLs whose host and path may have `*` (`https://*.example.org/hooks/*`); `*`, for every URL; or an
    address or network (`10.1.2.3`, `10.1.0.0/16`), for all of its ports.
    """
    if text == "*":
        return _Entry(None, "*", "*", "", None)
    network = _network(text)
    if network is not None:
        return _Entry(None, "", "*", "", network)
    match = _ENTRY.match(text)
    if match is None or "://" not in text:
        raise ValueError(
            f"{text[:200]!r} is not a URL such as 'https://hooks.example.org/*', nor an address or network such as "
            "'10.1.2.3'"
        )
    scheme, host, port, path = match.groups()
    default = _PORTS.get(scheme, "*")
    chosen: int | Literal["*"] = "*" if port == "*" else int(port) if port else default  # type: ignore[assignment]
    return _Entry(None if scheme == "*" else scheme, host.strip("[]").lower(), chosen, path or "", _network(host))


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


class Allowed:
    """The URLs and addresses of the setting `webhook_allow`."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._entries = [entry_of(each) for each in entries]

    def matches(self, target: Target) -> bool:
        """Whether the operator allows this URL."""
        return any(_matches(entry, target) for entry in self._entries)

    def lists(self, address: Address) -> bool:
        """Whether the operator listed this address."""
        return any(
            entry.network is not None and entry.network.version == address.version and address in entry.network
            for entry in self._entries
        )

    def require(self, target: Target) -> None:
        """Raise Forbidden for a URL that is not allowed."""
        if not self.matches(target):
            raise Forbidden(
                f"Webhooks to {target.scheme}://{target.authority} are not allowed: whoever runs the gateway lists the "
                "URLs that are in webhook_allow (CADGATE_WEBHOOK_ALLOW)",
                details={"setting": "webhook_allow", "url": target.url},
            )

    async def address_of(self, target: Target) -> Address:
        """Return the address to connect to. Raises Forbidden if one of the host's is private, OSError if it has none.

        All of them must be allowed, because a name with a public and a private address is a trap.
        """
        found = await _resolved(target)
        for address in found:
            if _is_private(address) and not self.lists(address):
                raise Forbidden(
                    f"Webhooks to {target.authority} are not allowed: it resolves to an address of a private network, "
                    "which webhook_allow does not list by its address",
                    details={"setting": "webhook_allow", "url": target.url},
                )
        return found[0]


def _matches(entry: _Entry, target: Target) -> bool:
    if entry.network is not None and not entry.host:
        try:
            return ipaddress.ip_address(target.host) in entry.network
        except ValueError:
            return False
    path = target.path.partition("?")[0]
    return (
        entry.scheme in (None, target.scheme)
        and entry.port in ("*", target.port)
        and fnmatch.fnmatchcase(target.host, entry.host)
        and (not entry.path or fnmatch.fnmatchcase(path, entry.path) or (entry.path == "/" and path == ""))
    )


async def _resolved(target: Target) -> list[Address]:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(RESOLVE_SECONDS):
        infos = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    found = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in infos]
    if not found:
        raise OSError(f"{target.host} has no address")
    return list(dict.fromkeys(found))


def _is_private(address: Address) -> bool:
    """Whether an address is not one of the public Internet, in whatever form it is written."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and _is_private(inner):
            return True
        if address.ipv4_mapped is not None:
            return False  # public, as was found just now
    return not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified


def target_of(url: str) -> Target:
    """Return a URL in parts. Raises ValueError for what is not a plain URL of HTTP or HTTPS."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("it must be ASCII without spaces and backslashes; encode other characters with %")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError("it must begin with https:// or http://")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("it must have neither a user, nor a password, nor a fragment")
    if not parts.hostname:
        raise ValueError("it has no host")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(url, parts.scheme, parts.hostname.rstrip("."), parts.port or _PORTS[parts.scheme], path)


def request_of(header: str) -> tuple[WebhookRequest, Target]:
    """Read `Cadgate-Webhook`. Raises ValidationFailed."""
    try:
        wanted = WebhookRequest.model_validate_json(header)
        return wanted, target_of(wanted.url)
    except ValidationError as error:
        first: Any = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason = f"{place + ': ' if place else ''}{first['msg']}"
    except ValueError as error:
        reason = f"url: {error}"
    message = f'{reason}. Send JSON such as {{"url": "https://hooks.example.org/cadgate", "events": ["finished"]}}'
    raise ValidationFailed(
        f"{HEADER}: {message}",
        details={"errors": [{"type": "value_error", "loc": ["header", HEADER], "msg": message}]},
    )
