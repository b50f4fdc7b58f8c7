"""What may be restored from an FCStd file without the scope `execute`. Anything not listed here is left out.

Types and kinds of properties that are left out on purpose are listed too, with the reason: a test compares both lists
with FreeCAD's own, so that a new version of it cannot add one unnoticed.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def _names(prefix: str, names: str, stem: str = "") -> frozenset[str]:
    return frozenset(f"{prefix}::{stem}{name}" for name in names.split())


TYPES: frozenset[str] = (
    _names(
        "App",
        "Annotation AnnotationLabel DocumentObject DocumentObjectGroup DocumentObjectGroupPython FeaturePython "
        "GeoFeature GeometryPython Line Link LinkElement LinkElementPython LinkGroup LinkGroupPython LinkPython "
        "MaterialObject MaterialObjectPython MeasureDistance Origin OriginFeature Part Placement PlacementPython Plane "
        "TextDocument "
        # of FreeCAD 1.0 and later
        "DatumElement LocalCoordinateSystem Point VarSet",
    )
    | _names(
        "Part",
        "BodyBase Box Chamfer Circle Common Compound Compound2 Cone CustomFeature CustomFeaturePython Cut Cylinder "
        "Ellipse Ellipsoid Extrusion Face Feature FeatureExt FeatureGeometrySet FeaturePython Fillet FilletBase Fuse "
        "Helix Line Loft Mirroring MultiCommon MultiFuse Offset Offset2D Part2DObject Part2DObjectPython Plane Polygon "
        "Prism Refine RegularPolygon Reverse Revolution RuledSurface Section Sphere Spiral Spline Sweep Thickness "
        "Torus Vertex Wedge "
        # of FreeCAD 1.0 and later
        "DatumLine DatumPlane DatumPoint LocalCoordinateSystem ProjectOnSurface Scale",
    )
    | _names(
        "PartDesign",
        "AdditiveBox AdditiveCone AdditiveCylinder AdditiveEllipsoid AdditiveHelix AdditiveLoft AdditivePipe "
        "AdditivePrism AdditiveSphere AdditiveTorus AdditiveWedge Body Boolean Box Chamfer Cone CoordinateSystem "
        "Cylinder Draft DressUp Ellipsoid Feature FeatureAddSub FeatureAddSubPython FeatureAdditivePython FeatureBase "
        "FeatureExtrude FeaturePrimitive FeaturePython FeatureRefine FeatureSubtractivePython Fillet Groove Helix Hole "
        "Line LinearPattern Loft Mirrored MultiTransform Pad Pipe Plane Pocket Point PolarPattern Prism ProfileBased "
        "Revolution Scaled ShapeBinder Solid Sphere SubShapeBinder SubShapeBinderPython SubtractiveBox SubtractiveCone "
        "SubtractiveCylinder SubtractiveEllipsoid SubtractiveHelix SubtractiveLoft SubtractivePipe SubtractivePrism "
        "SubtractiveSphere SubtractiveTorus SubtractiveWedge Thickness Torus Transformed Wedge",
    )
    | _names("Sketcher", "SketchObject SketchObjectPython")
    | _names("Spreadsheet", "Sheet SheetPython")
    | _names(
        "TechDraw",
        "DrawGeomHatch DrawHatch DrawLeaderLine DrawLeaderLinePython DrawPage DrawPagePython DrawParametricTemplate "
        "DrawProjGroup DrawProjGroupItem DrawRichAnno DrawRichAnnoPython DrawSVGTemplate DrawTemplate "
        "DrawTemplatePython DrawTile DrawTilePython DrawTileWeld DrawTileWeldPython DrawView DrawViewAnnotation "
        "DrawViewBalloon DrawViewClip DrawViewCollection DrawViewDetail DrawViewDimExtent DrawViewDimension "
        "DrawViewImage DrawViewMulti DrawViewMultiPython DrawViewPart DrawViewPartPython DrawViewPython "
        "DrawViewSection DrawViewSpreadsheet DrawViewSymbol DrawViewSymbolPython DrawWeldSymbol DrawWeldSymbolPython "
        "FeatureProjection LandmarkDimension "
        # of FreeCAD 1.0 and later
        "DrawBrokenView DrawBrokenViewPython DrawComplexSection DrawComplexSectionPython DrawViewSectionPython",
    )
    | _names(
        "Mesh",
        "Cone Cube Curvature Cylinder Ellipsoid Feature FeatureCustom FeaturePython FillHoles FixDefects "
        "FixDeformations FixDegenerations FixDuplicatedFaces FixDuplicatedPoints FixIndices FixNonManifolds "
        "FlipNormals HarmonizeNormals RemoveComponents SegmentByMesh SetOperations Sphere Torus Transform "
        "TransformDemolding",
    )
    | _names("Points", "Feature FeatureCustom FeaturePython Structured StructuredCustom")
    | _names("Surface", "Cut Extend FeatureBlendCurve Filling GeomFillSurface Sections Sewing")
    | _names("Image", "ImagePlane")
    | _names(
        "Measure",
        "MeasureAngle MeasureArea MeasureDistance MeasureDistanceDetached MeasureLength MeasurePosition MeasureRadius",
    )
    | _names("Assembly", "AssemblyLink AssemblyObject BomGroup BomObject JointGroup SimulationGroup ViewGroup")
)
"""Objects that are data: FreeCAD's own code computes them from properties and from other objects of the document."""

LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(
        _names("App", "AbsAddress Attribute Column Exception Placement Row", stem="FeatureTest") | {"App::FeatureTest"},
        "it serves FreeCAD's own tests",
    ),
    **dict.fromkeys(("App::VRMLObject", "App::InventorObject"), "it reads and writes files that it names"),
    "App::DocumentObjectFileIncluded": "it is a file for other programs",
    **dict.fromkeys(
        ("Part::ImportBrep", "Part::ImportStep", "Part::ImportIges"), "it reads a file when it is computed"
    ),
    **dict.fromkeys(("Mesh::Import", "Points::Import"), "it reads a file when it is computed"),
    **dict.fromkeys(("Mesh::Export", "Points::Export"), "it writes a file when it is computed"),
    "Measure::MeasurePython": "it runs Python when it is computed",
    "Part::CurveNet": "it reads a file when it is computed",
    "Sketcher::SketchObjectSF": "it is a file that FreeCAD no longer reads",
    **dict.fromkeys(("TechDraw::DrawViewDraft", "TechDraw::DrawViewArch"), "it runs Python when it is computed"),
    **dict.fromkeys(
        ("Measure::MeasureBase", "Part::Boolean", "Part::Datum", "Part::Primitive"),
        "it is only the base of other types",
    ),
}
"""Types from the same modules as those in `TYPES`, and why they are not restored."""

LEFT_OUT_MODULES: dict[str, str] = {
    "Drawing": "it reads and writes the files that its templates name",
    "Fem": "its solvers run programs and write files",
    "Inspection": "it is computed from files and objects outside the model",
    "Path": "its objects run Python, and write files for machines",
    "Raytracing": "it reads and writes the files that its templates name",
    "Robot": "it reads files that describe machines",
}
"""Whole workbenches of which only stored shapes are restored, and why."""

READERS = frozenset(
    _names("Part", "ImportBrep ImportStep ImportIges CurveNet") | _names("Mesh", "Import") | _names("Points", "Import")
)
"""Types without which the model would differ; if no shape is stored with them, the file is refused."""

PROPERTIES: frozenset[str] = (
    _names(
        "App",
        "Acceleration Angle Area Bool BoolList Color ColorList CurrentDensity Density Direction "
        "DissipationRate Distance DynamicViscosity ElectricCharge ElectricPotential ElectricalCapacitance "
        "ElectricalConductance ElectricalConductivity ElectricalInductance ElectricalResistance "
        "Enumeration ExpressionEngine Float FloatConstraint FloatList Font Force Frequency HeatFlux Integer "
        "IntegerConstraint IntegerList IntegerSet KinematicViscosity Length Link LinkChild LinkGlobal "
        "LinkHidden LinkList LinkListChild LinkListGlobal LinkListHidden LinkSub LinkSubChild LinkSubGlobal "
        "LinkSubHidden LinkSubList LinkSubListChild LinkSubListGlobal LinkSubListHidden Magnetization Map "
        "Mass Material MaterialList Matrix Percent Placement PlacementLink PlacementList Position Power "
        "Precision Pressure Quantity QuantityConstraint Rotation SpecificEnergy SpecificHeat Speed Stiffness "
        "StiffnessDensity Stress String StringList Temperature ThermalConductivity "
        "ThermalExpansionCoefficient ThermalTransferCoefficient Time UltimateTensileStrength UUID "
        "VacuumPermittivity Vector VectorDistance VectorList Velocity Volume VolumeFlowRate "
        "VolumetricThermalExpansionCoefficient Work XLink XLinkList XLinkSub XLinkSubHidden XLinkSubList "
        "YoungsModulus CompressiveStrength ShearModulus Moment AmountOfSubstance ElectricCurrent InverseArea "
        "InverseLength InverseVolume LuminousIntensity MagneticFieldStrength MagneticFlux MagneticFluxDensity "
        "YieldStrength "
        # only their values that need no other file and no code: see `objects`
        "File FileIncluded Path PythonObject",
        stem="Property",
    )
    | _names(
        "Part",
        "PropertyPartShape PropertyGeometryList PropertyShapeHistory PropertyFilletEdges PropertyShapeCache "
        "PropertyTopoShapeList",
    )
    | _names("Sketcher", "PropertyConstraintList PropertyVisualLayerList")
    | _names("Spreadsheet", "PropertySpreadsheetQuantity PropertyColumnWidths PropertyRowHeights PropertySheet")
    | _names(
        "TechDraw",
        "PropertyGeomFormatList PropertyCenterLineList PropertyCosmeticEdgeList PropertyCosmeticVertexList",
    )
    | _names("Mesh", "PropertyNormalList PropertyCurvatureList PropertyMeshKernel PropertyMaterial")
    | _names(
        "Points",
        "PropertyGreyValue PropertyGreyValueList PropertyNormalList PropertyCurvatureList PropertyPointKernel",
    )
    | _names("Materials", "PropertyMaterial")
)
"""Kinds of properties that are data."""

