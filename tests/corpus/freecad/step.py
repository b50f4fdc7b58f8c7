"""STEP of many writers, made by another OpenCASCADE than FreeCAD's, and bent into what writers make of it."""

# OCP makes its names when it is imported: no checker sees them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import functools
import gzip
import tempfile
from collections.abc import Callable
from dataclasses import replace
from math import pi
from pathlib import Path
from typing import Any

from OCP.BRep import BRep_Builder
from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeEdge
from OCP.BRepPrimAPI import BRepPrimAPI_MakeBox, BRepPrimAPI_MakeCylinder
from OCP.gp import gp_Ax1, gp_Dir, gp_Pnt, gp_Trsf, gp_Vec
from OCP.IFSelect import IFSelect_ReturnStatus
from OCP.Interface import Interface_Static
from OCP.Quantity import Quantity_Color, Quantity_TypeOfColor
from OCP.STEPCAFControl import STEPCAFControl_Writer
from OCP.STEPControl import STEPControl_Controller, STEPControl_StepModelType
from OCP.TCollection import TCollection_ExtendedString
from OCP.TDataStd import TDataStd_Name
from OCP.TDocStd import TDocStd_Document
from OCP.TopLoc import TopLoc_Location
from OCP.TopoDS import TopoDS_Compound
from OCP.XCAFDoc import XCAFDoc_ColorType, XCAFDoc_DocumentTool

from tests.corpus import Expected, FileCase

BLOCK = Expected(
    format="step",
    objects=1,
    kinds=["Solid"],
    names=["Block"],
    volume=6000,
    area=2200,
    box=((0, 0, 0), (10, 20, 30)),
    faces=6,
)


def place(x: float = 0, y: float = 0, z: float = 0, about_z: float = 0) -> TopLoc_Location:
    turn, shift = gp_Trsf(), gp_Trsf()
    turn.SetRotation(gp_Ax1(gp_Pnt(0, 0, 0), gp_Dir(0, 0, 1)), about_z * pi / 180)
    shift.SetTranslation(gp_Vec(x, y, z))
    return TopLoc_Location(shift.Multiplied(turn))


class Writer:
    """A document of OpenCASCADE's, written as STEP."""

    def __init__(self) -> None:
        self.document = TDocStd_Document(TCollection_ExtendedString("BinXCAF"))
        self.shapes = XCAFDoc_DocumentTool.ShapeTool_s(self.document.Main())
        self.colors = XCAFDoc_DocumentTool.ColorTool_s(self.document.Main())

    def name(self, label: Any, text: str) -> Any:
        TDataStd_Name.Set_s(label, TCollection_ExtendedString(text, True))
        return label

    def part(self, shape: Any, name: str) -> Any:
        return self.name(self.shapes.AddShape(shape, False), name)

    def assembly(self, name: str) -> Any:
        return self.name(self.shapes.NewShape(), name)

    def add(self, assembly: Any, part: Any, where: TopLoc_Location, name: str) -> None:
        self.name(self.shapes.AddComponent(assembly, part, where), name)
        self.shapes.UpdateAssemblies()

    def color(self, label: Any, red: float, green: float, blue: float) -> None:
        color = Quantity_Color(red, green, blue, Quantity_TypeOfColor.Quantity_TOC_RGB)
        self.colors.SetColor(label, color, XCAFDoc_ColorType.XCAFDoc_ColorSurf)

    def write(self, schema: str = "AP214IS", unit: str = "MM") -> bytes:
        STEPControl_Controller.Init_s()
        Interface_Static.SetCVal_s("write.step.schema", schema)
        Interface_Static.SetCVal_s("write.step.unit", unit)
        try:
            writer = STEPCAFControl_Writer()
            assert writer.Transfer(self.document, STEPControl_StepModelType.STEPControl_AsIs)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "part.step"
                assert writer.Write(str(path)) == IFSelect_ReturnStatus.IFSelect_RetDone
                return path.read_bytes()
        finally:
            Interface_Static.SetCVal_s("write.step.unit", "MM")
            Interface_Static.SetCVal_s("write.step.schema", "AP214IS")


def box(x: float = 10, y: float = 20, z: float = 30) -> Any:
    return BRepPrimAPI_MakeBox(x, y, z).Shape()


@functools.cache
def block(name: str = "Block", schema: str = "AP214IS", unit: str = "MM") -> bytes:
    writer = Writer()
    writer.part(box(), name)
    return writer.write(schema, unit)


