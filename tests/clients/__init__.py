"""Clients that generators make of the OpenAPI document, compiled strictly and used on a real gateway.

`python -m tests.clients FOLDER` does it; the generators are fetched by pip and npm into FOLDER, which takes minutes.
"""
