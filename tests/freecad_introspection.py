"""Run by freecadcmd: every type of FreeCAD and of its workbenches with its properties, as JSON into the file OUT."""

import json
import os
import pkgutil
import sys

import FreeCAD as App

WORKBENCHES = (
    *("Assembly", "CAM", "Drawing", "Fem", "Image", "Import", "Inspection", "Material", "Materials", "Measure", "Mesh"),
    *("MeshPart", "Part", "PartDesign", "Path", "PathApp", "Points", "Raytracing", "ReverseEngineering", "Robot"),
    *("Sketcher", "Spreadsheet", "Start", "Surface", "TechDraw", "Web"),
)
found = {each.name for each in pkgutil.iter_modules(sys.path) if not each.name.endswith("Gui")}
for name in WORKBENCHES:
    if name in found:
        __import__(name)
document = App.newDocument("Types")
holder = document.addObject("App::FeaturePython", "Holder")
told = {"types": {}, "properties": sorted(holder.supportedProperties())}
for kind in sorted(document.supportedTypes()):
    try:
        made = document.addObject(kind, "Thing")
    except TypeError:
        told["types"][kind] = None
    else:
        told["types"][kind] = {name: made.getTypeIdOfProperty(name) for name in made.PropertiesList}
with open(os.environ["OUT"], "w") as file:
    json.dump(told, file)
sys.stdout.flush()
os._exit(0)
