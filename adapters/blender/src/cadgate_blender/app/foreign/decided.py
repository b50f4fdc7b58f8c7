"""What is decided of every place in a .blend file that can lead to another file, or that names Python.

The tests compare these tables with what Blender itself says that there is: what a new version adds is decided here,
and until then it is treated as a way to a file that must be read (in files), or the test fails.
"""

from __future__ import annotations

READS = "reads"
"""What Blender would read: only from where the file may lead, else emptied, with a warning."""
WRITES = "writes"
"""Where Blender would write: emptied. The gateway writes to places of its own."""
NOTES = "notes"
"""What Blender may come back to: emptied, with a warning where it leads out of the file's own folder."""
QUIET = "quiet"
"""What is only noted, or shown in a window, and is in many files: emptied without a word."""
NAMES = "names"
"""No path of a file: a name, or a path within the data. It stays."""

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
"""Texts of a fixed size in the structures of a file that are paths. Names are those of the structures."""

POINTED: dict[tuple[str, str], str] = {
    ("NodesModifierBake", "directory"): NOTES,
    ("NodesModifierData", "simulation_bake_directory"): NOTES,
    ("Text", "name"): NOTES,
}
"""The same for texts of their own, to which structures point. No program that was compiled somewhere else may come."""

BYTECODE: frozenset[tuple[str, str]] = frozenset({("Camera", "custom_bytecode"), ("NodeShaderScript", "bytecode")})
"""Programs for Cycles that were compiled elsewhere."""

SHOWN: dict[tuple[str, str], str] = {
    ("BakeSettings", "filepath"): WRITES,
    ("Brush", "icon_filepath"): NOTES,
    ("CacheFile", "filepath"): READS,
    ("CacheFileLayer", "filepath"): READS,
    ("Camera", "custom_filepath"): READS,
    ("CollectionExport", "filepath"): WRITES,
    ("CompositorNodeOutputFile", "base_path"): WRITES,
    ("CompositorNodeOutputFile", "directory"): WRITES,
    ("CompositorNodeOutputFile", "file_name"): NAMES,
    ("DynamicPaintSurface", "image_output_path"): WRITES,
    ("FluidDomainSettings", "cache_directory"): QUIET,
    ("Image", "filepath"): READS,
    ("Image", "filepath_raw"): READS,
    ("ImagePackedFile", "filepath"): QUIET,
    ("ImageStrip", "directory"): READS,
    ("Library", "filepath"): READS,
    ("LibraryWeakReference", "filepath"): QUIET,
    ("LibraryWeakReference", "id_name"): NAMES,
    ("MeshCacheModifier", "filepath"): READS,
    ("MovieClip", "filepath"): READS,
    ("MovieClipProxy", "directory"): QUIET,
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
"""The properties of data-blocks that are paths, by Blender's own types. What is not here is treated as READS."""

NAMING_PYTHON: dict[tuple[str, str], str] = {
    ("Camera", "custom_shader"): "a program for Cycles: taken out",
    ("Driver", "expression"): "muted, where it is more than arithmetic that Blender works out itself",
    ("FreestyleModuleSettings", "script"): "taken out",
    ("NodeFrame", "text"): "a text that is shown",
    ("ShaderNodeScript", "script"): "a program for Cycles: taken out",
    ("ShaderNodeTexIES", "ies"): "a table of numbers",
    ("Text", "use_module"): "switched off",
}
"""The properties that name Python or another program, and what becomes of them."""

WRITING_NODES = ("CompositorNodeOutputFile",)
"""The types of nodes that write files of their own when a picture is made."""

FLUID = 56
"""The number of the fluid modifier in files (`eModifierType_Fluid`)."""
READING_NODES = "GeometryNodeImport"
"""How the types of nodes begin that read a file while geometry is evaluated; other nodes can make their paths."""
MUTED = 1 << 9
"""Of a node's flags (`NODE_MUTED`)."""
ON_DISK = 1 << 6 | 1 << 9
"""Of a point cache's flags: it is kept on the disk, or comes from there (`PTCACHE_DISK_CACHE`, `PTCACHE_EXTERNAL`)."""
