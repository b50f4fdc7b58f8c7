"""Routes of assemblies."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import Path, Query, Request

from cadgate.plugin import Response, Router, Success
from cadgate_freecad.models.assemblies import (
    ADD_PART,
    CREATE_ASSEMBLY,
    DELETE_MATE,
    EXPLODE,
    GET_ASSEMBLY,
    GET_BOM,
    GET_INTERFERENCE,
    LIST_ASSEMBLIES,
    MATE,
    REMOVE_PART,
    UPDATE_MATE,
    AssemblyAddition,
    AssemblyInfo,
    AssemblyList,
    AssemblyListParams,
    AssemblyParams,
    AssemblyPart,
    AssemblyReference,
    AssemblyRemoval,
    Bom,
    ExplodeParams,
    Explosion,
    Interference,
    InterferenceParams,
    Mate,
    MateParams,
    MatePatch,
    MateReference,
    MateUpdate,
)
from cadgate_freecad.routers.dependencies import FreeCAD

router = Router()
_COLUMNS = ("object", "label", "quantity", "material", "mass", "total_mass")


@router.operation("POST", "/assemblies", CREATE_ASSEMBLY, status_code=201, errors=(404,))
async def create_assembly(params: AssemblyParams, freecad: FreeCAD) -> Success[AssemblyInfo]:
    """Put links to objects into an assembly, each at its place; the links follow every change of their objects."""
    return Success(await freecad.call(CREATE_ASSEMBLY, params))


@router.operation("GET", "/assemblies", LIST_ASSEMBLIES, errors=(404,))
async def list_assemblies(freecad: FreeCAD) -> Success[AssemblyList]:
    """List the assemblies of the document, without their parts."""
    return Success(await freecad.call(LIST_ASSEMBLIES, AssemblyListParams()))


@router.operation("GET", "/assemblies/{name:name}", GET_ASSEMBLY)
async def get_assembly(name: str, freecad: FreeCAD) -> Success[AssemblyInfo]:
    """Describe an assembly: its parts, its mates, and the degrees of freedom that are left."""
    return Success(await freecad.call(GET_ASSEMBLY, AssemblyReference(assembly=name)))


@router.operation("POST", "/assemblies/{name:name}/mates", MATE, status_code=201, errors=(412,))
async def create_mate(name: str, mate: Mate, freecad: FreeCAD) -> Success[AssemblyInfo]:
    """Add a mate and move the parts so that all mates hold; mates that contradict each other are refused.

    The faces are found again when their objects change, and the parts follow; a change that removes one is refused.
    """
    params = MateParams(assembly=name, **{field: getattr(mate, field) for field in mate.model_fields_set})
    return Success(await freecad.call(MATE, params))


@router.operation("PATCH", "/assemblies/{name:name}/mates/{mate}", UPDATE_MATE, errors=(412,))
async def update_mate(
    name: str, mate: Annotated[int, Path(ge=1)], changes: MatePatch, freecad: FreeCAD
) -> Success[AssemblyInfo]:
    """Change the `value` of a mate, or turn it round, and move the parts so that all mates hold."""
    changed = {field: getattr(changes, field) for field in changes.model_fields_set}
    return Success(await freecad.call(UPDATE_MATE, MateUpdate(assembly=name, mate=mate, **changed)))


@router.operation("DELETE", "/assemblies/{name:name}/mates/{mate}", DELETE_MATE, errors=(412,))
async def delete_mate(name: str, mate: Annotated[int, Path(ge=1)], freecad: FreeCAD) -> Success[AssemblyInfo]:
    """Remove a mate; the parts stay where they are."""
    return Success(await freecad.call(DELETE_MATE, MateReference(assembly=name, mate=mate)))


@router.operation("POST", "/assemblies/{name:name}/parts", ADD_PART, status_code=201, errors=(412,))
async def add_assembly_part(name: str, part: AssemblyPart, freecad: FreeCAD) -> Success[AssemblyInfo]:
    """Add a part to an assembly, as a link to an object."""
    given = {field: getattr(part, field) for field in part.model_fields_set}
    return Success(await freecad.call(ADD_PART, AssemblyAddition(assembly=name, **given)))


@router.operation("DELETE", "/assemblies/{name:name}/parts/{part:name}", REMOVE_PART, errors=(409, 412))
async def remove_assembly_part(name: str, part: str, freecad: FreeCAD) -> Success[AssemblyInfo]:
    """Remove a part from an assembly, with its mates; the object that it shows stays."""
    return Success(await freecad.call(REMOVE_PART, AssemblyRemoval(assembly=name, part=part)))


@router.operation("GET", "/assemblies/{name:name}/bom", GET_BOM, response_model=Success[Bom])
async def get_bom(name: str, request: Request, freecad: FreeCAD) -> Any:
    """Count what the assembly is made of, with materials and masses; as CSV with `Accept: text/csv`."""
    bom = await freecad.call(GET_BOM, AssemblyReference(assembly=name))
    if "text/csv" not in request.headers.get("accept", ""):
        return Success(bom)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for item in bom.items:
        writer.writerow(["" if (cell := getattr(item, column)) is None else cell for column in _COLUMNS])
    return Response(text.getvalue(), media_type="text/csv")


@router.operation("GET", "/assemblies/{name:name}/interference", GET_INTERFERENCE)
async def get_interference(
    name: str, freecad: FreeCAD, clearance: Annotated[float, Query(ge=0, description="mm.")] = 0.0
) -> Success[Interference]:
    """List the pairs of parts that share a volume, or are nearer to each other than `clearance`."""
    params = InterferenceParams(assembly=name, clearance=clearance)
    return Success(await freecad.call(GET_INTERFERENCE, params))


@router.operation("POST", "/assemblies/{name:name}/explode", EXPLODE, errors=(412,))
async def explode_assembly(name: str, explosion: Explosion, freecad: FreeCAD) -> Success[AssemblyInfo]:
    """Move the parts away from the middle for a picture; `factor` 0 puts them back where the mates have them."""
    params = ExplodeParams(assembly=name, **{field: getattr(explosion, field) for field in explosion.model_fields_set})
    return Success(await freecad.call(EXPLODE, params))
