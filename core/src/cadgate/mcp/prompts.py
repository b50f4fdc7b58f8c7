"""The prompts of the adapters: `{adapter}.{name}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp import types
from mcp.shared.exceptions import MCPError

from cadgate.plugins.guidance import Prompt
from cadgate.refusals.repairs import nearest


class Prompts:
    """All prompts, by name. `adapters` are the active ones, by name."""

    def __init__(self, adapters: Mapping[str, Any]) -> None:
        self._known: dict[str, Prompt] = {
            f"{name}.{prompt.name}": prompt for name, adapter in sorted(adapters.items()) for prompt in adapter.prompts
        }

    def listed(self) -> types.ListPromptsResult:
        """Return the list of all."""
        return types.ListPromptsResult(
            prompts=[
                types.Prompt(
                    name=name,
                    title=prompt.title,
                    description=prompt.description,
                    arguments=[
                        types.PromptArgument(name=argument, description=description, required=True)
                        for argument, description in prompt.arguments.items()
                    ],
                )
                for name, prompt in self._known.items()
            ]
        )

    def completed(self, name: str, given: Mapping[str, str]) -> types.GetPromptResult:
        """Return a prompt with its arguments. Raises MCPError."""
        prompt = self._known.get(name)
        if prompt is None:
            near = nearest(name, self._known)
            known = ", ".join(self._known) or "none"
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else f"; there are: {known}"
            raise MCPError(types.INVALID_PARAMS, f"There is no prompt {name[:100]!r}{hint}")
        missing = [each for each in prompt.arguments if not given.get(each, "").strip()]
        if missing:
            what = prompt.arguments[missing[0]]
            raise MCPError(types.INVALID_PARAMS, f"The prompt {name!r} needs {missing[0]!r}: {what}")
        unknown = sorted(set(given) - set(prompt.arguments))
        if unknown:
            known = ", ".join(prompt.arguments) or "none"
            raise MCPError(types.INVALID_PARAMS, f"The prompt {name!r} has no argument {unknown[0]!r}; it has: {known}")
        content = types.TextContent(text=prompt.completed(given))
        return types.GetPromptResult(
            description=prompt.description, messages=[types.PromptMessage(role="user", content=content)]
        )
