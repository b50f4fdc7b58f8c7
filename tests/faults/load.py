"""Changes of all kinds by one client, and the model that says what must be there after them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.faults.client import Client, SetAside
from tests.faults.motion_steps import MotionSteps

Place = tuple[float, float, float]


class Load:
    """What one client does. Its objects are its own, so that its model is exact whatever the others do.

    `places` holds each object that must be there, with its location, or None where that is another object's matter.
    """

    adapter = ""
    kinds: tuple[str, ...] = ()
    code = ""
    stays: dict[str, str] = {}
    """Code that stays in the application and acts on what this run does, by its kind."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.random: random.Random = client.random
        self.places: dict[str, Place | None] = {}
        self.materials: set[str] = set()
        self.fixed: set[str] = set()
        """Objects that others depend on."""
        self.set_aside = 0
        self.done: dict[str, int] = {}
        self._serial = 0

    def steps(self) -> list[tuple[Callable[[], None], int]]:
        """What may be done, each with its weight."""
        return [
            (self.create, 8),
            (self.create_by_socket, 3),
            (self.patch, 6),
            (self.delete, 4),
            (self.boolean, 2),
            (self.batch, 2),
            (self.atomic, 2),
            (self.failing_atomic, 2),
            (self.taken, 1),
            (self.execute, 2),
            (self.read, 1),
            (self.leave_code, 1),
            (self.scripted, 1),
        ]

    def step(self) -> None:
        """Do one thing."""
        steps = self.steps()
        (chosen,) = self.random.choices([each for each, _ in steps], [weight for _, weight in steps])
        try:
            chosen()
            self.done[chosen.__name__] = self.done.get(chosen.__name__, 0) + 1
        except SetAside:
            # Nothing was made of it, which the next look at the session proves.
            self.set_aside += 1

    def name(self, what: str = "object") -> str:
        self._serial += 1
        return f"c{self.client.number}_{what}_{self._serial}"

    def place(self) -> Place:
        return (float(self.random.randint(-50, 50)), float(self.random.randint(-50, 50)), 1.0)

    def creation(self, *, named: bool | None = None) -> tuple[str, dict[str, Any]]:
        body: dict[str, Any] = {"location": self.place()}
        if self.random.random() < 0.6 if named is None else named:
            body["name"] = self.name()
        return self.random.choice(self.kinds), body

    def made(self, info: dict[str, Any]) -> None:
        self.places[info["name"]] = tuple(info["location"])  # type: ignore[assignment]

    def free(self) -> list[str]:
        """What may be deleted."""
        return [name for name in self.places if name not in self.fixed]

    def solids(self) -> list[str]:
        """Those of them that a request made, with a shape."""
        return [name for name in self.free() if self.places[name] is not None]

    # --- what both applications can --------------------------------------------------------------------------------

    def create(self) -> None:
        kind, body = self.creation()
        self.made(self.client.change("POST", f"/primitives/{kind}", body))

    def create_by_socket(self) -> None:
        kind, body = self.creation()
        self.made(self.client.call(f"primitives.{kind}", body))

    def patch(self) -> None:
        if solids := self.solids():
            name, place = self.random.choice(solids), self.place()
            self.client.change("PATCH", f"/objects/{name}", {"location": place})
            self.places[name] = place

    def delete(self) -> None:
        if len(free := self.free()) > 4:
            name = self.random.choice(free)
            self.client.change("DELETE", f"/objects/{name}")
            del self.places[name]

    def boolean(self) -> None:
        raise NotImplementedError

    def batch(self) -> None:
        """Each for itself; the one in the middle fails."""
        bodies = [self.creation(), self.creation()]
        calls = [{"method": f"primitives.{kind}", "params": body} for kind, body in bodies]
        calls.insert(1, {"method": "objects.delete", "params": {"name": "nobody"}})
        results = self.client.change("POST", "/batch", {"calls": calls})["results"]
        assert results[1]["status"] == "error", results
        for each in (results[0], results[2]):
            if "deaths" in each.get("error", {}).get("details", {}):
                self.set_aside += 1
            else:
                self.made(each["result"])

    def atomic(self) -> None:
        bodies = [self.creation() for _ in range(3)]
        calls = [{"method": f"primitives.{kind}", "params": body} for kind, body in bodies]
        for each in self.client.change("POST", "/batch", {"calls": calls, "atomic": True})["results"]:
            self.made(each["result"])

    def failing_atomic(self) -> None:
        """All or nothing: nothing."""
        bodies = [self.creation() for _ in range(3)]
        calls = [{"method": f"primitives.{kind}", "params": body} for kind, body in bodies]
        calls.append({"method": "objects.delete", "params": {"name": "nobody"}})
        self.client.change("POST", "/batch", {"calls": calls, "atomic": True}, expect=404)

    def taken(self) -> None:
        if self.places:
            kind, body = self.creation()
            body["name"] = self.random.choice(list(self.places))
            self.client.change("POST", f"/primitives/{kind}", body, expect=409)

    def execute(self) -> None:
        name = self.name("code")
        self.run(self.code.format(name=name))
        self.places[name] = None

    def run(self, code: str) -> Any:
        calls = [{"method": "session.execute", "params": {"code": code}}]
        (result,) = self.client.change("POST", "/batch", {"calls": calls})["results"]
        if "deaths" in result.get("error", {}).get("details", {}):
            raise SetAside(code)
        assert result["status"] == "success", result
        return result["result"]["value"]

    def read(self) -> None:
        """Code that only looks."""
        assert self.run("import math\nmath.sqrt(sum([4.0]))") == 2.0

    def leave_code(self) -> None:
        """Code that stays for as long as the process lives, and changes after it."""
        self.run(self.stays[self.random.choice(sorted(self.stays))])
        for _ in range(3):
            self.create()
        self.patch()

    def scripted(self) -> None:
        """An object that is computed by code, changed, and removed again."""
        raise NotImplementedError


