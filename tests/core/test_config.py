"""Where settings come from, which one wins, and that every wrong one is a single clear line."""

from __future__ import annotations

import logging
import os
import re
import runpy
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from cadgate.cli import app as cli
from cadgate.config.settings import Settings, is_loopback, load_settings
from cadgate.errors import ConfigError
from tests.core.fake_packages import Site, fake_site

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and nothing of ours in the environment."""
    for name in list(os.environ):
        if name.startswith("CADGATE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A folder for packages of one test."""
    with fake_site(tmp_path / "site") as made:
        yield made


def refusal(**overrides: object) -> str:
    """The message with which loading the settings fails: one line."""
    with pytest.raises(ConfigError) as caught:
        load_settings(**overrides)
    assert "\n" not in caught.value.message
    return caught.value.message


# --- defaults and precedence ---------------------------------------------------------------------------------------


def test_defaults_listen_on_loopback_8000_for_the_same_user_only() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.auth) == ("127.0.0.1", 8000, "local")
    assert settings.cors_origins == ()
    assert settings.plugins is None
    assert settings.url == "http://127.0.0.1:8000"


def test_state_dir_follows_the_xdg_convention(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "xdg"))
    assert load_settings().state_dir == here / "xdg" / "cadgate"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(here))
    assert load_settings().state_dir == here / ".local" / "state" / "cadgate"


def test_options_win_over_environment_over_dotenv_over_plugins_toml(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "plugins.toml").write_text("[gateway]\nport = 1001\n")
    assert load_settings().port == 1001
    (here / ".env").write_text("CADGATE_PORT=1002\n")
    assert load_settings().port == 1002
    monkeypatch.setenv("CADGATE_PORT", "1003")
    assert load_settings().port == 1003
    assert load_settings(port=1004).port == 1004
    assert load_settings(port=None).port == 1003


