"""What a hostile file says: paths, code, types, numbers. All changes of all formats draw from here."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.attack.canary import Canary

NUMBERS = (
    "0", "-1", "1", "-0.0", "65535", "65536", "2147483647", "-2147483648", "4294967295", "4294967296",
    "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e308", "1e400", "-1e400", "nan", "inf",
    "1e-320", "0x7fffffff", "99999999999999999999999999", "", "1,5",
)  # fmt: skip
INTEGERS = (0, 1, -1, 2, 127, 255, 256, 32767, 65535, 65536, 2**24, 2**31 - 1, -(2**31), 2**32 - 1)
TYPES = (
    "App::FeaturePython", "App::DocumentObjectGroupPython", "App::Link", "App::TextDocument", "App::Part",
    "App::DocumentObjectFileIncluded", "App::MaterialObjectPython", "Part::FeaturePython", "Part::Part2DObjectPython",
    "Part::ImportBrep", "Part::ImportStep", "Part::ImportIges", "Part::CurveNet", "Part::Box", "Part::Fuse",
    "Part::Compound", "Part::RegularPolygon", "PartDesign::FeaturePython", "PartDesign::Body", "Sketcher::SketchObject",
    "Sketcher::SketchObjectPython", "Spreadsheet::Sheet", "Mesh::Import", "Mesh::Export", "Mesh::FeaturePython",
    "Points::Import", "Points::Export", "Path::FeaturePython", "Path::FeatureShape", "TechDraw::DrawSVGTemplate",
    "TechDraw::DrawViewSymbol", "TechDraw::DrawViewImage", "TechDraw::DrawPage", "Fem::FemMeshObject",
    "Image::ImagePlane",
    "Drawing::FeaturePage", "Raytracing::LuxProject", "Import::FeatureImport", "Start::Start",
)  # fmt: skip
PROPERTIES = (
    "App::PropertyPythonObject", "App::PropertyFile", "App::PropertyPath", "App::PropertyFileIncluded",
    "App::PropertyExpressionEngine", "App::PropertyXLink", "App::PropertyXLinkList", "App::PropertyXLinkSubList",
    "App::PropertyString", "App::PropertyStringList", "App::PropertyMap", "App::PropertyEnumeration",
    "App::PropertyLink", "App::PropertyLinkList", "App::PropertyLength", "App::PropertyFloatList",
    "App::PropertyIntegerList", "App::PropertyPlacement", "App::PropertyColorList", "App::PropertyUUID",
    "Part::PropertyPartShape", "Part::PropertyGeometryList", "Mesh::PropertyMeshKernel", "Spreadsheet::PropertySheet",
    "Sketcher::PropertyConstraintList", "TechDraw::PropertyCosmeticVertexList", "Path::PropertyPath",
)  # fmt: skip
MODULES = (
    ("os", "system"), ("subprocess", "Popen"), ("PathScripts.PathJob", "ObjectJob"),
    ("PathScripts.PathPost", "CommandPathPost"),
    ("Draft", "_Rectangle"), ("draftobjects.base", "DraftObject"), ("ArchComponent", "Component"),
    ("pickle", "Unpickler"), ("ArchReference", "ArchReference"),
    ("femobjects.solver_calculix", "Proxy"), ("builtins", "object"), ("code", "x"),
)  # fmt: skip


@dataclass(frozen=True)
class Words:
    """Draws from what a hostile file says."""

    canary: Canary
    rng: random.Random

    def number(self) -> str:
        return self.rng.choice(NUMBERS)

    def integer(self) -> int:
        return self.rng.choice(INTEGERS)

    def path(self) -> str:
        """A path that leads out of everything: to the canary, into the folder, up."""
        file, folder = str(self.canary.file), str(self.canary.folder)
        return self.rng.choice(
            (
                file,
                folder,
                f"{folder}/out",
                f"file://{file}",
                "../" * 20 + file[1:],
                f"//{file}",
                f"{file}[Obj]",
                "/etc/passwd",
                "../../../../keys.json",
                f"data:,{file}",
                f"{file}\0.png",
                f"/proc/self/root{file}",
                f"\\\\?\\{file}",
                "~/.bashrc",
            )
        )

    def code(self) -> str:
        """Python, or a shell's line, that leaves the canary's marker where it runs."""
        python, shell = self.canary.python, self.canary.shell
        return self.rng.choice(
            (python, f"os; {python} #", f"$({shell})", f"`{shell}`", f"={python}", f"| {shell}", f"; {shell}")
        )

    def text(self) -> str:
        """Anything that a text of a file can be."""
        kind = self.rng.randrange(5)
        if kind < 2:
            return self.path()
        if kind == 2:
            return self.code()
        if kind == 3:
            return self.number()
        return self.rng.choice(
            ("", "\0", "%s%n", "\ud7ff" * 8, "A" * 5_000, "<x/>", "../", "\r\n\r\n", "'\";--", "{{}}")
        )

    def python_element(self) -> tuple[str, dict[str, str]]:
        """The name and the attributes of an element that lets FreeCAD import a module."""
        module, name = self.rng.choice(MODULES)
        value = self.rng.choice(("e30=", "bnVsbA==", "gASVCgAAAAAAAACMA29zlIwG", '"x"'))
        return "Python", {"value": value, "encoded": "yes", "module": module, "class": name}
