"""The tools: their names, arguments, results and annotations, as `tools/list` shows them. What they do is elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from mcp.types import CallToolResult, Tool, ToolAnnotations
from pydantic import ConfigDict, Field

from cadgate.mcp.agent_call import AgentCall
from cadgate.mcp.schemas import Schema, compact
from cadgate.models.common import Count, Number, Params

_ERROR: Schema = {"type": "object"}
_NAMING_APPLICATIONS = ("search", "call")
"""The tools whose arguments list the installed applications."""
_EXPLAINED_ONCE = ("idempotency_key", "background")
"""Arguments of many tools, which the list explains with `call` only."""


class ForApplication(Params):
    """What every tool that addresses an application accepts."""

    application: str
    session: str | None = None

    @property
    def more(self) -> dict[str, Any]:
        """The arguments that are parameters of the method that the tool stands for."""
        return dict(self.model_extra or {})


Key = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,255}$")]
Seconds = Annotated[Number, Field(gt=0, le=86400)]


class Repeatable(ForApplication):
    """What tools that change something accept in addition."""

    idempotency_key: Key | None = Field(None, description="With the same key it is done only once.")
    timeout_seconds: Seconds | None = None


class Deferrable(Repeatable):
    """What tools accept in addition whose work may be long."""

    background: bool = Field(False, description="Answer at once with a job: see `jobs`.")


class SearchArguments(Params):
    """Words, and where to look."""

    query: str = Field(max_length=1000, description="What to do, in words: 'round the edges'.")
    application: str | None = None
    session: str | None = None
    limit: Annotated[Count, Field(ge=1, le=50)] = 8


class DescribeArguments(Params):
    """The method to describe."""

    application: str
    method: str = Field(description="As `search` names it: features.fillet.")


class CallArguments(Deferrable):
    """One call."""

    method: str
    params: dict[str, Any] = Field(default_factory=dict[str, Any], description="As `describe` lists them.")
    dry_run: bool = Field(False, description="Check everything and change nothing.")
    if_match: str | None = Field(None, description="An object's `revision`: refused if it has changed since.")


class BatchArguments(Deferrable):
    """Many calls."""

    calls: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)] = Field(
        description='[{"method": "primitives.box", "params": {…}}, …]; each sees what those before it did.'
    )
    atomic: bool = Field(False, description="All or nothing: a failing call rolls everything back.")


class ExecuteArguments(Repeatable):
    """Code."""

    code: str = Field(description="The value of the last expression is returned, and what is printed.")


class MeasureArguments(ForApplication):
    """What to measure."""

    model_config = ConfigDict(extra="allow")

    object: str
    to: str | None = Field(None, description="Another object: measures the distance to it.")


class ExportArguments(Deferrable):
    """What to export."""

    model_config = ConfigDict(extra="allow")

    format: str | None = Field(None, description="glb, stl, step, … as `describe` of exchange.export lists them.")
    objects: list[str] | None = Field(None, description="All by default.")


class ImportArguments(Deferrable):
    """The file to import."""

    model_config = ConfigDict(extra="allow")

    artifact: str = Field(description="An artifact's id: an export's, or that of an upload to /api/v1/artifacts.")


class LookArguments(ForApplication):
    """What to look at."""

    model_config = ConfigDict(extra="allow")
    views: list[Any] | str | None = Field(
        None, description='iso, front, top, right, back, left, bottom, {"section": "x", "at": 0} …'
    )
    objects: list[str] | None = None
    highlight: list[str] | None = None
    since: str | None = Field(None, description="An earlier sheet's revision: shows what changed.")


class SessionsArguments(Params):
    """What to do with which session."""

    action: Literal["list", "create", "get", "update", "suspend", "resume", "fork", "delete"] = "list"
    session: str | None = Field(None, description="Its id; for all actions but list and create.")
    application: str | None = None
    name: str | None = None
    source: dict[str, Any] | None = Field(
        None, alias="from", description='create: {"session": id} or {"artifact": id} to begin with.'
    )
    idle_seconds: Number | None = None
    ttl_seconds: Number | None = None
    labels: dict[str, str] | None = None
    idempotency_key: Key | None = None
    timeout_seconds: Seconds | None = None


class JobsArguments(Params):
    """What to do with which job."""

    action: Literal["list", "get", "cancel", "retry"] | None = None
    job: str | None = Field(None, description="Its id.")
    wait: Annotated[Number, Field(ge=0, le=600)] = Field(0, description="get: seconds to wait for its end.")
    application: str | None = None
    session: str | None = None
    state: str | None = None
    limit: Annotated[Count, Field(ge=1, le=1000)] | None = None


class DocsArguments(Params):
    """The part of the guide to read."""

    query: str | None = Field(None, max_length=1000, description="Words to look for; without any, the list of pages.")
    page: str | None = Field(None, description="A page, as the list names it.")


@dataclass(frozen=True, slots=True)
class AgentTool:
    """A tool, its arguments, and what runs it."""

    name: str
    description: str
    arguments: type[Params]
    result: Schema
    run: Callable[[AgentCall, Any], Awaitable[CallToolResult]]
    finds: bool = False
    """Whether it only looks things up, and calls no method."""
    reads: bool = False
    destroys: bool = False
    repeats: bool = False
    """Whether doing it twice has no further effect."""

    def listed(self, applications: list[str]) -> Tool:
        """Return the tool as `tools/list` shows it."""
        schema = compact(self.arguments.model_json_schema())
        for name, field in schema["properties"].items():
            _shorten(field)
            if name in _EXPLAINED_ONCE and self.name != "call":
                field.pop("description", None)
            if name == "application" and applications and self.name in _NAMING_APPLICATIONS:
                field["enum"] = applications
        return Tool(
            name=self.name,
            description=self.description,
            input_schema=schema,
            output_schema={"type": "object", "properties": {**self.result, "error": _ERROR}},
            annotations=ToolAnnotations(
                read_only_hint=self.reads,
                destructive_hint=None if self.reads else self.destroys,
                idempotent_hint=self.repeats or None,
            ),
        )


def _shorten(field: Schema) -> None:
    """Leave out what a model need not know beforehand: bounds, patterns, and that a field may be null or left out."""
    for key in ("pattern", "minItems", "maxItems", "minimum", "maximum", "exclusiveMinimum"):
        field.pop(key, None)
    for option in field.get("anyOf", ()):
        option.pop("items", None)
    if field.get("items") == {"type": "object", "additionalProperties": True}:
        field["items"] = {"type": "object"}
    if field.get("type") == "object":
        field.pop("additionalProperties", None)
    if field.get("default") is False:
        del field["default"]
