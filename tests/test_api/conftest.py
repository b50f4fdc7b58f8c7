"""Fixtures of the API tests: each application as a test finds it, empty. The gateway itself is in tests/conftest.py."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.gateway import Gateway


@pytest.fixture
def blender(gateway: Gateway) -> Iterator[httpx.Client]:
    """A client at Blender's routes, with an empty scene."""
    with gateway.client("/api/v1/blender") as client:
        assert client.delete("/scene").status_code == 200
        yield client


@pytest.fixture
def freecad(gateway: Gateway) -> Iterator[httpx.Client]:
    """A client at FreeCAD's routes, with one new, active document and no other."""
    with gateway.client("/api/v1/freecad") as client:
        for document in client.get("/documents").json()["result"]["documents"]:
            assert client.delete(f"/documents/{document['name']}").status_code == 200
        assert client.post("/documents", json={"name": "Test"}).status_code == 201
        yield client
