"""nginx in front of a gateway, on the loopback, by the very lines that docs/OPERATIONS.md shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.docs.snippets import ROOT
from tests.gateway import Gateway, eventually, free_port

NAME = "cad.example"


def documented() -> str:
    """The block of the document."""
    text = (ROOT / "docs" / "OPERATIONS.md").read_text()
    (block,) = re.findall(r"^```nginx\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return block


@contextmanager
def nginx(folder: Path, gateway: Gateway, *, takes_off: bool = False) -> Generator[int]:
    """The port of an nginx that serves `gateway` below /cad/ by TLS, and takes that off or passes it on."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert program is not None, "there is no nginx: apt-get install -y --no-install-recommends nginx-light"
    port, certificate, key = free_port(), folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    server = documented()
    for shown, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/ssl/certs/cad.example.pem", str(certificate)),
        ("/etc/ssl/private/cad.example.pem", str(key)),
        ("http://127.0.0.1:8000;", f"http://127.0.0.1:{gateway.port}{'/' if takes_off else ''};"),
    ):
        assert server.count(shown) == 1, f"the document shows {shown!r} no longer"
        server = server.replace(shown, here)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log {folder}/access.log;\n{places}{server}}}\n"
    )
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [program, "-p", folder, "-e", folder / "error.log", "-c", configuration], stdout=output, stderr=output
        )
    try:
        eventually(lambda: answers(port, process), what="nginx")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def answers(port: int, process: subprocess.Popen[bytes], name: str | None = None) -> bool:
    """Whether a server has come up that gives its certificate for `name`, where it needs one."""
    assert process.poll() is None, "the proxy ended"
    try:
        with httpx.Client(verify=False, trust_env=False) as client:
            client.get(f"https://127.0.0.1:{port}/", extensions={} if name is None else {"sni_hostname": name})
    except httpx.TransportError:
        return False
    return True
