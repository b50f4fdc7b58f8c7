"""Readers of files from other programs, one module per format. They report what they could not import.

Meshes are parsed here and passed to FreeCAD as arrays: its own importers silently omit what they do not know.
"""
