"""The decision for every place in a .blend file that can lead to another file, or that names Python.

The tests compare these tables with what Blender itself reports: what a new version adds must be decided here; until
then it is treated as a path to a file that would be read (in files), or the test fails.
"""

from __future__ import annotations

READS = "reads"
"""Paths that Blender would read: kept only if the file may lead there, else emptied, with a warning."""
WRITES = "writes"
"""Paths that Blender would write: emptied. The gateway writes to its own places."""
NOTES = "notes"
"""Paths that Blender may use again: emptied, with a warning if they lead out of the file's own folder."""
QUIET = "quiet"
"""Paths that are only recorded, or shown in a window, and are in many files: emptied without a warning."""
NAMES = "names"
"""Not a file path, but a name, or a path within the data: kept."""

STORED: dict[tuple[str, str], str] = {
    ("Brush", "icon_filepath"): NOTES,
    ("CacheFile", "filepath"): READS,
    ("CacheFile", "handle_filepath"): QUIET,
    ("CacheFileLayer", "filepath"): READS,
    ("Camera", "custom_filepath"): READS,
    ("CustomDataExternal", "filename"): READS,
    ("DynamicPaintSurface", "image_output_path"): WRITES,
    ("Editing", "act_imagedir"): QUIET,
    ("Editing", "act_sounddir"): QUIET,
    ("Editing", "proxy_dir"): QUIET,
    ("FileGlobal", "filename"): QUIET,
    ("FileSelectParams", "dir"): QUIET,
    ("FluidDomainSettings", "cache_directory"): QUIET,
    ("FluidsimSettings", "surfdataPath"): QUIET,
    ("Image", "name"): READS,
    ("ImagePackedFile", "filepath"): QUIET,
    ("ImageView", "filepath"): READS,
    ("Library", "name"): READS,
    ("LibraryWeakReference", "library_filepath"): QUIET,
    ("Library_Runtime", "filepath_abs"): QUIET,
    ("MeshCacheModifierData", "filepath"): READS,
    ("MovieClip", "name"): READS,
    ("MovieClipProxy", "dir"): QUIET,
    ("NodeImageFile", "name"): WRITES,
    ("NodeImageMultiFile", "base_path"): WRITES,
    ("NodeImageMultiFileSocket", "path"): NAMES,
    ("NodeShaderScript", "filepath"): READS,
    ("NodeShaderTexIES", "filepath"): READS,
    ("OceanModifierData", "cachepath"): NOTES,
    ("PointCache", "path"): QUIET,
    ("BakeData", "filepath"): WRITES,
    ("RenderData", "pic"): WRITES,
    ("Script", "scriptname"): QUIET,
    ("Strip", "dir"): QUIET,
    ("StripProxy", "dir"): QUIET,
    ("StripProxy", "file"): QUIET,
    ("VFont", "name"): READS,
    ("Volume", "filepath"): READS,
    ("bSound", "name"): READS,
}
"""Fixed-size strings in the structures of a file that are paths, by the names of the structures."""

POINTED: dict[tuple[str, str], str] = {
    ("NodeImageMultiFile", "file_name"): WRITES,
    ("NodesModifierBake", "directory"): NOTES,
    ("NodesModifierData", "simulation_bake_directory"): NOTES,
    ("Text", "name"): NOTES,
}
"""The same for separate strings to which structures point. Programs compiled elsewhere are not allowed."""

BYTECODE: frozenset[tuple[str, str]] = frozenset({("Camera", "custom_bytecode"), ("NodeShaderScript", "bytecode")})
"""Programs for Cycles that were compiled elsewhere."""

