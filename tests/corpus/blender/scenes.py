"""USD by its own library, and FBX, Alembic and .blend by Blender in other axes and units; what must come of them."""

# pxr makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pxr import Gf, Sdf, Usd, UsdGeom, UsdUtils

from tests.corpus import Expected, FileCase

UNIT = ((0, 0, 0), (1, 1, 1))
CORNERS = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
FACES = [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]

# --- USD ---------------------------------------------------------------------------------------------------------


def corner(stage: Usd.Stage, path: str = "/Part") -> UsdGeom.Mesh:
    mesh = UsdGeom.Mesh.Define(stage, Sdf.Path(path))
    mesh.CreatePointsAttr([Gf.Vec3f(*point) for point in CORNERS])
    mesh.CreateFaceVertexCountsAttr([3] * 4)
    mesh.CreateFaceVertexIndicesAttr(FACES)
    mesh.CreateSubdivisionSchemeAttr("none")
    return mesh


def usd(fill: Callable[[Usd.Stage], None], suffix: str = ".usda", up: str = "Z", metres: float = 1.0) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"scene{'.usdc' if suffix == '.usdz' else suffix}"
        stage = Usd.Stage.CreateNew(str(path))
        UsdGeom.SetStageUpAxis(stage, up)
        UsdGeom.SetStageMetersPerUnit(stage, metres)
        fill(stage)
        stage.Save()
        if suffix == ".usdz":
            package = Path(folder) / "scene.usdz"
            UsdUtils.CreateNewUsdzPackage(str(path), str(package))
            return package.read_bytes()
        return path.read_bytes()


def plain(stage: Usd.Stage) -> None:
    corner(stage)


def placed(stage: Usd.Stage) -> None:
    mesh = corner(stage)
    mesh.AddTranslateOp().Set(Gf.Vec3d(5, 6, 7))
    mesh.AddRotateXYZOp().Set(Gf.Vec3f(0, 0, 90))
    mesh.AddScaleOp().Set(Gf.Vec3f(2, 1, 1))


def by_matrix(stage: Usd.Stage) -> None:
    matrix = Gf.Matrix4d().SetScale(Gf.Vec3d(2, 3, 4))
    matrix.SetTranslateOnly(Gf.Vec3d(1, 1, 1))
    corner(stage).AddTransformOp().Set(matrix)


def with_pivot(stage: Usd.Stage) -> None:
    mesh = corner(stage)
    mesh.AddTranslateOp(opSuffix="pivot").Set(Gf.Vec3d(1, 0, 0))
    mesh.AddRotateZOp().Set(180)
    mesh.AddTranslateOp(opSuffix="pivot", isInverseOp=True)


def nested(stage: Usd.Stage) -> None:
    UsdGeom.Xform.Define(stage, "/Group").AddTranslateOp().Set(Gf.Vec3d(10, 0, 0))
    corner(stage, "/Group/Part").AddTranslateOp().Set(Gf.Vec3d(1, 0, 0))


def mirrored(stage: Usd.Stage) -> None:
    corner(stage).AddScaleOp().Set(Gf.Vec3f(-1, 1, 1))


def left_handed(stage: Usd.Stage) -> None:
    corner(stage).CreateOrientationAttr("leftHanded")


def instanced(stage: Usd.Stage) -> None:
    UsdGeom.Xform.Define(stage, "/Source")
    corner(stage, "/Source/Part")
    for number in range(2):
        prim = stage.DefinePrim(f"/Copy{number}", "Xform")
        prim.GetReferences().AddInternalReference("/Source")
        prim.SetInstanceable(True)
        UsdGeom.Xformable(prim).AddTranslateOp().Set(Gf.Vec3d(4 * number + 4, 0, 0))


