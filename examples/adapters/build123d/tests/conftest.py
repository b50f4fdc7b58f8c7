"""Fixtures: the pytest plugin of cadgate starts a real gateway with this adapter."""

from __future__ import annotations

import os

import pytest

pytest_plugins = ["cadgate.testing"]


@pytest.fixture
def cadgate_adapter_name() -> str:
    """The adapter to test."""
    return "build123d"


@pytest.fixture
def cadgate_adapter_settings() -> dict:
    """BUILD123D_PYTHON names a Python with build123d, where it is not the one that runs the tests."""
    python = os.environ.get("BUILD123D_PYTHON")
    return {"recovery_spares": 0, "start_timeout_seconds": 120, **({"command": python} if python else {})}
