"""What keys and files must not be able to do, each tried: `python -m tests.attack`, and docs/SECURITY.md.

Modules of attacks have a list `ATTACKS`; `catalogue.py` collects them. `field.py` is where an attack runs.
"""
