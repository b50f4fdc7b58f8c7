"""Parameters, results and methods of the FreeCAD adapter, one module per resource."""