LEFT_OUT_PROPERTIES: dict[str, str] = {
    "App::PropertyPersistentObject": "it creates an object of any type that it names",
    "Fem::PropertyFemMesh": "no object that has it is restored",
    "Fem::PropertyPostDataObject": "no object that has it is restored",
    "Inspection::PropertyDistanceList": "no object that has it is restored",
    "Path::PropertyPath": "no object that has it is restored",
    "Path::PropertyTool": "no object that has it is restored",
    "Path::PropertyTooltable": "no object that has it is restored",
    "Robot::PropertyTrajectory": "no object that has it is restored",
}

EXTENSIONS: frozenset[str] = (
    _names(
        "App",
        "GeoFeatureGroupExtension GeoFeatureGroupExtensionPython GroupExtension GroupExtensionPython LinkBaseExtension "
        "LinkBaseExtensionPython LinkExtension LinkExtensionPython OriginGroupExtension OriginGroupExtensionPython "
        "SuppressibleExtension SuppressibleExtensionPython",
    )
    | _names("Part", "AttachExtension AttachExtensionPython PreviewExtension PrismExtension")
    | _names("TechDraw", "CosmeticExtension CosmeticExtensionPython")
)
"""Extensions of objects. Those of Python are data as long as their `ExtensionProxy` is empty, which it is here."""

PROXIES: dict[tuple[str, str], tuple[str, str]] = {
    **{
        (module, name): ("draftobjects." + current, name.lstrip("_"))
        for current, names in {
            "array": ("Array", "_Array"),
            "bezcurve": ("BezCurve", "_BezCurve"),
            "bspline": ("BSpline", "_BSpline"),
            "circle": ("Circle", "_Circle"),
            "ellipse": ("Ellipse", "_Ellipse"),
            "point": ("Point", "_Point"),
            "polygon": ("Polygon", "_Polygon"),
            "rectangle": ("Rectangle", "_Rectangle"),
            "wire": ("Wire", "_Wire"),
        }.items()
        for name in names
        for module in ("draftobjects." + current, "Draft")
    },
}
"""Classes of Draft that are data: each computes a shape from numbers and from shapes of the document.

They read no file, no text of theirs is run, and their own state is a word and a flag.
"""

PROXIED = _names("Part", "FeaturePython Part2DObjectPython")
"""Types that may have one of these classes."""

GEOMETRY: frozenset[str] = (
    _names(
        "Part",
        "GeomArcOfCircle GeomArcOfEllipse GeomArcOfHyperbola GeomArcOfParabola GeomBSplineCurve GeomBSplineSurface "
        "GeomBezierCurve GeomBezierSurface GeomCircle GeomCone GeomCylinder GeomEllipse GeomHyperbola GeomLine "
        "GeomLineSegment GeomOffsetCurve GeomOffsetSurface GeomParabola GeomPlane GeomPlateSurface GeomPoint "
        "GeomSphere GeomSurfaceOfExtrusion GeomSurfaceOfRevolution GeomToroid GeomTrimmedCurve GeomTrimmedSurface "
        "GeometryBoolExtension GeometryDoubleExtension GeometryIntExtension GeometryMigrationExtension "
        "GeometryStringExtension",
    )
    | _names("Sketcher", "ExternalGeometryExtension SketchGeometryExtension SolverGeometryExtension")
    | _names("SketcherGui", "ViewProviderSketchGeometryExtension")
    | _names("TechDraw", "CenterLine CosmeticEdge CosmeticVertex GeomFormat")
)
"""Types that elements in a property may name: FreeCAD makes an instance without checking the type."""

WORDS: dict[str, frozenset[str]] = {
    "AttacherType": _names("Attacher", "AttachEngine3D AttachEnginePlane AttachEngineLine AttachEnginePoint"),
    "FaceMakerClass": _names(
        "Part",
        "FaceMakerBullseye FaceMakerCheese FaceMakerExtrusion FaceMakerRing FaceMakerSimple FaceMakerBuildFace "
        "FaceMakerPublic",
    )
    | {""},
    "LinkExecute": frozenset(("", "None", "appLinkExecute")),
}
"""Texts that name what FreeCAD makes or calls, and the accepted values."""

INCLUDED: dict[str, str] = {
    "FileGeomPattern": "PatIncluded",
    "FileHatchPattern": "SvgIncluded",
    "FilePattern": "PatIncluded",
    "HatchPattern": "SvgIncluded",
    "ImageFile": "ImageIncluded",
    "SymbolFile": "SymbolIncluded",
    "Template": "PageResult",
}
"""Names of files, and the property that holds a copy of the file, which makes the name unnecessary."""