def assembled() -> bytes:
    """Two blocks, one turned and moved, and a pin two levels down."""
    writer = Writer()
    one, pin = writer.part(box(), "Block"), writer.part(BRepPrimAPI_MakeCylinder(2, 12).Shape(), "Pin")
    inner, outer = writer.assembly("Inner"), writer.assembly("Outer")
    writer.add(inner, pin, place(5, 0, 0), "Pin in")
    writer.add(outer, one, place(), "Left")
    writer.add(outer, one, place(100, 0, 0, 90), "Right")
    writer.add(outer, inner, place(0, 0, 50), "Group")
    return writer.write()


def colored() -> bytes:
    writer = Writer()
    writer.color(writer.part(box(), "Block"), 1, 0.25, 0.5)
    return writer.write()


def with_a_line() -> bytes:
    """A solid, and a line beside it that bounds nothing."""
    builder, both = BRep_Builder(), TopoDS_Compound()
    builder.MakeCompound(both)
    builder.Add(both, box())
    builder.Add(both, BRepBuilderAPI_MakeEdge(gp_Pnt(100, 0, 0), gp_Pnt(103, 4, 0)).Edge())
    writer = Writer()
    writer.part(both, "Block")
    return writer.write()


def two_named(first: str, second: str) -> bytes:
    writer = Writer()
    writer.part(box(), first)
    writer.part(box(5, 5, 5), second)
    return writer.write()


def renamed(name: bytes) -> bytes:
    """The name as the bytes that a writer without `\\X2\\` puts there."""
    return block("PLACEHOLDER").replace(b"PLACEHOLDER", name)


def annotated() -> bytes:
    more = b"#9001=DIMENSIONAL_SIZE(#1,'diameter');\n#9002=FLATNESS_TOLERANCE('','',#1,#1);\n"
    more += b"#9003=DATUM('','',#1,.F.,'A');\n"
    return block().replace(b"ENDSEC;\nEND-ISO", more + b"ENDSEC;\nEND-ISO")


