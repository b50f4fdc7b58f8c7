"""FreeCAD documents written by hand: of this version, and with what only newer ones know."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from tests.corpus import Expected, FileCase

Stored = tuple[str, str, str]
"""Type, name and the XML of the properties."""


def prop(name: str, kind: str, value: str) -> str:
    return f'<Property name="{name}" type="{kind}">{value}</Property>'


def box(name: str = "Box", length: float = 10, more: str = "", count: int = 0) -> Stored:
    sizes = [("Length", length), ("Width", 20), ("Height", 30)]
    xml = "".join(prop(key, "App::PropertyLength", f'<Float value="{value}"/>') for key, value in sizes)
    label = prop("Label", "App::PropertyString", f'<String value="{name}"/>')
    return "Part::Box", name, f'<Properties Count="{4 + count}">{xml}{label}{more}</Properties>'


def other(kind: str, name: str) -> Stored:
    label = prop("Label", "App::PropertyString", f'<String value="{name}"/>')
    return kind, name, f'<Properties Count="1">{label}</Properties>'


def scripted(name: str) -> Stored:
    label = prop("Label", "App::PropertyString", f'<String value="{name}"/>')
    python = '<Python value="bnVsbA==" encoded="yes" module="freecad_gears_of_nobody" class="Gear"/>'
    proxy = prop("Proxy", "App::PropertyPythonObject", python)
    return "Part::FeaturePython", name, f'<Properties Count="2">{label}{proxy}</Properties>'


def fcstd(objects: Sequence[Stored], version: str = "0.20R29177 (Git)") -> bytes:
    listed = "".join(
        f'<Object type="{kind}" name="{name}" id="{number}" Touched="1"/>'
        for number, (kind, name, _) in enumerate(objects, 1)
    )
    data = "".join(f'<Object name="{name}">{properties}</Object>' for _, name, properties in objects)
    xml = (
        f"<?xml version='1.0' encoding='utf-8'?>\n<Document SchemaVersion=\"4\" ProgramVersion=\"{version}\" "
        f'FileVersion="1"><Properties Count="0"></Properties><Objects Count="{len(objects)}">{listed}</Objects>'
        f'\n<ObjectData Count="{len(objects)}">{data}</ObjectData></Document>\n'
    ).replace("<Objects ", "\n<Objects ")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Document.xml", xml)
    return file.getvalue()


NEWER = prop("ShapeMaterial", "Materials::PropertyMaterial", '<PropertyMaterial uuid="1"/>')
CASES = [
    FileCase(
        id="fcstd",
        name="doc.FCStd",
        make=lambda: fcstd([box()]),
        expected=Expected(format="fcstd", objects=1, names=["Box"]),
    ),
    *(
        FileCase(
            id=f"fcstd-with-{kind.replace('::', '-')}",
            name="doc.FCStd",
            make=lambda kind=kind: fcstd([box(), other(kind, "Extra"), other(kind, "Another")], "1.0R39109 (Git)"),
            expected=Expected(
                format="fcstd",
                objects=1,
                names=["Box"],
                warnings=["objects_missing"],
                warning_words=["2 of 3", f"'Extra' ({kind})", "'Another'", "FreeCAD 1.0"],
            ),
            # The types are those of the release notes of 1.0; nothing has the last one.
            since=(1, 0) if kind != "Core::Unheard" else None,
            newer=Expected(format="fcstd", objects=3, names=["Box", "Extra", "Another"]),
        )
        for kind in ("App::VarSet", "Assembly::AssemblyObject", "Assembly::JointGroup", "Core::Unheard")
    ),
    FileCase(
        id="fcstd-with-properties-of-1.0",
        name="doc.FCStd",
        make=lambda: fcstd([box(more=NEWER, count=1)], "1.0R39109 (Git)"),
        expected=Expected(
            format="fcstd",
            objects=1,
            warnings=["properties_missing"],
            warning_words=["'Box' (ShapeMaterial)", "FreeCAD 1.0"],
        ),
        # It has the property, but no material with this number, and then merges nothing of the document.
        since=(1, 0),
        newer=Expected(error="unsupported_format", error_words=["'doc.FCStd'", "material", "FreeCAD 1."]),
    ),
    FileCase(
        id="fcstd-scripted-by-code-that-is-not-here",
        name="doc.FCStd",
        make=lambda: fcstd([box(), scripted("Gear")]),
        expected=Expected(
            format="fcstd",
            objects=2,
            names=["Box", "Gear"],
            warnings=["code_missing"],
            warning_words=["'Gear' (module freecad_gears_of_nobody)"],
        ),
    ),
    FileCase(
        id="fcstd-cut-off",
        name="doc.FCStd",
        make=lambda: fcstd([box()])[:-60],
        expected=Expected(error="unsupported_format", error_words=["damaged"]),
    ),
]
