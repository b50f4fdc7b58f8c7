"""`cadgate plugins enable` and `disable`: one key of plugins.toml changes, and nothing else of it."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from cadgate.cli.switch import UnknownAdapter, changed, switch
from cadgate.errors import ConfigError
from tests.commands import cadgate

FILE = """# Which adapters run.
[gateway]
port = 8010          # not the usual one

[adapters.freecad]
# where it is
command = "/opt/freecad/bin/freecadcmd"
enabled = true  # for now

[adapters.blender]
workers = 0
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a command runs in, without settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CADGATE_")]:
        monkeypatch.delenv(name)
    return tmp_path


def test_only_the_one_key_changes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / "plugins.toml"
    path.write_text(FILE)
    path.chmod(0o600)
    assert switch(None, "freecad", enabled=False) == 0
    assert path.read_text() == FILE.replace("enabled = true  # for now", "enabled = false  # for now")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "freecad is disabled" in capsys.readouterr().out
    assert switch(None, "freecad", enabled=True) == 0
    assert path.read_text() == FILE
    assert sorted(file.name for file in here.iterdir()) == ["plugins.toml"]


def test_a_table_that_says_nothing_of_it_gets_the_key(here: Path) -> None:
    (here / "plugins.toml").write_text(FILE)
    switch(None, "blender", enabled=False)
    assert (here / "plugins.toml").read_text() == FILE + "enabled = false\n"


def test_without_a_file_one_is_made(here: Path) -> None:
    switch(None, "blender", enabled=False)
    assert tomllib.loads((here / "plugins.toml").read_text()) == {"adapters": {"blender": {"enabled": False}}}


def test_nothing_is_written_where_nothing_changes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    switch(None, "blender", enabled=True)
    assert list(here.iterdir()) == []
    assert capsys.readouterr().out == "blender is already enabled\n"


def test_the_named_file_is_changed_and_no_other(here: Path) -> None:
    (here / "plugins.toml").write_text(FILE)
    other = here / "other.toml"
    other.write_text("[adapters.blender]\n")
    switch(other, "blender", enabled=False)
    assert other.read_text() == "[adapters.blender]\nenabled = false\n"
    assert (here / "plugins.toml").read_text() == FILE


def test_a_link_stays_a_link(here: Path) -> None:
    (here / "real.toml").write_text(FILE)
    (here / "plugins.toml").symlink_to("real.toml")
    switch(None, "blender", enabled=False)
    assert (here / "plugins.toml").is_symlink()
    assert (here / "real.toml").read_text().endswith("enabled = false\n")


def test_an_unknown_adapter_is_refused_and_nothing_changed(here: Path) -> None:
    (here / "plugins.toml").write_text(FILE)
    for wrong in ("blendr", "BLENDER"):
        with pytest.raises(UnknownAdapter) as caught:
            switch(None, wrong, enabled=False)
        assert caught.value.message == f"no adapter {wrong!r} is installed; did you mean 'blender'?"
    assert (here / "plugins.toml").read_text() == FILE


def test_a_file_with_an_error_is_not_changed(here: Path) -> None:
    (here / "plugins.toml").write_text("[adapters.blender\n")
    with pytest.raises(ConfigError):
        switch(None, "blender", enabled=False)
    assert (here / "plugins.toml").read_text() == "[adapters.blender\n"


@pytest.mark.parametrize("enabled", [True, False])
def test_where_a_variable_wins_over_the_file_it_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, enabled: bool
) -> None:
    (here / "plugins.toml").write_text(FILE)
    monkeypatch.setenv("CADGATE_BLENDER_ENABLED", str(not enabled))
    with pytest.raises(ConfigError) as caught:
        switch(None, "blender", enabled=enabled)
    assert caught.value.message.startswith("environment variable CADGATE_BLENDER_ENABLED overrides ")
    assert (here / "plugins.toml").read_text() == FILE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "adapters.blender.workers = 0\n",
        "adapters = {blender = {workers = 0}}\n",
        "[adapters]\nblender = {enabled = true, workers = 0} # here\n",
        "[adapters.blender]\nworkers = 0\n[gateway]\n[adapters.freecad]\n",
        "[adapters]\n",
        "[gateway]\nport = 1\n# the end",
    ],
)
def test_whatever_way_the_file_is_written_it_keeps_all_else(text: str) -> None:
    made = tomllib.loads(changed(text, "blender", False, Path("plugins.toml")))
    assert made["adapters"]["blender"].pop("enabled") is False
    before = tomllib.loads(text)
    before.setdefault("adapters", {}).setdefault("blender", {}).pop("enabled", None)
    assert made == before


@pytest.mark.slow
def test_the_commands_are_commands_and_the_bare_one_still_lists(here: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return cadgate("plugins", *arguments, environment=os.environ, cwd=here)

    assert run("disable", "freecad").returncode == 0
    listed = run()
    assert listed.returncode == 0
    assert [line.split()[:2] for line in listed.stdout.splitlines()] == [
        ["blender", "active"],
        ["freecad", "disabled"],
    ]
    wrong = run("enable", "nothing")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr == "cadgate: no adapter 'nothing' is installed; `cadgate plugins` lists the installed ones\n"
