"""Tells products of one name in a STEP file apart: while FreeCAD reads it, each has a name that no other has."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from cadgate_freecad.app import step_model, step_names

_DEFINITIONS = (b"PRODUCT_DEFINITION_FORMATION", b"PRODUCT_DEFINITION_FORMATION_WITH_SPECIFIED_SOURCE")
_NAMED = re.compile(
    rb"#(\d+)\s*=\s*(PRODUCT|NEXT_ASSEMBLY_USAGE_OCCURRENCE)\s*\(\s*'(?:[^']|'')*'\s*,\s*'((?:[^']|'')*)'"
)
_TOKEN = re.compile("CadgateName[0-9]+End")


class Marked(NamedTuple):
    """The file with tokens instead of ambiguous names, these names by token, and the tokens of products by token."""

    data: bytes
    names: dict[str, str]
    products: dict[str, str]

    def restore(self, label: str) -> str:
        """Return a label with the name in the file instead of the token."""
        return _TOKEN.sub(lambda found: self.names.get(found[0], found[0]), label)

    def product(self, label: str) -> str:
        """Return what the product that a label comes from is called in `data`."""
        found = _TOKEN.search(label)
        return label if found is None else self.products.get(found[0], label)


def marked(data: bytes) -> Marked | None:
    """Give each of several products of one name, and what shows it, a name of its own; None if there are none."""
    named = list(_NAMED.finditer(data))
    products = [each for each in named if each[2] == b"PRODUCT"]
    counts = Counter(step_names.decode(each[3]) for each in products)
    if not products or max(counts.values()) == 1:
        return None
    own = {int(each[1]): step_names.token(number) for number, each in enumerate(products)}
    alike = {int(each[1]) for each in products if counts[step_names.decode(each[3])] > 1}
    model = step_model.Model(data)
    formations = {number: model.references(number)[0] for number in model.of_kind(*_DEFINITIONS)}
    definitions = {
        number: formations.get(model.references(number)[0], 0) for number in model.of_kind(*step_model.DEFINITIONS)
    }
    names: dict[str, str] = {}
    tokens: dict[str, str] = {}
    pieces: list[bytes] = []
    end = 0
    for number, each in enumerate(named):
        product = int(each[1])
        if each[2] != b"PRODUCT":
            product = definitions.get(model.references(product)[1], 0)
        if product not in alike or not each[3]:
            continue
        token = own[product] if each[2] == b"PRODUCT" else step_names.token(len(products) + number)
        names[token], tokens[token] = step_names.decode(each[3]), own[product]
        pieces += [data[end : each.start(3)], token.encode()]
        end = each.end(3)
    return Marked(b"".join([*pieces, data[end:]]), names, tokens)
