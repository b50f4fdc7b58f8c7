"""The tree, names and colours of a STEP file, read by a second kernel."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any


def _of(module: str, name: str) -> Any:
    return getattr(import_module(f"OCP.{module}"), name)


def step_tree(path: Path) -> list[dict[str, Any]]:
    """Return for each root `name`, `color` (of its shape), `faces` (colours in use), `box`, and `children`.

    A box is `[xmin, ymin, zmin, xmax, ymax, zmax]` in the coordinates of the file, in mm.
    """
    document = _of("TDocStd", "TDocStd_Document")(_of("TCollection", "TCollection_ExtendedString")("test"))
    reader = _of("STEPCAFControl", "STEPCAFControl_Reader")()
    reader.SetNameMode(True)
    reader.SetColorMode(True)
    assert reader.ReadFile(str(path)).name == "IFSelect_RetDone"
    assert reader.Transfer(document)
    tools = _of("XCAFDoc", "XCAFDoc_DocumentTool")
    shapes, colors = tools.ShapeTool_s(document.Main()), tools.ColorTool_s(document.Main())
    sequence, label = _of("collections", "Sequence_TDF_Label"), _of("TDF", "TDF_Label")

    def name(node: Any) -> str:
        attribute = _of("TDataStd", "TDataStd_Name")()
        assert node.FindAttribute(_of("TDataStd", "TDataStd_Name").GetID_s(), attribute)
        return str(attribute.Get().ToExtString())

    def color(shape: Any) -> str | None:
        found = _of("Quantity", "Quantity_ColorRGBA")()
        kinds = _of("XCAFDoc", "XCAFDoc_ColorType")
        for kind in (kinds.XCAFDoc_ColorSurf, kinds.XCAFDoc_ColorGen):
            if colors.GetColor(shape, kind, found):
                srgb = _of("Quantity", "Quantity_TypeOfColor").Quantity_TOC_sRGB
                digits = "".join(f"{round(each * 255):02x}" for each in found.GetRGB().Values(srgb))
                alpha = round(found.Alpha() * 255)
                return f"#{digits}" + (f"{alpha:02x}" if alpha < 255 else "")
        return None

    def box(shape: Any) -> list[float]:
        found = _of("Bnd", "Bnd_Box")()
        _of("BRepBndLib", "BRepBndLib").AddOptimal_s(shape, found, False, False)
        low, high = found.CornerMin(), found.CornerMax()
        return [low.X(), low.Y(), low.Z(), high.X(), high.Y(), high.Z()]

    def walk(node: Any, where: Any) -> dict[str, Any]:
        shape = shapes.GetShape_s(node)
        below = sequence()
        shapes.GetComponents_s(node, below)
        children: list[dict[str, Any]] = []
        for number in range(1, below.Length() + 1):
            referred = label()
            assert shapes.GetReferredShape_s(below.Value(number), referred)
            children.append(walk(referred, where.Multiplied(shapes.GetLocation_s(below.Value(number)))))
        faces: set[str] = set()
        if not children:
            explorer = _of("TopExp", "TopExp_Explorer")(shape, _of("TopAbs", "TopAbs_FACE"))
            while explorer.More():
                single = color(explorer.Current())
                if single is not None:
                    faces.add(single)
                explorer.Next()
        looks = {"color": color(shape), "faces": faces, "box": box(shape.Moved(where))}
        return {"name": name(node), **looks, "children": children}

    roots = sequence()
    shapes.GetFreeShapes(roots)
    origin = _of("TopLoc", "TopLoc_Location")()
    return [walk(roots.Value(number), origin) for number in range(1, roots.Length() + 1)]
