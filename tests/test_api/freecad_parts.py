"""Parts for tests of files: made over HTTP, with their true volume, box and centre from formulas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import pi
from typing import Any

import httpx
import numpy as np

from tests.gateway import Gateway

UMLAUTS = 'Größe 漢字 😀 <b> "it\'s" C:\\new'


@dataclass
class Truth:
    """What a reader must find. `curved`: triangles are not exact."""

    volume: float
    low: list[float]
    high: list[float]
    center: list[float]
    solids: int = 1
    curved: bool = True
    label: str = ""


@contextmanager
def document(gateway: Gateway, name: str) -> Iterator[httpx.Client]:
    """A client whose active document is a new one of that name, and the only one."""
    with gateway.client("/api/v1/freecad") as client:
        for each in client.get("/documents").json()["result"]["documents"]:
            assert client.delete(f"/documents/{each['name']}").status_code == 200
        post(client, "/documents", name=name, label=f"{name}, Übersicht")
        yield client


def post(client: httpx.Client, path: str, /, **params: Any) -> dict[str, Any]:
    response = client.post(path, json=params)
    assert response.status_code in (200, 201), response.text
    return response.json()["result"]


def export(client: httpx.Client, **params: Any) -> dict[str, Any]:
    return post(client, "/export", **params)


def content(client: httpx.Client, result: dict[str, Any]) -> bytes:
    url = f"{client.base_url.scheme}://{client.base_url.netloc.decode()}{result['artifact']['url']}"
    response = client.get(url)
    assert response.status_code == 200
    return response.content


def turned(degrees: Sequence[float]) -> Any:
    """The matrix of XYZ Euler angles."""
    x, y, z = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def box(size: Sequence[float], location: Sequence[float], rotation: Sequence[float]) -> Truth:
    corners = np.array([[x, y, z] for x in (0, size[0]) for y in (0, size[1]) for z in (0, size[2])], float)
    placed = corners @ turned(rotation).T + np.array(location)
    return Truth(float(np.prod(size)), list(placed.min(0)), list(placed.max(0)), list(placed.mean(0)), curved=False)


def _through_the_tube() -> float:
    """mm³ that a cylinder of radius 4 along Z at [50, 0] takes from a torus 50/20."""
    steps = 2000
    r = (np.arange(steps) + 0.5) * 4 / steps
    angle = (np.arange(720) + 0.5) * 2 * pi / 720
    rho = np.hypot(50 + r[:, None] * np.cos(angle), r[:, None] * np.sin(angle))
    return float((2 * np.sqrt(400 - (rho - 50) ** 2) * r[:, None]).sum() * (4 / steps) * (2 * pi / 720))


def make_parts(client: httpx.Client) -> dict[str, Truth]:
    """Every kind of object, far enough apart, by name."""
    truth: dict[str, Truth] = {}
    where, how = [7, 8, 9], [0, 0, 30]
    post(client, "/primitives/box", name="Placed", length=10, width=20, height=30, location=where, rotation=how)
    truth["Placed"] = box([10, 20, 30], where, how)
    where, how = [-100, 50, 3], [10, 20, 30]
    post(client, "/primitives/box", name="Rotated", label=UMLAUTS, location=where, rotation=how)
    truth["Rotated"] = box([10, 10, 10], where, how)
    truth["Rotated"].label = UMLAUTS

    post(client, "/primitives/box", name="Blank", length=60, width=40, height=5, location=[200, 0, 0])
    for number, x in enumerate((210, 230, 250)):
        post(client, "/primitives/cylinder", name=f"Drill{number}", radius=3, height=9, location=[x, 20, -2])
    post(client, "/boolean/subtract", name="Plate", objects=["Blank", "Drill0", "Drill1", "Drill2"])
    truth["Plate"] = Truth(12000 - 135 * pi, [200, 0, 0], [260, 40, 5], [230, 20, 2.5])
    truth["Plate"].center = [(12000 * 230 - 45 * pi * (210 + 230 + 250)) / truth["Plate"].volume, 20, 2.5]

    post(client, "/primitives/torus", name="Whole", radius1=50, radius2=20, location=[0, 300, 0])
    post(client, "/primitives/cylinder", name="Through", radius=4, height=80, location=[50, 300, -40])
    post(client, "/boolean/subtract", name="Ring", objects=["Whole", "Through"])
    whole, hole = 2 * pi**2 * 50 * 400, _through_the_tube()
    truth["Ring"] = Truth(whole - hole, [-70, 230, -20], [70, 370, 20], [0, 300, 0])
    truth["Ring"].center = [-hole * 50 / (whole - hole), 300, 0]

    corners = [[7, 0], [8.2, -0.6], [8.2, 0.6]]
    post(client, "/primitives/helix", name="Helix", pitch=2, height=6, radius=8)
    post(client, "/sketches", name="Tooth", plane="xz", geometry=[{"type": "polyline", "points": corners}])
    post(client, "/features/sweep", name="Rod", objects=["Tooth"], path="Helix", frenet=True)
    truth["Rod"] = Truth(0.72 * 2 * pi * 7.8 * 3, [-8.2, -8.2, -0.6], [8.2, 8.2, 6.6], [0, 0, 3])

    bottom = [{"type": "circle", "radius": 5, "center": [0, 400]}]
    post(client, "/sketches", name="Bottom", geometry=bottom)
    post(client, "/sketches", name="Top", offset=12, geometry=[{**bottom[0], "radius": 3}])
    post(client, "/features/loft", name="Loft", objects=["Bottom", "Top"])
    height = 12 * (25 + 2 * 15 + 3 * 9) / (4 * 49)
    truth["Loft"] = Truth(pi * 12 / 3 * 49, [-5, 395, 0], [5, 405, 12], [0, 400, height])

    post(client, "/features/mirror", name="Mirrored", object="Plate", plane="yz")
    plate = truth["Plate"]
    truth["Mirrored"] = Truth(plate.volume, [-260, 0, 0], [-200, 40, 5], [-plate.center[0], 20, 2.5])

    post(client, "/primitives/box", name="One", location=[0, -200, 0])
    post(client, "/primitives/box", name="Two", location=[10, -190, 0])
    post(client, "/boolean/union", name="Pair", objects=["One", "Two"])
    truth["Pair"] = Truth(2000, [0, -200, 0], [20, -180, 10], [10, -190, 5], solids=2, curved=False)

    post(client, "/bodies", name="Body", location=[100, -100, 0])
    post(client, "/sketches", name="Square", body="Body", geometry=[{"type": "rectangle", "width": 10, "height": 10}])
    post(client, "/features/pad", name="Pad", sketch="Square", length=5)
    truth["Body"] = Truth(500, [100, -100, 0], [110, -90, 5], [105, -95, 2.5], curved=False)
    for name, each in truth.items():
        each.label = each.label or name
    return truth
