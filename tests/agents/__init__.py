"""What agents do through MCP alone: a client for tests, and tasks that are done from a script instead of by a model."""
