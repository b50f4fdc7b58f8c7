"""What an adapter may add for agents, beyond its methods: prompts, which a person chooses, and texts to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """A request that a person chooses from a list and completes: how a task is done well with this application.

    `arguments` are what the person fills in, with a description each; `{name}` in `text` stands for one of them.
    """

    name: str
    title: str
    description: str
    text: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])

    def completed(self, given: Mapping[str, str]) -> str:
        """Return the text with these arguments; what is in braces otherwise stays."""
        text = self.text
        for name in self.arguments:
            text = text.replace(f"{{{name}}}", given[name])
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A text in Markdown that agents may read, such as the application's conventions."""

    name: str
    description: str
    text: str
