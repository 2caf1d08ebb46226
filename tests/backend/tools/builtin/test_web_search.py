import socket
from pathlib import Path

import pytest

from backend.tools.builtin.web_search import GOOGLE_SEARCH, WEB_SEARCH
from backend.tools.contract import Tool, ToolContext, ToolError, ToolInputError


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send every search to a loopback port where nobody listens, on machines with a network as on those without."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("DDGS_PROXY", f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("tool", [WEB_SEARCH, GOOGLE_SEARCH], ids=lambda tool: tool.name)
class TestASearch:
    @pytest.mark.usefixtures("no_network")
    async def test_without_a_network_says_so(self, tool: Tool, tmp_path: Path) -> None:
        with pytest.raises(ToolError, match=r"^The search .*there may be no network\.$"):
            await tool.run(ToolContext("x1", tmp_path), tool.validate({"query": "cats"}))

    def test_always_wants_approval(self, tool: Tool) -> None:
        assert tool.spec.approval == "always"

    @pytest.mark.parametrize(
        "args", [{}, {"query": " "}, {"query": "x" * 501}, {"query": "x", "max_results": 0}, {"query": "x", "max_results": 21}]
    )
    def test_needs_words_and_a_sensible_number(self, tool: Tool, args: dict[str, object]) -> None:
        with pytest.raises(ToolInputError):
            tool.validate(args)

    def test_gives_five_unless_told(self, tool: Tool) -> None:
        assert tool.validate({"query": " cats "}) == {"query": "cats", "max_results": 5}
