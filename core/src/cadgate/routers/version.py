"""Reports the versions of the gateway, of Python, and of each adapter's package and application."""

from __future__ import annotations

import platform

from fastapi import Request
from pydantic import Field

import cadgate
from cadgate.dispatch.runtime import AdapterRuntime
from cadgate.models.responses import Result, Success
from cadgate.plugins.discovery import Found
from cadgate.plugins.hookspecs import API_VERSION
from cadgate.web.access import requires
from cadgate.web.router import Router

router = Router(dependencies=[requires()])  # any caller with a key


class AdapterVersion(Result):
    """The versions of one adapter's package and of its application."""

    package: str
    version: str | None = Field(description="Version of the package.")
    application: str | None = Field(description="Name and version of the application; null until it has started.")


class Version(Result):
    """All versions."""

    gateway: str = Field(description="Version of cadgate.", examples=["0.1.0"])
    api: str = Field(default="v1", description="Version of the HTTP API, as in its paths.")
    plugin_api: int = Field(description="Version of the interface that adapters are written for.")
    python: str
    platform: str
    adapters: dict[str, AdapterVersion]


@router.get("/version")
async def version(request: Request) -> Success[Version]:
    """Report the versions of the gateway, of Python, and of each active adapter and its application."""
    runtimes: dict[str, AdapterRuntime] = request.app.state.runtimes
    found: list[Found] = request.app.state.plugins
    return Success(
        Version(
            gateway=cadgate.__version__,
            plugin_api=API_VERSION,
            python=platform.python_version(),
            platform=f"{platform.system()} {platform.machine()}",
            adapters={
                one.name: AdapterVersion(
                    package=one.package, version=one.version, application=runtimes[one.name].status().application
                )
                for one in found
                if one.status == "active" and one.name in runtimes
            },
        )
    )