def changed(change: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    return lambda: change(block())


def header(text: str) -> Callable[[], bytes]:
    """The same data after the header of another writer."""
    return lambda: b"ISO-10303-21;\nHEADER;\n" + text.encode() + b"ENDSEC;\n" + block()[block().index(b"DATA;") :]


SOLIDWORKS = (
    "FILE_DESCRIPTION (( 'STEP AP214' ),\n    '1' );\n"
    "FILE_NAME ('Part1.STEP',\n    '2024-01-01T10:00:00',\n    ( '' ),\n"
    "    ( '' ),\n    'SwSTEP 2.0',\n    'SolidWorks 2023',\n    '' );\nFILE_SCHEMA (( 'AUTOMOTIVE_DESIGN' ));\n"
)
AP203 = (
    "/* made by hand */\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('x','2001-01-01T00:00:00',(''),(''),'','','');\n"
    "FILE_SCHEMA(('CONFIG_CONTROL_DESIGN'));\n"
)
AP242 = (
    "FILE_DESCRIPTION(('AP242'),'2;1');\nFILE_NAME('x','2020-01-01T00:00:00',(''),(''),'','','');\n"
    "FILE_SCHEMA(('AP242_MANAGED_MODEL_BASED_3D_ENGINEERING_MIM_LF { 1 0 10303 442 1 1 4 }'));\n"
)
NAMES = {"utf-8": "Größe 零件", "latin-1": "Größe Ø10", "gb18030": "零件底板", "cp1251": "Деталь", "cp932": "ベース"}
CASES = [
    FileCase(id="step", name="part.step", make=block, expected=BLOCK),
    *(
        FileCase(id=f"step-{schema}", name="part.stp", make=lambda schema=schema: block(schema=schema), expected=BLOCK)
        for schema in ("AP203", "AP214CD", "AP214DIS", "AP242DIS")
    ),
    *(
        FileCase(id=f"step-header-of-{writer}", name="part.stp", make=header(text), expected=BLOCK)
        for writer, text in {"solidworks": SOLIDWORKS, "ap203": AP203, "ap242": AP242}.items()
    ),
    *(
        FileCase(id=f"step-in-{unit}", name="part.step", make=lambda unit=unit: block(unit=unit), expected=BLOCK)
        for unit in ("INCH", "M", "CM", "FT")
    ),
    FileCase(
        id="step-unit-told-otherwise",
        name="part.step",
        make=changed(lambda data: data.replace(b"SI_UNIT(.MILLI.,.METRE.)", b"SI_UNIT(.CENTI.,.METRE.)")),
        expected=replace(BLOCK, volume=6e6, area=2.2e5, box=((0, 0, 0), (100, 200, 300))),
    ),
    FileCase(id="step-with-bom", name="part.step", make=changed(lambda data: b"\xef\xbb\xbf" + data), expected=BLOCK),
    FileCase(
        id="step-comment-in-front",
        name="part.step",
        make=changed(lambda data: b"/* exported by a program;\n twice */\n\n" + data),
        expected=BLOCK,
    ),
    FileCase(
        id="step-comment-behind",
        name="part.step",
        make=changed(lambda data: data + b"\n/* the end */\n"),
        expected=BLOCK,
    ),
    FileCase(
        id="step-comments-inside",
        name="part.step",
        make=changed(lambda data: data.replace(b"DATA;\n", b"DATA;\n/* #1 = here */\n", 1)),
        expected=BLOCK,
    ),
    FileCase(id="step-zeros-behind", name="part.step", make=changed(lambda data: data + bytes(300)), expected=BLOCK),
    FileCase(
        id="step-space-before-the-last-semicolon",
        name="part.step",
        make=changed(lambda data: data.replace(b"END-ISO-10303-21;", b"END-ISO-10303-21 ;")),
        expected=BLOCK,
    ),
    FileCase(
        id="step-space-before-the-first-semicolon",
        name="part.step",
        make=changed(lambda data: data.replace(b"ISO-10303-21;", b"ISO-10303-21 ;", 1)),
        expected=BLOCK,
    ),
    FileCase(id="step-crlf", name="part.step", make=changed(lambda data: data.replace(b"\n", b"\r\n")), expected=BLOCK),
    FileCase(
        id="step-cr-only", name="part.step", make=changed(lambda data: data.replace(b"\n", b"\r")), expected=BLOCK
    ),
    FileCase(
        id="step-signed",
        name="part.step",
        make=changed(lambda data: data + b"SIGNATURE;\nMIIB\nENDSEC;\n"),
        expected=BLOCK,
    ),
    FileCase(id="step-gzipped", name="part.stpz", make=lambda: gzip.compress(block()), expected=BLOCK),
    FileCase(id="step-gzipped-gz", name="part.step.gz", make=lambda: gzip.compress(block()), expected=BLOCK),
    FileCase(
        id="step-assembly",
        name="part.step",
        make=assembled,
        expected=Expected(
            format="step",
            objects=3,
            volume=12000 + 48 * pi,
            box=((0, -2, 0), (100, 20, 62)),
            extra={
                "boxes": [((0, 0, 0), (10, 20, 30)), ((80, 0, 0), (100, 10, 30)), ((3, -2, 50), (7, 2, 62))],
            },
        ),
    ),
    FileCase(
        id="step-two-parts",
        name="part.step",
        make=lambda: two_named("Left", "Right"),
        expected=Expected(
            format="step",
            objects=2,
            names=["Left", "Right"],
            volume=6125,
            boxes={"Left": ((0, 0, 0), (10, 20, 30)), "Right": ((0, 0, 0), (5, 5, 5))},
        ),
    ),
    FileCase(
        id="step-with-colours",
        name="part.step",
        make=colored,
        expected=BLOCK,
    ),
    FileCase(
        id="step-with-dimensions",
        name="part.step",
        make=annotated,
        expected=replace(BLOCK, warnings=["left_out"], warning_words=["1 dimensions", "1 tolerances", "1 datums"]),
    ),
    FileCase(
        id="step-name-escaped",
        name="part.step",
        make=lambda: renamed(b"\\X2\\00D8\\X0\\10 \\X2\\96F64EF6\\X0\\"),
        expected=replace(BLOCK, names=["Ø10 零件"]),
    ),
    FileCase(
        id="step-name-in-utf-8",
        name="part.step",
        make=lambda: renamed(NAMES["utf-8"].encode()),
        expected=replace(BLOCK, names=[NAMES["utf-8"]]),
    ),
    *(
        FileCase(
            id=f"step-name-in-{encoding}",
            name="part.step",
            make=lambda encoding=encoding: renamed(NAMES[encoding].encode(encoding)),
            expected=replace(BLOCK, names=[NAMES[encoding]], warnings=["label_changed"], warning_words=[told]),
        )
        for encoding, told in {"latin-1": "CP1252", "gb18030": "GB18030", "cp1251": "CP1251", "cp932": "CP932"}.items()
    ),
    FileCase(
        id="step-solid-and-a-line",
        name="part.step",
        make=with_a_line,
        expected=Expected(
            format="step",
            objects=2,
            names=["Block", "part"],
            volume=6000,
            box=((0, 0, 0), (103, 20, 30)),
            warnings=["names_lost"],
        ),
    ),
    FileCase(
        id="step-cut-off",
        name="part.step",
        make=lambda: block()[:-900],
        expected=Expected(error="unsupported_format", error_words=["cut off"]),
    ),
]
