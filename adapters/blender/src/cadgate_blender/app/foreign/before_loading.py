"""Changes a .blend file before Blender reads it: what would act while it is loaded is removed from its bytes.

Blender evaluates the scene as soon as it is open: it reads pictures, libraries and what geometry nodes import, and a
fluid's domain runs Python and creates its folder. So the decisions are applied to the file. `after_loading` checks the
same as Blender sees it, and what no structure shows.
"""

from __future__ import annotations

import os
from typing import Callable, Iterable, Iterator, Sequence

from cadgate_blender.app.foreign import blocks, decided
from cadgate_blender.app.foreign.blocks import BlendFile, Block, Field
from cadgate_blender.app.foreign.losses import Losses, owner
from cadgate_blender.app.foreign.places import Places, leads_out

_PACKED = ("packedfile", "packedfiles")
_GENERATED = (4, 5)
"""Values of `Image.source` for pixels that need no file (`IMA_SRC_GENERATED`, `IMA_SRC_VIEWER`)."""
_WORDS = {
    "name": "filepath",
    "dir": "directory",
    "cachepath": "filepath",
    "simulation_bake_directory": "bake_directory",
}
"""Members of structures that have another name in Blender's interface."""
_KINDS = {"bSound": "sound", "VFont": "font"}
_CODES = {
    code.encode().ljust(4, b"\0"): name
    for code, name in {
        "CF": "CacheFile",
        "CA": "Camera",
        "IM": "Image",
        "LI": "Library",
        "MC": "MovieClip",
        "ME": "Mesh",
        "NT": "bNodeTree",
        "OB": "Object",
        "PA": "ParticleSettings",
        "SC": "Scene",
        "SO": "bSound",
        "TX": "Text",
        "VF": "VFont",
        "VO": "Volume",
    }.items()
}
"""The type of a data-block, by the code of its block."""
_DOMAIN = "the fluid domain"
ABSENT = b"//missing/"
"""A folder that does not exist, to which libraries are redirected so that Blender reads none."""


def prepare(path: str, roots: Sequence[str], losses: Losses) -> None:
    """Remove from the file `path` what may not act when it is loaded.

    Raises AppError `command_failed` for a file that is damaged or that could be read in two ways.
    """
    blocks.unpack(path)
    with BlendFile(path) as file:
        _Preparation(file, Places(path, roots), losses).carry_out()


