"""The routes of the FreeCAD adapter, one module per resource."""

from __future__ import annotations

from cadgate_freecad.routers import (
    assemblies,
    bodies,
    boolean,
    documents,
    drawings,
    exchange,
    features,
    geometry,
    groups,
    links,
    look,
    objects,
    parameters,
    primitives,
    sketches,
    types,
    variants,
)

ROUTERS = (
    primitives.router,
    objects.router,
    types.router,
    variants.router,
    parameters.router,
    links.router,
    groups.router,
    assemblies.router,
    geometry.router,
    boolean.router,
    features.router,
    sketches.router,
    bodies.router,
    look.router,
    exchange.router,
    documents.router,
    drawings.router,
)
