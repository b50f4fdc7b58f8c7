"""The agents' door: a Model Context Protocol server at `/mcp`, whose few tools reach every method of every adapter."""
