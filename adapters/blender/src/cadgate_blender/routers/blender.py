"""The dependency of every route: Blender, bound to the request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from cadgate.plugin import Application, application

Blender = Annotated[Application, Depends(application("blender"))]
