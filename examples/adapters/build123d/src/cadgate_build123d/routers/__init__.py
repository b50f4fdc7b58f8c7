"""Routes, one module per resource."""

from cadgate_build123d.routers import exchange, operations, solids

ROUTERS = [solids.router, operations.router, exchange.router]
