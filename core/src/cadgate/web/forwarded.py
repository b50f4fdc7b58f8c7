"""Reads the head of a request before the caller is identified: its path, and what a proxy in front added."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, MutableMapping
from typing import Any

from cadgate.errors import BadRequest
from cadgate.models.root import ROOT, checked_root
from cadgate.web.converters import SLASH, decode_path

_ONCE = (b"host", b"origin", b"authorization", b"content-length", b"content-type", b"idempotency-key", b"if-match")
_PREFIX, _PROTO, _FOR = b"x-forwarded-prefix", b"x-forwarded-proto", b"x-forwarded-for"
_SECURE = {"http": "https", "ws": "wss"}
_PLAIN = {"https": "http", "wss": "ws"}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(entries: Iterable[str]) -> tuple[Network, ...]:
    """Parse addresses and networks. Raises ValueError for anything else."""
    return tuple(ipaddress.ip_network(entry, strict=False) for entry in entries)


class Forwarded:
    """Reads a request's path, and restores what a trusted proxy changed.

    :param root: the setting `root_path`.
    :param trusted: the setting `trusted_proxies`: headers of other proxies are ignored.
    """

    def __init__(self, root: str = "", trusted: Iterable[str] = ()) -> None:
        self._root = root
        self._trusted = networks(trusted)
        self._prefixes: dict[bytes, str] = {}

    def read(self, scope: MutableMapping[str, Any], headers: dict[bytes, bytes]) -> None:
        """Correct path and scheme of `scope`, and set the root of this request. Raises BadRequest.

        Afterwards the path is without the root, whether a proxy removed it or not.
        """
        raw_path: bytes = scope.get("raw_path") or b""
        if b"%" in raw_path:
            try:
                scope["path"] = decode_path(raw_path)
            except ValueError as error:
                raise BadRequest(f"The path {raw_path[:200].decode('latin-1')!r} cannot be read: {error}") from error
        elif SLASH in scope["path"]:
            raise BadRequest("The path cannot be read: it contains the noncharacter U+FDD0")
        if len(headers) != len(scope["headers"]):
            _refuse_repeated(scope["headers"])
        root = self._root
        if given := scope.get("root_path"):
            # A server that knows its root path puts it before every path.
            scope["root_path"] = ""
            root = root or given.rstrip("/")
        if self._trusted and self._is_trusted(scope):
            root = self._forwarded(scope, headers, root)
        if root:
            path: str = scope["path"]
            if path == root or path.startswith(root + "/"):
                scope["path"] = path[len(root) :] or "/"
        if root or ROOT.get():
            ROOT.set(root)

    def client(self, scope: MutableMapping[str, Any], headers: dict[bytes, bytes]) -> str:
        """Return the address of the client: as reported by the nearest proxy, if that is trusted."""
        client = scope.get("client")
        if self._is_trusted(scope) and (forwarded_for := headers.get(_FOR)):
            return _last(forwarded_for)[:64]
        return client[0] if client else ""

    def _is_trusted(self, scope: MutableMapping[str, Any]) -> bool:
        client = scope.get("client")
        if not self._trusted or client is None:
            return False
        try:
            address = ipaddress.ip_address(client[0].partition("%")[0])
        except ValueError:
            return False
        if address.version == 6 and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._trusted)

    def _forwarded(self, scope: MutableMapping[str, Any], headers: dict[bytes, bytes], root: str) -> str:
        if (proto := headers.get(_PROTO)) is not None:
            kind = _last(proto).lower()
            if kind in ("https", "wss"):
                scope["scheme"] = _SECURE.get(scope["scheme"], scope["scheme"])
            elif kind in ("http", "ws"):
                scope["scheme"] = _PLAIN.get(scope["scheme"], scope["scheme"])
        prefix = headers.get(_PREFIX)
        if prefix is None:
            return root
        known = self._prefixes.get(prefix)
        if known is None:
            try:
                known = checked_root(prefix.decode("latin-1"))
            except ValueError as error:
                raise BadRequest(f"The header X-Forwarded-Prefix cannot be used: {error}") from error
            if len(self._prefixes) < 64:
                self._prefixes[prefix] = known
        return known


def _last(value: bytes) -> str:
    """Return the value that the nearest of several proxies added."""
    return value.decode("latin-1").rpartition(",")[2].strip()


def _refuse_repeated(headers: list[tuple[bytes, bytes]]) -> None:
    seen: set[bytes] = set()
    for name, _ in headers:
        if name in seen and name in _ONCE:
            raise BadRequest(f"The header {name.decode()!r} was sent twice")
        seen.add(name)