def test_an_empty_variable_counts_as_not_set(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").write_text("CADGATE_HOST=\n")
    monkeypatch.setenv("CADGATE_PORT", "")
    assert (load_settings().host, load_settings().port) == ("127.0.0.1", 8000)


def test_lists_are_comma_separated_in_the_environment_and_arrays_in_toml(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "plugins.toml").write_text(
        '[gateway]\nallowed_hosts = ["a.example", "b.example"]\nallowed_roots = ["models"]\n'
    )
    monkeypatch.setenv("CADGATE_CORS_ORIGINS", "https://a.example, http://b.example:3000")
    settings = load_settings()
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert settings.cors_origins == ("https://a.example", "http://b.example:3000")
    assert settings.allowed_roots == (here / "models",)


def test_sizes_may_have_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CADGATE_MAX_BODY_BYTES", "32MiB")
    assert load_settings().max_body_bytes == 32 * 1024 * 1024


def test_paths_in_plugins_toml_start_at_its_folder(here: Path) -> None:
    (here / "etc").mkdir()
    (here / "etc" / "gateway.toml").write_text('[gateway]\nstate_dir = "../state"\n')
    settings = load_settings(plugins=Path("etc/gateway.toml"))
    assert settings.state_dir == here / "state"
    assert settings.plugins == here / "etc" / "gateway.toml"


def test_plugins_toml_may_be_named_by_environment_and_dotenv(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "plugins.toml").write_text("[gateway]\nport = 1\n")
    (here / "one.toml").write_text("[gateway]\nport = 2\n")
    (here / "two.toml").write_text("[gateway]\nport = 3\n")
    (here / ".env").write_text("CADGATE_PLUGINS=one.toml\n")
    assert load_settings().port == 2
    monkeypatch.setenv("CADGATE_PLUGINS", "two.toml")
    assert load_settings().port == 3


def test_settings_made_directly_read_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").write_text("CADGATE_PORT=1002\n")
    monkeypatch.setenv("CADGATE_PORT", "1003")
    assert Settings(state_dir=here).port == 8000


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().port = 9  # pyright: ignore[reportAttributeAccessIssue]


# --- adapters ------------------------------------------------------------------------------------------------------


def test_variables_of_an_adapter_win_over_its_table(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "plugins.toml").write_text('[adapters.blender]\nmode = "managed"\nworkers = 3\n')
    (here / ".env").write_text("CADGATE_BLENDER_WORKERS=4\nCADGATE_BLENDER_COMMAND=/opt/blender\n")
    monkeypatch.setenv("CADGATE_BLENDER_MODE", "external")
    settings = load_settings()
    assert settings.adapters == {"blender": {"mode": "external", "workers": "4", "command": "/opt/blender"}}
    assert settings.origin("adapters", "blender", "mode") == "environment variable CADGATE_BLENDER_MODE"
    assert settings.origin("adapters", "blender", "workers") == f"{here}/.env: CADGATE_BLENDER_WORKERS"


def test_names_with_dashes_have_variables_with_underscores_and_the_longest_name_wins(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add("my")
    site.add("my-cad")
    monkeypatch.setenv("CADGATE_MY_CAD_MODE", "external")
    monkeypatch.setenv("CADGATE_MY_MODE", "managed")
    assert load_settings().adapters == {"my-cad": {"mode": "external"}, "my": {"mode": "managed"}}


def test_lists_and_tables_of_adapters_are_json_in_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CADGATE_BLENDER_THINGS", '["a", 2]')
    monkeypatch.setenv("CADGATE_BLENDER_TOKEN", "[not json")
    assert load_settings().adapters["blender"] == {"things": ["a", 2], "token": "[not json"}


# --- what is refused -----------------------------------------------------------------------------------------------


def test_a_named_plugins_toml_that_is_missing_is_named_with_who_named_it(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CADGATE_PLUGINS", "nowhere.toml")
    assert refusal() == f"{here}/nowhere.toml: no such file (named by environment variable CADGATE_PLUGINS)"
    assert "named by option --plugins" in refusal(plugins="elsewhere.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[gateway]\nPORT = 1\n", "[gateway] PORT: unknown key; did you mean 'port'?"),
        ("[gateway]\nprot = 1\n", "[gateway] prot: unknown key; did you mean 'port'?"),
        ("[gateway]\nplugins = 'x'\n", "[gateway] plugins: unknown key"),
        ("[gateway]\nport = 'abc'\n", "[gateway] port: Input should be a valid integer"),
        ("[gateway]\nport = 70000\n", "[gateway] port: Input should be less than or equal to 65535, not 70000"),
        ("[gateway]\nauth = 'none'\n", "[gateway] auth: Input should be 'local' or 'token', not 'none'"),
        ("[gateway]\nlog_level = 'loud'\n", "[gateway] log_level: Input should be 'debug'"),
        ("[gateway]\ncors_origins = ['*']\n", "[gateway] cors_origins: '*' is not an origin"),
        ("[gateway]\ncors_origins = ['https://a.example/x']\n", "[gateway] cors_origins: 'https://a.example/x' is not"),
        ("[gateway]\nmax_body_bytes = 0\n", "[gateway] max_body_bytes: Input should be greater than 0"),
        ("port = 1\n", "port: unknown key; it belongs in [gateway]"),
        ("[gatway]\nport = 1\n", "gatway: unknown key; the file has [gateway] and [adapters.NAME]"),
        ("gateway = 1\n", "gateway: must be a table, not 1"),
        ("[adapters]\nblender = true\n", "[adapters.blender]: must be a table, not True"),
        ("[gateway\n", "not valid TOML"),
    ],
)
def test_a_wrong_plugins_toml_is_named_with_the_key(here: Path, text: str, expected: str) -> None:
    (here / "plugins.toml").write_text(text)
    message = refusal()
    assert message.startswith(f"{here}/plugins.toml: ")
    assert expected in message


def test_a_plugins_toml_that_is_no_text_is_named(here: Path) -> None:
    (here / "plugins.toml").write_bytes(b"\xff\xfe")
    assert refusal() == f"{here}/plugins.toml: not UTF-8 text (byte 0): save it as UTF-8"


def test_a_folder_in_place_of_plugins_toml_is_named(here: Path) -> None:
    (here / "plugins.toml").mkdir()
    assert refusal() == f"{here}/plugins.toml: cannot be read: Is a directory"


def test_a_bad_value_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CADGATE_PORT", "tcp://10.0.0.1:8000")
    assert refusal().startswith("environment variable CADGATE_PORT: Input should be a valid integer")


def test_a_misspelt_variable_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CADGATE_PROT", "9000")
    assert refusal() == "environment variable CADGATE_PROT: unknown key; did you mean 'CADGATE_PORT'?"


def test_a_variable_that_resembles_no_setting_is_warned_of_and_ignored(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CADGATE_SERVICE_LINK_8000_TCP", "tcp://10.0.0.1:8000")
    with caplog.at_level(logging.WARNING):
        assert load_settings().port == 8000
    assert "CADGATE_SERVICE_LINK_8000_TCP is not a setting" in caplog.text


def test_the_key_that_commands_send_is_not_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CADGATE_KEY", "cadgate_0123456789ab_0123")
    with caplog.at_level(logging.WARNING):
        assert load_settings().port == 8000
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("CADGATE_PROT=1", "CADGATE_PROT: unknown key; did you mean 'CADGATE_PORT'?"),
        ("CADGATE_NONSENSE=1", "CADGATE_NONSENSE: unknown key"),
        ("CADGATE_PORT=x", "CADGATE_PORT: Input should be a valid integer"),
        ("CADGATE_PORT = 'x", "line 2 is not NAME=value"),
    ],
)
def test_a_wrong_dotenv_is_named_with_the_key(here: Path, line: str, expected: str) -> None:
    (here / ".env").write_text(f"OTHER=fine\n{line}\n")
    message = refusal()
    assert message.startswith(f"{here}/.env: ")
    assert expected in message


