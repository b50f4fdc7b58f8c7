"""The application as routes ask for it."""

from __future__ import annotations

from typing import Annotated

from cadgate.plugin import Application, Depends, application

Build123d = Annotated[Application, Depends(application("build123d"))]
