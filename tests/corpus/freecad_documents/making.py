"""What the documents of this folder are made with, inside FreeCAD: the list of them, and the shapes they share."""

import FreeCAD as App
import Part
import Sketcher

V = App.Vector
MADE = {}


def make(function):
    MADE[function.__name__] = function
    return function


def box(d, name="Box", size=(10, 20, 30), at=(0, 0, 0)):
    obj = d.addObject("Part::Box", name)
    obj.Length, obj.Width, obj.Height = size
    obj.Placement.Base = V(*at)
    return obj


def rectangle(d, parent=None, w=20, h=10):
    sketch = d.addObject("Sketcher::SketchObject", "Sketch")
    if parent is not None:
        parent.addObject(sketch)
    points = [V(0, 0, 0), V(w, 0, 0), V(w, h, 0), V(0, h, 0)]
    for i in range(4):
        sketch.addGeometry(Part.LineSegment(points[i], points[(i + 1) % 4]), False)
    for i in range(4):
        sketch.addConstraint(Sketcher.Constraint("Coincident", i, 2, (i + 1) % 4, 1))
    sketch.addConstraint(Sketcher.Constraint("Horizontal", 0))
    sketch.addConstraint(Sketcher.Constraint("Vertical", 1))
    sketch.addConstraint(Sketcher.Constraint("DistanceX", 0, 1, 0, 2, float(w)))
    sketch.renameConstraint(sketch.ConstraintCount - 1, "width")
    return sketch


def body(d, w=20, h=10, length=5):
    made = d.addObject("PartDesign::Body", "Body")
    sketch = rectangle(d, made, w, h)
    pad = d.addObject("PartDesign::Pad", "Pad")
    made.addObject(pad)
    pad.Profile, pad.Length = sketch, length
    d.recompute()
    return made, sketch, pad
