"""The dependency of every route: OpenSCAD, bound to the request."""

from __future__ import annotations

from typing import Annotated

from cadgate.plugin import Application, Depends, application

OpenSCAD = Annotated[Application, Depends(application("openscad"))]
