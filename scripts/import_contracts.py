"""A kind of contract for import-linter: what a package may import is listed, and everything else is refused.

import-linter's own `forbidden` lists what may not be imported, which lets in whatever is added later. Options:

`source_modules`: packages; they may import what is in them. `but`: their subpackages that the contract does not cover,
which they may not import either. `allowed`: further modules of this repository, each without its submodules.
`externals`: packages of others, besides Python's own; `any` for all but those that are `refused`.
"""

from __future__ import annotations

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

ANY = "any"


class OnlyContract(Contract):
    """Modules may directly import what the contract lists."""

    type_name = "only"

    source_modules = fields.ListField(subfield=fields.StringField())
    but = fields.ListField(subfield=fields.StringField(), required=False)
    allowed = fields.ListField(subfield=fields.StringField())
    externals = fields.ListField(subfield=fields.StringField(), required=False)
    refused = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Compare each direct import of the source modules with the list."""
        del verbose
        wrong = [(package, one) for package in _texts(self.source_modules) for one in self._wrong(graph, package)]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the lines of the refused imports, and what may be imported."""
        for package, (importer, imported, lines) in check.metadata["wrong"]:
            output.print_error(f"{importer}:{lines} imports {imported}", bold=False)
            output.print(f"    allowed in {package}: itself, {', '.join(_texts(self.allowed))}, {self._outside()}")

    def _outside(self) -> str:
        externals = _texts(self.externals)
        return "all other packages" if ANY in externals else ", ".join(["the standard library", *externals])

    def _wrong(self, graph: ImportGraph, package: str) -> list[tuple[str, str, str]]:
        left_out = [f"{package}.{name}" for name in _texts(self.but)]
        repository = {module.partition(".")[0] for module in graph.modules if not graph.is_module_squashed(module)}
        found: list[tuple[str, str, str]] = []
        for importer in sorted({package, *graph.find_descendants(package)}):
            if any(_is_in(importer, each) for each in left_out):
                continue
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                if imported.partition(".")[0] not in repository:
                    right = self._may_be_had(imported.partition(".")[0])
                else:
                    own = _is_in(imported, package) and not any(_is_in(imported, each) for each in left_out)
                    right = own or imported in _texts(self.allowed)
                if not right:
                    details = graph.get_import_details(importer=importer, imported=imported)
                    found.append((importer, imported, ", ".join(str(each["line_number"]) for each in details)))
        return found

    def _may_be_had(self, top: str) -> bool:
        externals = _texts(self.externals)
        if ANY in externals:
            return top not in _texts(self.refused)
        return top in sys.stdlib_module_names or top in externals


def _texts(values: object) -> list[str]:
    return [str(each) for each in values] if isinstance(values, list) else []


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
