"""Blender's operators: which may run, what they take, the context that is made for them, and what they changed."""
