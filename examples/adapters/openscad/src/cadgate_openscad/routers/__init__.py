"""Routes of the adapter; the gateway adds prefix, tag and operation ids."""

from __future__ import annotations

from cadgate_openscad.routers import parameters, rendering

ROUTERS = (parameters.router, rendering.router)
