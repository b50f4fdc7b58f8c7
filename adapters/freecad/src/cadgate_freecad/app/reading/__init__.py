"""Readers of files from other programs, one module per format. They say what they could not bring.

Meshes are parsed here and handed to FreeCAD as arrays: its own importers leave out what they do not know, in silence.
"""
