"""`python -m tests.clients FOLDER`: generate four clients, compile them strictly, lint the document, and use them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests.gateway import Gateway

HERE = Path(__file__).parent
PYTHON = ("openapi-python-client", "datamodel-code-generator", "mypy", "httpx", "pydantic", "python-dateutil")
NODE = (
    "openapi-typescript",
    "openapi-fetch",
    "@hey-api/openapi-ts",
    "typescript@5.9",
    "@types/node",
    "@stoplight/spectral-cli",
)
OVERRIDES = "content_type_overrides:\n  image/png: application/octet-stream\n"
"""openapi-python-client knows files by this type alone."""
TSC = (
    "--strict", "--noUncheckedIndexedAccess", "--target", "ES2022",
    "--lib", "ES2022,DOM,DOM.Iterable", "--module", "CommonJS", "--moduleResolution", "node10", "--esModuleInterop",
    "--types", "node", "--outDir", "built",
)  # fmt: skip


EXAMPLES = HERE.parent.parent / "examples" / "adapters"
DOCUMENT = """
import json, pathlib, sys
from cadgate.config.settings import Settings
from cadgate.main import create_app
app = create_app(Settings(state_dir=pathlib.Path(sys.argv[1])))
assert {one.status for one in app.state.plugins} == {"active"}, app.state.plugins
print(json.dumps(app.openapi()))
"""
"""Prints the document of a gateway with all adapters that are installed."""


def run(folder: Path, *command: str, **environment: str) -> str:
    """What a command printed. Raises RuntimeError for one that fails."""
    sys.stdout.write(f"== {' '.join(command)[:150]}\n")
    done = subprocess.run(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout[-5000:]}")
    return done.stdout


def set_up(folder: Path) -> None:
    """The generators, where they are not there already."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "py").exists():
        venv.create(folder / "py", with_pip=True)
        run(folder, "py/bin/python", "-m", "pip", "-q", "install", *PYTHON)
    if not (folder / "node_modules").exists():
        run(folder, "npm", "init", "-y")
        run(folder, "npm", "install", "--no-audit", "--no-fund", *NODE)


def lint(folder: Path) -> None:
    """No error and no warning by Spectral's rules for OpenAPI, with the examples' adapters too."""
    shutil.rmtree(folder / "examples", ignore_errors=True)
    pip = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation")
    run(folder, *pip, "--target", "examples", *map(str, sorted(EXAMPLES.iterdir())))
    printed = run(folder, sys.executable, "-c", DOCUMENT, "state", PYTHONPATH=str(folder / "examples"))
    (folder / "all.json").write_text(printed.splitlines()[-1])
    (folder / "ruleset.yaml").write_text('extends: ["spectral:oas"]\n')
    run(folder, "npx", "spectral", "lint", "openapi.json", "all.json", "-r", "ruleset.yaml", "--fail-severity", "warn")


def check_python(folder: Path, url: str) -> None:
    shutil.rmtree(folder / "made", ignore_errors=True)
    (folder / "made").mkdir()
    command = ("py/bin/openapi-python-client", "generate", "--path", "openapi.json", "--meta", "none")
    (folder / "config.yaml").write_text(OVERRIDES)
    told = run(folder, *command, "--config", "config.yaml", "--output-path", "made/cad_client", "--overwrite")
    if "WARNING" in told or "Unable" in told:
        raise RuntimeError(f"openapi-python-client left something out:\n{told[:5000]}")
    models = ("--input", "openapi.json", "--input-file-type", "openapi", "--output", "made/models.py")
    kinds = ("--output-model-type", "pydantic_v2.BaseModel", "--target-python-version", "3.11", "--use-annotated")
    run(folder, "py/bin/datamodel-codegen", *models, *kinds)
    run(folder / "made", "../py/bin/python", "-c", "import models; models.CubeParams(size=1)")
    shutil.copy(HERE / "use_python.py", folder / "made")
    run(folder / "made", "../py/bin/python", "-m", "mypy", "--strict", "use_python.py")
    sys.stdout.write(run(folder / "made", "../py/bin/python", "use_python.py", url))


def check_typescript(folder: Path, url: str) -> None:
    shutil.rmtree(folder / "hey", ignore_errors=True)
    run(folder, "npx", "openapi-typescript", "openapi.json", "-o", "fetch_types.d.ts", "--default-non-nullable=false")
    run(folder, "npx", "openapi-ts", "-i", "openapi.json", "-o", "hey")
    for name in ("use_fetch.ts", "use_hey.ts"):
        shutil.copy(HERE / name, folder)
    run(folder, "npx", "tsc", *TSC, "use_fetch.ts", "use_hey.ts")
    for name in ("use_fetch.js", "use_hey.js"):
        sys.stdout.write(run(folder, "node", f"built/{name}", url))


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    set_up(folder)
    gateway = Gateway(Path(tempfile.mkdtemp()))
    gateway.start()
    try:
        with gateway.client() as client:
            (folder / "openapi.json").write_text(json.dumps(client.get("/openapi.json").json()))
            client.delete("/api/v1/blender/scene").raise_for_status()
            client.post("/api/v1/freecad/documents", json={"name": "Test"}).raise_for_status()
        check_python(folder, gateway.url)
        check_typescript(folder, gateway.url)
        lint(folder)
    finally:
        gateway.stop()


main()
