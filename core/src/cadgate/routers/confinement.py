"""What the gateway reports about an adapter's sandbox."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from pydantic import Field

from cadgate.models.responses import Result
from cadgate.sessions.sandbox import Confinement


class SandboxState(Result):
    """Whether an adapter's application runs in a sandbox."""

    setting: Literal["auto", "bubblewrap", "none"] = Field(description="`sandbox` of its settings.")
    active: bool = Field(description="Whether it is confined: no network, only its own folders, nothing else readable.")
    message: str | None = Field(None, description="If it is not active: why, what that means, and what to do.")
    remedy: str | None = Field(None, description="The command that fixes it, if there is one.")

    @classmethod
    def of(cls, confinement: Confinement | None) -> SandboxState | None:
        """Return the state of a sandbox; None for an application that the gateway does not start."""
        return None if confinement is None else cls(**asdict(confinement))
