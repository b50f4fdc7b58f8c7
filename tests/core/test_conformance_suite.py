"""The conformance suite itself: it finds what is wrong with an adapter, and lets go only what has a reason."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cadgate.cli.new_adapter import new_adapter
from cadgate.testing.conformance import Conformance
from cadgate.testing.conformance.suite import needs

pytestmark = pytest.mark.slow

DEFECTS = [
    # What is written instead of what, in which file, and the tests that must notice.
    ("app/objects.py", '@method("objects.get")', '@method("objects.secret")\n@method("objects.get")', {"both_halves"}),
    ("app/objects.py", 'not_found("object", name, DOCUMENT)', 'not_found("object", name)', {"missing_name_is_404"}),
    ("app/objects.py", '["revision"])\n    del', "and None)\n    del", {"lost_a_race_is_412"}),
    ("routers/objects.py", '    """Describe one box."""\n', "", {"every_route_has_a_docstring"}),
    (
        "models/objects.py",
        "class BoxName(Params):",
        "class BoxName(Params, extra='ignore'):",
        {"listed_with_its_schemas"},
    ),
    ("app/objects.py", "def get(*, name: str)", "def get(*, name: str, label: str = '')", set[str]()),
    (
        "app/objects.py",
        "limit: int, offset: int, fields: str | None)",
        "limit: int, offset: int)",
        {"agree_on_the_parameters"},
    ),
]


def run_suite(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of an adapter as if it was installed."""
    package = project.name.replace("-", "_")
    info = project / "src" / f"{package}-0.1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project.name}\nVersion: 0.1.0\n")
    name = package.removeprefix("cadgate_")
    (info / "entry_points.txt").write_text(f"[cadgate.adapters]\n{name} = {package}.adapter\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CADGATE_", "PYTEST_"))}
    environment["PYTHONPATH"] = str(project / "src")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_conformance.py", *options]
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


def test_each_defect_of_an_adapter_is_found_and_nothing_else(tmp_path: Path) -> None:
    new_adapter("broken", tmp_path)
    project = tmp_path / "cadgate-broken"
    expected: set[str] = set()
    for name, right, wrong, noticed in DEFECTS:
        file = project / "src" / "cadgate_broken" / name
        assert file.read_text().count(right) == 1, right
        file.write_text(file.read_text().replace(right, wrong))
        expected |= noticed
    done = run_suite(project, "-k", "not (code or deadline or survives)")
    failed = re.findall(r"^FAILED \S+::test_(\w+)", done.stdout, re.MULTILINE)
    unexpected = [name for name in failed if not any(part in name for part in expected)]
    missed = [part for part in expected if not any(part in name for name in failed)]
    assert (unexpected, missed) == ([], []), done.stdout


def test_what_is_exempt_is_skipped_with_its_reason(tmp_path: Path) -> None:
    new_adapter("exempt", tmp_path)
    project = tmp_path / "cadgate-exempt"
    with (project / "tests" / "test_conformance.py").open("a") as file:
        file.write('    exempt = {"undo": "its changes are orders that were sent"}\n')
    done = run_suite(project, "-k", "undone or know_the_same")
    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 skipped" in done.stdout
    assert "undo: its changes are orders that were sent" in done.stdout


@pytest.mark.parametrize(
    ("exempt", "expected"),
    [
        ({"flying": "it has no wings"}, "has 'flying'; capabilities are creation, revisions"),
        ({"undo": ""}, "must be the reason in words, not ''"),
        ({"undo": "no"}, "must be the reason in words, not 'no'"),
        ({"undo": True}, "must be the reason in words, not True"),
    ],
)
def test_an_exemption_needs_a_capability_and_a_reason(exempt: dict[str, str], expected: str) -> None:
    with pytest.raises(TypeError, match=re.escape(expected)):
        type("Wrong", (Conformance,), {"exempt": exempt})


def test_a_test_cannot_need_what_is_no_capability() -> None:
    with pytest.raises(ValueError, match="flying"):
        needs("flying")
