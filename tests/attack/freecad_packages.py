"""FCStd files as attacks write them: packages, documents, objects with their properties; and what they are after."""

from __future__ import annotations

import base64
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

Property = tuple[str, str, str]
"""Name, type and XML."""


@dataclass(frozen=True)
class Target:
    """What a file is after: a secret that nobody may read, a folder in which nobody may write."""

    file: Path
    folder: Path
    python: str
    """An expression of Python that leaves a file in the folder where it is run."""

    @property
    def brep(self) -> Path:
        """A shape with a known volume beside the secret."""
        return self.file.parent / "secret.brep"


def text(name: str, value: str, kind: str = "App::PropertyString") -> Property:
    return name, kind, f"<String value={quoteattr(value)}/>"


def python(name: str = "Proxy", module: str = "", cls: str = "", state: str = "{}", **more: str) -> Property:
    named = f' module="{module}" class="{cls}"' if module else ""
    named += "".join(f' {key}="{value}"' for key, value in more.items())
    return name, "App::PropertyPythonObject", f'<Python value="{_coded(state)}" encoded="yes"{named}/>'


def _coded(state: str) -> str:
    return base64.b64encode(state.encode()).decode()


DYNAMIC = ' group="Base" doc="" attr="0" ro="0" hide="0"'
"""What FreeCAD wants of a property that the type of the object does not have, and not of others."""
OWN = ("PostProcessor", "Kept", "Where", "Extra", "Other")


def thing(kind: str, name: str, *properties: Property, before: str = "", attributes: str = "") -> tuple[str, str]:
    """An object: its line in the list, its data."""
    told = "".join(
        f'<Property name="{key}" type="{of}"{DYNAMIC * (key in OWN)}>{xml}</Property>' for key, of, xml in properties
    )
    data = (
        f'<Object name="{name}"{attributes}>{before}<Properties Count="{len(properties)}">{told}</Properties></Object>'
    )
    return f'<Object type="{kind}" name="{name}" Touched="1"/>', data


def xml(*things: tuple[str, str], head: str = "", schema: str = "4", properties: str = "") -> str:
    listed, data = "".join(line for line, _ in things), "".join(each for _, each in things)
    own = properties or '<Properties Count="0"></Properties>'
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{head}<Document SchemaVersion="{schema}" ProgramVersion="0.20R" '
        f'FileVersion="1">\n{own}\n<Objects Count="{len(things)}">{listed}</Objects>\n'
        f'<ObjectData Count="{len(things)}">{data}</ObjectData>\n</Document>\n'
    )


def package(*entries: tuple[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def document(*things: tuple[str, str], **more: Any) -> bytes:
    return package(("Document.xml", xml(*things, **more)))


BOX = thing("Part::Box", "Box", *((side, "App::PropertyLength", '<Float value="2"/>') for side in ("Length", "Width")))
"""Something ordinary beside the attack."""
SECRET_VOLUME = 41.27
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='5' height='5'/></svg>"
