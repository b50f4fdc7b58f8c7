"""The base of the conformance tests: what a subclass declares, exemptions, and fixtures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, cast

import httpx
import pytest

from cadgate.plugins.contents import METHOD_NAME
from cadgate.testing.conformance.subject import Creation, Subject
from cadgate.testing.gateway import Gateway

CAPABILITIES: Mapping[str, str] = {
    "creation": "something with a name can be created, read back and deleted",
    "revisions": "`If-Match` on a change is compared with the object's revision",
    "undo": "the last request can be undone and redone",
    "atomic": "a batch can be all or nothing",
    "events": "changes are published on the topic `objects`",
    "execute": "Python can be run inside the application",
    "recovery": "what was acknowledged survives the death of the application",
}
NEEDS = "cadgate_needs"


def needs(*capabilities: str) -> Any:
    """Mark a test that is skipped where one of these capabilities is exempt."""
    unknown = set(capabilities) - set(CAPABILITIES)
    if unknown:
        raise ValueError(f"unknown capabilities: {sorted(unknown)}")

    def mark(function: Any) -> Any:
        setattr(function, NEEDS, capabilities)
        return function

    return mark


class Suite:
    """The base of the test classes; see `Conformance`."""

    creates: ClassVar[str | None] = None
    creation_params: ClassVar[Mapping[str, Any]] = {}
    exempt: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for key, reason in cls.exempt.items():
            if key not in CAPABILITIES and not METHOD_NAME.fullmatch(key):
                raise TypeError(f"{cls.__name__}.exempt has {key!r}; capabilities are {', '.join(CAPABILITIES)}")
            if not isinstance(cast(object, reason), str) or not re.search(r"\w+\W+\w+", reason):
                raise TypeError(f"{cls.__name__}.exempt[{key!r}] must be the reason in words, not {reason!r}")

    @pytest.fixture(autouse=True)
    def cadgate_exemptions(self, request: pytest.FixtureRequest) -> None:
        """Skip a test that needs a capability which the adapter's author exempted."""
        for capability in getattr(request.function, NEEDS, ()):
            if capability in self.exempt:
                pytest.skip(f"{capability}: {self.exempt[capability]}")

    @pytest.fixture
    def subject(
        self,
        cadgate_adapter_name: str,
        cadgate_adapter_settings: dict[str, Any],
        cadgate_gateway: Gateway,
        cadgate_client: httpx.Client,
    ) -> Subject:
        """Return the adapter under test."""
        return Subject(cadgate_adapter_name, cadgate_adapter_settings, cadgate_gateway, cadgate_client)

    @pytest.fixture
    def creation(self, subject: Subject) -> Creation:
        """Return how something is created, read back and deleted."""
        return Creation(subject, self.creates, self.creation_params)