class _Preparation:
    def __init__(self, file: BlendFile, places: Places, losses: Losses) -> None:
        self._file, self._places, self._losses = file, places, losses
        self._owner = ""
        self._wanted: dict[int, list[tuple[str, Field, int]]] = {}

    def carry_out(self) -> None:
        for group in self._groups():
            first = self._file.name_of(group[0])
            if group[0].code == b"USER":
                # Preferences belong to the program: without their code, they are data that nothing points to.
                self._file.put_code(group[0], b"DATA")
                continue
            if group[0].code != b"DATA":
                self._enter(group[0], first)
            for block in group:
                self._empty(block, group)
                act = _ACTS.get(self._file.name_of(block))
                if act is not None:
                    act(self, block)
            if first == "Object":
                self._check_modifiers(group)

    def _groups(self) -> Iterator[list[Block]]:
        """Yield data-blocks, each with the blocks of its data, as Blender reads them."""
        group: list[Block] = []
        for block in self._file.blocks:
            if block.code != b"DATA" and group:
                yield group
                group = []
            group.append(block)
        if group:
            yield group

    def _enter(self, block: Block, name: str) -> None:
        """Begin a data-block: its data follow."""
        if _CODES.get(block.code, name) != name:
            raise blocks.damaged("a data-block is of another kind than its code says")
        members, title_of = self._file.members(name), self._file.member("ID", "name")
        self._owner = ""
        if members and members[0].type == "ID" and not members[0].pointer and title_of is not None:
            title = self._file.text(block.start + title_of.offset, title_of.size)[2:].decode("utf-8", "replace")
            self._owner = owner(_KINDS.get(name, name), title)

    # --- paths -------------------------------------------------------------------------------------------------------

    def _paths(self, block: Block) -> list[tuple[str, Field, int]]:
        """Return the paths in a block's structure and those that it contains: structure, member, place within."""
        found = self._wanted.get(block.kind)
        if found is None:
            found = self._wanted[block.kind] = list(self._find(self._file.name_of(block), 0))
        return found

    def _find(self, name: str, offset: int) -> Iterable[tuple[str, Field, int]]:
        for member in self._file.members(name):
            key = (name, member.name)
            if member.pointer:
                if key in decided.POINTED or key in decided.BYTECODE:
                    yield name, member, offset + member.offset
            elif key in decided.STORED:
                if member.type == "char":
                    yield name, member, offset + member.offset
            elif self._file.members(member.type) and member.count == 1:
                yield from self._find(member.type, offset + member.offset)

    def _empty(self, block: Block, group: list[Block]) -> None:
        paths = self._paths(block)
        if not paths:
            return
        for start in self._file.elements(block):
            for name, member, offset in paths:
                if member.pointer:
                    self._forget(name, member, start + offset, group)
                else:
                    self._decide(name, member, start + offset, start)

    def _forget(self, name: str, member: Field, place: int, group: list[Block]) -> None:
        """Clear what a structure points to: a path, or a program that was compiled elsewhere."""
        address = self._file.pointer(place)
        self._file.put_pointer(place, 0)
        texts = [self._file.text(block.start, block.size) for block in group if address and block.address == address]
        if (name, member.name) in decided.BYTECODE:
            return
        if any(leads_out(os.fsdecode(text)) for text in texts):
            self._losses.file(self._owner, _WORDS.get(member.name, member.name))

    def _decide(self, name: str, member: Field, place: int, start: int) -> None:
        what = decided.STORED[name, member.name]
        text = self._file.text(place, member.size)
        path = os.fsdecode(text)
        if not text or what == decided.NAMES or (name == "VFont" and path == "<builtin>"):
            # Blender does not read what follows the end mark.
            return
        if name == "Library":
            self._file.put_text(place, member.size, ABSENT + _last(text))
            self._losses.file(self._owner, "filepath")
            return
        if what == decided.READS and self._places.has(path):
            return
        packed = self._is_packed(name, start)
        left = b"//" if name == "Strip" else b""
        self._file.put_text(place, member.size, b"//" + _last(text) if packed else left)
        if what == decided.NOTES and leads_out(path):
            self._losses.file(self._owner, _WORDS.get(member.name, member.name))
        if what == decided.READS and _last(text) and not packed and not self._is_generated(name, start):
            self._losses.file(self._owner, _WORDS.get(member.name, member.name))

    def _is_packed(self, name: str, start: int) -> bool:
        members = [self._file.member(name, word) for word in _PACKED]
        return any(self._file.pointer(start + each.offset) for each in members if each is not None)

    def _is_generated(self, name: str, start: int) -> bool:
        source = self._file.member(name, "source") if name == "Image" else None
        return source is not None and self._file.integer(start + source.offset, source.size) in _GENERATED

    # --- what acts ---------------------------------------------------------------------------------------------------

    def _known(self, name: str, *members: str) -> list[Field]:
        """Return members that must be there. Raises AppError for a file of an unknown version."""
        found = [self._file.member(name, member) for member in members]
        if None in found:
            raise blocks.damaged(f"its {name} is of an unknown version")
        return [each for each in found if each is not None]

    def drop_fluid(self, block: Block) -> None:
        """Remove the modifier's settings: a domain runs Python code that contains its folder's name."""
        kind, domain = self._known("FluidModifierData", "type", "domain")
        for start in self._file.elements(block):
            if self._file.pointer(start + domain.offset):
                self._losses.code(self._owner, _DOMAIN, "fluids run Python and keep their simulation on the disk")
                self._file.put_integer(start + kind.offset, kind.size, 0)
                self._file.put_pointer(start + domain.offset, 0)

    def drop_cache(self, block: Block) -> None:
        for start in self._file.elements(block):
            cached = self._file.member("OceanModifierData", "cached")
            if cached is not None and self._file.integer(start + cached.offset, cached.size):
                self._file.put_integer(start + cached.offset, cached.size, 0)
                self._losses.part(
                    self._owner, "the cache of the ocean modifier", "caches on the disk are not part of the file"
                )

    def unpack_library(self, block: Block) -> None:
        """Remove a library within the file, which would be read as another, unchecked file."""
        packed = self._file.member("Library", "packedfile")
        if packed is None:
            return
        for start in self._file.elements(block):
            self._file.put_pointer(start + packed.offset, 0)

    def _check_modifiers(self, group: list[Block]) -> None:
        """Refuse a modifier whose data do not match its type: Blender would read them without a check."""
        chain = self._file.member("Object", "modifiers")
        if chain is None:
            return
        kind, following = self._known("ModifierData", "type", "next")
        found: dict[int, list[Block]] = {}
        for block in group[1:]:
            found.setdefault(block.address, []).append(block)
        for start in self._file.elements(group[0]):
            pending, seen = [self._file.pointer(start + chain.offset)], {0}
            while pending:
                address = pending.pop()
                if address not in seen:
                    seen.add(address)
                    for modifier in found.get(address, ()):
                        self._check_modifier(modifier, kind)
                        pending.append(self._file.pointer(modifier.start + following.offset))

    def _check_modifier(self, modifier: Block, kind: Field) -> None:
        name = self._file.name_of(modifier)
        base = next(iter(self._file.members(name)), None)
        if base is None or base.name != "modifier" or base.type != "ModifierData" or base.pointer:
            raise blocks.damaged("one of its modifiers is not a modifier")
        said = self._file.integer(modifier.start + kind.offset, kind.size)
        if (said == decided.FLUID) != (name == "FluidModifierData"):
            raise blocks.damaged("a modifier does not match its type")

    def keep_in_memory(self, block: Block) -> None:
        """Keep a point cache off the disk: its name is part of the path, and can lead anywhere."""
        flag, name = self._known("PointCache", "flag", "name")
        for start in self._file.elements(block):
            flags = self._file.integer(start + flag.offset, flag.size)
            if flags & decided.ON_DISK:
                self._file.put_integer(start + flag.offset, flag.size, flags & ~decided.ON_DISK)
                if (self._owner, _DOMAIN) not in self._losses.parts:
                    self._losses.part(self._owner, "the point cache", "caches on the disk are not part of the file")
            text = self._file.text(start + name.offset, name.size)
            self._file.put_text(start + name.offset, name.size, _last(text))

    def mute(self, block: Block) -> None:
        """Mute nodes that read files when geometry is evaluated, until they are removed."""
        idname, flag = self._file.member("bNode", "idname"), self._file.member("bNode", "flag")
        if idname is None or flag is None:
            return
        for start in self._file.elements(block):
            if self._file.text(start + idname.offset, idname.size).startswith(decided.READING_NODES.encode()):
                flags = self._file.integer(start + flag.offset, flag.size)
                self._file.put_integer(start + flag.offset, flag.size, flags | decided.MUTED)

    def shorten(self, block: Block) -> None:
        """Reduce the names of a strip's files to plain names."""
        name = self._file.member("StripElem", "name")
        if name is None:
            return
        for start in self._file.elements(block):
            text = self._file.text(start + name.offset, name.size)
            if _last(text) != text:
                self._file.put_text(start + name.offset, name.size, _last(text))


def _last(path: bytes) -> bytes:
    """Return the last part of a path of any system, which leads nowhere by itself."""
    name = path.replace(b"\\", b"/").rpartition(b"/")[2]
    return b"" if name in (b".", b"..") else name


_ACTS: dict[str, Callable[[_Preparation, Block], None]] = {
    "FluidModifierData": _Preparation.drop_fluid,
    "Library": _Preparation.unpack_library,
    "OceanModifierData": _Preparation.drop_cache,
    "PointCache": _Preparation.keep_in_memory,
    "StripElem": _Preparation.shorten,
    "bNode": _Preparation.mute,
}
