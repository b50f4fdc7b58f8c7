"""cadgate: one gateway to 3D and CAD applications. Importing this package imports nothing else."""

__version__ = "0.1.0"
