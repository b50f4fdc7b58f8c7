"""The envelope of every response, and the parts of results that all adapters share."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from cadgate.models.root import rooted

T = TypeVar("T")


class Result(BaseModel):
    """The base of every result model. A field that an application adds is a defect, not an extension."""

    model_config = ConfigDict(extra="forbid")


class ErrorBody(BaseModel):
    """What went wrong, for people (`message`) and programs (`code`, `details`)."""

    code: str = Field(description="A stable snake_case word.", examples=["object_not_found"])
    message: str = Field(description="What was wrong and what to do.")
    details: dict[str, Any] = Field(default_factory=dict)
    retryable: bool = Field(False, description="Whether the same request may succeed later.")
    request_id: str | None = Field(None, description="The `X-Request-ID`, by which the log names this request.")


class Failure(BaseModel):
    """The envelope of every failure."""

    status: Literal["error"] = "error"
    error: ErrorBody


class Success(BaseModel, Generic[T]):
    """The envelope of every success: `Success(result)`."""

    status: Literal["success"] = "success"
    result: T

    def __init__(self, result: T, **data: Any) -> None:
        super().__init__(result=result, **data)


class APIResponse(BaseModel, Generic[T]):
    """Either envelope, as a client reads it: `result` on success, `error` on failure."""

    status: Literal["success", "error"]
    result: T | None = None
    error: ErrorBody | None = None


class Warned(Result):
    """A warning about a request that succeeded."""

    code: str
    message: str


class ObjectInfo(Result):
    """What every application reports about an object; adapters extend it."""

    name: str
    type: str
    revision: str = Field(
        description="Changes whenever the object does; send it as `If-Match` to detect other changes."
    )
    warnings: list[Warned] = Field(default_factory=list[Warned])


def _is_empty(value: list[Warned]) -> bool:
    return not value


class MayWarn(Result):
    """The base of a result that has `warnings` only if there are any."""

    warnings: list[Warned] = Field(default_factory=list[Warned], exclude_if=_is_empty)


class Deleted(MayWarn):
    """The name of what was removed."""

    deleted: str


class Artifact(Result):
    """A file that a session wrote or a client stored."""

    id: str
    name: str = Field(description="Its relative name in the workspace, or the name it was uploaded with.")
    media_type: str
    size: int = Field(description="Bytes.")
    sha256: str
    url: str = Field(description="Where to download it.")

    @field_serializer("url")
    def _url(self, _: str) -> str:
        """Return the URL as the client of this request reaches it, through whatever proxy."""
        return rooted(f"/api/v1/artifacts/{self.id}")
