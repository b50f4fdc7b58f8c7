"""The gateway's settings, where they are written, and the adapters that are installed."""
