"""Caddy in front of a gateway, on the loopback, by the very lines that docs/OPERATIONS.md shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.docs.snippets import ROOT
from tests.gateway import Gateway, eventually, free_port
from tests.nginx import NAME, answers

OWN = """{{
    admin off
    auto_https disable_redirects
    skip_install_trust
    storage file_system {folder}
    servers {{
        protocols h1 h2
    }}
}}
"""
"""What keeps it on this machine: no address of its own to be managed, no certificate for the whole system."""


def documented() -> str:
    """The block of the document."""
    text = (ROOT / "docs" / "OPERATIONS.md").read_text()
    (block,) = re.findall(r"^```caddyfile\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return block


@contextmanager
def caddy(folder: Path, gateway: Gateway) -> Generator[int]:
    """The port of a Caddy that serves `gateway` below /cad/ by TLS, with a certificate of its own making."""
    program = shutil.which("caddy")
    assert program is not None, "there is no Caddy: apt-get install -y --no-install-recommends caddy"
    port, server = free_port(), documented()
    for shown, here in (
        (f"{NAME} {{\n", f"https://{NAME}:{port} {{\n    tls internal\n    bind 127.0.0.1\n"),
        ("127.0.0.1:8000", f"127.0.0.1:{gateway.port}"),
    ):
        assert server.count(shown) == 1, f"the document shows {shown!r} no longer"
        server = server.replace(shown, here)
    configuration = folder / "Caddyfile"
    configuration.write_text(OWN.format(folder=folder / "storage") + server)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [program, "run", "--adapter", "caddyfile", "--config", configuration],
            stdout=output, stderr=output, env=environment,
        )  # fmt: skip
    try:
        eventually(lambda: answers(port, process, NAME), what="Caddy")
        yield port
    finally:
        process.terminate()
        process.wait(10)
