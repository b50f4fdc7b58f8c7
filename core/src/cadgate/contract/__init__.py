"""What the callers and the handlers of methods share: methods, a request's context, an adapter's settings."""
