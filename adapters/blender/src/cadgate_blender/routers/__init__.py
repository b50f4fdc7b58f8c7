"""Routes of the Blender adapter, one module per resource; the host adds prefix, tag and operation ids."""

from __future__ import annotations

from cadgate.plugin import APIRouter
from cadgate_blender.routers import exchange, objects, primitives, rendering, scene

ROUTERS: list[APIRouter] = [primitives.router, objects.router, rendering.router, exchange.router, scene.router]
