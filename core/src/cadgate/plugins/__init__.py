"""Adapters as plugins: the hook, discovery, loading, and the checks of what they contribute."""
