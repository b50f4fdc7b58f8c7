"""The repository's own kind of import contract refuses what it does not list, and says where that stands."""

from __future__ import annotations

from collections.abc import Mapping

import grimp
import pytest

from scripts.import_contracts import OnlyContract

INNER = {"source_modules": ["adapter.app"], "allowed": ["core.appserver"], "externals": ["bpy"]}
OUTER = {
    "source_modules": ["adapter"],
    "but": ["app"],
    "allowed": ["core.plugin"],
    "externals": ["any"],
    "refused": ["bpy"],
}


def refused(options: Mapping[str, object], importer: str, imported: str) -> bool:
    graph = grimp.ImportGraph()
    for module in ("adapter", "adapter.app", "adapter.app.objects", "adapter.models", "adapter.routers"):
        graph.add_module(module)
    for module in ("core", "core.plugin", "core.appserver", "core.appserver.journal"):
        graph.add_module(module)
    for module in ("bpy", "pydantic", "json"):
        graph.add_module(module, is_squashed=True)
    graph.add_import(importer=importer, imported=imported, line_number=7, line_contents="…")
    contract = OnlyContract("a contract", session_options={}, contract_options=dict(options))
    check = contract.check(graph, verbose=False)
    if not check.kept:
        assert [one for _, one in check.metadata["wrong"]] == [(importer, imported, "7")]
        contract.render_broken_contract(check)
    return not check.kept


@pytest.mark.parametrize("imported", ["json", "bpy", "core.appserver", "adapter.app"])
def test_the_half_inside_imports_what_is_listed(imported: str) -> None:
    assert not refused(INNER, "adapter.app.objects", imported)


@pytest.mark.parametrize("imported", ["pydantic", "core", "core.plugin", "core.appserver.journal", "adapter.models"])
def test_the_half_inside_imports_nothing_else(imported: str) -> None:
    assert refused(INNER, "adapter.app.objects", imported)


@pytest.mark.parametrize("imported", ["json", "pydantic", "core.plugin", "adapter.models"])
def test_the_gateways_half_imports_what_is_listed(imported: str) -> None:
    assert not refused(OUTER, "adapter.routers", imported)


@pytest.mark.parametrize("imported", ["bpy", "core", "core.appserver", "adapter.app", "adapter.app.objects"])
def test_the_gateways_half_imports_nothing_else(imported: str) -> None:
    assert refused(OUTER, "adapter.routers", imported)


def test_what_a_contract_leaves_out_is_not_looked_at() -> None:
    assert not refused(OUTER, "adapter.app.objects", "bpy")
