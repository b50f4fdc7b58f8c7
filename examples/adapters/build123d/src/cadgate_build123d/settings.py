"""Settings of the adapter: the `[adapters.build123d]` table of plugins.toml."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cadgate.plugin import AdapterSettings


class Build123dSettings(AdapterSettings):
    """The settings of every adapter, and the Python that has build123d."""

    command: str | None = Field(None, description="A Python with build123d; by default the gateway's own.")
    max_objects: Annotated[int, Field(ge=1)] = Field(10_000, description="Solids in a session.")
