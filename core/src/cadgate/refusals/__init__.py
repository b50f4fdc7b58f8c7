"""Explains invalid requests to clients: in the API's own words, the same through every door."""
