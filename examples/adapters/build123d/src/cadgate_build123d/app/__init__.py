"""Runs inside build123d's Python: standard library, cadgate.appserver and build123d only."""
