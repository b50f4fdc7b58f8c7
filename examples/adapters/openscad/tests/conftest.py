"""Fixtures: the pytest plugin of cadgate starts a real gateway with this adapter."""

from __future__ import annotations

import httpx
import pytest

pytest_plugins = ["cadgate.testing"]


@pytest.fixture
def cadgate_adapter_name() -> str:
    """The adapter to test."""
    return "openscad"


class OpenSCAD:
    """What the tests ask for, without the envelope."""

    def __init__(self, client: httpx.Client, root: httpx.Client) -> None:
        self.client = client
        self.root = root

    def render(self, source: str, **more: object) -> dict:
        """The result of a render that works."""
        answer = self.client.post("/render", json={"source": source, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def refused(self, source: str, *, status: int = 422, path: str = "/render", **more: object) -> dict:
        """The error of one that does not."""
        answer = self.client.post(path, json={"source": source, **more})
        assert answer.status_code == status, answer.text
        return answer.json()["error"]

    def parameters(self, source: str) -> dict[str, dict]:
        """The parameters of a source by name, without what they do not say."""
        answer = self.client.post("/parameters", json={"source": source})
        assert answer.status_code == 200, answer.text
        told = answer.json()["result"]["parameters"]
        return {one["name"]: {key: value for key, value in one.items() if value is not None} for one in told}

    def bytes_of(self, artifact: dict) -> bytes:
        """The content of an artifact."""
        answer = self.root.get(artifact["url"])
        assert answer.status_code == 200, answer.text
        return answer.content

    def store(self, name: str, content: bytes) -> str:
        """Upload a file; its id."""
        answer = self.root.post("/api/v1/artifacts", files={"file": (name, content)})
        assert answer.status_code == 201, answer.text
        return answer.json()["result"]["id"]


@pytest.fixture
def openscad(cadgate_client: httpx.Client, cadgate_gateway) -> OpenSCAD:
    """OpenSCAD behind the running gateway."""
    with cadgate_gateway.client() as root:
        yield OpenSCAD(cadgate_client, root)
