"""Documents: open files with objects of their own and one undo history each."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import (
    Artifact,
    Deleted,
    Empty,
    MayWarn,
    Method,
    Name,
    Params,
    Result,
    Trustable,
    Warned,
    execute_if_trusted,
)
from cadgate_freecad.models.exchange import FORMATS
from cadgate_freecad.models.values import Flag, Label, PartName

ENTRY = {"name": "Bracket", "label": "Bracket, left", "objects": 3, "active": True}


class DocumentEntry(MayWarn):
    """One open document."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**ENTRY}]})
    name: str
    label: str
    objects: int = Field(description="How many objects it has.")
    active: bool = Field(description="Whether requests without `document` work in it.")


class DocumentList(MayWarn):
    """The open documents, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"documents": [{**ENTRY}]}]})
    documents: list[DocumentEntry]


class DocumentParams(Params):
    """A new, empty document. It becomes the active one only if it is the first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Bracket", "label": "Bracket, left"}]})
    name: PartName | None = Field(None, description="`[A-Za-z_][A-Za-z0-9_]*`; chosen where it is not given.")
    label: Label | None = Field(None, description="Any text; the name where it is not given.")
    on_conflict: Literal["error", "rename"] = Field(
        "error", description="What to do when `name` is in use: answer 409 `name_taken`, or choose another."
    )


class DocumentReference(Params):
    """Which document."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Bracket"}]})
    name: Name


class DocumentSaveOptions(Params):
    """Under which name to save."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"filepath": "bracket.FCStd"}]})
    filepath: Annotated[str, Field(min_length=1, max_length=1024)] | None = Field(
        None, description="Relative name in the session's workspace; the document's name where it is not given."
    )

    @model_validator(mode="after")
    def _suffix_is_fcstd(self) -> DocumentSaveOptions:
        suffix = PurePosixPath(self.filepath or "").suffix.lower()
        if FORMATS.get(suffix, "fcstd") != "fcstd":
            raise ValueError(f"filepath {self.filepath!r} has the suffix of another format; use /export for that")
        return self


class DocumentSaving(DocumentSaveOptions):
    """Which document to save, and under which name."""

    name: Name


class DocumentSaved(MayWarn):
    """The saved file."""

    document: str
    artifact: Artifact


class DocumentRecomputeOptions(Params):
    """How to recompute."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"force": False}]})
    force: Flag = Field(False, description="Recompute every object, not only those that are due.")


class DocumentRecomputing(DocumentRecomputeOptions):
    """Which document to recompute, and how."""

    name: Name


class RecomputedObject(Result):
    """How the recompute of one object went."""

    name: str
    valid: bool
    state: list[str]
    reason: str | None = Field(description="FreeCAD's words for a failure.")


class DocumentRecomputed(Result):
    """What was recomputed, and what failed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"document": "Bracket", "objects": [], "failed": []}]})
    document: str
    objects: list[RecomputedObject] = Field(
        description="Every object that was recomputed, or is invalid or touched still."
    )
    failed: list[str] = Field(description="Names of the objects that are invalid now.")
    warnings: list[Warned] = Field(default_factory=list[Warned])


class DocumentOpening(Trustable):
    """An FCStd file to open as a document of its own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"artifact": "0123456789abcdef0123456789abcdef"}]})
    artifact: str = Field(description="The id of the artifact that holds the file.")
    name: PartName | None = Field(None, description="Made from the file's name where it is not given.")
    label: Label | None = Field(None, description="The file's name without suffix where it is not given.")
    on_conflict: Literal["error", "rename"] = "error"


class DocumentOpened(DocumentEntry):
    """The document that a file was opened as."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**ENTRY}]})
    warnings: list[Warned] = Field(
        default_factory=list[Warned],
        description="What of the file did not come: objects and properties by name. Left out where all came.",
        exclude_if=lambda warnings: not warnings,
    )


LIST_DOCUMENTS = Method("documents.list", Empty, DocumentList)
GET_DOCUMENT = Method("documents.get", DocumentReference, DocumentEntry)
CREATE_DOCUMENT = Method("documents.create", DocumentParams, DocumentEntry, mutates=True, atomic=False, names="name")
DELETE_DOCUMENT = Method("documents.delete", DocumentReference, Deleted, mutates=True, atomic=False)
ACTIVATE_DOCUMENT = Method("documents.activate", DocumentReference, DocumentEntry, mutates=True, atomic=False)
RECOMPUTE_DOCUMENT = Method("documents.recompute", DocumentRecomputing, DocumentRecomputed, mutates=True)
SAVE_DOCUMENT = Method("documents.save", DocumentSaving, DocumentSaved, atomic=False, deadline="file")
OPEN_DOCUMENT = Method(
    "documents.open",
    DocumentOpening,
    DocumentOpened,
    mutates=True,
    atomic=False,
    replay="snapshot",
    deadline="file",
    scope_of=execute_if_trusted,
)
