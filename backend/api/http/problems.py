"""Send every refusal as application/problem+json, with a one-sentence `error` member for simple clients."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from backend.errors import FieldError, Refusal
from backend.observability.log import get_logger

log = get_logger(__name__)

BAD_REQUEST_PATHS = {"/api/chat/completion"}


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"


def problem_response(problem: Refusal, instance: str) -> ProblemResponse:
    """`instance` is the request id, which the logs carry too."""
    return ProblemResponse(problem_document(problem, instance), problem.status, headers=problem.headers)


def problem_bytes(problem: Refusal, instance: str) -> bytes:
    """The same as raw bytes, for a connection that is refused before it carries a request."""
    response = problem_response(problem, instance)
    headers = [*response.raw_headers, (b"x-request-id", instance.encode()), (b"connection", b"close")]
    head = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}".encode(), *(b": ".join(pair) for pair in headers)]
    return b"\r\n".join([*head, b"", bytes(response.body)])


def problem_document(problem: Refusal, instance: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "error": problem.detail,
        "instance": instance,
    }
    if problem.errors:
        document["errors"] = [error._asdict() for error in problem.errors]
    return document | problem.extra


def install(app: FastAPI) -> None:
    """Handle every error of the application with a problem document."""
    app.add_exception_handler(Refusal, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_unexpected_error)


def _instance(request: Request) -> str:
    return str(request.scope.get("request_id", ""))


async def _on_problem(request: Request, problem: Exception) -> ProblemResponse:
    assert isinstance(problem, Refusal)
    return problem_response(problem, _instance(request))


async def _on_invalid(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        FieldError(".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]), _field_message(item))
        for item in error.errors()
    ]
    problem = Refusal("; ".join(f"{error.field}: {error.message}" for error in errors[:3]), code="invalid", errors=errors)
    problem.title = "Some values cannot be used"
    problem.status = 400 if request.url.path in BAD_REQUEST_PATHS else 422
    return problem_response(problem, _instance(request))


def _field_message(item: Any) -> str:
    return str(item["msg"]).removeprefix("Value error, ")[:300]


async def _on_http(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, Refusal):  # FastAPI reports any failure to read a body as a bad request
        return problem_response(error.__cause__, _instance(request))
    status = HTTPStatus(error.status_code)
    said = "The body cannot be read" if error.__cause__ else status.phrase
    problem = Refusal(
        f"{said}: {request.method} {request.url.path}",
        code=status.phrase.lower().replace(" ", "_"),
        headers=dict(error.headers or {}),
    )
    problem.status, problem.title = status, status.phrase
    return problem_response(problem, _instance(request))


async def _on_unexpected_error(request: Request, error: Exception) -> ProblemResponse:
    log.error("request.failed", exc_info=error)
    return problem_response(
        Refusal("Something went wrong on the server. It was logged under this `instance`."), _instance(request)
    )