GADGET = """
import FreeCAD, Part
class Gadget:
    def __init__(self, obj):
        for name in ("Size", "Grown"):
            obj.addProperty("App::PropertyLength", name)
        obj.Size = 2
        obj.Proxy = self
    def execute(self, obj):
        obj.Grown = obj.Grown.Value + obj.Size.Value
        obj.Shape = Part.makeBox(obj.Grown.Value, 1, 1)
    def dumps(self): return None
    def loads(self, state): return None
Gadget(FreeCAD.ActiveDocument.addObject("Part::FeaturePython", {name!r}))
FreeCAD.ActiveDocument.recompute()
"""
"""A feature that grows with each recompute."""


class BlenderLoad(Load, MotionSteps):
    adapter = "blender"
    kinds = ("cube", "sphere", "cylinder", "cone", "torus", "plane")
    code = """
import bpy
bpy.context.scene.collection.objects.link(bpy.data.objects.new({name!r}, None))
"""

    stays = {
        "handler": """
import bpy
@bpy.app.handlers.persistent
def marks(scene, graph=None):
    for obj in scene.objects:
        if "marked" not in obj:
            obj["marked"] = 1
bpy.app.handlers.depsgraph_update_post.append(marks)
""",
        "driver namespace": "import bpy\nbpy.app.driver_namespace['twice'] = lambda value: 2 * value",
        "replaced function": """
from cadgate.appserver.registry import METHODS
def larger(before=METHODS["primitives.cube"]):
    METHODS["primitives.cube"] = lambda size, **more: before(size=size + 1, **more)
larger()
""",
        "message bus": """
import bpy
bpy.msgbus.subscribe_rna(key=(bpy.types.Object, "location"), owner=object(), args=(), notify=lambda: None)
""",
        "class": """
import bpy
if not hasattr(bpy.types.Object, "weight"):
    bpy.types.Object.weight = bpy.props.FloatProperty(update=lambda obj, context: None)
""",
    }

    def scripted(self) -> None:
        name = self.name("driven")
        self.run(
            f"import bpy\nobj = bpy.data.objects.new({name!r}, None)\nbpy.context.scene.collection.objects.link(obj)\n"
            "obj.driver_add('location', 2).driver.expression = '1 + 1'"
        )
        self.places[name] = None
        self.create()
        self.client.change("PATCH", f"/objects/{name}", {"scale": [2, 2, 2]})
        self.client.change("DELETE", f"/objects/{name}")
        del self.places[name]

    def steps(self) -> list[tuple[Callable[[], None], int]]:
        more = ((self.material, 3), (self.duplicate, 3), (self.modifier, 2), (self.parent, 2), (self.rename, 2))
        moving = ((self.animate, 2), (self.constrain, 2), (self.unwrap, 1), (self.bake, 1), (self.nodes, 1))
        return [*super().steps(), *more, *moving]

    def creation(self, *, named: bool | None = None) -> tuple[str, dict[str, Any]]:
        kind, body = super().creation(named=named)
        if self.materials and self.random.random() < 0.3:
            body["material"] = self.random.choice(sorted(self.materials))
        return kind, body

    def material(self) -> None:
        name = self.name("material")
        self.client.change("POST", "/materials", {"name": name, "color": [0.1, 0.2, 0.3]})
        self.materials.add(name)
        if meshes := self.solids():
            self.client.change("POST", "/materials/apply", {"object": self.random.choice(meshes), "material": name})

    def boolean(self) -> None:
        if len(meshes := self.solids()) > 2:
            one, other = self.random.sample(meshes, 2)
            gone = self.random.random() < 0.5
            body = {"object": other, "operation": "union", "delete_other": gone}
            self.client.change("POST", f"/objects/{one}/boolean", body)
            if gone:
                del self.places[other]

    def duplicate(self) -> None:
        if meshes := self.solids():
            source = self.random.choice(meshes)
            body = {"location": self.place()}
            self.made(self.client.change("POST", f"/objects/{source}/duplicate", body))

    def modifier(self) -> None:
        if meshes := self.solids():
            kind = self.random.choice(({"type": "bevel", "width": 0.02}, {"type": "array", "count": 2}))
            self.client.change("POST", f"/objects/{self.random.choice(meshes)}/modifiers", kind)

    def parent(self) -> None:
        if len(free := self.solids()) > 6:
            child, parent = self.random.sample(free, 2)
            self.client.change("PATCH", f"/objects/{child}", {"parent": parent})
            self.places[child] = None
            self.fixed |= {child, parent}

    def rename(self) -> None:
        if free := self.free():
            old, new = self.random.choice(free), self.name("renamed")
            self.client.change("PATCH", f"/objects/{old}", {"name": new})
            self.places[new] = self.places.pop(old)


