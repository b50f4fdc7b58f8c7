"""Checks the `Host` that a request addresses, and which browser page it comes from."""

from __future__ import annotations

from collections.abc import Iterable

from cadgate.errors import ForbiddenOrigin, MisdirectedHost

_LOCAL = ("localhost", "127.0.0.1", "::1")
_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_REMEMBERED = 256


def split_host(value: str) -> tuple[str, str] | None:
    """Return name (lower case, no brackets) and port (may be empty) of a `Host` header; None if it is invalid."""
    name, port = value, ""
    if value.startswith("["):
        name, bracket, rest = value[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return None
        port = rest[1:]
    elif ":" in value:
        name, _, port = value.partition(":")
    if not name or (port and not (port.isascii() and port.isdigit())) or not value.isascii():
        return None
    return name.lower(), port


class Origins:
    """Checks `Host` and `Origin`; remembers a few hundred accepted ones, since clients repeat them."""

    def __init__(self, host: str, allowed_hosts: Iterable[str], cors_origins: Iterable[str]) -> None:
        names = {*_LOCAL, host.lower().strip("[]")}
        for entry in allowed_hosts:
            split = split_host(entry)
            names.add(split[0] if split else entry.lower().strip("[]"))
        self._hosts = frozenset(names)
        self.allowed = frozenset(filter(None, (_normal(origin) for origin in cors_origins)))
        self._known_hosts: set[bytes] = set()
        self._known_pairs: set[tuple[bytes, bytes, str]] = set()

    def check_host(self, value: bytes | None) -> None:
        """Raise MisdirectedHost unless the request addresses a name of this gateway, which stops DNS rebinding."""
        if value in self._known_hosts:
            return
        split = split_host((value or b"").decode("latin-1").strip())
        if value is None or split is None or split[0] not in self._hosts:
            shown = (value or b"").decode("latin-1")[:100]
            raise MisdirectedHost(
                f"This gateway does not answer to the Host {shown!r}: use localhost, or add the name to allowed_hosts",
                details={"host": shown},
            )
        if len(self._known_hosts) < _REMEMBERED:
            self._known_hosts.add(value)

    def check_origin(self, origin: bytes, host: bytes, scheme: str) -> bool:
        """Return True for a page of a configured origin, False for one of the gateway itself.

        Raises ForbiddenOrigin for any other page.
        """
        key = (origin, host, scheme)
        if key in self._known_pairs:
            return False
        normal = _normal(origin.decode("latin-1").strip())
        own = _normal(f"{_web(scheme)}://{host.decode('latin-1').strip()}")
        if normal is None or normal != own:
            if normal is not None and normal in self.allowed:
                return True
            shown = origin.decode("latin-1")[:200]
            raise ForbiddenOrigin(
                f"Pages of the origin {shown!r} may not call this gateway; cors_origins lists those that may",
                details={"origin": shown},
            )
        if len(self._known_pairs) < _REMEMBERED:
            self._known_pairs.add(key)
        return False

    def check_fetch_site(self, site: bytes, headers: dict[bytes, bytes]) -> None:
        """Raise ForbiddenOrigin for what a foreign page loads without an `Origin`, such as an image or a script.

        Following a link to this gateway is allowed.
        """
        if site not in (b"cross-site", b"same-site") or b"origin" in headers:
            return
        if headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document":
            return
        scheme, separator, rest = headers.get(b"referer", b"").decode("latin-1").partition("://")
        if separator and _normal(f"{scheme}://{rest.partition('/')[0]}") in self.allowed:
            return
        raise ForbiddenOrigin(
            "Pages of other sites may not load this; cors_origins lists those that may",
            details={"sec_fetch_site": site.decode("latin-1")},
        )


def _web(scheme: str) -> str:
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _normal(origin: str) -> str | None:
    """Return `scheme://name:port`, always with the port; None for `null` and anything that is not an origin."""
    scheme, separator, rest = origin.partition("://")
    scheme = scheme.lower()
    split = split_host(rest)
    if not separator or scheme not in _DEFAULT_PORTS or split is None:
        return None
    name, port = split
    return f"{scheme}://{name}:{port or _DEFAULT_PORTS[scheme]}"
