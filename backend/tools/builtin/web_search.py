"""Search the web, with any available search engine or with Google's results."""

import asyncio
from functools import partial
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from backend.tools.call_threads import in_thread
from backend.tools.contract import Tool, ToolError

# Startpage serves Google's results; Google itself blocks programs, so ddgs has disabled it.
_GOOGLE = "startpage"
_SECONDS = 8  # per search, so that a missing network is reported within ten seconds

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Count = Annotated[int, Field(ge=1, le=20)]


async def web_search(query: Query, max_results: Count = 5) -> list[dict[str, Any]]:
    """Search the web. Gives title, url and snippet of the best matches."""
    return await _search(query, max_results, backend="auto")


async def google_search(query: Query, max_results: Count = 5) -> list[dict[str, Any]]:
    """Search the web with Google, by way of Startpage. Gives title, url and snippet of the best matches."""
    return await _search(query, max_results, backend=_GOOGLE)


async def _search(query: str, count: int, *, backend: str) -> list[dict[str, Any]]:
    try:
        async with asyncio.timeout(_SECONDS):
            found: list[dict[str, Any]] = await in_thread(partial(_ask, query, count, backend), f"search {backend}")
            return found
    except TimeoutError:
        raise ToolError("The search did not answer in time; there may be no network.") from None


def _ask(query: str, count: int, backend: str) -> list[dict[str, Any]]:
    from ddgs import DDGS  # imported late: it takes 0.3 s
    from ddgs.exceptions import DDGSException

    try:
        found = DDGS(timeout=5).text(query, max_results=count, backend=backend)
    except DDGSException as error:
        if "no results" in str(error).lower():
            return _none_found()
        raise ToolError("The search could not be reached; there may be no network.") from error
    return [{"title": hit.get("title", ""), "url": hit.get("href", ""), "snippet": hit.get("body", "")} for hit in found[:count]]


def _none_found() -> list[dict[str, Any]]:
    return []


WEB_SEARCH = Tool(web_search, risk="low", approval="always", idempotent=True)
GOOGLE_SEARCH = Tool(google_search, risk="low", approval="always", idempotent=True)
