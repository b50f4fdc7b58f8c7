"""Files changed by their structure, seeded, and sent through the doors for files: `python -m tests.attack.fuzz`.

`seeds.py` has the whole files, `mutations.py` says which changes a kind knows, `run.py` sends and looks.
"""
