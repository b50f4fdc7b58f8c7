"""The envelope of every answer, and the parts of results that every adapter shares."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from cadgate.models.root import rooted

T = TypeVar("T")


class Result(BaseModel):
    """Base of every result model. Fields that an application adds are a defect, not an extension."""

    model_config = ConfigDict(extra="forbid")


class ErrorBody(BaseModel):
    """What went wrong, for people (`message`) and programs (`code`, `details`)."""

    code: str = Field(description="A stable snake_case word.", examples=["object_not_found"])
    message: str = Field(description="What was wrong and what to do.")
    details: dict[str, Any] = Field(default_factory=dict)
    retryable: bool = Field(False, description="Whether the same request may succeed later.")
    request_id: str | None = Field(None, description="The `X-Request-ID` under which the log knows this request.")


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
    """One thing worth saying about a request that succeeded."""

    code: str
    message: str


class ObjectInfo(Result):
    """What every application can say of an object; adapters extend it."""

    name: str
    type: str
    revision: str = Field(description="Changes whenever the object does; send it as `If-Match` to not lose a race.")
    warnings: list[Warned] = Field(default_factory=list[Warned])


def _is_empty(value: list[Warned]) -> bool:
    return not value


class MayWarn(Result):
    """Base of an answer in which warnings stand only where there are some."""

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
        """As the client of this request reaches it, whatever proxy is in front."""
        return rooted(f"/api/v1/artifacts/{self.id}")
