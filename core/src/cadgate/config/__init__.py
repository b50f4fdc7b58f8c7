"""The gateway's settings, their sources, and the installed adapters."""
