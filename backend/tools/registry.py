"""The registry of tools. To add a tool, add a module in `builtin/` and a line here."""

from collections.abc import Iterable

from backend.domain.steps import ToolSpec as ToolSpec
from backend.tools.builtin import calculate, make_payment, web_search
from backend.tools.contract import Tool


class Registry:
    """Tools by name."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._specs = [tool.spec for tool in self._tools.values()]

    def specs(self) -> list[ToolSpec]:
        """What the policy and the prompt know about the tools."""
        return list(self._specs)

    @property
    def longest_s(self) -> float:
        """The longest time limit of any tool, in seconds."""
        return max((tool.seconds for tool in self._tools.values()), default=0.0)

    def get(self, name: str) -> Tool | None:
        """The tool with that name; None if there is none, since models may invent names."""
        return self._tools.get(name)


registry = Registry((web_search.WEB_SEARCH, web_search.GOOGLE_SEARCH, calculate.TOOL, make_payment.TOOL))