class FreeCADLoad(Load):
    adapter = "freecad"
    kinds = ("box", "sphere", "cylinder", "cone", "torus")
    code = """
import FreeCAD
FreeCAD.ActiveDocument.addObject("App::FeaturePython", {name!r})
"""

    stays = {
        "observer": """
import FreeCAD
class Marks:
    def slotCreatedObject(self, obj):
        if not obj.Label.endswith("+"):
            obj.Label = obj.Label + "+"
FreeCAD.addDocumentObserver(Marks())
""",
        "replaced function": """
from cadgate.appserver.registry import METHODS
def larger(before=METHODS["primitives.box"]):
    METHODS["primitives.box"] = lambda length, **more: before(length=length + 1, **more)
larger()
""",
        "preference": "FreeCAD.ParamGet('User parameter:BaseApp/Preferences/Units').SetInt('Decimals', 3)",
    }

    def scripted(self) -> None:
        name = self.name("gadget")
        self.run(GADGET.format(name=name))
        self.places[name] = None
        self.create()
        self.client.change("PATCH", f"/objects/{name}", {"properties": {"Size": 5}})
        self.client.change("DELETE", f"/objects/{name}")
        del self.places[name]

    def steps(self) -> list[tuple[Callable[[], None], int]]:
        return [*super().steps(), (self.label, 2), (self.property, 2), (self.fillet, 1)]

    def boolean(self) -> None:
        if len(parts := self.solids()) > 2:
            one, other = self.random.sample(parts, 2)
            body = {"object1": one, "object2": other, "name": self.name("union")}
            info = self.client.change("POST", "/boolean/union", body)
            self.made(info)
            self.fixed |= {one, other}

    def label(self) -> None:
        if parts := self.solids():
            name = self.random.choice(parts)
            self.client.change("PATCH", f"/objects/{name}", {"label": f"Etikett ü {name}"})

    def property(self) -> None:
        body = {"name": self.name("box"), "length": 5, "location": self.place()}
        self.made(self.client.change("POST", "/primitives/box", body))
        self.client.change("PATCH", f"/objects/{body['name']}", {"properties": {"Length": 7, "Width": "1 in"}})

    def fillet(self) -> None:
        name = self.name("box")
        self.made(self.client.change("POST", "/primitives/box", {"name": name, "location": self.place()}))
        rounded = self.name("round")
        info = self.client.change("POST", "/features/fillet", {"object": name, "radius": 1, "name": rounded})
        self.fixed.add(name)
        self.made(info)


LOADS: dict[str, type[Load]] = {"blender": BlenderLoad, "freecad": FreeCADLoad}
