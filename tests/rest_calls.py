"""Short words for tests of any application: ask, make and change; each sees to it that it succeeded."""

from __future__ import annotations

from typing import Any

import httpx


def get(client: httpx.Client, path: str, /, **query: Any) -> dict[str, Any]:
    response = client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()["result"]


def post(client: httpx.Client, path: str, /, **body: Any) -> dict[str, Any]:
    response = client.post(path, json=body)
    assert response.status_code in (200, 201), response.text
    return response.json()["result"]


def patch(client: httpx.Client, name: str, /, **body: Any) -> dict[str, Any]:
    response = client.patch(f"/objects/{name}", json=body)
    assert response.status_code == 200, response.text
    return response.json()["result"]
