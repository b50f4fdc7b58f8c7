"""The settings that every adapter has. An adapter adds its own by a subclass of `AdapterSettings`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ByteSize, ConfigDict, Field, model_validator


class AdapterSettings(BaseModel):
    """One `[adapters.NAME]` table of plugins.toml; `CADGATE_NAME_KEY` in the environment overrides it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(True, description="False: the adapter's package is never imported.")
    package: str | None = Field(None, description="The package that provides this adapter, if several claim its name.")
    mode: Literal["managed", "external"] = Field(
        "managed",
        description="managed: the gateway starts and supervises it. external: it is running already.",
    )
    host: str = Field("127.0.0.1", description="external: where the in-application server listens.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(0, description="external: its port.")
    token: str | None = Field(None, description="external: the secret of the in-application server.")
    command: str | None = Field(
        None, description="managed: the application's program, if it is not found automatically."
    )
    allow_execute: bool = Field(
        True, description="False: no code may be run in the application, whatever the caller's key allows."
    )
    sandbox: Literal["auto", "bubblewrap", "none"] = Field(
        "auto",
        description="managed: whether bubblewrap runs it without network, in its own folders, with nothing else to "
        "read. auto: where this machine can. bubblewrap: always, and it is unavailable where it cannot. none: never.",
    )
    sandbox_readable: tuple[Path, ...] = Field(
        (), description="Folders that a sandboxed application may read in addition to its own and the system's."
    )
    restore: bool = Field(True, description="Whether a restart of the gateway restores the documents.")
    start_timeout_seconds: Annotated[float, Field(gt=0)] = Field(60, description="From the launch to the first answer.")
    call_timeout_seconds: Annotated[float, Field(gt=0)] = Field(30, description="Default deadline of a call.")
    file_timeout_seconds: Annotated[float, Field(gt=0)] = Field(600, description="The same for render, import, export.")
    grace_seconds: Annotated[float, Field(gt=0)] = Field(
        3, description="How long an interrupted call may take to stop before the application is restarted."
    )
    overrun_seconds: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="How long a call that cannot be interrupted may go on after its deadline, its client answered, "
        "before the application is restarted; five times `grace_seconds` where nothing is set.",
    )
    max_queue: Annotated[int, Field(ge=1)] = Field(256, description="Calls in flight; one more is 429 `overloaded`.")
    max_queue_per_key: Annotated[int, Field(ge=1)] = Field(
        192, description="The same for one key; never more than three quarters of `max_queue`."
    )
    pool_size: Annotated[int, Field(ge=1, le=32)] = Field(2, description="Connections to the application.")
    recovery_spares: Annotated[int, Field(ge=0, le=4)] = Field(
        1, description="managed: started applications on standby, to take over after a crash. 0: none."
    )
    workers: Annotated[int, Field(ge=0, le=16)] = Field(
        1, description="Warm workers kept for work alongside the session, such as renders."
    )
    max_workers: Annotated[int, Field(ge=1, le=16)] = Field(
        2, description="How many workers may work at the same time; more work waits for its turn."
    )

    session_idle_seconds: Annotated[float, Field(gt=0)] | None = Field(
        None, description="The gateway's setting of the same name, for this adapter."
    )
    max_awake: Annotated[int, Field(ge=1)] | None = Field(
        None, description="The gateway's setting of the same name, for this adapter."
    )
    max_session_bytes: ByteSize | None = Field(
        None, gt=0, description="The gateway's setting of the same name, for this adapter."
    )
    session_memory_bytes: ByteSize | None = Field(
        None, gt=0, description="The gateway's setting of the same name, for this adapter."
    )
    warm_applications: Annotated[int, Field(ge=0, le=16)] | None = Field(
        None, description="The gateway's setting of the same name, for this adapter."
    )

    @model_validator(mode="after")
    def _external_needs_an_address(self) -> AdapterSettings:
        if self.mode == "external" and (self.port == 0 or not self.token):
            raise ValueError('mode = "external" needs port and token')
        return self

    @model_validator(mode="after")
    def _only_what_is_started_here_is_sandboxed(self) -> AdapterSettings:
        if self.mode == "external" and self.sandbox == "bubblewrap":
            raise ValueError(
                f'sandbox = "{self.sandbox}" is for applications that the gateway starts, not external ones'
            )
        for folder in self.sandbox_readable:
            if not folder.is_absolute() or not folder.is_dir():
                raise ValueError(f"sandbox_readable: {str(folder)!r} is not the absolute path of a folder")
        return self
