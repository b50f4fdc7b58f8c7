"""For tests of adapters, and a pytest plugin: `pytest_plugins = ["cadgate.testing"]` in `conftest.py`.

Define the fixture `cadgate_adapter_name`; the plugin then starts a real gateway with only that adapter.
`cadgate.testing.conformance` has the tests that every adapter must pass. PYTEST_DONT_REWRITE: no assertions here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

pytest.register_assert_rewrite("cadgate.testing.conformance")

from cadgate.testing.gateway import START_SECONDS, Gateway, alive, eventually, free_port  # noqa: E402

StartGateway = Callable[[str, dict[str, Any]], Gateway]


@pytest.fixture
def cadgate_adapter_name() -> str:
    """Return the name of the adapter to test. Every project defines this fixture."""
    raise NotImplementedError(
        "define a fixture `cadgate_adapter_name` in conftest.py that returns the adapter's name, as in plugins.toml"
    )


@pytest.fixture
def cadgate_adapter_settings() -> dict[str, Any]:
    """Return the adapter's table of plugins.toml. Projects override this if their application needs settings."""
    return {}


@pytest.fixture(scope="session")
def _cadgate_gateways(  # pyright: ignore[reportUnusedFunction]
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StartGateway]:
    """Return a function that starts a gateway for an adapter and its settings, or reuses one started for the same."""
    import tomlkit

    from cadgate.config.entry_points import announced_names

    running: dict[str, Gateway] = {}

    def start(name: str, settings: dict[str, Any]) -> Gateway:
        off = {other: {"enabled": False} for other in announced_names() if other != name}
        plugins = tomlkit.dumps({"adapters": {**off, name: settings}})
        if plugins not in running:
            running[plugins] = Gateway(tmp_path_factory.mktemp(f"gateway-{name}"), plugins=plugins)
            running[plugins].start()
        return running[plugins]

    yield start
    failed: list[str] = []
    for gateway in running.values():
        if gateway.running and gateway.stop() != 0:
            failed.append(f"{gateway!r} did not stop cleanly:\n{gateway.log.read_text()[-4000:]}")
    if failed:
        pytest.fail("\n".join(failed), pytrace=False)


@pytest.fixture
def cadgate_gateway(
    _cadgate_gateways: StartGateway, cadgate_adapter_name: str, cadgate_adapter_settings: dict[str, Any]
) -> Gateway:
    """Return a running gateway with only this adapter, which is up. All tests share it: leave it as you found it."""
    return _cadgate_gateways(cadgate_adapter_name, cadgate_adapter_settings)


@pytest.fixture
def cadgate_client(cadgate_gateway: Gateway, cadgate_adapter_name: str) -> Iterator[httpx.Client]:
    """Yield a client for the adapter's routes, `/api/v1/{name}`."""
    with cadgate_gateway.client(f"/api/v1/{cadgate_adapter_name}") as client:
        yield client


__all__ = [
    "START_SECONDS",
    "Gateway",
    "alive",
    "cadgate_adapter_name",
    "cadgate_adapter_settings",
    "cadgate_client",
    "cadgate_gateway",
    "eventually",
    "free_port",
]
