"""All attacks, of all modules of this package that have any, by their names."""

from __future__ import annotations

import importlib
import pkgutil

import tests.attack
from tests.attack.attacks import Attack


def attacks() -> dict[str, Attack]:
    """Every attack by its name, in the order of sections.

    :raises ValueError: two have the same name.
    """
    found: dict[str, Attack] = {}
    for module in pkgutil.iter_modules(tests.attack.__path__):
        if module.name.startswith(("__", "test_")):
            continue
        for attack in getattr(importlib.import_module(f"tests.attack.{module.name}"), "ATTACKS", ()):
            if attack.name in found:
                raise ValueError(f"two attacks are named {attack.name!r}")
            found[attack.name] = attack
    return dict(sorted(found.items(), key=lambda item: _order(item[1].section)))


def _order(section: str) -> tuple[int, int, str]:
    """S2 before S10, and both before lines of the threat model."""
    number, rest = section[1:2], section[1:]
    if section.startswith("S") and number.isdigit():
        digits = rest.rstrip("abcdefgh")
        return (0, int(digits), rest)
    return (1, 0, section)
