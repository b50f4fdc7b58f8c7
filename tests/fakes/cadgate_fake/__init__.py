"""An adapter for the core's tests: its application is a dictionary in a Python process, with every way to misbehave."""
