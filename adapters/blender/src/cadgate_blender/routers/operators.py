"""Routes of Blender's operators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from cadgate.plugin import Router, Success
from cadgate_blender.models.operators import (
    GET_OPERATOR,
    LIST_OPERATORS,
    RUN_OPERATOR,
    OperatorBody,
    OperatorInfo,
    OperatorList,
    OperatorReference,
    OperatorResult,
    OperatorRun,
    OperatorSearch,
)
from cadgate_blender.routers.blender import Blender

router = Router()


@router.operation("GET", "/operators", LIST_OPERATORS)
async def list_operators(query: Annotated[OperatorSearch, Query()], blender: Blender) -> Success[OperatorList]:
    """List all operators of Blender, add-ons' too, or find some by words."""
    return Success(await blender.call(LIST_OPERATORS, query))


@router.operation("GET", "/operators/{operator:name}", GET_OPERATOR, errors=(404,))
async def get_operator(operator: str, blender: Blender) -> Success[OperatorInfo]:
    """Describe an operator: the JSON Schema of its properties, and the context that it needs."""
    return Success(await blender.call(GET_OPERATOR, OperatorReference(operator=operator)))


@router.operation("POST", "/operators/{operator:name}", RUN_OPERATOR, errors=(404,))
async def run_operator(operator: str, body: OperatorBody, blender: Blender) -> Success[OperatorResult]:
    """Run an operator in a context that is made for it, and report what it changed.

    If it is not possible there, the answer is 422 `not_possible` with Blender's reason, and nothing has changed.
    Operators that reach files, code, the program or its windows are refused with the reason.
    """
    return Success(await blender.call(RUN_OPERATOR, OperatorRun(operator=operator, **body.model_dump())))
