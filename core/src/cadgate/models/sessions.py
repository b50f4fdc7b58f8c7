"""Sessions as requests describe them and responses show them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from cadgate.models.common import Count, Name, Number, Params
from cadgate.models.responses import MayWarn, Result

State = Literal["queued", "starting", "ready", "busy", "suspended", "ended"]
MAX_LABELS = 64
LONGEST_SECONDS = 10 * 365 * 24 * 3600
Seconds = Annotated[Number, Field(gt=0, le=LONGEST_SECONDS)]
Labels = Annotated[
    dict[Name, Annotated[str, Field(max_length=1000)]],
    Field(max_length=MAX_LABELS, description="Your own names and values; a list can be filtered by them."),
]
IDLE = "After how long without a call it is suspended; null: the setting `session_idle_seconds`."
TTL = "After how long it ends for good, with its files; null: never."


class FromSession(Params):
    """Another session, whose whole state the new one gets."""

    session: str = Field(min_length=1, description="Its id, or `default`.")


class FromArtifact(Params):
    """A file that the new session opens, such as a .blend or .FCStd."""

    artifact: str = Field(min_length=1, description="Its id.")


class SessionParams(Params):
    """A new session."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"application": "blender", "name": "Configurator", "ttl_seconds": 86400}]}
    )

    application: str = Field(min_length=1, description="The adapter's name.", examples=["blender"])
    name: Name | None = Field(None, description="For people; need not be unique.")
    source: FromSession | FromArtifact | None = Field(
        None, alias="from", description="What it begins with; by default an empty document."
    )
    idle_seconds: Seconds | None = Field(None, description=IDLE)
    ttl_seconds: Seconds | None = Field(None, description=TTL)
    labels: Labels = Field(default_factory=dict[str, str])


class ForkParams(Params):
    """A new session with the whole state of another one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Variant"}]})

    name: Name | None = Field(None, description="For people; by default that of the other one.")
    idle_seconds: Seconds | None = Field(None, description=IDLE + " By default as the other one.")
    ttl_seconds: Seconds | None = Field(None, description=TTL)
    labels: Labels | None = Field(None, description="By default those of the other one.")


class SessionChanges(Params):
    """What to change; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Kitchen", "ttl_seconds": 3600}]})

    name: Name | None = Field(None, description="null: none.")
    idle_seconds: Seconds | None = Field(None, description=IDLE)
    ttl_seconds: Seconds | None = Field(None, description="Counted from this change; null: it does not end.")
    labels: Labels | None = Field(None, description="All of them; null: none.")


class Damage(Result):
    """A part of a session's files that could not be trusted."""

    where: str
    why: str


class SessionInfo(MayWarn):
    """One session: an application with its documents, files and undo history.

    `warnings` say what is missing of the file that it begins with, as long as the gateway runs.
    """

    id: str = Field(description="128 random bits. Send it in the header `Cadgate-Session`, or as `?session=`.")
    application: str
    name: str | None
    owner: str = Field(description="Who made it: `local`, or `key:` and the id of a key.")
    state: State = Field(
        description="queued: waits for a place. starting. ready. busy: it runs a call. suspended: it has no process, "
        "and wakes at its next request."
    )
    reason: str | None = Field(description="Why it is not ready, if there is more to say.")
    position: int | None = Field(description="queued: which one in the queue it is, from 1.")
    created: datetime
    last_used: datetime
    expires: datetime | None = Field(description="When it ends for good.")
    pid: int | None = Field(description="Of its application, while it has one.")
    objects: int | None = Field(description="How many it had when they were counted last; null: not known.")
    damages: list[Damage] = Field(description="What could not be restored since the gateway started, newest last.")
    labels: dict[str, str]


class SessionQuery(Params):
    """Which sessions to list."""

    application: str | None = Field(None, description="Only those of this adapter.")
    state: State | None = Field(None, description="Only those in this state.")
    label: list[str] = Field(
        default_factory=list[str],
        description="Only those with this label: `name`, or `name=value`. Given several times, all of them.",
    )
    limit: Annotated[Count, Field(ge=1, le=10_000, strict=False)] = 1000
    offset: Annotated[Count, Field(ge=0, strict=False)] = 0


class SessionList(Result):
    """A page of your sessions, newest first, and their total number."""

    sessions: list[SessionInfo]
    total: int
