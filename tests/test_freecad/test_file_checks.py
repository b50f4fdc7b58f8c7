"""The checks of written files, in a FreeCAD of their own: each must notice what another writer might do wrong."""

from __future__ import annotations

import pytest

from tests.test_freecad.freecad_scripts import told_by

SCRIPT = """
import json, os, sys, zipfile
sys.path[:0] = FOLDERS
try:
    from cadgate_freecad.app.preferences import prepare
    prepare()
    import FreeCAD, Part
    from cadgate.appserver import AppError
    from cadgate_freecad.app import from_above, mesh_files, meshing, threemf_files, writers
    from cadgate_freecad.app.items import Item
    from cadgate_freecad.app.verification import drawings as drawn, documents, files, mesh_files as meshes

    def part(x=0.0, label="Plate", length=30.0, hole=3.0):
        shape = Part.makeBox(length, 20, 5).cut(Part.makeCylinder(hole, 9, FreeCAD.Vector(8, 8, -2)))
        shape.Placement = FreeCAD.Placement(FreeCAD.Vector(x, 2, 3), FreeCAD.Rotation(30, 0, 0))
        return Item("Plate", label, shape, None)

    told = {}

    def judge(name, check):
        try:
            check()
            told[name] = "held"
        except AppError as error:
            told[name] = error.code

    others = {
        "right": [part()], "moved": [part(x=0.1)], "longer": [part(length=30.05)], "drilled wider": [part(hole=3.1)],
        "twice": [part(), part(x=50)],
    }
    for format in ("step", "iges", "brep"):
        path = os.path.join(FOLDER, "part." + format)
        for name, written in others.items():
            writers.write_exact(format, path, written, "Title")
            judge(f"{format} {name}", lambda: files.check_exact(format, path, [part()], "fast"))
    writers.write_exact("step", path, [part(label="Plate ")], "Title")
    judge("step renamed", lambda: files.check_exact("step", path, [part()], "fast"))

    def save(format, path, written):
        if format == "3mf":
            named = [Item("Plate", label, None, None) for label, _ in written]
            threemf_files.write(path, named, [(triangles, []) for _, triangles in written])
        else:
            mesh_files.write(format, path, written)

    right = [("Plate", meshing.triangles_of(part(), 0.1, 0.5))]
    moved = [("Plate", meshing.triangles_of(part(x=0.1), 0.1, 0.5))]
    short = [("Plate", type(right[0][1])(right[0][1].points, right[0][1].facets[:-1]))]
    inside = [("Plate", type(right[0][1])(right[0][1].points, right[0][1].facets))]
    inside[0][1].turn_over()
    for format in ("stl", "ply", "obj", "3mf", "amf"):
        path = os.path.join(FOLDER, "part." + format)
        for name, written in {"right": right, "moved": moved, "short": short, "inside out": inside}.items():
            save(format, path, written)
            judge(f"{format} {name}", lambda: meshes.check_mesh(format, path, right))
        if format in ("obj", "3mf", "amf"):
            save(format, path, [("Other", right[0][1])])
            judge(f"{format} renamed", lambda: meshes.check_mesh(format, path, right))

    edges = from_above.seen_from_above([part()])
    for format in ("dxf", "svg"):
        path = os.path.join(FOLDER, "part." + format)
        shifted = from_above.seen_from_above([part(x=0.5)])
        for name, written in {"right": edges, "doubled": edges + edges, "moved": shifted, "short": edges[1:]}.items():
            from_above.write(format, path, written, [part()], "Title")
            judge(f"{format} {name}", lambda: drawn.check_drawing(format, path, [part()], edges))

    document = FreeCAD.newDocument("D")
    box = document.addObject("Part::Box", "Box")
    document.recompute()
    path = os.path.join(FOLDER, "part.FCStd")
    document.saveCopy(path)
    judge("fcstd right", lambda: documents.check_document(path, document, "fast"))
    box.Label = "Other"
    judge("fcstd renamed", lambda: documents.check_document(path, document, "fast"))
    box.Label = "Box"
    box.Placement.Base.x = 5
    box.Placement = FreeCAD.Placement(FreeCAD.Vector(5, 0, 0), FreeCAD.Rotation())
    judge("fcstd moved", lambda: documents.check_document(path, document, "fast"))
    document.addObject("Part::Box", "More")
    judge("fcstd lost", lambda: documents.check_document(path, document, "fast"))
    with open(os.path.join(FOLDER, "told.json"), "w") as file:
        json.dump(told, file)
except BaseException:
    import traceback
    traceback.print_exc()
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each check said of each file: `held`, or the code of its error."""
    return told_by(SCRIPT, tmp_path_factory.mktemp("files"))


def test_a_right_file_of_every_format_holds(told: dict[str, str]) -> None:
    right = {name: code for name, code in told.items() if name.endswith(" right")}
    assert len(right) == 11
    assert set(right.values()) == {"held"}, right


def test_every_wrong_file_is_noticed(told: dict[str, str]) -> None:
    wrong = {name: code for name, code in told.items() if not name.endswith(" right")}
    assert len(wrong) == 4 * 3 + 1 + 3 * 5 + 3 + 3 * 2 + 3
    assert set(wrong.values()) == {"command_failed"}, {name for name, code in wrong.items() if code == "held"}
