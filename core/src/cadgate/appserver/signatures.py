"""What files are recognised by: first bytes, names in archives, roots of XML, suffixes. For `recognition`."""

from __future__ import annotations

EXPORT_NEUTRAL = "export it as STEP (or STL for a mesh) in the program that made it"
_MESH = "convert it to a format that is read here, such as STL or OBJ"
_UNPACK = "unpack it, and upload the file in it"
_PICTURE = "it holds no geometry; upload the model itself"
_PDF = "ask for the model as STEP, or for the drawing as DXF; a PDF holds neither in a form that can be measured"
_OFFICE = "it holds no geometry; upload the model itself"

_LFS = "the file itself was not downloaded; run `git lfs pull` in its repository, and upload it again"
_CAD = {
    "solidworks": "a SolidWorks file",
    "inventor": "an Autodesk Inventor file",
    "solidedge": "a Solid Edge file",
    "catia": "a CATIA file",
    "creo": "a Creo (Pro/ENGINEER) file",
    "nx": "an NX (Unigraphics) file",
    "revit": "a Revit building model",
    "max": "a 3ds Max scene",
    "fusion": "an Autodesk Fusion archive",
    "parasolid": "a Parasolid file",
    "acis": "an ACIS solid",
    "sketchup": "a SketchUp model",
    "3dm": "a Rhino model (3DM)",
    "jt": "a JT model",
}

BY_PREFIX: list[tuple[bytes, str, str, str]] = [
    (b"version https://git-lfs.github.com/spec/", "git-lfs", "a git-lfs pointer", _LFS),
    (b"%PDF-", "pdf", "a PDF document", _PDF),
    (b"Kaydara FBX Binary", "fbx", "an FBX scene", _MESH),
    (b"BLENDER", "blend", "a Blender file", "export it from Blender as a format that is read here, such as STL or OBJ"),
    (b"glTF", "glb", "a binary glTF scene (GLB)", _MESH),
    (b"PXR-USDC", "usd", "a USD scene", _MESH),
    (b"#usda", "usd", "a USD scene in text", _MESH),
    (b"Ogawa", "abc", "an Alembic cache", _MESH),
    (b"\x89HDF\r\n\x1a\n", "hdf5", "an HDF5 file (as old Alembic caches are)", _MESH),
    (b"\x89PNG\r\n\x1a\n", "png", "a PNG picture", _PICTURE),
    (b"\xff\xd8\xff", "jpeg", "a JPEG picture", _PICTURE),
    (b"GIF8", "gif", "a GIF picture", _PICTURE),
    (b"II*\0", "tiff", "a TIFF picture", _PICTURE),
    (b"MM\0*", "tiff", "a TIFF picture", _PICTURE),
    (b"RIFF", "riff", "a picture, sound or film (RIFF)", _PICTURE),
    (b"v/1\x01", "exr", "an OpenEXR picture", _PICTURE),
    (b"#?RADIANCE", "hdr", "a Radiance picture", _PICTURE),
    (b"3D Geometry File Format", "3dm", _CAD["3dm"], EXPORT_NEUTRAL),
    (b"**ABCDEFGHIJKLMNOPQRSTUVWXYZ", "parasolid", _CAD["parasolid"], EXPORT_NEUTRAL),
    (b"PS\0\0", "parasolid", _CAD["parasolid"], EXPORT_NEUTRAL),
    (b"ACIS BinaryFile", "sat", _CAD["acis"], EXPORT_NEUTRAL),
    (b"ASM BinaryFile", "sat", _CAD["acis"], EXPORT_NEUTRAL),
    (b"V5_CFV2", "catia", _CAD["catia"], EXPORT_NEUTRAL),
    (b"#UGC:2", "creo", _CAD["creo"], EXPORT_NEUTRAL),
    (b"\xff\xfe\xff\x0eS\0k\0e\0t\0c\0h\0U\0p", "sketchup", _CAD["sketchup"], EXPORT_NEUTRAL),
    (b"#VRML V", "vrml", "a VRML scene", _MESH),
    (b"#X3D V", "x3d", "an X3D scene", _MESH),
    (b"AutoCAD Binary DXF", "dxf-binary", "a binary DXF drawing", "save it as a DXF in text (ASCII) instead"),
    (b"# .PCD", "pcd", "a point cloud (PCD)", "make a mesh of it (PLY, STL), and upload that"),
    (b"LASF", "las", "a point cloud (LAS)", "make a mesh of it (PLY, STL), and upload that"),
    (b"ASTM-E57", "e57", "a point cloud (E57)", "make a mesh of it (PLY, STL), and upload that"),
    (b"7z\xbc\xaf\x27\x1c", "7z", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "rar", "a RAR archive", _UNPACK),
    (b"\xfd7zXZ\0", "xz", "a file compressed with xz", _UNPACK),
    (b"BZh", "bzip2", "a file compressed with bzip2", _UNPACK),
    (b"\x1f\x9d", "compress", "a file compressed with compress (.Z)", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "zstd", "a file compressed with Zstandard (as Blender files are)", _UNPACK),
    (b"MZ", "program", "a program for Windows", "upload the model itself"),
    (b"\x7fELF", "program", "a program", "upload the model itself"),
    (b"{\\rtf", "rtf", "a text document (RTF)", _OFFICE),
    (b"ply\n", "ply", "a PLY mesh", "convert it to a format that is read here"),
    (b"ply\r\n", "ply", "a PLY mesh", "convert it to a format that is read here"),
    (b"OFF", "off", "an OFF mesh", "convert it to a format that is read here"),
]
"""First bytes, kind, what it is, what to do."""

