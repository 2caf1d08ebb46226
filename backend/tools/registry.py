"""The tools there are. A new one is a file beside this and a line in it."""

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
        """What policy and prompt know of the tools."""
        return list(self._specs)

    @property
    def longest_s(self) -> float:
        """The longest limit of any tool, in seconds."""
        return max((tool.seconds for tool in self._tools.values()), default=0.0)

    def get(self, name: str) -> Tool | None:
        """The tool of that name, or None: a model may make names up."""
        return self._tools.get(name)


registry = Registry((web_search.WEB_SEARCH, web_search.GOOGLE_SEARCH, calculate.TOOL, make_payment.TOOL))
