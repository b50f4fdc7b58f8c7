"""The half of the adapter that runs inside FreeCAD: standard library, FreeCAD, cadgate.appserver; Python 3.8 on."""