def variants(stage: Usd.Stage) -> None:
    prim = UsdGeom.Xform.Define(stage, "/Part").GetPrim()
    choices = prim.GetVariantSets().AddVariantSet("size")
    for name, factor in (("small", 1), ("large", 3)):
        choices.AddVariant(name)
        choices.SetVariantSelection(name)
        with choices.GetVariantEditContext():
            UsdGeom.XformCommonAPI(corner(stage, "/Part/Mesh")).SetScale(Gf.Vec3f(factor, factor, factor))
    choices.SetVariantSelection("large")


def hidden(stage: Usd.Stage) -> None:
    corner(stage)
    other = corner(stage, "/Hidden")
    other.AddTranslateOp().Set(Gf.Vec3d(100, 0, 0))
    other.CreateVisibilityAttr("invisible")


def shapes(stage: Usd.Stage) -> None:
    UsdGeom.Cube.Define(stage, "/Box").CreateSizeAttr(2)


def points_alone(stage: Usd.Stage) -> None:
    UsdGeom.Xform.Define(stage, "/Nothing")


def elsewhere(stage: Usd.Stage) -> None:
    corner(stage)
    stage.DefinePrim("/Other").GetReferences().AddReference("./other.usda")


def usd_case(id: str, fill: Callable[[Usd.Stage], None], suffix: str = ".usda", **more: Any) -> FileCase:
    options = {key: more.pop(key) for key in ("up", "metres") if key in more}
    query = more.pop("query", {})
    if "error" not in more:
        more = {"box": UNIT, "faces": 4, **more}
    return FileCase(
        id=f"usd {id}",
        name=f"part{suffix}",
        make=lambda: usd(fill, suffix, **options),
        query=query,
        expected=Expected(**more),
    )


USDS = [
    usd_case("text", plain, names=["Part"]),
    usd_case("binary", plain, ".usdc", names=["Part"]),
    usd_case("package", plain, ".usdz", names=["Part"]),
    usd_case("either", plain, ".usd", names=["Part"]),
    usd_case("Y up", plain, up="Y", box=((0, -1, 0), (1, 0, 1))),
    usd_case("centimetres", plain, metres=0.01, box=((0, 0, 0), (0.01, 0.01, 0.01))),
    usd_case("millimetres, Y up", plain, up="Y", metres=0.001, box=((0, -0.001, 0), (0.001, 0, 0.001))),
    usd_case("scaled", placed, query={"scale": 10}, box=((40, 60, 70), (50, 80, 80))),
    usd_case("translate, rotate, scale", placed, box=((4, 6, 7), (5, 8, 8))),
    usd_case("matrix", by_matrix, box=((1, 1, 1), (3, 4, 5))),
    usd_case("pivot", with_pivot, box=((1, -1, 0), (2, 0, 1))),
    usd_case("nested", nested, box=((11, 0, 0), (12, 1, 1))),
    usd_case("mirrored", mirrored, box=((-1, 0, 0), (0, 1, 1))),
    usd_case("left-handed", left_handed),
    usd_case("instances", instanced, box=((0, 0, 0), (9, 1, 1)), faces=None),
    usd_case("variants", variants, box=((0, 0, 0), (3, 3, 3))),
    usd_case("hidden parts", hidden),
    usd_case("a cube of its own kind", shapes, box=((-1, -1, -1), (1, 1, 1)), faces=None),
    usd_case("places alone", points_alone, box=None, faces=0, warnings=["no_geometry"]),
    usd_case("a reference that did not come", elsewhere, warnings=["missing_files"]),
]

# --- by Blender --------------------------------------------------------------------------------------------------

