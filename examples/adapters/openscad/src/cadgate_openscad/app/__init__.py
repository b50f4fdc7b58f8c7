"""The companion: a Python process that starts one OpenSCAD per evaluation. Python 3.8, standard library."""
