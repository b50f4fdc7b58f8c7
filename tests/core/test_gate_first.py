"""Requests go straight to the gate, past the layers that every FastAPI has around all others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.middleware.errors import ServerErrorMiddleware

from tests.core.served import in_process, probed_app, quiet_settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of requests that came through the outermost of these layers."""
    paths: list[str] = []
    call = ServerErrorMiddleware.__call__

    async def counted(self: ServerErrorMiddleware, scope: Any, receive: Any, send: Any) -> None:
        paths.append(scope["path"])
        await call(self, scope, receive, send)

    monkeypatch.setattr(ServerErrorMiddleware, "__call__", counted)
    return paths


async def test_no_layer_of_the_framework_stands_before_the_gate(tmp_path: Path, passed: list[str]) -> None:
    async with in_process(probed_app(quiet_settings(tmp_path))) as client:
        await client.get("/health")
        passed.clear()
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/nothing")).status_code == 404
        assert passed == []


async def test_middleware_that_somebody_added_is_not_passed_by(tmp_path: Path, passed: list[str]) -> None:
    class Marked:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            passed.append("marked")
            await self.app(scope, receive, send)

    app = probed_app(quiet_settings(tmp_path))
    app.add_middleware(Marked)
    async with in_process(app) as client:
        assert (await client.get("/health")).status_code == 200
        assert "marked" in passed
