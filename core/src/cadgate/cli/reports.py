"""`cadgate status`, `plugins` and `version`: reports with one line for each thing."""

from __future__ import annotations

import logging
import platform

import cadgate
from cadgate.cli.gateway import Gateway, NotReachable, Service
from cadgate.cli.lifecycle import say
from cadgate.cli.lock import holder_of
from cadgate.config.entry_points import announced
from cadgate.config.settings import Settings


def status(settings: Settings) -> int:
    """Print one line per service; return 0 only if all enabled ones answer."""
    holder = holder_of(settings.state_dir)
    url = (holder.url if holder else None) or settings.url
    try:
        services = Gateway(url, holder.token if holder else None).services()
    except NotReachable as error:
        services = _unreachable(settings, str(error) if holder else f"no gateway runs with {settings.state_dir}")
    for service in services:
        say(service.line())
    return 0 if all(service.answers for service in services) else 1


def _unreachable(settings: Settings, why: str) -> list[Service]:
    """Return the same services if there is no gateway: enabled adapters cannot answer either."""
    names = {one.name for one in announced()} | set(settings.adapters)
    off = {name for name, table in settings.adapters.items() if str(table.get("enabled", True)).lower() == "false"}
    rest = [Service(name, "down", "the gateway is not running") for name in sorted(names - off)]
    return [Service("gateway", "down", why, kind="gateway"), *rest]


def plugins(settings: Settings) -> int:
    """Print one line per adapter: name, status, package, version, error. Needs no gateway."""
    from cadgate.plugins.discovery import discover

    # The lines below have the same content as its warnings.
    logging.getLogger("cadgate.plugins").setLevel(logging.ERROR)
    found = discover(settings)
    for one in found:
        columns = (f"{one.name:<12}", f"{one.status:<9}", f"{one.package:<18}", f"{one.version or '-':<10}")
        say(" ".join((*columns, " ".join((one.error or "").split()))).rstrip())
    if not found:
        say("no adapters are installed: pip install cadgate-blender, for example")
    return 0


def version() -> int:
    """Print the versions of the gateway, Python and the adapters."""
    say(f"cadgate {cadgate.__version__} (Python {platform.python_version()})")
    for one in announced():
        say(str(one))
    return 0