SHOWN: dict[tuple[str, str], str] = {
    ("BakeSettings", "filepath"): WRITES,
    ("Brush", "icon_filepath"): NOTES,
    ("CacheFile", "filepath"): READS,
    ("CacheFileLayer", "filepath"): READS,
    ("Camera", "custom_filepath"): READS,
    ("CollectionExport", "filepath"): WRITES,
    ("CollectionImport", "filepath"): READS,
    ("CompositorNodeOutputFile", "base_path"): WRITES,
    ("CompositorNodeOutputFile", "directory"): WRITES,
    ("CompositorNodeOutputFile", "file_name"): WRITES,
    ("DynamicPaintSurface", "image_output_path"): WRITES,
    ("FluidDomainSettings", "cache_directory"): QUIET,
    ("Image", "filepath"): READS,
    ("Image", "filepath_raw"): READS,
    ("ImagePackedFile", "filepath"): QUIET,
    ("ImageSequence", "directory"): READS,
    ("ImageStrip", "directory"): READS,
    ("Library", "filepath"): READS,
    ("LibraryWeakReference", "filepath"): QUIET,
    ("LibraryWeakReference", "id_name"): NAMES,
    ("MeshCacheModifier", "filepath"): READS,
    ("MovieClip", "filepath"): READS,
    ("MovieClipProxy", "directory"): QUIET,
    ("MovieSequence", "filepath"): READS,
    ("MovieStrip", "filepath"): READS,
    ("MultiresModifier", "filepath"): READS,
    ("NodeSocketStringFilePath", "default_value"): QUIET,
    ("NodeTreeInterfaceSocketStringFilePath", "default_value"): QUIET,
    ("NodesModifier", "bake_directory"): NOTES,
    ("NodesModifierBake", "directory"): NOTES,
    ("OceanModifier", "filepath"): NOTES,
    ("PointCache", "filepath"): QUIET,
    ("PointCacheItem", "filepath"): QUIET,
    ("RenderSettings", "filepath"): WRITES,
    ("SequenceEditor", "proxy_dir"): QUIET,
    ("SequenceElement", "filename"): NAMES,
    ("SequenceProxy", "directory"): QUIET,
    ("SequenceProxy", "filepath"): QUIET,
    ("ShaderNodeScript", "filepath"): READS,
    ("ShaderNodeTexIES", "filepath"): READS,
    ("Sound", "filepath"): READS,
    ("StripElement", "filename"): NAMES,
    ("StripProxy", "directory"): QUIET,
    ("StripProxy", "filepath"): QUIET,
    ("Text", "filepath"): NOTES,
    ("TextureNodeOutput", "filepath"): NAMES,
    ("VectorFont", "filepath"): READS,
    ("Volume", "filepath"): READS,
}
"""The properties of data-blocks that are paths, by Blender's own types. Anything else is treated as READS."""

NAMING_PYTHON: dict[tuple[str, str], str] = {
    ("Camera", "custom_shader"): "a program for Cycles: removed",
    ("Driver", "expression"): "muted, if it is more than arithmetic that Blender computes itself",
    ("FreestyleModuleSettings", "script"): "taken out",
    ("NodeFrame", "text"): "a text that is shown",
    ("NodeSocketText", "default_value"): "a text that is passed on",
    ("NodeTreeInterfaceSocketText", "default_value"): "a text that is passed on",
    ("PythonConstraint", "text"): "taken out",
    ("ShaderNodeScript", "script"): "a program for Cycles: removed",
    ("ShaderNodeTexIES", "ies"): "a table of numbers",
    ("Text", "use_module"): "switched off",
}
"""The properties that name Python or another program, and what happens to them."""

WRITING_NODES = ("CompositorNodeOutputFile",)
"""The types of nodes that write their own files when a picture is rendered."""

FLUID = 56
"""The number of the fluid modifier in files (`eModifierType_Fluid`)."""
READING_NODES = "GeometryNodeImport"
"""Prefixes of the types of nodes that read a file while geometry is evaluated; other nodes can compute their paths."""
MUTED = 1 << 9
"""A flag of a node (`NODE_MUTED`)."""
ON_DISK = 1 << 6 | 1 << 9
"""Flags of a point cache that is written to or read from the disk (`PTCACHE_DISK_CACHE`, `PTCACHE_EXTERNAL`)."""
