"""One call by any door: the application handle, calls, batch, idempotency, permission, an adapter's runtime."""
