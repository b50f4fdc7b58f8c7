"""Checks the arguments of tools, after replacing what has one meaning by what is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from cadgate.errors import ValidationFailed
from cadgate.models.bounded import MAX_ERRORS, too_many_fields, without_most_unknown
from cadgate.refusals.meaning import meant, parsed
from cadgate.refusals.schemas import contract_of
from cadgate.refusals.validation import validation_failed


def meant_for(kind: type[BaseModel], value: dict[str, Any]) -> dict[str, Any]:
    """Return parameters with every part that `kind` refuses replaced by what was obviously meant."""
    contract = contract_of(kind)
    return meant(contract, contract.root, value) if contract.root else value


def checked(kind: type[BaseModel], given: Mapping[str, Any]) -> Any:
    """Return the arguments of a tool as its model. Raises ValidationFailed, with what to send."""
    accepted = meant_for(kind, dict(given))
    accepted, unlisted = without_most_unknown(accepted, kind)
    wrong = too_many_fields(accepted, ())
    if wrong is not None:
        raise validation_failed([wrong])
    try:
        return kind.model_validate(accepted)
    except ValidationError as error:
        listed = error.errors(include_url=False)
        failed = validation_failed(listed[:MAX_ERRORS], unlisted, contract=contract_of(kind))
        failed.message = failed.message.replace("The request is not valid: ", "The arguments are not valid: ", 1)
        raise failed from error


def as_object(value: Any, name: str) -> dict[str, Any]:
    """Return an object that may have come as JSON text; nothing is an empty one. Raises ValidationFailed."""
    if isinstance(value, str):
        value = parsed(value) if value.strip() else {}
    if value is None:
        return {}
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    raise ValidationFailed(f"{name}: an object is expected, such as {{}}", details={"parameter": name})
