"""Sheets: what is in a document, as one labelled picture and in numbers. Adapters contribute only triangles."""
