"""The wide net: random parts and scenes, made through the gateway and computed a second time by other programs.

`python -m tests.truth --seed N --cases N` makes parts in FreeCAD and scenes in Blender, changes them, exports them and
imports them again. What the gateway answers is compared with OpenCASCADE 8 (FreeCAD here has 7.6), with the plain
definition of each solid (is a point inside?), with manifold and with matrices; files are read by readers that share no
code with the applications. A disagreement is shrunk to the fewest calls that still disagree.
"""
