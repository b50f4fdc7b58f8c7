"""Steps of the fault run with what pictures and films need: keyframes, constraints, UV maps, bakes, groups of nodes."""

from __future__ import annotations

import random
from typing import Any

from tests.faults.client import Client

_GROUP = """
import bpy
group = bpy.data.node_groups.new({name!r}, "GeometryNodeTree")
for name, way in (("Geometry", "INPUT"), ("Geometry", "OUTPUT"), ("Amount", "INPUT")):
    kind = "NodeSocketFloat" if name == "Amount" else "NodeSocketGeometry"
    group.interface.new_socket(name, in_out=way, socket_type=kind)
group.links.new(group.nodes.new("NodeGroupInput").outputs[0], group.nodes.new("NodeGroupOutput").inputs[0])
group.use_fake_user = True
"""


class MotionSteps:
    """What a load of Blender does besides. Nothing here sets a place: that is what the run compares."""

    client: Client
    random: random.Random

    def name(self, what: str = "object") -> str:
        raise NotImplementedError

    def solids(self) -> list[str]:
        raise NotImplementedError

    def run(self, code: str) -> Any:
        raise NotImplementedError

    def animate(self) -> None:
        if meshes := self.solids():
            name = self.random.choice(meshes)
            keys = [{"frame": frame, "value": [0, 0, self.random.randint(0, 360)]} for frame in (1, 20)]
            self.client.change("POST", f"/objects/{name}/animation", {"path": "rotation", "keys": keys})
            if self.random.random() < 0.3:
                self.client.change("DELETE", f"/objects/{name}/animation?path=rotation&frame=20")

    def constrain(self) -> None:
        if meshes := self.solids():
            path, title = f"/objects/{self.random.choice(meshes)}/constraints", self.name("limit")
            limit = {"type": "limit_scale", "name": title, "max": [9, None, 9]}
            self.client.change("POST", path, limit)
            if self.random.random() < 0.5:
                self.client.change("PATCH", f"{path}/{title}", {"influence": 0.25, "frame": 3})
            else:
                self.client.change("DELETE", f"{path}/{title}")

    def unwrap(self) -> None:
        if meshes := self.solids():
            method = self.random.choice(("smart", "cube"))
            self.client.change("POST", f"/objects/{self.random.choice(meshes)}/uv", {"method": method})

    def bake(self) -> None:
        """A material of its own, a UV map, and a picture of the colour that the material uses from then on."""
        if meshes := self.solids():
            name, material = self.random.choice(meshes), self.name("coat")
            self.client.change("POST", "/materials", {"name": material, "color": [0.5, 0.25, 0.125]})
            self.client.change("POST", "/materials/apply", {"object": name, "material": material})
            self.client.change("POST", f"/objects/{name}/uv", {"method": "cube"})
            self.client.change("POST", f"/objects/{name}/bake", {"kind": "base_color", "size": 8})

    def nodes(self) -> None:
        group = self.name("group")
        self.run(_GROUP.format(name=group))
        meshes = self.solids()
        if not meshes or self.random.random() < 0.3:
            self.client.change("DELETE", f"/node-groups/{group}")
            return
        path, title = f"/objects/{self.random.choice(meshes)}/modifiers", self.name("nodes")
        self.client.change("POST", path, {"type": "nodes", "name": title, "group": group, "inputs": {"Amount": 2}})
        self.client.change("PATCH", f"{path}/{title}", {"inputs": {"Amount": 4.5}})
