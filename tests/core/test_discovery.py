"""Finding adapters: good ones are active, and whatever one of them does wrong stays its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cadgate import __version__
from cadgate.config.settings import Settings
from cadgate.errors import ConfigError
from cadgate.plugins.discovery import Found, discover
from tests.core.fake_packages import Site, fake_site

SHIPPED = {"blender", "freecad"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A folder for packages of one test."""
    with fake_site(tmp_path / "site") as made:
        yield made


def found_with(**adapters: dict[str, Any]) -> dict[str, list[Found]]:
    """What discovery finds, by name, without the adapters of this repository (which are not imported)."""
    off = {name: {"enabled": False} for name in SHIPPED}
    by_name: dict[str, list[Found]] = {}
    for one in discover(Settings(adapters={**off, **adapters})):
        if one.name not in SHIPPED:
            by_name.setdefault(one.name, []).append(one)
    return by_name


def only(name: str, **adapters: dict[str, Any]) -> Found:
    """The one adapter of that name."""
    (found,) = found_with(**adapters)[name]
    return found


# --- what works ------------------------------------------------------------------------------------------------------


def test_a_good_adapter_is_active_with_its_settings(site: Site) -> None:
    module = site.add("fake", version="1.2")
    found = only("fake")
    assert (found.status, found.error) == ("active", None)
    assert (found.package, found.version) == ("fake-fake", "1.2")
    assert found.adapter is not None
    assert found.adapter.package == module
    assert found.settings is not None
    assert found.settings.mode == "managed"


def test_an_entry_point_may_name_an_object(site: Site) -> None:
    source = """

class Plugin:
    @hookimpl
    def cadgate_adapter(self):
        return Adapter(**FIELDS)


plugin = Plugin()
"""
    site.add("fake", source, entry_points="fake = {module}:plugin\n")
    assert only("fake").status == "active"


def test_settings_of_plugins_toml_reach_the_adapters_own_model(site: Site) -> None:
    source = "\n\nclass Own(AdapterSettings):\n    depth: int = 1\n\n\nFIELDS['settings'] = Own\n"
    site.add("fake", source)
    assert only("fake", fake={"depth": "7"}).settings.model_dump()["depth"] == 7  # type: ignore[union-attr]


def test_the_adapters_of_this_repository_are_active() -> None:
    found = {one.name: one for one in discover(Settings())}
    assert {name: (found[name].status, found[name].error) for name in sorted(SHIPPED)} == {
        "blender": ("active", None),
        "freecad": ("active", None),
    }


# --- what is contained -----------------------------------------------------------------------------------------------

