"""Long work: the store of jobs, the runner that does them, their events."""
