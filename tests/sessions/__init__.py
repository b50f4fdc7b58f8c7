"""A seeded random run over many sessions of two owners, with kills; `python -m tests.sessions --help`."""
