"""Dispatches calls from every door: application handle, calls, batches, idempotency, permission, adapter runtime."""
