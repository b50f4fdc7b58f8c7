"""Both shipped adapters pass the suite that every adapter must pass."""

from __future__ import annotations

import pytest

from cadgate.testing.conformance import Conformance

pytest_plugins = ["cadgate.testing"]


class TestBlender(Conformance):
    """Blender."""

    creates = "primitives.cube"
    exempt = {"meshes.upload": "the route of meshes.create takes the upload too"}

    @pytest.fixture
    def cadgate_adapter_name(self) -> str:
        return "blender"


class TestFreeCAD(Conformance):
    """FreeCAD."""

    creates = "primitives.box"

    @pytest.fixture
    def cadgate_adapter_name(self) -> str:
        return "freecad"
