"""Artifacts: kept files with ids, and the names, owners, uploads and downloads of files."""
