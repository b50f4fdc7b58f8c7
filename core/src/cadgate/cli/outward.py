"""What the environment says to clients about the way to the gateway: proxies, which they would ask for 127.0.0.1."""

from __future__ import annotations

import urllib.request

from cadgate.config.settings import Settings


def proxy_hint(settings: Settings) -> tuple[str, str] | None:
    """What to say where clients with this environment ask a proxy for the gateway, and what to set; None elsewhere."""
    if not urllib.request.getproxies_environment().get("http"):
        return None
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    if urllib.request.proxy_bypass(host):
        return None
    return (
        f"HTTP_PROXY is set: curl and other clients ask the proxy for {host}, which does not know this gateway",
        f"export NO_PROXY={host},localhost",
    )