BY_MEMBER: list[tuple[str, str, str, str]] = [
    (r"^document\.xml$", "fcstd", "a FreeCAD document", "export it from FreeCAD as STEP, STL or another format"),
    (r"^3d/.*\.model$|^3dmanufacturing/", "3mf", "a 3MF package", "convert it to a format that is read here"),
    (r"\.usd[ac]?$", "usdz", "a USD package (USDZ)", _MESH),
    (r"\.ifc$", "ifc", "a packed IFC building model", "unpack it, and export it as STEP in the building program"),
    (r"^word/", "docx", "a Word document", _OFFICE),
    (r"^xl/", "xlsx", "an Excel table", _OFFICE),
    (r"^ppt/", "pptx", "a PowerPoint presentation", _OFFICE),
    (r"^mimetype$", "office", "a document (OpenDocument or an e-book)", _OFFICE),
    (r"^fusionassetname|\.f3d$|^manifest\.dat$", "fusion", _CAD["fusion"], EXPORT_NEUTRAL),
]
"""A pattern of a lower-case member name, kind, what it is, what to do."""

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

COMPOUND_BY_TEXT: list[tuple[str, str, str, str]] = [
    ("SwDocContentMgr", "solidworks", _CAD["solidworks"], EXPORT_NEUTRAL),
    ("ISolidWorksInformation", "solidworks", _CAD["solidworks"], EXPORT_NEUTRAL),
    ("RSeStorage", "inventor", _CAD["inventor"], EXPORT_NEUTRAL),
    ("UG_PART", "nx", _CAD["nx"], EXPORT_NEUTRAL),
    ("RevitPreview", "revit", _CAD["revit"], EXPORT_NEUTRAL),
    ("WordDocument", "doc", "a Word document", _OFFICE),
    ("Workbook", "xls", "an Excel table", _OFFICE),
]

COMPOUND_BY_SUFFIX: dict[str, tuple[str, str, str]] = {
    suffix: (kind, _CAD[kind], EXPORT_NEUTRAL)
    for kind, suffixes in {
        "solidworks": (".sldprt", ".sldasm", ".slddrw"),
        "inventor": (".ipt", ".iam", ".idw", ".ipn"),
        "solidedge": (".par", ".psm", ".asm", ".dft", ".pwd"),
        "nx": (".prt",),
        "revit": (".rvt", ".rfa"),
        "max": (".max",),
    }.items()
    for suffix in suffixes
}

BY_SUFFIX: dict[str, tuple[str, str, str]] = {
    **COMPOUND_BY_SUFFIX,
    ".jt": ("jt", _CAD["jt"], EXPORT_NEUTRAL),
    ".catpart": ("catia", _CAD["catia"], EXPORT_NEUTRAL),
    ".catproduct": ("catia", _CAD["catia"], EXPORT_NEUTRAL),
    ".x_t": ("parasolid", _CAD["parasolid"], EXPORT_NEUTRAL),
    ".x_b": ("parasolid", _CAD["parasolid"], EXPORT_NEUTRAL),
    ".sat": ("sat", _CAD["acis"], EXPORT_NEUTRAL),
    ".sab": ("sat", _CAD["acis"], EXPORT_NEUTRAL),
    ".3dm": ("3dm", _CAD["3dm"], EXPORT_NEUTRAL),
    ".skp": ("sketchup", _CAD["sketchup"], EXPORT_NEUTRAL),
    ".f3d": ("fusion", _CAD["fusion"], EXPORT_NEUTRAL),
    ".f3z": ("fusion", _CAD["fusion"], EXPORT_NEUTRAL),
    ".3ds": ("3ds", "a 3D Studio scene (3DS)", _MESH),
    ".scad": (
        "csg_script",
        "a script that makes a solid",
        "run it in its program, and export STL or 3MF",
    ),
    ".fcmacro": ("macro", "a FreeCAD macro", "run it in FreeCAD; it is code, not a model"),
    ".py": ("python", "a Python script", "run it; it is code, not a model"),
}

XML_ROOTS: dict[str, tuple[str, str, str]] = {
    "COLLADA": ("dae", "a COLLADA scene", _MESH),
    "X3D": ("x3d", "an X3D scene", _MESH),
    "svg": ("svg", "an SVG drawing", "convert it to DXF (Inkscape saves it so), and import that"),
    "amf": ("amf", "an AMF mesh", "convert it to a format that is read here"),
    "ifcXML": ("ifc", "an IFC building model in XML", "export it as STEP in the building program"),
    "iso_10303_28": ("step-xml", "a STEP file in XML (Part 28)", "export it as a STEP file in text (Part 21)"),
    "Uos": ("step-xml", "a STEP file in XML (Part 28)", "export it as a STEP file in text (Part 21)"),
    "model": ("3mf-model", "the model part of a 3MF package", "upload the whole .3mf file"),
    "Error": ("html", "an error message of a file store", "get the file itself by a link that is still valid"),
}
