"""Settings of the adapter: the `[adapters.openscad]` table of plugins.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from cadgate.plugin import AdapterSettings


class OpenSCADSettings(AdapterSettings):
    """The settings of every adapter, the folders of libraries, and what an evaluation may use."""

    workers: Annotated[int, Field(ge=0, le=16)] = Field(2, description="Evaluations that run at the same time.")
    libraries: tuple[Path, ...] = Field(
        (), description="Folders with OpenSCAD libraries, which `use` and `include` search. Sources may read them."
    )
    max_source_bytes: Annotated[int, Field(ge=1)] = Field(
        5_000_000, description="Size of a source, and of each file that it reads; more is refused."
    )
    max_files: Annotated[int, Field(ge=0)] = Field(100, description="Files in addition to one source.")
    max_picture_pixels: Annotated[int, Field(ge=1)] = Field(16_777_216, description="Pixels of a picture.")
    max_memory_mb: Annotated[int, Field(ge=64)] = Field(
        4096, description="Memory of one evaluation, in MiB; OpenSCAD fails when it asks for more."
    )
    max_output_mb: Annotated[int, Field(ge=1)] = Field(1024, description="Size of the file that it writes, in MiB.")
