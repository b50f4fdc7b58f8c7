"""Changes of text: lines, numbers, quoted words, XML elements. For OBJ, STEP, DXF, SVG, USD, and XML in archives."""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from tests.attack.fuzz.words import PROPERTIES, TYPES, Words

_NUMBER = re.compile(rb"(?<![\w.])-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?(?![\w.])")
_QUOTED = re.compile(rb"""'[^'\n]*'|"[^"\n]*"|@[^@\n]*@|>[^<>\n]+<""")


def a_number(data: bytes, rng: random.Random, words: Words) -> bytes:
    """Another number somewhere."""
    found = list(_NUMBER.finditer(data[:400_000]))
    if not found:
        return data
    hit = rng.choice(found)
    return data[: hit.start()] + words.number().encode() + data[hit.end() :]


def a_quoted(data: bytes, rng: random.Random, words: Words) -> bytes:
    """Another text between two quotes, two @, or two elements."""
    found = list(_QUOTED.finditer(data[:400_000]))
    if not found:
        return data
    hit = rng.choice(found)
    text = words.text()
    if data[hit.start() : hit.start() + 1] == b">":
        text = escape(text)
    return data[: hit.start() + 1] + text.encode("utf-8", "replace") + data[hit.end() - 1 :]


def lines(data: bytes, rng: random.Random, words: Words) -> bytes:
    """Some lines twice, away, elsewhere, or very long."""
    all_lines = data.splitlines(keepends=True)
    if len(all_lines) < 2:
        return data
    start = rng.randrange(len(all_lines))
    stop = min(len(all_lines), start + rng.choice((1, 1, 2, 5, 40)))
    chosen = all_lines[start:stop]
    kind = rng.randrange(4)
    if kind == 0:
        all_lines[start:stop] = chosen * rng.choice((2, 3, 50))
    elif kind == 1:
        del all_lines[start:stop]
    elif kind == 2:
        del all_lines[start:stop]
        place = rng.randrange(len(all_lines) + 1)
        all_lines[place:place] = chosen
    else:
        all_lines[start] = all_lines[start].rstrip(b"\r\n") * rng.choice((2, 30, 1_000)) + b"\n"
    return b"".join(all_lines)


def _inserted(data: bytes, rng: random.Random, line: str) -> bytes:
    all_lines = data.splitlines(keepends=True)
    all_lines.insert(rng.randrange(len(all_lines) + 1), line.encode("utf-8", "replace") + b"\n")
    return b"".join(all_lines)


def obj_line(data: bytes, rng: random.Random, words: Words) -> bytes:
    line = rng.choice(
        (
            "mtllib {}",
            "call {}",
            "usemtl {}",
            "map_Kd {}",
            "shadow_obj {}",
            "trace_obj {}",
            "o {}",
            "csh {}",
            "f 1 2 {}",
        )
    )
    return _inserted(data, rng, line.format(words.text()))


