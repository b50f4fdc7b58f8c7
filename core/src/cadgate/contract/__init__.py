"""What both ends of a call agree on: methods and their handlers, a request's context, an adapter's settings."""
