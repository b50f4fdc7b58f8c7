"""Routes for the details of one object: its faces, its edges, its measures."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from cadgate.plugin import Name, Params, Router, Success, Vector3
from cadgate_freecad.models.geometry import LIST_EDGES, LIST_FACES, EdgeList, EdgesParams, FaceList, FacesParams
from cadgate_freecad.models.measures import DISTANCE, MEASURE, Distance, DistanceParams, Measures
from cadgate_freecad.models.objects import DOCUMENT, PartReference
from cadgate_freecad.models.selection import Side
from cadgate_freecad.routers.dependencies import FreeCAD, FreeCADApplication

router = Router()

_NUMBER = r" *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})? *"
_VECTOR = f"^{_NUMBER},{_NUMBER},{_NUMBER}$"
VectorText = Annotated[str, Query(pattern=_VECTOR, max_length=100, examples=["0,0,1"])]
Size = Annotated[float, Query(ge=0, allow_inf_nan=False)]


class _FilterQuery(Params):
    """The filters of a list of faces or edges, as written in a URL."""

    document: Annotated[str, Query(max_length=255, description=DOCUMENT)] | None = None
    type: Annotated[str, Query(max_length=64)] | None = None
    parallel_to: VectorText | None = None
    radius: Size | None = None
    at: Side | None = None
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Query(ge=0)] = 0


class FaceQuery(_FilterQuery):
    """Which faces."""

    min_area: Size | None = None
    max_area: Size | None = None
    facing: VectorText | None = None


class EdgeQuery(_FilterQuery):
    """Which edges."""

    min_length: Size | None = None
    max_length: Size | None = None
    on_face: Annotated[str, Query(pattern=r"^Face[1-9][0-9]{0,6}$")] | None = None


def _vector(text: str | None) -> Vector3 | None:
    if text is None:
        return None
    x, y, z = (float(part) for part in text.split(","))
    return x, y, z


@router.operation("GET", "/objects/{name:name}/faces", LIST_FACES)
async def list_faces(name: str, query: Annotated[FaceQuery, Query()], freecad: FreeCADApplication) -> Success[FaceList]:
    """List the faces of an object with kind, area (mm²), centre and normal; filters select among them."""
    given = query.model_dump(exclude={"document", "parallel_to", "facing"})
    params = FacesParams(name=name, parallel_to=_vector(query.parallel_to), facing=_vector(query.facing), **given)
    return Success(await freecad.bind(document=query.document).call(LIST_FACES, params))


@router.operation("GET", "/objects/{name:name}/edges", LIST_EDGES)
async def list_edges(name: str, query: Annotated[EdgeQuery, Query()], freecad: FreeCADApplication) -> Success[EdgeList]:
    """List the edges of an object with kind, length (mm), ends and direction; filters select among them."""
    given = query.model_dump(exclude={"document", "parallel_to"})
    params = EdgesParams(name=name, parallel_to=_vector(query.parallel_to), **given)
    return Success(await freecad.bind(document=query.document).call(LIST_EDGES, params))


@router.operation("GET", "/objects/{name:name}/measures", MEASURE)
async def measure_object(name: str, freecad: FreeCAD) -> Success[Measures]:
    """Measure an object: volume, area, inertia, counts, and whether its shape is valid and if not, why."""
    return Success(await freecad.call(MEASURE, PartReference(name=name)))


@router.operation("GET", "/objects/{name:name}/distance", DISTANCE)
async def measure_distance(
    name: str,
    freecad: FreeCAD,
    to: Annotated[Name, Query(description="The other object.")],
) -> Success[Distance]:
    """Measure the shortest distance (mm) to another object, and the volume (mm³) that both share."""
    return Success(await freecad.call(DISTANCE, DistanceParams(name=name, to=to)))
