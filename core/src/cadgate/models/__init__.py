"""Pydantic models that every adapter shares: values, parameters, the response envelope, pages, artifacts."""
