"""STEP files read without OpenCASCADE: right ones are proved, and none with any number or flag changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.test_freecad.freecad_scripts import told_by

SCRIPT = """
import json, os, re, sys
sys.path[:0] = FOLDERS
try:
    from cadgate_freecad.app.preferences import prepare
    prepare()
    import FreeCAD, Part
    from cadgate_freecad.app import writers
    from cadgate_freecad.app.items import Item
    from cadgate_freecad.app.verification import step_solids

    V = FreeCAD.Vector
    plate = Part.makeBox(30, 20, 5).cut(Part.makeCylinder(3, 9, V(8, 8, -2)))
    turned = plate.copy()
    turned.Placement = FreeCAD.Placement(V(1000, -2, 3), FreeCAD.Rotation(30, 20, 10))
    profile = Part.Wire([
        Part.makeLine(V(0, 0, 0), V(20, 0, 0)), Part.Arc(V(20, 0, 0), V(25, 5, 0), V(20, 10, 0)).toShape(),
        Part.makeLine(V(20, 10, 0), V(0, 10, 0)), Part.makeLine(V(0, 10, 0), V(0, 0, 0)),
    ])
    sphere = Part.makeSphere(5)
    shapes = {
        "box": Part.makeBox(1, 2, 3), "rod": Part.makeCylinder(4, 9),
        "half": Part.makeCylinder(4, 9, V(), V(1, 1, 0), 180),
        "tube": Part.makeCylinder(4, 9).cut(Part.makeCylinder(2, 9)), "plate": plate, "turned": turned,
        "slot": Part.Face(profile).extrude(V(0, 0, 4)), "mirrored": turned.mirror(V(), V(1, 2, 0)),
        "two": Part.makeCompound([plate, Part.makeCylinder(2, 5, V(50, 0, 0))]),
        "notched": Part.makeCylinder(6, 9).cut(Part.makeBox(9, 9, 4)),
        "crossed": Part.makeBox(9, 9, 9).fuse(Part.makeCylinder(2, 30, V(-9, 4, 4), V(1, 0, 0))),
    }
    others = {
        "ball": sphere, "cone": Part.makeCone(2, 4, 5), "bored": Part.makeBox(9, 9, 9).cut(sphere),
        "hollow": Part.makeBox(9, 9, 9).cut(Part.makeBox(1, 1, 1, V(4, 4, 4))),
        "sheet": Part.Face(profile), "edge": Part.makeLine(V(), V(1, 1, 1)),
        "solid and edge": Part.makeCompound([plate, Part.makeLine(V(0, 0, 90), V(1, 1, 91))]),
        "solid and face": Part.makeCompound([plate, Part.Face(profile)]),
    }
    told = {"proved": {}, "others": {}, "wrong": {}, "changed": {}}

    def write(name, shape):
        path = os.path.join(FOLDER, name + ".step")
        writers.write_exact("step", path, [Item("Part", "Part; #1 = (it''s)", shape, None)], "Title")
        return path

    for name, shape in shapes.items():
        told["proved"][name] = step_solids.is_proved(write(name, shape), shape)
    for name, shape in others.items():
        told["others"][name] = step_solids.is_proved(write(name, shape), shape)
    cases = {
        "moved": plate.translated(V(1e-6, 0, 0)),
        "one more": Part.makeCompound([plate, Part.makeBox(1, 1, 1, V(40, 0, 0))]),
        "wider hole": Part.makeBox(30, 20, 5).cut(Part.makeCylinder(3.000002, 9, V(8, 8, -2))),
        "longer": Part.makeBox(30.000002, 20, 5).cut(Part.makeCylinder(3, 9, V(8, 8, -2))),
        "box": Part.makeBox(30, 20, 5),
        "other hole": Part.makeBox(30, 20, 5).cut(Part.makeCylinder(3, 9, V(8.1, 8, -2))),
        "blind hole": Part.makeBox(30, 20, 5).cut(Part.makeCylinder(3, 9, V(8, 8, 2))),
        "rod in place of the hole": plate.fuse(Part.makeCylinder(3, 5, V(8, 8, 5))),
    }
    for name, shape in cases.items():
        told["wrong"][name] = step_solids.is_proved(write("wrong", shape), plate)

    # Every number, flag and reference that belongs to the geometry, one at a time.
    path = write("plate", plate)
    with open(path) as file:
        text = file.read()
    start = text.index("SHAPE_REPRESENTATION('")
    text = re.sub(r"\\s*\\n\\s*", "", text[start:])
    with open(path) as file:
        text = file.read()[:start] + text
    with open(path, "w") as file:
        file.write(text)
    told["pcurves"] = text.count("PCURVE(")
    told["unfolded"] = step_solids.is_proved(path, plate)
    spots = re.compile(r"(?<=[(,])(-?[0-9]+\\.[0-9]*(?:E[-+]?[0-9]+)?|\\.[TF]\\.|#[0-9]+)(?=[,)])")
    records = dict(re.findall(r"(#[0-9]+) = ([^;]*);", text))
    refers = {name: re.findall(r"#[0-9]+", record) for name, record in records.items()}
    # A line is the same from another of its points, and with another step; a cylinder from another point of its axis;
    # a plane from another of its points.
    within = {}
    along = {refers[each][0]: refers[refers[each][1]][0] for each in records if records[each].startswith("LINE")}
    for each in records:
        if records[each].startswith("CYLINDRICAL_SURFACE"):
            point, axis = refers[refers[each][0]][:2]
            along[point] = axis
        elif records[each].startswith("PLANE"):
            point, axis = refers[refers[each][0]][:2]
            within[point] = axis
    told["same"] = []
    for record in re.finditer(r"#[0-9]+ = ([^;]*);", text):
        if record.start() < start - 40 or "UNCERTAINTY" in record[1] or "CATEGORY" in record[1]:
            continue
        for spot in spots.finditer(record[1]):
            old = spot[1]
            if record[1].startswith("EDGE_CURVE") and spot.start() == record[1].rindex("#"):
                new = "#1"  # the next one may be the same curve without those on the surfaces
            elif old[0] == "#":
                new = "#%d" % (int(old[1:]) + 1)
            elif old[0] == ".":
                new = ".F." if old == ".T." else ".T."
            else:
                new = repr(float(old) + 0.001)
            at = record.start(1) + spot.start(1)
            other = os.path.join(FOLDER, "changed.step")
            with open(other, "w") as file:
                file.write(text[:at] + new + text[at + len(old):])
            name = record[0].split(" ")[0]
            change = "%s = %s: %s for %s, the number at %d" % (name, record[1], new, old, spot.start())
            told["changed"][change] = step_solids.is_proved(other, plate)
            number = record[1][:spot.start()].count(",") - 1
            if record[1].startswith("VECTOR") and old[0] != "#":
                told["same"].append(change)
            elif name in along or name in within:
                towards = records[along.get(name) or within[name]].partition("(")[2].partition("(")[2]
                share = abs(float(re.findall(r"[-0-9.E]+", towards)[number]))
                if abs(share - (1 if name in along else 0)) < 1e-9:
                    told["same"].append(change)
    for name, (old, new) in {
        "metres": (".MILLI.,.METRE.", "$,.METRE."),
        "inches": ("SI_UNIT(.MILLI.,.METRE.)", "CONVERSION_BASED_UNIT('INCH',#9)"),
        "a second part": ("PRODUCT('", "PRODUCT('X','X','',(#8));#9999 = PRODUCT('"), "cut off": ("END-ISO", ""),
        "a comment": ("DATA;", "DATA; /* #1=PLANE('',#2); */"), "twice": ("DATA;", "DATA;#1 = PLANE('',#2);"),
        "unknown": ("DATA;", "DATA;#9999 = ITEM_DEFINED_TRANSFORMATION('','',#11,#11);"),
        "words between records": ("DATA;", "DATA;words "), "words after them": ("ENDSEC;END", "words ENDSEC;END"),
        "a record without a name": ("DATA;", "DATA;PLANE('',#2);"),
        "a loose face": ("DATA;", "DATA;#9999 = ADVANCED_FACE('',(#18),#32,.T.);"),
    }.items():
        assert old in text, name
        with open(other, "w") as file:
            file.write(text.replace(old, new, 1))
        told["changed"][name] = step_solids.is_proved(other, plate)
    with open(os.path.join(FOLDER, "told.json"), "w") as file:
        json.dump(told, file)
except BaseException:
    import traceback
    traceback.print_exc()
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Which files are proved to hold which shapes."""
    return told_by(SCRIPT, tmp_path_factory.mktemp("step"))


def test_files_of_flat_and_cylindrical_faces_are_proved(told: dict[str, Any]) -> None:
    assert len(told["proved"]) == 11
    assert {name for name, proved in told["proved"].items() if not proved} == set()
    assert told["unfolded"]


@pytest.mark.parametrize(("which", "count"), [("others", 8), ("wrong", 8)])
def test_other_files_are_left_to_opencascade(told: dict[str, Any], which: str, count: int) -> None:
    assert len(told[which]) == count
    assert {name for name, proved in told[which].items() if proved} == set()


def test_nothing_in_the_file_can_be_changed_unnoticed(told: dict[str, Any]) -> None:
    assert told["pcurves"] == 0, "curves in the coordinates of surfaces are not compared"
    assert len(told["changed"]) > 300
    assert {change for change, proved in told["changed"].items() if proved} == set(told["same"])