SCRIPT = """
import os, sys
import bpy
folder = sys.argv[-1]
def fresh():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    mesh = bpy.data.meshes.new("Part")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)], [], [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)])
    obj = bpy.data.objects.new("Part", mesh)
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.update()
    return obj
def at(name): return os.path.join(folder, name)
fresh(); bpy.ops.export_scene.fbx(filepath=at("plain.fbx"))
fresh(); bpy.ops.export_scene.fbx(filepath=at("z-up.fbx"), axis_up="Z", axis_forward="Y")
fresh(); bpy.ops.export_scene.fbx(filepath=at("scaled.fbx"), apply_scale_options="FBX_SCALE_ALL", global_scale=3)
fresh(); bpy.ops.export_scene.fbx(filepath=at("baked.fbx"), bake_space_transform=True)
obj = fresh(); obj.scale = (-1, 1, 1); bpy.ops.export_scene.fbx(filepath=at("mirrored.fbx"))
fresh(); bpy.ops.wm.alembic_export(filepath=at("plain.abc"), as_background_job=False)
obj = fresh(); obj.location = (3, 0, 0); bpy.ops.wm.alembic_export(filepath=at("placed.abc"), as_background_job=False)
fresh(); bpy.ops.wm.alembic_export(filepath=at("flat.abc"), flatten=True, as_background_job=False)
fresh(); bpy.ops.wm.alembic_export(filepath=at("scaled.abc"), global_scale=100, as_background_job=False)
fresh(); bpy.ops.wm.save_as_mainfile(filepath=at("plain.blend"), copy=True)
fresh(); bpy.ops.wm.save_as_mainfile(filepath=at("packed.blend"), copy=True, compress=True)
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
bpy.ops.wm.save_as_mainfile(filepath=at("empty.blend"), copy=True)
sys.stdout.flush()
os._exit(0)
"""


@functools.cache
def by_blender() -> dict[str, bytes]:
    """Files that Blender itself writes, by their names; made once, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-P", "-c", SCRIPT, folder], check=True, capture_output=True)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


ASCII_FBX = """; FBX 7.4.0 project file
FBXHeaderExtension:  {
	FBXHeaderVersion: 1003
	FBXVersion: 7400
}
GlobalSettings:  {
	Version: 1000
	Properties70:  {
		P: "UpAxis", "int", "Integer", "",2
		P: "UpAxisSign", "int", "Integer", "",1
		P: "FrontAxis", "int", "Integer", "",1
		P: "FrontAxisSign", "int", "Integer", "",-1
		P: "CoordAxis", "int", "Integer", "",0
		P: "CoordAxisSign", "int", "Integer", "",1
		P: "UnitScaleFactor", "double", "Number", "",100
	}
}
Objects:  {
	Geometry: 100, "Geometry::Part", "Mesh" {
		Vertices: *12 {
			a: 0,0,0,1,0,0,0,1,0,0,0,1
		}
		PolygonVertexIndex: *12 {
			a: 0,2,-2,0,1,-4,0,3,-3,1,2,-4
		}
	}
	Model: 200, "Model::Part", "Mesh" {
		Version: 232
	}
}
Connections:  {
	C: "OO",200,0
	C: "OO",100,200
}
"""


def made(file: str, **more: Any) -> FileCase:
    query = more.pop("query", {})
    if "error" not in more:
        more = {"names": ["Part"], "kinds": ["MESH"], "box": UNIT, "faces": 4, "tolerance": 1e-4, **more}
    return FileCase(
        id=f"by Blender {file}", name=file, make=lambda: by_blender()[file], query=query, expected=Expected(**more)
    )


BY_BLENDER = [
    made("plain.fbx"),
    made("z-up.fbx"),
    made("scaled.fbx", box=((0, 0, 0), (3, 3, 3))),
    made("baked.fbx"),
    made("mirrored.fbx", box=((-1, 0, 0), (0, 1, 1))),
    made("plain.abc"),
    made("placed.abc", box=((3, 0, 0), (4, 1, 1))),
    made("flat.abc"),
    made("scaled.abc", query={"scale": 0.01}),
    made("plain.blend"),
    made("packed.blend", query={"scale": 2}, box=((0, 0, 0), (2, 2, 2))),
    made("empty.blend", error="degenerate_result"),
    FileCase(
        id="fbx in text",
        name="part.fbx",
        make=ASCII_FBX.encode,
        expected=Expected(names=["Part"], box=UNIT, faces=4, tolerance=1e-4),
    ),
]

CASES = [*USDS, *BY_BLENDER]
