"""Finds the runnable code blocks of a Markdown document and runs them in order, as a reader would.

A comment before a fence says what the block is; other blocks are only read.

    <!-- run -->          python (all of a document's blocks share one namespace) or bash
    <!-- output -->       what the block before printed; `…` stands for anything
    <!-- file: NAME -->   a file that the reader makes
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx

ROOT = Path(__file__).parent.parent.parent
DOCUMENTED = "127.0.0.1:8000"
"""The address that documents use; a run puts that of its gateway in its place."""
SECONDS = 100

_BLOCK = re.compile(
    r"^ *<!-- (?P<kind>run|output|file)(?:: (?P<name>[^\n]+?))? -->\n"
    r"(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One marked block: `where` is document and line, for whoever must mend it."""

    kind: Literal["run", "output", "file"]
    name: str
    language: str
    text: str
    where: str


def blocks_of(document: Path) -> list[Block]:
    """The marked blocks of a document, in order."""
    source = document.read_text()
    found: list[Block] = []
    for match in _BLOCK.finditer(source):
        line = source.count("\n", 0, match.start("text")) + 1
        indent = len(match["indent"])
        text = "".join(each[indent:] or "\n" for each in match["text"].splitlines(keepends=True))
        kind: Any = match["kind"]
        found.append(Block(kind, match["name"] or "", match["language"], text, f"{document.relative_to(ROOT)}:{line}"))
    marked = len(re.findall(r"^ *<!-- (?:run|output|file)\b", source, re.MULTILINE))
    assert len(found) == marked, f"{document}: {marked} marks, but {len(found)} blocks that follow one"
    return found


BEGINNINGS = {".png": b"\x89PNG", ".glb": b"glTF", ".pdf": b"%PDF", ".step": b"ISO-10303-21", ".jpg": b"\xff\xd8"}
ERROR = b'{"status":"error"'
LARGE = re.compile(r'"resolution": \[(\d{3,}), (\d{3,})\]')
"""The size of a picture that is drawn to be looked at."""


class Reader:
    """Somebody who types a document's blocks into a shell and a Python session, in `folder`.

    :param large: whether the pictures are as large as the document says, and not a quarter of that.
    """

    def __init__(self, folder: Path, address: str, *, large: bool = True) -> None:
        self._large = large
        self.folder = folder
        self.address = address
        self.printed = ""
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self._programs = folder / ".programs"
        self._programs.mkdir(parents=True)
        if shutil.which("curl") is None:
            self._install_curl()

    def read(self, blocks: list[Block]) -> None:
        """Do what the blocks say. Raises AssertionError that names the block."""
        try:
            with contextlib.chdir(self.folder):
                for block in blocks:
                    self._take(block)
        finally:
            for value in self.names.values():
                if isinstance(value, httpx.Client):
                    value.close()

    def _take(self, block: Block) -> None:
        text = block.text.replace(DOCUMENTED, self.address)
        if not self._large:
            text = LARGE.sub(lambda size: f'"resolution": [{int(size[1]) // 4}, {int(size[2]) // 4}]', text)
        if block.kind == "file":
            path = self.folder / block.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif block.kind == "output":
            assert agrees(text, self.printed, block.language), (
                f"{block.where} shows\n{text}\nbut it was\n{self.printed}"
            )
        elif block.language == "python":
            self._python(text, block.where)
        elif block.language in ("bash", "sh"):
            self._bash(text, block.where)
        else:
            raise AssertionError(f"{block.where}: {block.language!r} cannot be run")

        self._check_files(block.where)

    def _check_files(self, where: str) -> None:
        """A program that stores an answer in a file does not look at it: it may be an error."""
        for path in self.folder.rglob("*"):
            if not path.is_file() or self._programs in path.parents:
                continue
            head = path.read_bytes()[:200]
            begins = BEGINNINGS.get(path.suffix.lower(), b"")
            if not head.startswith(begins) or head.startswith(ERROR):
                raise AssertionError(f"{where} wrote {path.name}: {head!r}")

    def _python(self, text: str, where: str) -> None:
        printed = io.StringIO()
        document, _, line = where.rpartition(":")
        # Empty lines before the code make a traceback name the document's own lines.
        code = compile("\n" * (int(line) - 1) + text, str(ROOT / document), "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, self.names)  # noqa: S102 - running what the document shows is the point
        self.printed = printed.getvalue()

    def _bash(self, text: str, where: str) -> None:
        environment = {**os.environ, "PATH": f"{self._programs}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env=environment,
        )
        assert done.returncode == 0, f"{where} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        self.printed = done.stdout

    def _install_curl(self) -> None:
        """Where there is no curl, a small program that takes the options that the documents use."""
        program = self._programs / "curl"
        program.write_text(f"#!{sys.executable}\n" + (Path(__file__).parent / "small_curl.py").read_text())
        program.chmod(program.stat().st_mode | stat.S_IXUSR)


# --- comparing ---------------------------------------------------------------------------------------------------


def agrees(shown: str, printed: str, language: str) -> bool:
    """Whether what was printed is what a document shows. JSON is compared as values, text line by line."""
    if language == "json":
        return _same(json.loads(shown), json.loads(printed))
    pattern = ""
    for line in shown.rstrip().splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(map(re.escape, line.rstrip().split("…"))) + r" *\n"
    return re.fullmatch(pattern, printed.rstrip() + "\n") is not None


def _same(shown: Any, value: Any) -> bool:
    if shown == "…":
        return True
    if isinstance(shown, dict) and isinstance(value, dict):
        wanted = {key: part for key, part in shown.items() if key != "…"}
        complete = "…" in shown or set(wanted) == set(value)
        return complete and all(key in value and _same(part, value[key]) for key, part in wanted.items())
    if isinstance(shown, list) and isinstance(value, list):
        if shown and shown[-1] == "…":
            shown, value = shown[:-1], value[: len(shown) - 1]
        return len(shown) == len(value) and all(map(_same, shown, value))
    if isinstance(shown, str) and isinstance(value, str):
        return re.fullmatch(".*".join(map(re.escape, shown.split("…"))), value, re.DOTALL) is not None
    if isinstance(shown, float) or isinstance(value, float):
        if not isinstance(shown, (int, float)) or not isinstance(value, (int, float)):
            return False
        return abs(shown - value) <= 1e-6 * max(1.0, abs(shown))
    return type(shown) is type(value) and shown == value
