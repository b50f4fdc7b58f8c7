"""Conversions of files by the applications that announce their formats. This room knows no format."""
