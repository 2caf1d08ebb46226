"""How every refusal must look, whichever route it comes from."""

from typing import Any

import httpx

SHAPE = {"type", "title", "status", "code", "detail", "instance", "error"}


def refused(reply: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The problem document of a refusal with this status (and code), its shape checked."""
    assert reply.status_code == status, f"{reply.request.method} {reply.request.url}: {reply.status_code} {reply.text[:500]}"
    assert reply.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = reply.json()
    assert set(problem) >= SHAPE
    assert problem["status"] == status
    assert problem["error"] == problem["detail"] and problem["detail"].strip()
    assert problem["instance"] == reply.headers["x-request-id"]
    assert code is None or problem["code"] == code, problem
    assert all(set(error) == {"field", "message"} for error in problem.get("errors", []))
    return problem


def fields_of(problem: dict[str, Any]) -> list[str]:
    """The fields a refusal names."""
    return [error["field"] for error in problem["errors"]]
