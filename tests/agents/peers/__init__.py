"""The same tasks by other servers, which the user installs and names by their command; nothing of them is here."""
