"""The routes of the FreeCAD adapter, one module per resource."""

from __future__ import annotations

from cadgate_freecad.routers import boolean, documents, exchange, geometry, objects, primitives

ROUTERS = (primitives.router, geometry.router, objects.router, boolean.router, exchange.router, documents.router)
