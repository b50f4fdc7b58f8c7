"""The application as a dependency of routes."""

from __future__ import annotations

from typing import Annotated

from cadgate.plugin import Application, Depends, application

Build123d = Annotated[Application, Depends(application("build123d"))]