def dxf_pair(data: bytes, rng: random.Random, words: Words) -> bytes:
    """Another group code, another value, or an entity that names a block or a file."""
    if rng.random() < 0.5:
        pairs = data.splitlines()
        place = rng.randrange(max(1, len(pairs) // 2)) * 2
        if place + 1 >= len(pairs):
            return data
        if rng.random() < 0.5:
            pairs[place] = rng.choice(
                (b"0", b"1", b"2", b"3", b"5", b"10", b"70", b"90", b"310", b"340", b"1071", b"-1")
            )
        else:
            pairs[place + 1] = words.text().encode("utf-8", "replace").replace(b"\n", b" ")
        return b"\n".join(pairs) + b"\n"
    entity = rng.choice(
        (
            "0\nINSERT\n8\n0\n2\n*Model_Space\n10\n0\n20\n0\n70\n{n}\n71\n{n}\n",
            "0\nIMAGE\n8\n0\n340\n1F\n1\n{t}\n",
            "0\nBLOCK\n2\nX\n70\n4\n1\n{t}\n0\nINSERT\n2\nX\n0\nENDBLK\n",
            "0\nINSERT\n8\n0\n2\nX\n41\n{n}\n",
            "0\nTEXT\n8\n0\n1\n{t}\n40\n{n}\n",
            "0\nSPLINE\n8\n0\n70\n8\n71\n{n}\n72\n{n}\n73\n{n}\n74\n0\n",
            "0\nBODY\n8\n0\n1\n{t}\n",
            "0\nLWPOLYLINE\n8\n0\n90\n{n}\n70\n1\n10\n0\n20\n0\n42\n{n}\n",
            "0\nVIEWPORT\n8\n{t}\n10\n{n}\n",
        )
    ).format(n=words.number(), t=words.text().replace("\n", " "))
    place = data.find(b"ENTITIES")
    place = len(data) if place < 0 else place + 9
    return data[:place] + entity.encode("utf-8", "replace") + data[place:]


def step_entity(data: bytes, rng: random.Random, words: Words) -> bytes:
    """A reference to another entity (to itself, too), another type, or an entity that names a file."""
    references = list(re.finditer(rb"#\d+", data))
    if not references:
        return data
    hit, other = rng.choice(references), rng.choice(references)
    kind = rng.randrange(3)
    if kind == 0:
        return data[: hit.start()] + other.group() + data[hit.end() :]
    if kind == 1:
        names = list(re.finditer(rb"=\s*([A-Z_0-9]+)\(", data))
        if not names:
            return data
        hit, other = rng.choice(names), rng.choice(names)
        return data[: hit.start(1)] + other.group(1) + data[hit.end(1) :]
    text = words.text().replace("'", "").encode("utf-8", "replace")
    line = rng.choice((b"#9001=DOCUMENT_FILE('%s','','',#9002,'','');", b"#9001=EXTERNAL_SOURCE(IDENTIFIER('%s'));"))
    return data.replace(b"DATA;", b"DATA;\n" + line % text, 1)


def usd_line(data: bytes, rng: random.Random, words: Words) -> bytes:
    """Arcs, assets and values in a layer's text."""
    path = words.path().replace("@", "")
    line = rng.choice(
        (
            f"prepend references = @{path}@",
            f"prepend payload = @{path}@</A>",
            f"subLayers = [@{path}@]",
            f"asset a = @{path}@",
            f"asset inputs:file = @{path}@",
            f"clips = {{ dictionary default = {{ asset[] assetPaths = [@{path}@] }} }}",
            f"rel material:binding = <{path}>",
            'def Volume "V" { rel field:density = </V/F> }',
            'def Mesh "Z" { int[] faceVertexCounts = [99999999] }',
            f'def OpenVDBAsset "F" {{ asset filePath = @{path}@ }}',
            f'def DomeLight "D" {{ asset inputs:texture:file = @{path}@ }}',
            "int[] faceVertexIndices = [-1, 2147483647]",
            'variantSet "v" = { "a" { } }',
            f'string code = "{words.number()}"',
        )
    )
    return _inserted(data, rng, line)


# --- XML -------------------------------------------------------------------------------------------------------------


def xml(data: bytes, rng: random.Random, words: Words) -> bytes:
    """An element or an attribute changed, an element twice, away, elsewhere, deep, or a Python element put in."""
    ET.register_namespace("", "http://schemas.microsoft.com/3dmanufacturing/core/2015/02")
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError):
        return a_quoted(data, rng, words)
    pairs = [(parent, child) for parent in root.iter() for child in parent]
    if not pairs:
        return data
    parent, child = rng.choice(pairs)
    kind = rng.randrange(10)
    if kind < 4:
        _attribute(rng.choice([each for each in root.iter() if each.attrib] or [root]), rng, words)
    elif kind == 4:
        for _ in range(rng.choice((1, 2, 200))):
            parent.append(child)
    elif kind == 5:
        parent.remove(child)
    elif kind == 6:
        other = rng.choice(pairs)[1]
        child.tag, other.tag = other.tag, child.tag
    elif kind == 7:
        deep = child
        for _ in range(rng.choice((3, 300))):
            deep = ET.SubElement(deep, child.tag)
    elif kind == 8:
        name, attributes = words.python_element()
        chosen = rng.choice([each for each in root.iter() if each.tag == "Property"] or [child])
        chosen.set("type", "App::PropertyPythonObject")
        for old in list(chosen):
            chosen.remove(old)
        ET.SubElement(chosen, name, attributes)
    else:
        child.text = words.text().replace("\0", "").encode("utf-8", "replace").decode()
    try:
        return ET.tostring(root, encoding="utf-8", xml_declaration=True)
    except (TypeError, ValueError, RecursionError):
        return data


def _attribute(element: ET.Element, rng: random.Random, words: Words) -> None:
    if not element.attrib:
        element.set("Count", words.number())
        return
    name = rng.choice(sorted(element.attrib))
    if name == "type" and rng.random() < 0.8:
        element.set(name, rng.choice(TYPES if element.tag == "Object" else PROPERTIES))
    elif rng.random() < 0.1:
        del element.attrib[name]
    else:
        value = words.text() if rng.random() < 0.7 else words.number()
        element.set(name, value.replace("\0", "").encode("utf-8", "replace").decode())