BROKEN = [
    pytest.param("import no_such_module_anywhere\n", "No module named 'no_such_module_anywhere'", id="import error"),
    pytest.param(
        "from cadgate.plugin import OfTomorrow\n",
        f"'OfTomorrow' from 'cadgate.plugin'; it is written for another version of cadgate than {__version__} (fake_",
        id="newer name",
    ),
    pytest.param("from json import nothing\n", "cannot import name 'nothing' from 'json' (fake_", id="no such name"),
    pytest.param("def broken(:\n", "SyntaxError", id="syntax error"),
    pytest.param("raise SystemExit(3)\n", "SystemExit: 3", id="exits"),
    pytest.param("1 / 0\n", "ZeroDivisionError: division by zero", id="raises at import"),
    pytest.param("def f():\n    return f()\n\n\nf()\n", "RecursionError", id="recursion"),
    pytest.param("del cadgate_adapter\n", "has no function cadgate_adapter marked with @hookimpl", id="no hook"),
    pytest.param("def cadgate_adapter():\n    return None\n", "is not marked with @hookimpl", id="unmarked hook"),
    pytest.param("@hookimpl\ndef cadgate_adaptor():\n    pass\n", "unknown hook 'cadgate_adaptor'", id="misspelt hook"),
    pytest.param("@hookimpl\ndef cadgate_adapter(app):\n    pass\n", "app", id="hook wants arguments"),
    pytest.param(
        "@hookimpl\ndef cadgate_adapter():\n    raise OSError('no disk')\n", "OSError: no disk", id="hook raises"
    ),
    pytest.param(
        "@hookimpl\ndef cadgate_adapter():\n    raise SystemExit('bye')\n", "SystemExit: bye", id="hook exits"
    ),
    pytest.param("@hookimpl\ndef cadgate_adapter():\n    return 3\n", "not int", id="wrong type"),
    pytest.param("@hookimpl\ndef cadgate_adapter():\n    pass\n", "not nothing", id="nothing"),
    pytest.param("@hookimpl\nasync def cadgate_adapter():\n    pass\n", "not coroutine", id="async hook"),
    pytest.param("FIELDS['colour'] = 1\n", "unexpected keyword argument 'colour'", id="unknown field"),
    pytest.param(
        "FIELDS['api_version'] = 2\n", "version 2 of cadgate.plugin, and this gateway has 1", id="api version"
    ),
    pytest.param(
        "FIELDS['api_version'] = 0\n", "version 0 of cadgate.plugin, and this gateway has 1", id="older api version"
    ),
    pytest.param("del FIELDS['api_version']\n", "required keyword-only argument: 'api_version'", id="no api version"),
    pytest.param("FIELDS['name'] = 'other'\n", "'other' is not the name of its entry point, 'fake'", id="other name"),
    pytest.param("FIELDS['title'] = ' '\n", "title must be a string", id="no title"),
    pytest.param("FIELDS['package'] = 'no_such.package'\n", "package 'no_such.package' cannot be found", id="package"),
    pytest.param("FIELDS['launcher'] = int\n", "launcher must be a subclass of cadgate.plugin.Launcher", id="launcher"),
    pytest.param(
        "FIELDS['client'] = None\n", "client must be a subclass of cadgate.plugin.BaseSocketClient", id="client"
    ),
    pytest.param("FIELDS['settings'] = dict\n", "settings must be a subclass of cadgate.plugin.Adapter", id="settings"),
    pytest.param("FIELDS['connection_error'] = OSError\n", "connection_error must be a subclass", id="error class"),
    pytest.param("FIELDS['context'] = 'document'\n", "context must be a list or tuple of names", id="context"),
    pytest.param("FIELDS['topics'] = 'build'\n", "topics must be a list or tuple of names", id="topics"),
    pytest.param("FIELDS['topics'] = ['Build it']\n", "topics has 'Build it', which must be", id="topic name"),
    pytest.param("FIELDS['topics'] = ['objects']\n", "topics has 'objects', which is the gateway's own", id="host"),
    pytest.param("FIELDS['topics'] = ['a', 'a']\n", "topics has a name twice", id="topic twice"),
    pytest.param("FIELDS['context'] = ['a b']\n", "context has 'a b', which is not a name", id="context name"),
    pytest.param("FIELDS['routers'] = router\n", "routers must be a list or tuple of routers", id="bare router"),
    pytest.param("FIELDS['routers'] = [3]\n", "routers has 3, which is not", id="no router"),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_a_broken_adapter_is_failed_alone(site: Site, source: str, expected: str) -> None:
    site.add("fake", "\n\n" + source, version="0.3")
    site.add("neighbour")
    found = only("fake")
    assert found.status == "failed"
    assert found.error is not None
    assert found.error.startswith("fake-fake 0.3: ")
    assert expected in found.error
    assert "\n" not in found.error
    assert str(site.folder) not in found.error
    assert (found.adapter, found.settings) == (None, None)
    assert only("neighbour").status == "active"


ROUTES = [
    pytest.param(
        "@router.get('/things/{name}')\ndef one(name: str): ...\n"
        "@router.get('/things/{other}')\ndef two(other: str): ...\n",
        "GET /things/{other} is declared twice: one and two",
        id="the same path with other parameter names",
    ),
    pytest.param(
        "second = Router()\n@router.post('/a')\ndef one(): ...\n@second.post('/a')\ndef two(): ...\n"
        "FIELDS['routers'] = [router, second]\n",
        "POST /a is declared twice: one and two",
        id="two routers",
    ),
    pytest.param(
        "inner = Router()\n@router.get('/in/a')\ndef one(): ...\n@inner.get('/a')\ndef two(): ...\n"
        "router.include_router(inner, prefix='/in')\n",
        "GET /in/a is declared twice: one and two",
        id="an included router",
    ),
    pytest.param(
        "@router.post('/batch')\ndef mine(): ...\n", "POST /batch of mine is a route of the gateway", id="batch"
    ),
    pytest.param(
        "@router.websocket('/ws')\nasync def mine(websocket): ...\n",
        "only HTTP routes may be contributed",
        id="websocket",
    ),
    pytest.param("router.mount('/files', print)\n", "'/files' is a Mount: only HTTP routes", id="mount"),
    pytest.param("router.on_startup.append(print)\n", "the gateway owns the lifecycle", id="startup"),
    pytest.param(
        "from contextlib import asynccontextmanager\n@asynccontextmanager\nasync def life(app):\n    yield\n"
        "FIELDS['routers'] = [Router(lifespan=life)]\n",
        "the gateway owns the lifecycle",
        id="lifespan",
    ),
]


@pytest.mark.parametrize(("source", "expected"), ROUTES)
def test_routers_that_the_host_cannot_serve_fail_the_adapter(site: Site, source: str, expected: str) -> None:
    site.add("fake", "\n\n" + source)
    found = only("fake")
    assert found.status == "failed"
    assert expected in (found.error or "")


def test_the_same_path_with_another_verb_is_fine(site: Site) -> None:
    site.add("fake", "\n\n@router.get('/a')\ndef one(): ...\n@router.post('/a')\ndef two(): ...\n")
    assert only("fake").status == "active"


def test_all_problems_of_an_adapter_are_told_together(site: Site) -> None:
    site.add("fake", "\n\nFIELDS.update(title='', launcher=int, context='x', routers=[3])\n")
    error = only("fake").error or ""
    for part in ("title must be", "launcher must be", "context must be", "routers has 3"):
        assert part in error


@pytest.mark.parametrize("name", ["Upper", "1st", "a b", "artifacts", "a" * 41, "a--b", "ö"])
def test_names_that_cannot_stand_in_an_address_are_failed(site: Site, name: str) -> None:
    site.add(name, package="fake-package")
    assert only(name).status == "failed"
    assert f"name {name!r}" in (only(name).error or "")


def test_an_entry_point_that_is_listed_twice_is_failed(site: Site) -> None:
    site.add("fake", entry_points="fake = {module}\nfake = {module}:other\n")
    assert "its metadata lists the entry point 'fake' 2 times" in (only("fake").error or "")


@pytest.mark.parametrize("value", ["not a module!", ":x", "fake_adapter_never.missing", "os:no_such_thing"])
def test_an_entry_point_that_names_nothing_is_failed(site: Site, value: str) -> None:
    site.add("fake", entry_points=f"fake = {value}\n")
    assert only("fake").status == "failed"


@pytest.mark.parametrize("content", [b"[cadgate.adapters]\nno equals sign\n", b"\xff\xfe\x00"])
def test_unreadable_metadata_of_one_package_hides_no_other(site: Site, content: bytes) -> None:
    site.add("fake")
    site.add("broken", package="broken-package")
    (site.folder / "broken_package-1.2.dist-info" / "entry_points.txt").write_bytes(content)
    found = found_with()
    assert "broken" not in found
    assert found["fake"][0].status == "active"


def test_a_package_without_a_version_can_be_used(site: Site) -> None:
    site.add("fake")
    (site.folder / "fake_fake-1.2.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-fake\n")
    assert (only("fake").status, only("fake").version) == ("active", None)


# --- switched off, clashing, missing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [False, "false", "0", "off"])
def test_a_disabled_adapter_is_not_imported(site: Site, value: object) -> None:
    module = site.add("fake", "\n\nraise SystemExit('imported')\n")
    found = only("fake", fake={"enabled": value})
    assert (found.status, found.error, found.adapter) == ("disabled", None, None)
    assert module not in sys.modules


def test_the_first_of_two_packages_with_one_name_runs_and_the_other_says_how_to_choose(site: Site) -> None:
    later = site.add("fake", package="b-package", version="2")
    first = site.add("fake", package="a-package", version="1")
    a, b = found_with()["fake"]
    assert (a.package, a.status) == ("a-package", "active")
    assert a.adapter is not None
    assert a.adapter.package == first
    assert (b.package, b.status) == ("b-package", "failed")
    assert b.error == (
        "b-package 2: the name 'fake' is already in use by a-package 1; "
        'to use this package instead, set package = "b-package" in [adapters.fake] of plugins.toml'
    )
    assert later not in sys.modules


def test_plugins_toml_chooses_between_two_packages_with_one_name(site: Site) -> None:
    site.add("fake", package="a-package")
    site.add("fake", package="b-package")
    a, b = found_with(fake={"package": "B_Package"})["fake"]
    assert (a.status, b.status) == ("failed", "active")


def test_a_chosen_package_that_is_not_installed_leaves_no_other_in_its_place(site: Site) -> None:
    site.add("fake", package="a-package")
    found = only("fake", fake={"package": "c-package"})
    assert found.status == "failed"
    assert "asks for package 'c-package', which is not installed; pip install c-package" in (found.error or "")


def test_an_adapter_that_only_plugins_toml_knows_is_failed_with_the_way_to_install_it() -> None:
    found = only("rhino", rhino={})
    assert (found.status, found.package, found.version) == ("failed", "cadgate-rhino", None)
    assert "adapter 'rhino' is not installed; pip install cadgate-rhino" in (found.error or "")
    assert only("rhino", rhino={"enabled": False}).status == "disabled"


# --- settings of an adapter ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"colour": 1}, "setting adapters.fake.colour: unknown key; known are allow_execute, call_timeout_seconds"),
        ({"workers": "many"}, "setting adapters.fake.workers: Input should be a valid integer"),
        ({"mode": "external"}, 'setting adapters.fake: mode = "external" needs port and token'),
        ({"enabled": "perhaps"}, "setting adapters.fake.enabled: must be true or false, not 'perhaps'"),
        ({"package": 3}, "setting adapters.fake.package: must be a package's name, not 3"),
    ],
)
def test_a_wrong_setting_of_an_adapter_stops_the_start(site: Site, table: dict[str, Any], expected: str) -> None:
    site.add("fake")
    with pytest.raises(ConfigError) as caught:
        found_with(fake=table)
    assert caught.value.message.startswith(expected)


def test_a_wrong_secret_is_not_repeated(site: Site) -> None:
    site.add("fake")
    with pytest.raises(ConfigError) as caught:
        found_with(fake={"token": ["hunter2"]})
    assert "hunter2" not in caught.value.message


def test_a_required_setting_that_nobody_gave_fails_the_adapter_alone(site: Site) -> None:
    site.add("fake", "\n\nclass Own(AdapterSettings):\n    licence: str\n\n\nFIELDS['settings'] = Own\n")
    assert only("fake").error == "fake-fake 1.2: [adapters.fake] licence must be set"
    assert only("fake", fake={"licence": "x"}).status == "active"
