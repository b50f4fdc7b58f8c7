"""The half of the adapter that runs inside FreeCAD, with the standard library and cadgate.appserver, on Python 3.8+."""
