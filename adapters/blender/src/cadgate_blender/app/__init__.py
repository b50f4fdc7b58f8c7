"""The half that runs inside Blender: the standard library, bpy, and the names that `cadgate.appserver` exports."""
