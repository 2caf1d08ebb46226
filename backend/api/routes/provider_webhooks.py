"""Webhooks of providers: each is verified, parsed and recorded before it is acknowledged."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.api.http.context import AppContext
from backend.errors import NotFound, Refusal, Unauthorized, Unavailable
from channels.errors import Retryable
from channels.webhooks import WebhookRejected

router = APIRouter(tags=["hooks"])
SIGNATURE_HEADERS = {"slack": "x-slack-signature", "gmail": "authorization"}


@router.post("/slack/events", include_in_schema=False)
async def slack_events(request: Request, context: AppContext) -> Response:
    """Slack's signed events, interactions and commands."""
    return await _handle_webhook(request, context, "slack")


@router.post("/hooks/gmail", include_in_schema=False)
async def gmail_push(request: Request, context: AppContext) -> Response:
    """Gmail's push notifications, signed by Google's Pub/Sub."""
    return await _handle_webhook(request, context, "gmail")


async def _handle_webhook(request: Request, context: AppContext, name: str) -> Response:
    """Raises NotFound if the channel is not set up, Unauthorized if the signature is not valid, BadRequest if it cannot be
    read."""
    hook = context.hooks.get(name)
    if hook is None:
        raise NotFound(f"{name} is not set up on this server.")
    if SIGNATURE_HEADERS[name] not in request.headers:  # before an unsigned body is read
        raise Unauthorized(f"The call is not signed: {SIGNATURE_HEADERS[name]} is missing.")
    try:
        reply = await hook(request.headers, await request.body())
    except Retryable as error:
        raise Unavailable(error.reason) from None
    except WebhookRejected as refused:
        if not refused.authentic:
            raise Unauthorized(str(refused)) from None
        problem = Refusal(str(refused), code="bad_request")
        problem.status, problem.title = 400, "Bad Request"
        raise problem from None
    return Response(reply.body, reply.status, media_type=reply.content_type)
