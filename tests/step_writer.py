"""Writes a STEP file with tree, names and colours by a second kernel, as other programs' assemblies come."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any


def _of(module: str, name: str) -> Any:
    return getattr(import_module(f"OCP.{module}"), name)


def color_of(text: str) -> Any:
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    color = _of("Quantity", "Quantity_Color")(
        red, green, blue, _of("Quantity", "Quantity_TypeOfColor").Quantity_TOC_sRGB
    )
    return _of("Quantity", "Quantity_ColorRGBA")(color, int(text[7:9] or "ff", 16) / 255)


def write_step(path: Path) -> None:
    """A root with a frame (a red cube of 20 with a blue top, a green ball of 10) twice, and a translucent plate."""
    document = _of("TDocStd", "TDocStd_Document")(_of("TCollection", "TCollection_ExtendedString")("test"))
    tools = _of("XCAFDoc", "XCAFDoc_DocumentTool")
    shapes, colors = tools.ShapeTool_s(document.Main()), tools.ColorTool_s(document.Main())
    surface = _of("XCAFDoc", "XCAFDoc_ColorType").XCAFDoc_ColorSurf
    text = _of("TCollection", "TCollection_ExtendedString")

    def named(label: Any, name: str) -> Any:
        _of("TDataStd", "TDataStd_Name").Set_s(label, text(name, True))
        return label

    def part(shape: Any, name: str, color: str) -> Any:
        label = named(shapes.AddShape(shape, False), name)
        colors.SetColor(label, color_of(color), surface)
        return label

    def put(assembly: Any, label: Any, name: str, x: float, y: float, z: float) -> None:
        move = _of("gp", "gp_Trsf")()
        move.SetTranslation(_of("gp", "gp_Vec")(x, y, z))
        named(shapes.AddComponent(assembly, label, _of("TopLoc", "TopLoc_Location")(move)), name)

    cube = _of("BRepPrimAPI", "BRepPrimAPI_MakeBox")(20, 20, 20).Shape()
    plain = part(cube, "Würfel ✓", "#d02010")
    faces = _of("TopExp", "TopExp_Explorer")(cube, _of("TopAbs", "TopAbs_ShapeEnum").TopAbs_FACE)
    while faces.More():
        properties = _of("GProp", "GProp_GProps")()
        _of("BRepGProp", "BRepGProp").SurfaceProperties_s(faces.Current(), properties)
        if properties.CentreOfMass().Z() > 19.9:
            colors.SetColor(shapes.AddSubShape(plain, faces.Current()), color_of("#2060c0"), surface)
        faces.Next()
    ball = part(_of("BRepPrimAPI", "BRepPrimAPI_MakeSphere")(10).Shape(), "Шар", "#20a040")
    plate = part(_of("BRepPrimAPI", "BRepPrimAPI_MakeBox")(100, 60, 2).Shape(), "底板", "#ffff0080")
    frame, root = (named(shapes.NewShape(), name) for name in ("Träger Ø", "Gerät 装置"))
    put(frame, plain, "Würfel links", 0, 0, 0)
    put(frame, ball, "Шар верх", 10, 10, 30)
    put(root, frame, "Rahmen eins", 5, 5, 2)
    put(root, frame, "Rahmen zwei", 65, 5, 2)
    put(root, plate, "Platte", 0, 0, 0)
    shapes.UpdateAssemblies()
    writer = _of("STEPCAFControl", "STEPCAFControl_Writer")()
    writer.SetColorMode(True)
    writer.SetNameMode(True)
    assert writer.Transfer(document, _of("STEPControl", "STEPControl_StepModelType").STEPControl_AsIs)
    assert writer.Write(str(path)).name == "IFSelect_RetDone"