def test_several_wrong_values_are_told_together(here: Path) -> None:
    (here / "plugins.toml").write_text("[gateway]\nport = -1\nauth = 'x'\n")
    message = refusal()
    assert "[gateway] port" in message
    assert "[gateway] auth" in message


def test_local_auth_refuses_addresses_that_other_machines_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CADGATE_HOST", "0.0.0.0")
    assert refusal().startswith("environment variable CADGATE_HOST: host '0.0.0.0' is not a loopback address")
    assert load_settings(auth="token").url == "http://127.0.0.1:8000"
    with pytest.raises(ValidationError, match="not a loopback address"):
        Settings(host="192.0.2.1")


def test_an_unknown_option_is_a_clear_error() -> None:
    assert refusal(prot=1) == "option 'prot' is unknown; did you mean 'port'?"


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)]
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


# --- what is written about them ------------------------------------------------------------------------------------


def test_the_documentation_lists_every_setting_as_it_is() -> None:
    written = runpy.run_path(str(ROOT / "scripts" / "settings_reference.py"))["written"]()
    for path, content in written.items():
        assert path.read_text(encoding="utf-8") == content, "run scripts/settings_reference.py"


def test_the_example_of_dotenv_holds_every_variable_and_loads_with_all_of_them(here: Path) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if name != "adapters" and f"CADGATE_{name.upper()}=" not in text]
    assert missing == []
    assert "BLENDER_CMD=" in text
    assert "FREECAD_CMD=" in text
    uncommented = [line.removeprefix("#") if line.startswith("#CADGATE_") else line for line in text.splitlines()]
    (here / ".env").write_text("\n".join(uncommented))
    assert load_settings().port == 8000


def test_every_plugins_toml_in_the_documentation_loads(here: Path) -> None:
    page = (ROOT / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
    snippets = re.findall(r"^ *```toml\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    assert len(snippets) >= 2
    for snippet in snippets:
        (here / "plugins.toml").write_text(textwrap.dedent(snippet))
        assert load_settings().adapters


def test_every_command_in_the_documentation_exists() -> None:
    page = (ROOT / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
    known = {command.name or command.callback.__name__ for command in cli.registered_commands if command.callback}
    known |= {group.name for group in cli.registered_groups if group.name}
    mentioned = set(re.findall(r"(?:`|bin/|-m )cadgate ([a-z][a-z-]*)", page))
    assert mentioned >= {"serve", "up", "down", "status", "doctor", "plugins", "keys", "version"}
    assert mentioned <= known


def test_the_plugins_toml_of_the_repository_loads() -> None:
    settings = load_settings(plugins=ROOT / "plugins.toml")
    assert set(settings.adapters) == {"blender", "freecad"}
