"""The entry point of the fake adapter."""

from __future__ import annotations

from cadgate.plugin import Adapter, hookimpl
from cadgate_fake import look
from cadgate_fake.client import FakeClient, FakeConnectionError
from cadgate_fake.launcher import FakeLauncher
from cadgate_fake.routers import router
from cadgate_fake.settings import FakeSettings


@hookimpl
def cadgate_adapter() -> Adapter:
    """A dictionary of items."""
    return Adapter(
        name="fake",
        title="Fake",
        description="A dictionary of items.",
        package="cadgate_fake",
        api_version=1,
        routers=[router, look.router],
        launcher=FakeLauncher,
        client=FakeClient,
        settings=FakeSettings,
        connection_error=FakeConnectionError,
        context=("shelf",),
    )
