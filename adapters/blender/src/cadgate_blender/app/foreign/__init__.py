"""Files from outside: decides what may stay of them, and keeps Blender from acting on the rest."""
