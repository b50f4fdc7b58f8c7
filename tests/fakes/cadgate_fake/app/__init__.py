"""The half of the fake adapter that runs inside its application."""
